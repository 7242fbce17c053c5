// Devices of one name that name different realms, or keys of the PIN: whose word counts, and what its owner is asked.
#include "core/base/encoding.h"
#include "core/client/backup_keys.h"
#include "core/client/pin_fixture.h"
#include "core/client/realm_list.h"
#include "core/crypto/labels.h"

namespace cairn::client {
namespace {

class Trust : public PinVillage {
 protected:
  Trust() {
    for (std::size_t i = 0; i < 3; ++i) evil.places[i]->realm.key = crypto::SigningKey::generate(entropy);
    village.server.elsewhere = [this](const proto::Call& call) {
      const std::string place = "/evil";
      const std::size_t at = call.url.find(place);
      if (at == std::string::npos) return net.answer(call);
      proto::Call to_them = call;
      to_them.url.erase(at, place.size());
      return evil.answer(to_them);
    };
    set_pin();
    EXPECT_TRUE(village.link_device("alice-2", kAlice, "alice-1").contains("result"));
    EXPECT_TRUE(job("alice-2", "backup.create", {{"recovery_key", key}}).contains("result"));
  }

  /// The thief's realms: under the same hosts, at another path.
  std::string evil_list() const {
    std::string out = evil.list();
    for (std::size_t at = out.find(".example\n"); at != std::string::npos; at = out.find(".example\n", at + 1)) {
      out.insert(at + 8, "/evil");
    }
    return out;
  }
  proto::KeyBoxPut& stored_box() {
    return village.server.vault.key_boxes.at(load_backup_setup(village.device("alice-1").store())->key_box);
  }
  /// The key box as this device, of whose store somebody has a copy, makes it next.
  void forge(const std::string& device, const std::function<void(vault::KeyBoxContent&)>& change) {
    const auto stolen = load_backup_setup(village.device(device).store());
    const auto account = load_account(village.device(device).store());
    ASSERT_TRUE(stolen && account);
    proto::KeyBoxPut& put = stored_box();
    const auto stands = open_with_device(put.body, stolen->content.current().root, stolen->device_key);
    ASSERT_TRUE(stands.has_value());
    vault::KeyBoxContent forged = stolen->content.clone();
    forged.previous = stands->head().hash;
    forged.version = stands->head().version + 1;
    change(forged);
    put.version = forged.version;
    put.body = *seal_to_openers(forged, account->signing_key, entropy);
    put.signature = crypto::sign_labelled(stolen->write_key, crypto::kSignKeyBoxPut, put.content());
  }
  void name_evil_realms() {
    forge("alice-2", [&](vault::KeyBoxContent& content) {
      vault::Generation next = content.current().clone();
      ++next.number;
      next.root = random_secret<vault::BackupRoot>(entropy);
      next.realms = RealmList::parse(evil_list())->entries();
      content.generations.push_back(std::move(next));
    });
  }
  void remove(const std::string& device) {
    const json id = village.ask(device, "status")["result"]["device"];
    ASSERT_TRUE(village.ask("alice-1", "device.remove", {{"device", id}}).contains("result"));
  }
  std::string id_of(const std::string& device) { return village.ask(device, "status")["result"]["device"]; }
  std::size_t given_to_evil() {
    std::size_t out = 0;
    for (const auto& place : evil.places) out += place->shares.size() + (place->realm.pin ? 1 : 0);
    return out;
  }
  json alarms(const std::string& device) { return village.ask(device, "status")["result"]["alarms"]; }

  testing::SeededEntropy entropy{77};
  testing::RealmNet evil;
};

TEST_F(Trust, TheRealmsThatAThiefNamedAreIgnoredOnceItIsRemoved) {
  name_evil_realms();
  remove("alice-2");
  const json created = job("alice-1", "backup.create");
  ASSERT_TRUE(created.contains("result")) << created.dump();
  EXPECT_NE(created["result"]["warnings"].dump().find("they were ignored"), std::string::npos) << created.dump();
  EXPECT_EQ(created["result"]["generation"], 3);
  EXPECT_EQ(given_to_evil(), 0u);
  EXPECT_EQ(net.places[0]->shares.size(), 2u);
  EXPECT_TRUE(alarms("alice-1").empty());
  const json changed = job("alice-1", "pin.change", {{"pin", "another battery"}});
  ASSERT_TRUE(changed.contains("result")) << changed.dump();
  EXPECT_EQ(given_to_evil(), 0u);
  ASSERT_TRUE(job("alice-1", "backup.create").contains("result"));
  EXPECT_TRUE(recover("alice-3", "another battery").contains("result"));
}

TEST_F(Trust, TheRealmsThatAnActiveDeviceNamedWaitForTheOwner) {
  name_evil_realms();
  for (const auto& [method, params] :
       std::vector<std::pair<std::string, testing::Params>>{{"backup.create", {}},
                                                            {"pin.change", {{"pin", "another battery"}}},
                                                            {"pin.check", {{"pin", kPin}}},
                                                            {"pin.remove", {}}}) {
    SCOPED_TRACE(method);
    const json refused = job("alice-1", method, params);
    EXPECT_EQ(code(refused), "not_authorised") << refused;
    EXPECT_NE(sentence(refused).find(id_of("alice-2")), std::string::npos) << refused;
    EXPECT_NE(sentence(refused).find("https://realm0.example/evil"), std::string::npos) << refused;
  }
  EXPECT_EQ(given_to_evil(), 0u);
  ASSERT_EQ(alarms("alice-1").size(), 1u);
  EXPECT_EQ(alarms("alice-1")[0]["kind"], "realms");
  EXPECT_EQ(alarms("alice-1")[0]["device"], id_of("alice-2"));
  const json shown = village.ask("alice-1", "backup.realms")["result"];
  EXPECT_EQ(shown["realms"][0]["url"], "https://realm0.example");
  EXPECT_EQ(shown["proposed"]["realms"][0]["url"], "https://realm0.example/evil");
  const json status = job("alice-1", "pin.status");
  ASSERT_TRUE(status.contains("result")) << status;
  EXPECT_NE(status["result"]["warnings"].dump().find("has named other realms"), std::string::npos) << status;
  EXPECT_EQ(status["result"]["guesses_left"], 10) << "the realms that hold the PIN are asked: " << status;
  // Its owner's own list, typed, is an answer too.
  const json moved = job("alice-1", "pin.change", {{"pin", kPin}, {"realms", net.list()}});
  ASSERT_TRUE(moved.contains("result")) << moved;
  EXPECT_TRUE(alarms("alice-1").empty());
  EXPECT_EQ(given_to_evil(), 0u);
  EXPECT_TRUE(job("alice-1", "backup.create").contains("result"));
}

TEST_F(Trust, WhatTheOwnerChangedOnAnotherDeviceIsConfirmedOnceHere) {
  const std::string two = net.list().substr(0, net.list().rfind("realm "));
  ASSERT_TRUE(job("alice-2", "pin.change", {{"pin", "another battery"}, {"realms", two}}).contains("result"));
  EXPECT_EQ(code(village.ask("alice-1", "backup.realms", {{"confirm", true}})), "invalid_state");  // not seen yet
  EXPECT_EQ(code(job("alice-1", "backup.create")), "not_authorised");
  const json confirmed = village.ask("alice-1", "backup.realms", {{"confirm", true}});
  ASSERT_TRUE(confirmed.contains("result")) << confirmed;
  EXPECT_EQ(confirmed["result"]["realms"].size(), 2u);
  const json created = job("alice-1", "backup.create");
  ASSERT_TRUE(created.contains("result")) << created;
  EXPECT_EQ(created["result"]["generation"], 2);
  EXPECT_TRUE(job("alice-1", "pin.check", {{"pin", "another battery"}}).contains("result"));
  EXPECT_TRUE(job("alice-2", "backup.create").contains("result"));
}

TEST_F(Trust, AThiefsListIsNotWashedByADeviceThatSignsTheBoxAnew) {
  name_evil_realms();
  // A deletion must not wait for an answer; what begins with it lies where it is known to be wanted.
  const json deleted = job("alice-1", "backup.delete", {{"generation", 1}, {"recovery_key", key}});
  ASSERT_TRUE(deleted.contains("result")) << deleted;
  EXPECT_EQ(code(job("alice-1", "backup.create")), "not_authorised");
  const std::string thief = id_of("alice-2");
  remove("alice-2");
  const json refused = job("alice-1", "backup.create");
  EXPECT_EQ(code(refused), "not_authorised");
  EXPECT_NE(sentence(refused).find(thief), std::string::npos) << "and not who signed it last: " << refused;
  const json created = job("alice-1", "backup.create", {{"realms", net.list()}});
  ASSERT_TRUE(created.contains("result")) << created;
  EXPECT_EQ(given_to_evil(), 0u);
  EXPECT_TRUE(recover("alice-3", kPin).contains("result"));
}

TEST_F(Trust, TheFirstListThatANewDeviceHearsCountsUnlessWhoWroteItIsOut) {
  ASSERT_TRUE(village.link_device("alice-3", kAlice, "alice-1").contains("result"));
  EXPECT_TRUE(job("alice-3", "backup.create", {{"recovery_key", key}}).contains("result"));
  name_evil_realms();
  remove("alice-2");
  ASSERT_TRUE(village.link_device("alice-4", kAlice, "alice-1").contains("result"));
  const json asked = job("alice-4", "backup.create", {{"recovery_key", key}});
  EXPECT_EQ(code(asked), "not_authorised");
  EXPECT_NE(sentence(asked).find("--realms FILE"), std::string::npos) << asked;
  EXPECT_EQ(given_to_evil(), 0u);
  const json created = job("alice-4", "backup.create", {{"recovery_key", key}, {"realms", net.list()}});
  EXPECT_NE(code(created), "not_authorised") << created;
  EXPECT_EQ(given_to_evil(), 0u);
}

TEST_F(Trust, KeysOfThePinThatAnotherDeviceWroteAnewDoNotReplaceTheKnownOnes) {
  for (const bool is_out : {false, true}) {
    SCOPED_TRACE(is_out);
    forge("alice-2", [&](vault::KeyBoxContent& content) {
      content.pin->auth = random_secret<crypto::Ed25519Seed>(entropy);
      content.pin->registration = *RegistrationId::from(Bytes(RegistrationId::kSize, 1));
    });
    if (is_out) remove("alice-2");
    for (std::size_t i = 0; i < 3; ++i) realm(i).guesses = 9;
    const json unlocked = job("alice-1", "pin.unlock");
    ASSERT_TRUE(unlocked.contains("result")) << unlocked;
    EXPECT_EQ(realm(0).guesses, 0u);
    EXPECT_NE(unlocked["result"]["warnings"].dump().find("other keys of the PIN"), std::string::npos) << unlocked;
  }
}

TEST_F(Trust, KeysOfAPinThatNobodyHereKnowsDoNotCountByTheWordOfWhoIsOut) {
  ASSERT_TRUE(village.link_device("alice-3", kAlice, "alice-1").contains("result"));
  ASSERT_TRUE(job("alice-2", "pin.change", {{"pin", "another battery"}}).contains("result"));
  remove("alice-2");
  const json asked = job("alice-3", "pin.unlock", {});
  EXPECT_NE(code(asked).find("not_"), std::string::npos) << asked;
  const json set =
      job("alice-3", "pin.set", {{"pin", "a third battery"}, {"realms", net.list()}, {"recovery_key", key}});
  ASSERT_TRUE(set.contains("result")) << set;  // what is left of it may still be tried as a key of the realms' versions
  EXPECT_TRUE(job("alice-3", "backup.create").contains("result"));
  EXPECT_TRUE(recover("alice-5", "a third battery").contains("result"));
  EXPECT_EQ(code(recover("alice-6", "another battery")), "not_authorised");
}

}  // namespace
}  // namespace cairn::client
