// What is left of PINs and tokens where it must not be: in rows of devices, in copies of the key box, by the word of
// one realm.
#include "core/base/encoding.h"
#include "core/client/backup_trust.h"
#include "core/client/pin_fixture.h"
#include "core/client/pin_standbys.h"
#include "core/client/printed_token.h"
#include "core/crypto/labels.h"
#include "core/vault/pin.h"

namespace cairn::client {
namespace {

class PinCopies : public PinVillage {
 protected:
  std::map<proto::KeyBoxId, proto::KeyBoxPut>& boxes() { return village.server.vault.key_boxes; }
  /// As somebody does it who has the PIN.
  vault::PinSecret secret_of(const std::string& pin) {
    const auto list = RealmList::parse(net.list());
    testing::SeededEntropy entropy(17);
    auto recovery = vault::PinRecovery::begin(list->set(), net.registration, pin, entropy);
    CHECK(recovery.has_value());
    for (auto asks = recovery->take_asks(); !asks.empty(); asks = recovery->take_asks()) {
      for (const auto& ask : asks) give(*recovery, ask);
    }
    CHECK(recovery->state() == vault::PinRecovery::State::recovered);
    return recovery->take_secret();
  }
  void give(vault::PinRecovery& recovery, const vault::PinRecovery::Ask& ask) {
    testing::FakeRealm& at = realm(ask.realm);
    using Recovery = vault::PinRecovery;
    if (std::holds_alternative<Recovery::AskVersion>(ask.what)) return recovery.take(ask.realm, at.version());
    if (const auto* guess = std::get_if<Recovery::AskEvaluation>(&ask.what)) {
      return recovery.take(ask.realm, at.evaluate(*guess));
    }
    recovery.take(ask.realm, at.release(std::get<Recovery::AskRelease>(ask.what)));
  }
  /// In how many rows of a device these bytes stand.
  std::size_t rows_with(const std::string& device, ByteView wanted) {
    const auto has = [wanted](const Bytes& bytes) {
      return std::search(bytes.begin(), bytes.end(), wanted.begin(), wanted.end()) != bytes.end();
    };
    std::size_t out = 0;
    for (std::uint16_t table = 1; table < 256; ++table) {
      for (const Row& row :
           village.device(device).store().scan(Table{static_cast<std::uint8_t>(table)}, {}, {}, 100'000)) {
        out += has(row.key) || has(row.value) ? 1 : 0;
      }
    }
    return out;
  }
};

TEST_F(PinCopies, SecretsOfPinAndTokenAreInNoRowOfADevice) {
  set_pin();
  const json printed = job("alice-1", "backup.create", {{"print_token", true}});
  ASSERT_TRUE(printed.contains("result")) << printed.dump();
  const auto token = parse_printed_token(printed["result"]["token"].get<std::string>());
  ASSERT_TRUE(token.has_value());
  const auto setup = load_backup_setup(village.device("alice-1").store());
  ASSERT_TRUE(setup.has_value());
  EXPECT_FALSE(setup->content.current().token.has_value());
  ASSERT_TRUE(setup->content.pin.has_value());
  EXPECT_EQ(load_pin_row(village.device("alice-1").store())->sent.size(), 1u);
  // Looked for so, what a device does keep is found.
  EXPECT_EQ(rows_with("alice-1", setup->content.current().root.expose()), 1u);
  EXPECT_EQ(rows_with("alice-1", token->token.expose()), 0u);
  EXPECT_EQ(rows_with("alice-1", as_bytes(kPin)), 0u);
  EXPECT_EQ(rows_with("alice-1", secret_of(kPin).expose()), 0u);
  for (std::size_t i = 0; i < net.places.size(); ++i) {
    SCOPED_TRACE(i);
    const PinShare& share = *realm(i).pin;
    EXPECT_EQ(rows_with("alice-1", share.key_share.expose()), 0u);
    EXPECT_EQ(rows_with("alice-1", share.scalar_share.expose()), 0u);
    EXPECT_EQ(rows_with("alice-1", share.tag.expose()), 0u);
    for (const auto& [record, kept] : net.places[i]->shares) {
      EXPECT_EQ(rows_with("alice-1", kept.share.share.expose()), 0u);
    }
  }
  // And the token is shown once.
  EXPECT_FALSE(village.ask("alice-1", "backup.status")["result"].contains("token"));
}

TEST_F(PinCopies, OfFormerPinsGoWhenAnotherIsSet) {
  set_pin();
  EXPECT_EQ(boxes().size(), 2u);  // the key box, and its copy for the PIN
  for (int i = 0; i < 12; ++i) {
    const json changed = job("alice-1", "pin.change", {{"pin", "battery number " + std::to_string(i)}});
    ASSERT_TRUE(changed.contains("result")) << i << changed.dump();
    EXPECT_EQ(boxes().size(), 2u);
  }
  EXPECT_EQ(code(recover("alice-2", kPin)), "not_authorised");
}

TEST_F(PinCopies, OfAPinThatWasLostGoToo) {
  ASSERT_TRUE(village.link_device("alice-2", kAlice, "alice-1").contains("result"));
  set_pin();
  ASSERT_TRUE(job("alice-2", "backup.create", {{"recovery_key", key}}).contains("result"));
  const json id = village.ask("alice-1", "status")["result"]["device"];
  ASSERT_TRUE(village.ask("alice-2", "device.remove", {{"device", id}}).contains("result"));
  EXPECT_EQ(boxes().size(), 2u);
  ASSERT_TRUE(job("alice-2", "backup.create").contains("result"));
  EXPECT_EQ(boxes().size(), 1u);
}

TEST_F(PinCopies, APinThatTheStorageDoesNotTakeIsNotSaidToOpen) {
  set_pin();
  const auto standing = boxes();
  village.server.vault.refuses_box = [&](const proto::KeyBoxPut& put) { return !standing.contains(put.id); };
  const json changed = job("alice-1", "pin.change", {{"pin", "another battery"}});
  EXPECT_EQ(code(changed), "over_limit");
  EXPECT_NE(sentence(changed).find("nothing was changed"), std::string::npos) << changed.dump();
  EXPECT_EQ(job("alice-1", "pin.status")["result"]["finished"], true);
  EXPECT_TRUE(recover("alice-2", kPin).contains("result"));
  // One that it takes while the realms know nothing, and not when the key box has it.
  village.server.vault.refuses_box = [&](const proto::KeyBoxPut& put) {
    return put.version == 2 && !standing.contains(put.id);
  };
  const json half = job("alice-1", "pin.change", {{"pin", "another battery"}});
  EXPECT_EQ(code(half), "over_limit");
  EXPECT_NE(sentence(half).find("nothing that is backed up from here on"), std::string::npos) << half.dump();
  EXPECT_TRUE(recover("alice-3", "another battery").contains("result"));
  village.server.vault.refuses_box = nullptr;
  ASSERT_TRUE(village.ask("alice-1", "send", {{"to", kBob}, {"text", "later"}}).contains("result"));
  ASSERT_TRUE(job("alice-1", "backup.create").contains("result"));
  EXPECT_TRUE(recover("alice-4", "another battery").contains("result"));
  EXPECT_EQ(texts("alice-4").back(), "later");
}

/// A crash before each thing that is sent, one after the other, so that what one leaves is there in the next.
TEST_F(PinCopies, OfTheOldAndTheNewPinOneOpensAtEveryMomentOfAChange) {
  set_pin();
  std::string opens = kPin;
  std::size_t changed = 0;
  for (std::uint64_t sends = 0; sends < 60 && changed < 3; ++sends) {
    SCOPED_TRACE(sends);
    const std::string next = "battery number " + std::to_string(sends);
    village.device("alice-1").crash_after(sends);
    village.ask("alice-1", "pin.change", {{"pin", next}}, kMinuteMs);
    village.pass_all(5 * kSecondMs);
    village.device("alice-1").crash_after(std::nullopt);
    village.device("alice-1").restart();
    village.pass_all(5 * kSecondMs);
    const std::string device = "empty-" + std::to_string(sends);
    if (recover(device, next).contains("result")) {
      opens = next;
      ++changed;
    } else {
      ASSERT_TRUE(recover(device + "-again", opens).contains("result")) << opens;
    }
  }
  EXPECT_EQ(changed, 3u);
  ASSERT_TRUE(job("alice-1", "pin.change", {{"pin", "the last battery"}}).contains("result"));
  EXPECT_EQ(boxes().size(), 2u) << "what was put for PINs that came to nothing is gone";
  EXPECT_TRUE(pin_standbys(village.device("alice-1").store()).empty());
  EXPECT_TRUE(recover("alice-2", "the last battery").contains("result"));
  EXPECT_EQ(code(recover("alice-3", opens)), "not_authorised");
}

TEST_F(PinCopies, OfPinsThatCameToNothingGoWithThePin) {
  set_pin();
  village.server.elsewhere = [&](const proto::Call& call) -> std::optional<Result<proto::CallReply>> {
    if (call.url.ends_with(proto::kPathPinRegister)) {
      return Result<proto::CallReply>(fail(ErrorCode::unavailable, "away"));
    }
    return net.answer(call);
  };
  for (int i = 0; i < 10; ++i) {
    EXPECT_EQ(code(job("alice-1", "pin.change", {{"pin", "battery number " + std::to_string(i)}})), "unavailable");
    EXPECT_LE(boxes().size(), 2 + PinStandby::kMostKept);
  }
  EXPECT_EQ(boxes().size(), 2 + PinStandby::kMostKept);
  EXPECT_TRUE(recover("alice-2", kPin).contains("result"));
  ASSERT_TRUE(job("alice-1", "pin.remove").contains("result"));
  EXPECT_EQ(boxes().size(), 1u);
}

TEST_F(PinCopies, ANewerCopyOfAnotherDeviceIsLeftAsItIs) {
  set_pin();
  const auto setup = load_backup_setup(village.device("alice-1").store());
  const auto id = *proto::KeyBoxId::from(setup->content.pin->box);
  // Another device seals the box anew and puts the copy, before this one looks at it.
  const auto account = load_account(village.device("alice-1").store());
  testing::SeededEntropy entropy(3);
  vault::KeyBoxContent newer = setup->content.clone();
  newer.version += 5;
  newer.previous = setup->head.hash;
  const Bytes body = *seal_to_openers(newer, account->signing_key, entropy);
  boxes().at(id).body = body;
  ASSERT_TRUE(job("alice-1", "backup.create").contains("result"));
  EXPECT_EQ(boxes().at(id).body, body);
  // One that is older, or another's, is put right.
  boxes().at(id).body[100] ^= 1;
  ASSERT_TRUE(job("alice-1", "backup.create").contains("result"));
  EXPECT_NE(boxes().at(id).body, body);
}

/// One of three: it gives its right share, and says that a deletion was done long ago.
TEST_F(PinCopies, TheWordOfOneRealmEndsNoGeneration) {
  set_pin();
  realm(1).spoil_token = [](TokenState& state) { state.erase_at_ms = 1; };
  for (int i = 0; i < 3; ++i) {
    const json created = job("alice-1", "backup.create");
    ASSERT_TRUE(created.contains("result")) << created.dump();
    EXPECT_EQ(created["result"]["generation"], 1);
    EXPECT_FALSE(created["result"].contains("deletion_at_ms"));
    const std::string warnings = created["result"]["warnings"].dump();
    EXPECT_NE(warnings.find("realm.example/r1"), std::string::npos) << warnings;
    EXPECT_EQ(warnings.find("1970"), std::string::npos) << warnings;
  }
  realm(2).spoil_token = [](TokenState& state) { state.erase_at_ms = 1'760'000'000'000; };
  const json ends = job("alice-1", "backup.create");
  EXPECT_EQ(ends["result"]["generation"], 2) << ends.dump();
  EXPECT_EQ(ends["result"]["deletion_at_ms"], 1'760'000'000'000);  // when two have erased
}

TEST_F(PinCopies, ADeletionThatWasNotConfirmedIsNotForgottenWhenItsVaultIsShownAgain) {
  set_pin();
  realm(1).alive = false;
  realm(2).alive = false;
  const auto kept = std::exchange(village.server.vault.vaults, {});
  ASSERT_TRUE(job("alice-1", "backup.delete", {{"recovery_key", key}})["result"].contains("unconfirmed"));
  village.server.vault.vaults = kept;
  village.pass_all(3 * kHourMs);  // asked again, in vain
  EXPECT_EQ(code(job("alice-1", "backup.delete")), "unavailable");
  realm(1).alive = true;
  realm(2).alive = true;
  village.pass_all(2 * kHourMs);
  EXPECT_TRUE(
      std::ranges::any_of(net.places[1]->shares, [](const auto& one) { return one.second.state.erase_at_ms != 0; }));
}

/// Another device has registered anew: our key is none of what stands there, and will never be.
TEST_F(PinCopies, ARealmThatIsToForgetWhatIsAnothersIsNotAskedForAYear) {
  set_pin();
  realm(2).alive = false;
  ASSERT_TRUE(job("alice-1", "pin.remove").contains("result"));
  EXPECT_EQ(job("alice-1", "pin.status")["result"]["owed"].size(), 1u);
  testing::SeededEntropy entropy(23);
  realm(2).pin->auth_key = crypto::SigningKey::generate(entropy).public_key();
  realm(2).alive = true;
  village.pass_all(2 * kHourMs);
  EXPECT_EQ(job("alice-1", "pin.status")["result"]["owed"].size(), 0u);
  EXPECT_TRUE(realm(2).pin.has_value());
}

}  // namespace
}  // namespace cairn::client
