// PINs and tokens of real clients at fake realms that are dead, lie, or have erased.
#include <gtest/gtest.h>

#include "core/client/backup_records.h"
#include "core/client/pin_records.h"
#include "core/client/tables.h"
#include "tests/support/client_village.h"
#include "tests/support/example_names.h"
#include "tests/support/realm_net.h"

namespace cairn::client {
namespace {

using nlohmann::json;
using testing::kAlice;
using testing::kBob;
using testing::kRestored;
using testing::Params;

const std::string kSaid = "the treasure lies under the third stone";
const std::string kPin = "correct horse";
const std::string kWrong = "wrong horse!";

class Pin : public ::testing::Test {
 protected:
  Pin() {
    net.registration = *RegistrationId::from(Bytes(RegistrationId::kSize, 9));
    village.server.elsewhere = [this](const proto::Call& call) { return net.answer(call); };
    key = village.register_person("alice-1", kAlice).at("result").at("recovery_key").get<std::string>();
    EXPECT_TRUE(village.register_person("bob-1", kBob).contains("result"));
    EXPECT_TRUE(village.ask("alice-1", "send", {{"to", kBob}, {"text", kSaid}}).contains("result"));
  }

  json job(const std::string& device, const std::string& method, const Params& params = {}) {
    json answer = village.ask(device, method, params);
    while (answer.contains("result") && answer["result"].value("running", false)) {
      answer = village.ask(device, "backup.status", {{"wait_ms", 1000}});
    }
    return answer;
  }
  void set_pin() {
    const json set = job("alice-1", "pin.set", {{"pin", kPin}, {"realms", net.list()}, {"recovery_key", key}});
    ASSERT_TRUE(set.contains("result")) << set.dump();
    const json created = job("alice-1", "backup.create");
    ASSERT_TRUE(created.contains("result")) << created.dump();
    EXPECT_EQ(created["result"]["behind_realms"], true);
  }
  json recover(const std::string& device, const std::string& pin) {
    return job(device, "recover.pin",
               {{"name", kAlice}, {"pin", pin}, {"realms", net.list()}, {"policy", village.server.policy_text()}});
  }
  std::vector<std::string> texts(const std::string& device) {
    std::vector<std::string> out;
    const json answer = village.ask(device, "read", {{"conversation", kRestored}});
    if (!answer.contains("result")) return out;
    for (const json& message : answer["result"]["messages"]) {
      if (message["delivery"] != "notice") out.push_back(message["text"]);
    }
    return out;
  }
  static std::string code(const json& answer) {
    return answer.contains("error") ? answer["error"]["data"]["code"].get<std::string>() : "none: " + answer.dump();
  }
  static std::string sentence(const json& answer) {
    return answer.contains("error") ? answer["error"]["message"].get<std::string>() : "no error: " + answer.dump();
  }
  testing::FakeRealm& realm(std::size_t i) { return net.places[i]->realm; }

  testing::ClientVillage village;
  testing::RealmNet net;
  std::string key;
};

TEST_F(Pin, OpensTheBackupOnAnEmptyDevice) {
  set_pin();
  village.set_online("alice-1", false);
  const json back = recover("alice-2", kPin);
  ASSERT_TRUE(back.contains("result")) << back.dump();
  EXPECT_EQ(texts("alice-2"), std::vector<std::string>{kSaid});
  EXPECT_TRUE(back["result"]["warnings"].empty()) << back.dump();
  // Its owner allows no reset: the messages stay all the same.
  const json reset = village.ask("alice-2", "reset", {{"name", kAlice}, {"policy", village.server.policy_text()}});
  EXPECT_EQ(code(reset), "not_authorised");
  EXPECT_EQ(texts("alice-2"), std::vector<std::string>{kSaid});
}

TEST_F(Pin, IsRefusedWhereItCannotBeOne) {
  const auto set = [&](const std::string& pin, const std::string& realms) {
    return job("alice-1", "pin.set", {{"pin", pin}, {"realms", realms}, {"recovery_key", key}});
  };
  EXPECT_EQ(code(set("12345", net.list())), "malformed");
  EXPECT_EQ(code(set("123456", net.list())), "not_authorised");
  EXPECT_EQ(code(set("password", net.list())), "not_authorised");
  EXPECT_EQ(code(set(kPin, "realm nobody https://r.example")), "malformed");
  EXPECT_EQ(code(job("alice-1", "pin.set", {{"pin", kPin}, {"recovery_key", key}})), "not_found");
  EXPECT_EQ(code(job("alice-1", "pin.set", {{"pin", kPin}, {"realms", net.list()}})), "not_found");
  EXPECT_EQ(code(job("alice-1", "pin.check", {{"pin", kPin}})), "not_found");
  EXPECT_EQ(village.ask("alice-1", "pin.status")["result"]["set"], false);
  set_pin();
  EXPECT_EQ(code(set(kPin, net.list())), "duplicate");
}

TEST_F(Pin, IsSetWhenEnoughRealmsHaveItAndElseNothingChanges) {
  realm(1).alive = false;
  realm(2).alive = false;
  const json few = job("alice-1", "pin.set", {{"pin", kPin}, {"realms", net.list()}, {"recovery_key", key}});
  EXPECT_EQ(code(few), "unavailable");
  EXPECT_TRUE(village.server.vault.key_boxes.empty());
  // The one that has it is given the consent of the key that this device wrote down.
  realm(1).alive = true;
  const json set = job("alice-1", "pin.set", {{"pin", kPin}, {"realms", net.list()}, {"recovery_key", key}});
  ASSERT_TRUE(set.contains("result")) << set.dump();
  EXPECT_EQ(set["result"]["warnings"].size(), 2u) << set.dump();  // the PIN, and the token
  EXPECT_EQ(realm(0).pin->shown.version, realm(1).pin->shown.version);
  ASSERT_TRUE(job("alice-1", "backup.create").contains("result"));
  EXPECT_TRUE(recover("alice-2", kPin).contains("result"));
}

TEST_F(Pin, ThatIsWrongIsSaidAndToldToTheOwner) {
  set_pin();
  const json wrong = recover("thief", kWrong);
  EXPECT_EQ(code(wrong), "not_authorised");
  EXPECT_NE(sentence(wrong).find("9 guesses are left"), std::string::npos) << wrong.dump();
  EXPECT_TRUE(texts("thief").empty());
  village.pass_all(kHourMs);
  const json alarms = village.ask("alice-1", "status")["result"]["alarms"];
  ASSERT_EQ(alarms.size(), 1u) << alarms.dump();
  EXPECT_EQ(alarms[0]["kind"], "pin");
  EXPECT_EQ(alarms[0]["guesses"], 1);
  EXPECT_EQ(alarms[0]["right"], 0);
  ASSERT_TRUE(job("alice-1", "pin.status", {{"seen", true}}).contains("result"));
  EXPECT_TRUE(village.ask("alice-1", "status")["result"]["alarms"].empty());
}

TEST_F(Pin, ChecksCostNoGuessThatIsNotNeeded) {
  set_pin();
  const json right = job("alice-1", "pin.check", {{"pin", kPin}});
  ASSERT_TRUE(right.contains("result")) << right.dump();
  EXPECT_EQ(right["result"]["next_check_days"], 2);
  EXPECT_EQ(realm(0).guesses, 0u);
  EXPECT_TRUE(village.ask("alice-1", "status")["result"]["alarms"].empty());  // its own
  const std::size_t given = net.guesses_given;
  EXPECT_EQ(code(job("alice-1", "pin.check", {{"pin", "12345"}})), "malformed");
  realm(1).alive = false;
  realm(2).alive = false;
  EXPECT_EQ(code(job("alice-1", "pin.check", {{"pin", kWrong}})), "unavailable");
  realm(1).alive = true;
  realm(2).alive = true;
  for (std::size_t i = 0; i < 3; ++i) realm(i).guesses = 8;
  EXPECT_EQ(code(job("alice-1", "pin.check", {{"pin", kPin}})), "invalid_state");
  EXPECT_EQ(net.guesses_given, given);
  EXPECT_EQ(realm(0).guesses, 8u);
  const json unlocked = job("alice-1", "pin.unlock");
  ASSERT_TRUE(unlocked.contains("result")) << unlocked.dump();
  EXPECT_EQ(realm(0).guesses, 0u);
  EXPECT_EQ(code(job("alice-1", "pin.check", {{"pin", kWrong}})), "not_authorised");
}

TEST_F(Pin, UnderAnotherRegistrationIsNeitherTriedNorChanged) {
  set_pin();
  const std::size_t before = realm(0).guesses;
  net.registration = *RegistrationId::from(Bytes(RegistrationId::kSize, 8));
  EXPECT_EQ(code(job("alice-1", "pin.check", {{"pin", kPin}})), "inconsistent");
  EXPECT_EQ(code(job("alice-1", "pin.change", {{"pin", kWrong}})), "inconsistent");
  EXPECT_EQ(realm(0).guesses, before);
}

TEST_F(Pin, ALyingRealmIsNamedAndADeadOneIsNotMissed) {
  set_pin();
  realm(1).spoil_evaluation = [](PinEvaluation& answer) { answer.proof = {}; };
  const json back = recover("alice-2", kPin);
  ASSERT_TRUE(back.contains("result")) << back.dump();
  EXPECT_NE(back["result"]["warnings"].dump().find("The realm realm.example/r1 lies"), std::string::npos);
  realm(1).alive = false;
  EXPECT_TRUE(recover("alice-3", kPin).contains("result"));
  EXPECT_EQ(texts("alice-3"), std::vector<std::string>{kSaid});
  realm(0).alive = false;
  EXPECT_EQ(code(recover("alice-4", kPin)), "unavailable");
}

TEST_F(Pin, ChangedTheOldOneOpensNothingAndRemovedNeitherDoes) {
  set_pin();
  const std::string other = "another battery";
  const json changed = job("alice-1", "pin.change", {{"pin", other}});
  ASSERT_TRUE(changed.contains("result")) << changed.dump();
  EXPECT_EQ(changed["result"]["generation"], 2);
  EXPECT_EQ(code(recover("alice-2", kPin)), "not_authorised");
  EXPECT_TRUE(recover("alice-2", other).contains("result"));
  const json removed = job("alice-1", "pin.remove");
  ASSERT_TRUE(removed.contains("result")) << removed.dump();
  EXPECT_FALSE(realm(0).pin.has_value());
  EXPECT_EQ(code(recover("alice-3", other)), "not_found");
  EXPECT_EQ(job("alice-1", "pin.status")["result"]["set"], false);
  EXPECT_EQ(code(job("alice-1", "pin.unlock")), "not_found");
  EXPECT_EQ(job("alice-1", "backup.create")["result"]["generation"], 3);
}

TEST_F(Pin, ASecondDeviceOfTheNameHasRealmsAndPinToo) {
  set_pin();
  ASSERT_TRUE(village.link_device("alice-2", kAlice, "alice-1").contains("result"));
  const json created = job("alice-2", "backup.create", {{"recovery_key", key}});
  ASSERT_TRUE(created.contains("result")) << created.dump();
  EXPECT_EQ(created["result"]["generation"], 1);
  EXPECT_EQ(created["result"]["openers"], 4);
  EXPECT_TRUE(job("alice-2", "pin.check", {{"pin", kPin}}).contains("result"));
  EXPECT_TRUE(recover("alice-3", kPin).contains("result"));
}

TEST_F(Pin, SecretsOfPinAndTokenAreInNoRowOfADevice) {
  set_pin();
  const auto setup = load_backup_setup(village.device("alice-1").store());
  ASSERT_TRUE(setup.has_value());
  EXPECT_FALSE(setup->content.current().token.has_value());
  ASSERT_TRUE(setup->content.pin.has_value());
  EXPECT_EQ(load_pin_row(village.device("alice-1").store())->sent.size(), 1u);
}

TEST_F(Pin, OfADeviceThatIsOutOpensNothingMoreAndIsSetAnew) {
  ASSERT_TRUE(village.link_device("alice-2", kAlice, "alice-1").contains("result"));
  set_pin();
  ASSERT_TRUE(job("alice-2", "backup.create", {{"recovery_key", key}}).contains("result"));
  const json id = village.ask("alice-1", "status")["result"]["device"];
  ASSERT_TRUE(village.ask("alice-2", "device.remove", {{"device", id}}).contains("result"));
  const json created = job("alice-2", "backup.create");
  ASSERT_TRUE(created.contains("result")) << created.dump();
  EXPECT_EQ(created["result"]["generation"], 2);
  EXPECT_NE(created["result"]["warnings"].dump().find("no longer one of the name's"), std::string::npos);
  const json set = job("alice-2", "pin.set", {{"pin", "another battery"}});
  ASSERT_TRUE(set.contains("result")) << set.dump();
  EXPECT_EQ(code(recover("alice-3", kPin)), "not_authorised");
  EXPECT_TRUE(recover("alice-3", "another battery").contains("result"));
}

TEST_F(Pin, RealmsDoNotChangeWithoutIt) {
  set_pin();
  const std::string two = net.list().substr(0, net.list().rfind("realm "));
  EXPECT_EQ(code(job("alice-1", "backup.create", {{"realms", two}})), "invalid_state");
  const json changed = job("alice-1", "pin.change", {{"pin", kPin}, {"realms", two}});
  ASSERT_TRUE(changed.contains("result")) << changed.dump();
  EXPECT_EQ(changed["result"]["held_by"].size(), 2u);
  EXPECT_FALSE(realm(2).pin.has_value());  // it was told to forget
  EXPECT_TRUE(job("alice-1", "pin.check", {{"pin", kPin}}).contains("result"));
}

// ---- deletion ----

TEST_F(Pin, ADeviceDeletesInThreeDaysAndAnyDeviceCallsItOff) {
  set_pin();
  const json asked = job("alice-1", "backup.delete");
  ASSERT_TRUE(asked.contains("result")) << asked.dump();
  EXPECT_EQ(asked["result"]["waiting"], json::parse("[1]"));
  EXPECT_TRUE(asked["result"]["deleted"].empty());
  const json kept = job("alice-1", "backup.delete", {{"cancel", true}});
  ASSERT_TRUE(kept.contains("result")) << kept.dump();
  EXPECT_TRUE(job("alice-1", "backup.restore").contains("result"));
  EXPECT_EQ(texts("alice-1"), std::vector<std::string>{kSaid});

  ASSERT_TRUE(job("alice-1", "backup.delete").contains("result"));
  const json warned = job("alice-1", "backup.restore");
  EXPECT_NE(warned.dump().find("--cancel"), std::string::npos) << warned.dump();
  net.erase_all_that_wait();
  const json done = job("alice-1", "backup.delete");
  ASSERT_TRUE(done.contains("result")) << done.dump();
  EXPECT_FALSE(done["result"].contains("waiting")) << done.dump();
  EXPECT_GE(done["result"]["receipts"].size(), 3u);
  EXPECT_TRUE(village.server.vault.vaults.empty());
  EXPECT_EQ(code(job("alice-1", "backup.restore", {{"recovery_key", key}})), "not_found");
}

TEST_F(Pin, TheRecoveryKeyDeletesAtOnceAndACopyOpensNothing) {
  set_pin();
  const auto vaults = village.server.vault.vaults;
  const auto boxes = village.server.vault.key_boxes;
  realm(2).alive = false;
  const json done = job("alice-1", "backup.delete", {{"recovery_key", key}});
  ASSERT_TRUE(done.contains("result")) << done.dump();
  EXPECT_EQ(done["result"]["deleted"], json::parse("[1]"));
  EXPECT_EQ(village.ask("alice-1", "backup.receipts")["result"]["receipts"].size(), 2u);
  realm(2).alive = true;
  village.server.vault.vaults = vaults;
  village.server.vault.key_boxes = boxes;
  const json stolen = job("alice-1", "backup.restore", {{"recovery_key", key}});
  EXPECT_EQ(code(stolen), "invalid_state");
  EXPECT_NE(sentence(stolen).find("erased"), std::string::npos) << stolen.dump();
  EXPECT_EQ(code(recover("alice-2", kPin)), "invalid_state");
  EXPECT_TRUE(texts("alice-1").empty());
}

TEST_F(Pin, TooFewErasedIsNotDeletedAndIsSaid) {
  set_pin();
  realm(1).alive = false;
  realm(2).alive = false;
  EXPECT_EQ(code(job("alice-1", "backup.delete", {{"recovery_key", key}})), "unavailable");
  EXPECT_FALSE(village.server.vault.vaults.empty());
  realm(1).alive = true;
  realm(2).alive = true;
  EXPECT_TRUE(job("alice-1", "backup.restore").contains("result"));  // two of three have their parts still
  EXPECT_TRUE(job("alice-1", "backup.delete", {{"recovery_key", key}}).contains("result"));
  EXPECT_TRUE(village.server.vault.vaults.empty());
}

TEST_F(Pin, AWrongPartOfTheKeyIsFoundAndItsRealmNamed) {
  set_pin();
  realm(0).spoil_token = [](TokenState& answer) { answer.share->mac = {}; };
  const json restored = job("alice-1", "backup.restore");
  ASSERT_TRUE(restored.contains("result")) << restored.dump();
  EXPECT_NE(restored["result"]["warnings"].dump().find("The realm realm.example/r0 lies"), std::string::npos);
  realm(1).alive = false;
  EXPECT_EQ(code(job("alice-1", "backup.restore")), "unavailable");
}

TEST_F(Pin, ATokenOnPaperDoesWithoutRealms) {
  const json created =
      job("alice-1", "backup.create", {{"realms", net.list()}, {"recovery_key", key}, {"print_token", true}});
  ASSERT_TRUE(created.contains("result")) << created.dump();
  const std::string token = created["result"]["token"];
  for (std::size_t i = 0; i < 3; ++i) realm(i).alive = false;
  EXPECT_EQ(code(job("alice-1", "backup.restore")), "unavailable");
  EXPECT_EQ(code(job("alice-1", "backup.restore", {{"token", "AAAAA"}})), "malformed");
  EXPECT_TRUE(job("alice-1", "backup.restore", {{"token", token}}).contains("result"));
  EXPECT_FALSE(job("alice-1", "backup.create")["result"].contains("token"));
}

}  // namespace
}  // namespace cairn::client
