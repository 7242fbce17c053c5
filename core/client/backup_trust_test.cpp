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
    forge("alice-2", [&](vault::KeyBoxContent& content) { content.generations = next_behind(content, evil_list()); });
  }
  std::string one_evil_realm() const { return evil_list().substr(0, evil_list().find('\n') + 1); }
  /// The generations of a box, and one more that lies behind this list.
  std::vector<vault::Generation> next_behind(const vault::KeyBoxContent& content, const std::string& list) {
    std::vector<vault::Generation> out;
    for (const vault::Generation& one : content.generations) out.push_back(one.clone());
    vault::Generation next = content.current().clone();
    ++next.number;
    next.root = random_secret<vault::BackupRoot>(entropy);
    next.realms = RealmList::parse(list)->entries();
    out.push_back(std::move(next));
    return out;
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
  /// Of what is known and proposed: the domain's server first.
  json realms(const std::string& device, std::size_t storage = 0) {
    return village.ask(device, "backup.realms")["result"]["storages"][storage];
  }
  json confirm(const std::string& device, const std::string& digest) {
    return village.ask(device, "backup.realms", {{"confirm", digest}});
  }
  /// How many parts of keys a realm is about to erase.
  std::size_t waiting_at(std::size_t place) {
    return static_cast<std::size_t>(std::ranges::count_if(
        net.places[place]->shares, [](const auto& one) { return one.second.state.erase_at_ms != 0; }));
  }
  void set_alive(bool alive) {
    for (const std::size_t i : {1u, 2u}) realm(i).alive = alive;
  }
  json create_at(const std::string& storage, const std::string& list) {
    return job("alice-1", "backup.create", {{"to", storage}, {"realms", list}, {"recovery_key", key}});
  }
  json alarms(const std::string& device) { return village.ask(device, "status")["result"]["alarms"]; }

  const std::string kStick = "file:///stick";
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
  const json shown = realms("alice-1");
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
  EXPECT_EQ(code(job("alice-1", "backup.create")), "not_authorised");
  EXPECT_EQ(code(confirm("alice-1", "00")), "conflict");
  const json confirmed = confirm("alice-1", realms("alice-1")["proposed"]["digest"]);
  ASSERT_TRUE(confirmed.contains("result")) << confirmed;
  EXPECT_EQ(confirmed["result"]["storages"][0]["realms"].size(), 2u);
  EXPECT_FALSE(confirmed["result"]["storages"][0].contains("proposed"));
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

TEST_F(Trust, OnlyTheRealmsThatWereShownAreConfirmed) {
  name_evil_realms();
  EXPECT_EQ(code(job("alice-1", "backup.create")), "not_authorised");
  const std::string shown = realms("alice-1")["proposed"]["digest"];
  EXPECT_EQ(code(job("alice-1", "backup.create")), "not_authorised");
  EXPECT_EQ(realms("alice-1")["proposed"]["digest"], shown);
  forge("alice-2",
        [&](vault::KeyBoxContent& content) { content.generations = next_behind(content, one_evil_realm()); });
  village.pass_all(kHourMs);
  ASSERT_NE(realms("alice-1")["proposed"]["digest"], shown);
  EXPECT_EQ(code(confirm("alice-1", shown)), "conflict");
  EXPECT_EQ(realms("alice-1")["realms"].size(), 3u);
  EXPECT_EQ(alarms("alice-1").size(), 1u);
}

TEST_F(Trust, RealmsOfAKnownGenerationNeverChange) {
  forge("alice-2", [&](vault::KeyBoxContent& content) {
    content.generations.front().realms = RealmList::parse(one_evil_realm())->entries();
  });
  village.pass_all(kHourMs);  // its other devices look at it meanwhile
  EXPECT_TRUE(alarms("alice-1").empty());
  remove("alice-2");
  const json deleted = job("alice-1", "backup.delete", {{"generation", 1}, {"recovery_key", key}});
  ASSERT_TRUE(deleted.contains("result")) << deleted;
  EXPECT_EQ(deleted["result"]["deleted"], json::parse("[1]"));
  EXPECT_NE(deleted["result"]["warnings"].dump().find("other keys or realms of a generation"), std::string::npos);
  EXPECT_EQ(deleted["result"]["receipts"].size(), 3u) << deleted;
  for (const auto& place : net.places) {
    EXPECT_EQ(
        std::ranges::count_if(place->shares, [](const auto& one) { return one.second.state.receipt.has_value(); }), 1);
  }
  EXPECT_EQ(given_to_evil(), 0u);
}

TEST_F(Trust, WhatWasChangedInAKnownGenerationIsPutRight) {
  forge("alice-2", [&](vault::KeyBoxContent& content) { content.generations.front().data_key = {}; });
  const json created = job("alice-1", "backup.create");
  ASSERT_TRUE(created.contains("result")) << created;
  EXPECT_EQ(created["result"]["generation"], 1);
  EXPECT_TRUE(recover("alice-3", kPin).contains("result"));
}

TEST_F(Trust, ADeletionByANewDeviceGivesNothingToRealmsThatAThiefHasNamed) {
  name_evil_realms();
  remove("alice-2");
  ASSERT_TRUE(village.link_device("alice-4", kAlice, "alice-1").contains("result"));
  const json deleted = job("alice-4", "backup.delete", {{"generation", 1}, {"recovery_key", key}});
  ASSERT_TRUE(deleted.contains("result")) << deleted;
  EXPECT_EQ(deleted["result"]["deleted"], json::parse("[1]"));
  EXPECT_NE(deleted["result"]["warnings"].dump().find("backup realms"), std::string::npos) << deleted;
  EXPECT_EQ(given_to_evil(), 0u);
  // Nor is the list that it has seen then taken for one that it knows.
  for (const bool looks_again : {false, true}) {
    if (looks_again) village.pass_all(kHourMs);
    EXPECT_EQ(code(job("alice-4", "backup.create", {{"recovery_key", key}})), "not_authorised");
    EXPECT_FALSE(realms("alice-4")["known"]);
  }
  EXPECT_EQ(given_to_evil(), 0u);
}

TEST_F(Trust, NoRealmsAtAllAreNotBelievedOfAThiefEither) {
  forge("alice-2", [&](vault::KeyBoxContent& content) {
    content.generations = next_behind(content, one_evil_realm());
    content.generations.back().realms.clear();
    content.generations.back().token = random_secret<vault::BackupToken>(entropy);
  });
  remove("alice-2");
  ASSERT_TRUE(village.link_device("alice-4", kAlice, "alice-1").contains("result"));
  const json asked = job("alice-4", "backup.create", {{"recovery_key", key}});
  EXPECT_EQ(code(asked), "not_authorised") << asked;
  EXPECT_NE(sentence(asked).find("none at all"), std::string::npos) << asked;
}

TEST_F(Trust, ARegistrationThatIsNotThatOfThePinsOpenerIsNotBelieved) {
  forge("alice-2", [&](vault::KeyBoxContent& content) {
    content.pin->registration = *RegistrationId::from(Bytes(RegistrationId::kSize, 1));
  });
  ASSERT_TRUE(village.link_device("alice-3", kAlice, "alice-1").contains("result"));
  ASSERT_TRUE(job("alice-3", "backup.create", {{"recovery_key", key}}).contains("result"));
  EXPECT_FALSE(load_backup_setup(village.device("alice-3").store())->content.pin);
}

// ---- several storages ----

TEST_F(Trust, EachStorageHasRealmsOfItsOwn) {
  village.server.folders[kStick];
  const std::string two = net.list().substr(0, net.list().rfind("realm "));
  const json created = create_at(kStick, two);
  ASSERT_TRUE(created.contains("result")) << created;
  village.pass_all(kHourMs);
  EXPECT_TRUE(alarms("alice-1").empty()) << alarms("alice-1");
  EXPECT_EQ(realms("alice-1", 0)["realms"].size(), 3u);
  EXPECT_EQ(realms("alice-1", 1)["realms"].size(), 2u);
  const json at_home = job("alice-1", "backup.create", {{"to", "domain"}});
  ASSERT_TRUE(at_home.contains("result")) << at_home;
  EXPECT_EQ(at_home["result"]["generation"], 1);
  // A question about one is not answered by the other.
  name_evil_realms();
  EXPECT_EQ(code(job("alice-1", "backup.create", {{"to", "domain"}})), "not_authorised");
  ASSERT_TRUE(job("alice-1", "backup.create", {{"to", kStick}}).contains("result"));
  EXPECT_EQ(code(job("alice-1", "backup.create", {{"to", "domain"}})), "not_authorised");
  EXPECT_EQ(alarms("alice-1").size(), 1u);
}

TEST_F(Trust, ADeletionThatIsToBeConfirmedIsAskedOfNoOtherFolder) {
  village.server.folders[kStick];
  ASSERT_TRUE(create_at(kStick, net.list()).contains("result"));
  testing::FakeVault away = std::exchange(village.server.folders[kStick], testing::FakeVault{});
  ASSERT_TRUE(create_at(kStick, net.list()).contains("result"));
  std::swap(away, village.server.folders[kStick]);
  set_alive(false);
  village.server.folders[kStick].vaults.clear();
  const json said = job("alice-1", "backup.delete", {{"from", kStick}, {"generation", 1}});
  ASSERT_TRUE(said.contains("result")) << said;
  ASSERT_EQ(said["result"]["unconfirmed"], json::parse("[1]"));
  ASSERT_EQ(waiting_at(0), 1u);
  std::swap(away, village.server.folders[kStick]);
  set_alive(true);
  village.pass_all(3 * kHourMs);
  EXPECT_EQ(waiting_at(0), 1u) << "the other folder's backup is to be kept";
  EXPECT_EQ(waiting_at(1), 0u);
  std::swap(away, village.server.folders[kStick]);
  village.pass_all(3 * kHourMs);
  EXPECT_EQ(waiting_at(0), 1u);
  EXPECT_EQ(waiting_at(1), 1u);
}

TEST_F(Trust, ADeletionThatCannotBeConfirmedKeepsNoOtherWaiting) {
  village.server.folders[kStick];
  ASSERT_TRUE(create_at(kStick, net.list()).contains("result"));
  set_alive(false);
  village.server.folders[kStick].vaults.clear();
  village.server.vault.vaults.clear();
  for (const std::string& one : {kStick, std::string("domain")}) {
    const json said = job("alice-1", "backup.delete", {{"from", one}, {"generation", 1}});
    ASSERT_TRUE(said.contains("result")) << said;
    ASSERT_EQ(said["result"]["unconfirmed"], json::parse("[1]"));
  }
  set_alive(true);
  const auto realms_alone = village.server.elsewhere;
  village.server.elsewhere = [&](const proto::Call& call) -> std::optional<Result<proto::CallReply>> {
    if (call.url == "https://example.org" + std::string(proto::kPathKeyBoxGet)) {
      return testing::FakePost::refusal(ErrorCode::unavailable, "The server keeps no boxes just now.");
    }
    return realms_alone(call);
  };
  village.pass_all(3 * kHourMs);
  EXPECT_EQ(waiting_at(1), 1u) << "that of the folder";
  village.server.elsewhere = realms_alone;
}

}  // namespace
}  // namespace cairn::client
