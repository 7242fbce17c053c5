// What may go wrong between a share's key and its receipt: half-written slots, wrong clocks, old files and databases.
#include <gtest/gtest.h>

#include "shell/os/slot_file.h"
#include "tests/support/refused.h"
#include "tests/support/scratch_folder.h"
#include "tests/support/token_village.h"

namespace cairn {
namespace {

using testing::TestRealm;
using ErasingWorld = testing::TokenVillage;
using Wish = vault::TokenChange::Wish;

Result<TokenState> release(ErasingWorld& world) {
  return world.request(TokenAction::release, TokenKeyKind::release, 0, world.key_of(TokenKeyKind::release));
}
Result<TokenState> erase(ErasingWorld& world, std::uint64_t change = 0) {
  return world.request(TokenAction::erase, TokenKeyKind::erase, change, world.key_of(TokenKeyKind::erase));
}
bool has_event(const TestRealm& realm, std::string_view beginning) {
  return std::ranges::any_of(realm.driver.events, [&](const auto& event) { return event.what.starts_with(beginning); });
}

// What reads as blank may not be on the disk, and half a slot may hold the whole key.
TEST(Erasing, GivesNoReceiptBeforeASlotWasOverwrittenToItsEnd) {
  for (const std::size_t bytes : {std::size_t{1}, std::size_t{16}, std::size_t{40}, SlotKey::kSize}) {
    ErasingWorld world;
    auto& keys = world.realms[0]->keys;
    keys.torn = bytes;
    EXPECT_EQ(erase(world).error().code, ErrorCode::storage_failed);
    EXPECT_EQ(release(world).error().code, ErrorCode::storage_failed);  // what was interrupted is carried on
    EXPECT_EQ(keys.erasures[1], 0);
    keys.torn.reset();
    world.realms[0]->restart();
    const auto done = erase(world);
    ASSERT_TRUE(done && done->receipt) << bytes;
    EXPECT_EQ(keys.erasures[1], 1);
    EXPECT_EQ(world.realms[0]->shares_kept(), 0u);
    // The slot is used again.
    const auto other = world.make();
    ASSERT_TRUE(world.store(0, other.shares[0]));
    EXPECT_TRUE(keys.slots.contains(1));
  }
}

TEST(Erasing, OverwritesWhatAPowerCutHasLeftInARealFile) {
  const testing::ScratchFolder folder;
  auto file = std::move(*os::SlotFile::open(folder.file("keys")));
  ErasingWorld world;
  auto& realm = *world.realms[0];
  realm.mind = std::make_unique<witness::Realm>(realm.config, *file);
  const auto store_row = realm.driver.store;
  for (const Row& mark : store_row.scan_prefix(witness::realm_table::kKeysMark, {}, 1)) {
    realm.driver.store.apply({Write{witness::realm_table::kKeysMark, mark.key, std::nullopt}});
  }
  wire::Writer count;
  count.u32(85);
  realm.driver.store.apply({Write{witness::realm_table::kSlotCount, {}, count.take()}});
  realm.driver.rebuild(*realm.mind);
  const auto shared = world.make();
  ASSERT_TRUE(world.store(0, shared.shares[0]));
  const auto slot = file->read(85);
  ASSERT_TRUE(slot && *slot);
  Bytes torn = to_bytes((*slot)->expose());
  std::fill_n(torn.begin(), TokenRecordId::kSize, std::uint8_t{0});
  ASSERT_TRUE(file->write(85, *SlotKey::from(torn)));
  const auto done = erase(world);
  ASSERT_TRUE(done && done->receipt);
  EXPECT_FALSE(file->read(85)->has_value());
}

/// A store that cannot be read for once, as a mind sees it: nothing is there.
TEST(Erasing, OverwritesNoKeyWhenTheStoreCannotBeRead) {
  ErasingWorld world;
  auto& realm = *world.realms[0];
  const auto before = realm.keys.slots;
  const testing::MemoryStore nothing;
  testing::SeededEntropy entropy(4);
  {
    witness::Realm mind(realm.config, realm.keys);
    static_cast<void>(mind.rebuild(nothing, realm.driver.now, entropy));  // its commit fails
    EXPECT_EQ(realm.keys.slots, before);
  }
  // And while it runs: a share to store, and no row to be seen.
  const auto shared = world.make();
  const auto call = client::token_store_call("", vault::token_record_id(world.root, realm.id),
                                             vault::token_release_key(world.root).public_key(), std::nullopt,
                                             shared.shares[0], world.token(0, proto::TokenPurpose::store_token));
  proto::RequestArrived request;
  request.method = call.method;
  request.target = call.url;
  request.body = call.body;
  const auto effects = realm.mind->handle(request, nothing, realm.driver.now, entropy);
  EXPECT_EQ(std::get<proto::Respond>(effects.sends.at(0)).status, 500);
  EXPECT_TRUE(effects.writes.empty());
  EXPECT_EQ(realm.keys.slots, before);
  realm.restart();
  EXPECT_TRUE(world.store(0, shared.shares[0]));
}

TEST(Erasing, TakesTheMarkThatIsThereWhenItsRowIsNot) {
  ErasingWorld world;
  auto& realm = *world.realms[0];
  realm.driver.store.apply({Write{witness::realm_table::kKeysMark, {}, std::nullopt}});
  realm.restart();
  EXPECT_TRUE(world.gives_token());
  EXPECT_TRUE(release(world)->share);
  EXPECT_TRUE(realm.driver.store.get(witness::realm_table::kKeysMark, {}));
}

TEST(Erasing, TriesAgainWhenTheFirstStartCouldNotWriteTheMark) {
  testing::RealmVillage village(1, 1);
  auto& realm = *village.realms[0];
  const auto health = [&] { return as_text(realm.ask(proto::Method::get, "/health").body); };
  realm.driver.store.apply({Write{witness::realm_table::kKeysMark, {}, std::nullopt}});
  realm.keys.slots.clear();
  realm.keys.broken = true;
  realm.restart();
  EXPECT_NE(health().find("\"keys\": \"missing\""), std::string::npos);
  realm.keys.broken = false;
  realm.restart();
  EXPECT_NE(health().find("\"keys\": \"ok\""), std::string::npos);
}

TEST(Erasing, GoesOnWithTheOthersWhenOneSlotIsBad) {
  ErasingWorld world;
  auto& realm = *world.realms[0];
  world.change(Wish::erase, TokenKeyKind::release);
  realm.driver.pass(kMinuteMs);
  const auto other = world.make();
  for (std::size_t i = 0; i < 3; ++i) ASSERT_TRUE(world.store(i, other.shares[i]));
  world.change(Wish::erase, TokenKeyKind::release);
  realm.keys.bad_slots = {1};
  realm.driver.pass(proto::kErasureDelayMs + 2 * kMinuteMs);
  EXPECT_TRUE(has_event(realm, "a share that is due cannot be erased"));
  EXPECT_TRUE(realm.keys.slots.contains(1));
  EXPECT_FALSE(realm.keys.slots.contains(2));
  realm.keys.bad_slots.clear();
  realm.driver.pass(2 * kMinuteMs);
  EXPECT_FALSE(realm.keys.slots.contains(1));
  EXPECT_TRUE(realm.driver.store.scan_prefix(witness::realm_table::kDue, {}, 1).empty());
}

TEST(Erasing, KeepsADeletionWhoseRowCannotBeRead) {
  ErasingWorld world;
  auto& realm = *world.realms[0];
  world.change(Wish::erase, TokenKeyKind::release);
  const Bytes record = to_bytes(vault::token_record_id(world.root, realm.id));
  const Bytes row = *realm.driver.store.get(witness::realm_table::kTokens, record);
  realm.driver.store.apply({Write{witness::realm_table::kTokens, record, Bytes{1, 2, 3}}});
  realm.driver.pass(proto::kErasureDelayMs + kMinuteMs);
  EXPECT_TRUE(has_event(realm, "a share that is due cannot be erased"));
  EXPECT_FALSE(realm.driver.store.scan_prefix(witness::realm_table::kDue, {}, 1).empty());
  realm.driver.store.apply({Write{witness::realm_table::kTokens, record, row}});
  realm.driver.pass(2 * kMinuteMs);
  EXPECT_EQ(realm.shares_kept(), 0u);
}

TEST(Erasing, OverwritesKeysThatComeBackWithAnOldFile) {
  ErasingWorld world;
  auto& realm = *world.realms[0];
  const auto old = realm.keys.slots;
  ASSERT_TRUE(erase(world)->receipt);
  realm.keys.slots = old;
  realm.restart();
  EXPECT_EQ(realm.shares_kept(), 1u);
  EXPECT_TRUE(release(world)->receipt);
  realm.driver.pass(10);
  EXPECT_EQ(realm.shares_kept(), 0u);
  // But not what is another's by now.
  const auto other = world.make();
  ASSERT_TRUE(world.store(0, other.shares[0]));
  realm.restart();
  realm.driver.pass(10);
  EXPECT_EQ(realm.shares_kept(), 1u);
}

TEST(Erasing, WaitsAsMuchLongerWhenTheClockWentAhead) {
  ErasingWorld world;
  auto& realm = *world.realms[0];
  world.change(Wish::erase, TokenKeyKind::release);
  realm.driver.pass(2 * kMinuteMs);
  realm.driver.now = after(realm.driver.now, proto::kErasureDelayMs);  // but not its uptime
  realm.driver.pass(kHourMs);
  EXPECT_TRUE(has_event(realm, "the clock went ahead"));
  EXPECT_EQ(realm.shares_kept(), 1u);
  EXPECT_GT(realm.mind->next_deadline(), realm.driver.now);
  realm.driver.pass(proto::kErasureDelayMs - 2 * kHourMs);
  EXPECT_EQ(realm.shares_kept(), 1u);
  realm.driver.pass(2 * kHourMs);
  EXPECT_EQ(realm.shares_kept(), 0u);
}

/// Each step is less than what is noticed at once; and one large step early leaves the rest of the 72 h as it is.
TEST(Erasing, WaitsSeventyTwoHoursByTheUptimeHoweverTheClockIsPushed) {
  for (const std::uint64_t step : {59 * kSecondMs, 10 * kHourMs}) {
    SCOPED_TRACE(step);
    ErasingWorld world;
    auto& realm = *world.realms[0];
    realm.driver.pass(2 * kMinuteMs);
    world.change(Wish::erase, TokenKeyKind::release);
    const std::uint64_t began = realm.driver.uptime_ms;
    std::uint64_t pushed = 0;
    while (realm.driver.uptime_ms - began < proto::kErasureDelayMs - kHourMs) {
      if (pushed < 50 * kHourMs) {
        realm.driver.now = after(realm.driver.now, step);  // but not its uptime
        pushed += step;
      }
      realm.driver.pass(kMinuteMs + kSecondMs);
      ASSERT_EQ(realm.shares_kept(), 1u) << realm.driver.uptime_ms - began;
    }
    EXPECT_TRUE(has_event(realm, "the clock went ahead"));
    realm.driver.pass(3 * kHourMs);
    EXPECT_EQ(realm.shares_kept(), 0u);
  }
}

TEST(Erasing, KeepsAnAccountTokenUsedWhenTheClockGoesForwardAndBack) {
  ErasingWorld world;
  auto& realm = *world.realms[0];
  const auto made = world.make();
  const auto store = [&](const Bytes& token) {
    return client::realm_done(realm.call(client::token_store_call(realm.url, random_value<TokenRecordId>(world.entropy),
                                                                  vault::token_release_key(world.root).public_key(),
                                                                  std::nullopt, made.shares[0], token)));
  };
  const Bytes token = world.token(0, proto::TokenPurpose::store_token);
  ASSERT_TRUE(store(token));
  const Time before = realm.driver.now;
  realm.driver.now = after(before, 20 * kHourMs);
  realm.driver.pass(2 * kMinuteMs);
  realm.driver.now = before;
  EXPECT_EQ(store(token).error().code, ErrorCode::duplicate);
  // In the end it is forgotten.
  realm.driver.now = after(before, 2 * kDayMs);
  realm.driver.pass(2 * kMinuteMs);
  EXPECT_TRUE(realm.driver.store.scan_prefix(witness::realm_table::kUsedTokens, {}, 1).empty());
}

TEST(Erasing, LeavesNoAccountMoreThanItsPartOfTheSlots) {
  ErasingWorld world;
  const auto first_root = world.root.clone();
  const Bytes first_recovery_secret = world.recovery_secret;
  auto& realm = *world.realms[0];
  const auto made = world.make();
  const auto store = [&](const Bytes& token) {
    return client::realm_done(realm.call(client::token_store_call(realm.url, random_value<TokenRecordId>(world.entropy),
                                                                  vault::token_release_key(world.root).public_key(),
                                                                  std::nullopt, made.shares[0], token)));
  };
  for (int i = 1; i < 64; ++i) ASSERT_TRUE(store(world.token(0, proto::TokenPurpose::store_token))) << i;
  EXPECT_EQ(store(world.token(0, proto::TokenPurpose::store_token)).error().code, ErrorCode::over_limit);
  auto another = world.make_token(0, proto::TokenPurpose::store_token);
  another.registration = random_value<RegistrationId>(world.entropy);
  EXPECT_TRUE(store(world.sign(another)));
  // One that is erased makes room for another.
  world.root = first_root.clone();
  world.recovery_secret = first_recovery_secret;
  ASSERT_TRUE(erase(world)->receipt);
  EXPECT_TRUE(store(world.token(0, proto::TokenPurpose::store_token)));
  EXPECT_EQ(store(world.token(0, proto::TokenPurpose::store_token)).error().code, ErrorCode::over_limit);
}

TEST(Erasing, LeavesNoDomainMoreThanItsPartOfTheSlots) {
  ErasingWorld world;
  auto& realm = *world.realms[0];
  wire::Writer full;
  full.u32(kMaxSlots / 2);
  const Bytes domain = to_bytes(crypto::sha256(as_bytes(world.who.domain)));
  realm.driver.store.apply({Write{witness::realm_table::kShares, domain, full.take()}});
  const auto other_issuer = crypto::SigningKey::generate(world.entropy);
  realm.config.list.issuers.emplace("example.net", other_issuer.public_key());
  realm.restart();
  const auto made = world.make();
  EXPECT_EQ(world.store(0, made.shares[0]).error().code, ErrorCode::over_limit);
  auto token = world.make_token(0, proto::TokenPurpose::store_token);
  token.domain = "example.net";
  token.signature = crypto::sign_labelled(other_issuer, crypto::kSignAccountToken, token.content());
  EXPECT_TRUE(client::realm_done(realm.call(client::token_store_call(
      realm.url, vault::token_record_id(world.root, realm.id), vault::token_release_key(world.root).public_key(),
      std::nullopt, made.shares[0], wire::encode(token)))));
}

}  // namespace
}  // namespace cairn
