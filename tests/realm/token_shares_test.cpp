// Shares of tokens at real realms: kept, released, erased for ever.
#include <gtest/gtest.h>

#include <filesystem>

#include "core/base/encoding.h"
#include "shell/os/file.h"
#include "shell/os/slot_file.h"
#include "shell/store/sqlite/sqlite_store.h"
#include "tests/support/refused.h"
#include "tests/support/scratch_folder.h"
#include "tests/support/token_village.h"

namespace cairn {
namespace {

using proto::TokenPurpose;
using vault::TokenChange;
using vault::TokenRecovery;
using Wish = TokenChange::Wish;

using SharesWorld = testing::TokenVillage;

TEST(TokenShares, ComeBackOnTheReleaseKeysSignatureAlone) {
  SharesWorld world;
  EXPECT_TRUE(world.gives_token());
  world.realms[2]->alive = false;
  EXPECT_TRUE(world.gives_token());
  for (auto& realm : world.realms) realm->restart();
  EXPECT_TRUE(world.gives_token());
}

TEST(TokenShares, AreErasedByTheRecoveryKeyAtOnceAndForEver) {
  SharesWorld world;
  const TokenChange change = world.change(Wish::erase, TokenKeyKind::erase);
  EXPECT_TRUE(change.gone());
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_TRUE(vault::verify_receipt(change.receipts()[i], world.root, world.set.realms[i]));
    EXPECT_TRUE(world.realms[i]->shares_kept() == 0);
    EXPECT_EQ(world.store(i, world.shared.shares[i]).error().code, ErrorCode::conflict);
  }
  EXPECT_EQ(world.recover().state(), TokenRecovery::State::erased);
  for (auto& realm : world.realms) realm->restart();
  EXPECT_EQ(world.recover().state(), TokenRecovery::State::erased);
}

TEST(TokenShares, AreErasedByADeviceAfterSeventyTwoHours) {
  SharesWorld world;
  EXPECT_EQ(world.change(Wish::erase, TokenKeyKind::release).waiting(), 3u);
  world.pass(proto::kErasureDelayMs - kMinuteMs);
  EXPECT_TRUE(world.gives_token());
  EXPECT_TRUE(world.recover().ends_at_ms());
  for (auto& realm : world.realms) realm->restart();
  world.pass(2 * kMinuteMs);
  EXPECT_EQ(world.recover().state(), TokenRecovery::State::erased);
  for (auto& realm : world.realms) EXPECT_TRUE(realm->shares_kept() == 0);
}

TEST(TokenShares, AreKeptWhenAnotherDeviceOrTheRecoveryKeySaysSo) {
  for (const TokenKeyKind by : {TokenKeyKind::release, TokenKeyKind::erase}) {
    SharesWorld world;
    world.change(Wish::erase, TokenKeyKind::release);
    world.pass(kDayMs);
    world.change(Wish::cancel, by);
    world.pass(10 * kDayMs);
    EXPECT_TRUE(world.gives_token());
  }
}

TEST(TokenShares, CountTheDelayFromTheFirstAskingAndAnewAfterACancellation) {
  SharesWorld world;
  world.change(Wish::erase, TokenKeyKind::release);
  const auto first = world.recover().ends_at_ms();
  world.pass(kDayMs);
  world.change(Wish::erase, TokenKeyKind::release);
  EXPECT_EQ(world.recover().ends_at_ms(), first);
  world.change(Wish::cancel, TokenKeyKind::release);
  world.change(Wish::erase, TokenKeyKind::release);
  EXPECT_EQ(world.recover().ends_at_ms(), *first + kDayMs);
}

TEST(TokenShares, RefuseWhoeverMayNot) {
  SharesWorld world;
  testing::SeededEntropy entropy(77);
  const auto stranger = crypto::SigningKey::generate(entropy);
  const auto release = world.key_of(TokenKeyKind::release);
  const auto erase = world.key_of(TokenKeyKind::erase);
  const auto before = world.realms[0]->driver.store;
  const auto expect = [&](ErrorCode code, TokenAction action, TokenKeyKind by, std::uint64_t change,
                          const crypto::SigningKey& key) {
    const auto answer = world.request(action, by, change, key);
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().code, code);
    EXPECT_EQ(world.realms[0]->driver.store, before);
  };
  for (const TokenAction action :
       {TokenAction::status, TokenAction::release, TokenAction::erase, TokenAction::cancel}) {
    expect(ErrorCode::invalid_signature, action, TokenKeyKind::release, 0, stranger);
    expect(ErrorCode::invalid_signature, action, TokenKeyKind::release, 0, erase);
  }
  expect(ErrorCode::invalid_signature, TokenAction::erase, TokenKeyKind::erase, 0, release);  // a device's is no more
  expect(ErrorCode::not_authorised, TokenAction::release, TokenKeyKind::erase, 0, erase);
  expect(ErrorCode::not_authorised, TokenAction::status, TokenKeyKind::erase, 0, erase);
  expect(ErrorCode::stale, TokenAction::erase, TokenKeyKind::erase, 1, erase);
  expect(ErrorCode::stale, TokenAction::release, TokenKeyKind::release, 1, release);
}

TEST(TokenShares, TakeEachWordOnce) {
  SharesWorld world;
  const auto release = world.key_of(TokenKeyKind::release);
  ASSERT_TRUE(world.request(TokenAction::erase, TokenKeyKind::release, 0, release));
  ASSERT_TRUE(world.request(TokenAction::cancel, TokenKeyKind::release, 1, release));
  // The first deletion, heard again, begins nothing.
  EXPECT_EQ(world.request(TokenAction::erase, TokenKeyKind::release, 0, release).error().code, ErrorCode::stale);
  EXPECT_EQ(world.request(TokenAction::status, TokenKeyKind::release, 0, release)->erase_at_ms, 0u);
}

TEST(TokenShares, HaveNoEraseKeyWhereThereIsNoRecoveryKey) {
  SharesWorld world;
  world.root = random_secret<vault::BackupRoot>(world.entropy);
  auto& realm = *world.realms[0];
  const auto record = vault::token_record_id(world.root, realm.id);
  const auto release = vault::token_release_key(world.root);
  ASSERT_TRUE(client::realm_done(
      realm.call(client::token_store_call(realm.url, record, release.public_key(), std::nullopt, world.shared.shares[0],
                                          world.token(0, TokenPurpose::store_token)))));
  const auto erase = world.key_of(TokenKeyKind::erase);
  EXPECT_EQ(world.request(TokenAction::erase, TokenKeyKind::erase, 0, erase).error().code, ErrorCode::not_authorised);
}

TEST(TokenShares, RefuseToStoreWithoutAGoodTokenOrOverSomethingElse) {
  SharesWorld world;
  EXPECT_TRUE(world.store(0, world.shared.shares[0]));  // a repeat
  const auto other = world.make();
  const auto store = [&](const TokenShare& share, ByteView token) {
    auto& realm = *world.realms[0];
    return client::realm_done(realm.call(
        client::token_store_call(realm.url, vault::token_record_id(world.root, realm.id),
                                 vault::token_release_key(world.root).public_key(), std::nullopt, share, token)));
  };
  EXPECT_EQ(store(other.shares[0], world.token(0, TokenPurpose::guess)).error().code, ErrorCode::not_authorised);
  TokenShare bad = testing::clone(other.shares[0]);
  bad.index = 0;
  EXPECT_EQ(store(bad, world.token(0, TokenPurpose::store_token)).error().code, ErrorCode::malformed);
  bad = testing::clone(other.shares[0]);
  bad.share = EncodedScalar();
  EXPECT_EQ(store(bad, world.token(0, TokenPurpose::store_token)).error().code, ErrorCode::malformed);
  EXPECT_TRUE(store(other.shares[0], world.token(0, TokenPurpose::store_token)));
  EXPECT_EQ(store(other.shares[1], world.token(0, TokenPurpose::store_token)).error().code, ErrorCode::conflict);
}

TEST(TokenShares, ChangeNothingWhileTheKeysCannotBeWritten) {
  SharesWorld world;
  world.realms[0]->keys.broken = true;
  const auto before = world.realms[0]->driver.store;
  const auto erase = world.key_of(TokenKeyKind::erase);
  EXPECT_EQ(world.request(TokenAction::erase, TokenKeyKind::erase, 0, erase).error().code, ErrorCode::storage_failed);
  EXPECT_EQ(world.realms[0]->driver.store, before);
  world.realms[0]->keys.broken = false;
  EXPECT_TRUE(world.request(TokenAction::erase, TokenKeyKind::erase, 0, erase)->receipt);
}

// The power fails between the slot and the row: the share is gone, and the receipt follows.
TEST(TokenShares, AreErasedWhenTheirKeyIsGoneWhateverTheRowSays) {
  SharesWorld world;
  const auto rows = world.realms[0]->driver.store;
  const auto erase = world.key_of(TokenKeyKind::erase);
  ASSERT_TRUE(world.request(TokenAction::erase, TokenKeyKind::erase, 0, erase)->receipt);
  world.realms[0]->driver.store = rows;
  world.realms[0]->restart();
  const auto answer =
      world.request(TokenAction::release, TokenKeyKind::release, 0, world.key_of(TokenKeyKind::release));
  ASSERT_TRUE(answer);
  EXPECT_FALSE(answer->share);
  ASSERT_TRUE(answer->receipt);
  EXPECT_TRUE(vault::verify_receipt(*answer->receipt, world.root, world.set.realms[0]));
}

// An old copy of the database names a slot that by now is another share's: that one is left alone.
TEST(TokenShares, NeverEraseTheSlotOfAnother) {
  SharesWorld world;
  const auto rows = world.realms[0]->driver.store;
  ASSERT_TRUE(world.request(TokenAction::erase, TokenKeyKind::erase, 0, world.key_of(TokenKeyKind::erase))->receipt);
  vault::BackupRoot old_root = world.root.clone();
  const auto other = world.make();
  ASSERT_TRUE(world.store(0, other.shares[0]));
  const auto kept = world.realms[0]->keys.slots;
  ASSERT_EQ(kept.size(), 2u);  // with slot 0: the slot was used again
  const auto key = vault::token_release_key(old_root);
  std::swap(world.root, old_root);
  world.realms[0]->driver.store = rows;
  world.realms[0]->restart();
  EXPECT_TRUE(world.request(TokenAction::release, TokenKeyKind::release, 0, key)->receipt);
  EXPECT_EQ(world.realms[0]->keys.slots, kept);
}

// Whoever spoils the row, to have a receipt and keep the key for an old copy of it, gets the key erased all the same.
TEST(TokenShares, EraseTheKeyOfADamagedRow) {
  SharesWorld world;
  auto& store = world.realms[0]->driver.store;
  const auto record = vault::token_record_id(world.root, world.set.realms[0]);
  auto row = *wire::decode<witness::TokenRow>(*store.get(witness::realm_table::kTokens, record));
  row.sealed.back() ^= 1;
  store.apply({Write{witness::realm_table::kTokens, to_bytes(record), wire::encode(row)}});
  const auto release = world.key_of(TokenKeyKind::release);
  EXPECT_EQ(world.request(TokenAction::release, TokenKeyKind::release, 0, release).error().code,
            ErrorCode::storage_failed);
  EXPECT_TRUE(world.gives_token());  // from the other two
  EXPECT_TRUE(world.request(TokenAction::erase, TokenKeyKind::erase, 0, world.key_of(TokenKeyKind::erase))->receipt);
  EXPECT_TRUE(world.realms[0]->shares_kept() == 0);
}

TEST(TokenShares, AreErasedLaterWhenTheKeysCannotBeWrittenInTime) {
  SharesWorld world;
  world.change(Wish::erase, TokenKeyKind::release);
  auto& realm = *world.realms[0];
  realm.keys.broken = true;
  realm.driver.pass(proto::kErasureDelayMs + kMinuteMs);
  EXPECT_TRUE(std::ranges::any_of(realm.driver.events,
                                  [](const auto& event) { return event.level == proto::Event::Level::error; }));
  EXPECT_EQ(realm.shares_kept(), 1u);
  realm.keys.broken = false;
  realm.driver.pass(2 * kMinuteMs);
  EXPECT_TRUE(realm.shares_kept() == 0);
}

// Without its file of keys every share would look erased: a realm must not say so.
TEST(TokenShares, AreNotSaidToBeErasedWhenTheFileOfKeysIsMissingOrAnother) {
  SharesWorld world;
  auto& realm = *world.realms[0];
  const auto right = realm.keys.slots;
  const auto release = world.key_of(TokenKeyKind::release);
  auto others = right;
  others[0].back() ^= 1;
  for (const auto& wrong : {std::map<std::uint32_t, Bytes>{}, others}) {
    realm.keys.slots = wrong;
    realm.restart();
    EXPECT_EQ(world.request(TokenAction::release, TokenKeyKind::release, 0, release).error().code,
              ErrorCode::storage_failed);
    EXPECT_EQ(world.store(0, world.shared.shares[0]).error().code, ErrorCode::storage_failed);
    EXPECT_EQ(realm.keys.slots, wrong);
    EXPECT_TRUE(world.gives_token());  // from the other two
  }
  realm.keys.slots = right;
  realm.restart();
  EXPECT_TRUE(world.request(TokenAction::release, TokenKeyKind::release, 0, release)->share);
}

TEST(TokenShares, RefuseMoreThanThereAreSlotsFor) {
  SharesWorld world;
  auto& realm = *world.realms[0];
  wire::Writer full;
  full.u32(kMaxSlots);
  realm.driver.store.apply({Write{witness::realm_table::kSlotCount, {}, full.take()}});
  const auto other = world.make();
  EXPECT_EQ(world.store(0, other.shares[0]).error().code, ErrorCode::storage_full);
}

// ---- on a disk ----

bool any_file_has(const std::string& folder, ByteView needle) {
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    if (!entry.is_regular_file()) continue;
    const auto bytes = os::read_file(entry.path().string(), std::size_t{64} << 20);
    CHECK(bytes.has_value());
    if (std::search(bytes->begin(), bytes->end(), needle.begin(), needle.end()) != bytes->end()) return true;
  }
  return false;
}

/// A realm on SQLite and a real file of keys, its batches committed one by one.
struct DiskRealm {
  explicit DiskRealm(const witness::RealmList& list) : config{*tlog::KeyName::from("realm.example/disk"), list} {
    store::SqliteOptions options;
    options.path = folder.file("store.sqlite");
    options.reserve_bytes = 0;
    rows = std::move(*store::SqliteStore::open(options));
    keys = std::move(*os::SlotFile::open(folder.file("keys")));
    CHECK(rows->commit(witness::make_key(*rows, entropy)).has_value());
    mind = std::make_unique<witness::Realm>(config, *keys);
    CHECK(rows->commit(mind->rebuild(*rows, now, entropy).writes).has_value());
  }
  proto::Respond ask(const proto::Call& call) {
    proto::RequestArrived request;
    request.method = call.method;
    request.target = call.url;
    request.body = call.body;
    proto::Effects effects = mind->handle(request, *rows, now, entropy);
    CHECK(rows->commit(effects.writes).has_value());
    return std::get<proto::Respond>(effects.sends.at(0));
  }
  testing::ScratchFolder folder;
  testing::SeededEntropy entropy{31};
  Time now = testing::kRealmStart;
  witness::RealmConfig config;
  std::unique_ptr<store::SqliteStore> rows;
  std::unique_ptr<os::SlotFile> keys;
  std::unique_ptr<witness::Realm> mind;
};

TEST(TokenShares, LeaveNothingOnTheDiskThatOpensThemOnceErased) {
  SharesWorld world;
  DiskRealm realm(world.realms[0]->config.list);
  const RealmId id = tlog::VerifierKey::parse(realm.mind->vkey())->key();
  world.set.realms[0] = id;
  const auto shared = vault::share_token(world.set, world.root, world.entropy);
  const auto record = vault::token_record_id(world.root, id);
  ASSERT_EQ(realm
                .ask(client::token_store_call("", record, vault::token_release_key(world.root).public_key(),
                                              vault::token_erase_key(world.recovery_secret).public_key(),
                                              shared->shares[0], world.token(0, TokenPurpose::store_token)))
                .status,
            200);
  const auto slot = realm.keys->read(1);
  ASSERT_TRUE(slot && *slot);
  const Bytes key = to_bytes((*slot)->expose().last(32));
  const ByteView share = shared->shares[0].share.expose();
  EXPECT_TRUE(any_file_has(realm.folder.path(), key));  // so the search finds what is there
  EXPECT_FALSE(any_file_has(realm.folder.path(), share));

  auto change = TokenChange::begin(world.set, world.root, Wish::erase, TokenKeyKind::erase,
                                   vault::token_erase_key(world.recovery_secret));
  for (int round = 0; round < 2; ++round) {
    for (const vault::TokenAsk& ask : change->take_asks()) {
      if (ask.realm != 0) continue;
      proto::Respond answer = realm.ask(client::token_call("", ask));
      change->take(0, client::token_reply(proto::CallReply{answer.status, std::move(answer.body), std::nullopt}));
    }
  }
  ASSERT_EQ(change->receipts().size(), 1u);
  EXPECT_TRUE(vault::verify_receipt(change->receipts()[0], world.root, id));
  for (const bool closed : {false, true}) {
    if (closed) realm.rows.reset();  // and once more with the journal copied into the main file
    EXPECT_FALSE(any_file_has(realm.folder.path(), key));
    EXPECT_FALSE(any_file_has(realm.folder.path(), share));
  }
}

}  // namespace
}  // namespace cairn
