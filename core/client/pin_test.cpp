// PINs and tokens of real clients at fake realms that are dead, lie, or have erased.
#include "core/client/pin_fixture.h"

namespace cairn::client {
namespace {

class Pin : public PinVillage {};

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
  EXPECT_FALSE(realm(0).pin.has_value()) << "it was asked for its version alone";
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
  const json few = recover("alice-4", kPin);
  EXPECT_EQ(code(few), "unavailable");
  EXPECT_NE(sentence(few).find("Too few realms answered as they must, of 3 it takes 2"), std::string::npos) << few;
  EXPECT_TRUE(texts("alice-4").empty());
}

/// Who holds the domain resets the name to a device of its own, has all that the domain stores, one realm, and even the
/// PIN.
TEST_F(Pin, AResetAndFewerRealmsThanItTakesReadNothing) {
  set_pin();
  ASSERT_TRUE(village.ask("alice-1", "reset.delay", {{"recovery_key", key}, {"days", 3}}).contains("result"));
  village.set_online("alice-1", false);
  realm(1).alive = false;
  realm(2).alive = false;
  const json asked = village.ask("thief", "reset", {{"name", kAlice}, {"policy", village.server.policy_text()}});
  ASSERT_TRUE(asked.contains("result")) << asked;
  ASSERT_TRUE(village.until([&] { return village.ask("thief", "status")["result"]["state"] == "active"; }, 5 * kDayMs));
  EXPECT_EQ(village.ask("thief", "device.list")["result"]["devices"].size(), 2u);
  const std::string own_key = asked["result"]["recovery_key"];
  EXPECT_EQ(code(job("thief", "backup.restore")), "not_found");
  EXPECT_EQ(code(job("thief", "backup.restore", {{"recovery_key", own_key}})), "not_found");
  for (const char* device : {"thief", "thief-2"}) {
    EXPECT_NE(code(recover(device, kPin)), "none") << device;
    EXPECT_TRUE(texts(device).empty()) << device;
  }
  const json few = recover("thief-3", kPin);
  EXPECT_EQ(code(few), "unavailable");
  EXPECT_NE(sentence(few).find("Too few realms"), std::string::npos) << few;
  for (const Bytes& bytes : village.server.vault.all_bytes()) EXPECT_EQ(as_text(bytes).find(kSaid), std::string::npos);
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

TEST_F(Pin, OfADeviceThatIsOutOpensNothingMoreAndIsSetAnew) {
  ASSERT_TRUE(village.link_device("alice-2", kAlice, "alice-1").contains("result"));
  set_pin();
  ASSERT_TRUE(job("alice-2", "backup.create", {{"recovery_key", key}}).contains("result"));
  // One that it began itself and that no realm heard of.
  for (const std::size_t i : {0u, 1u, 2u}) realm(i).alive = false;
  EXPECT_EQ(code(job("alice-2", "pin.change", {{"pin", "a third battery"}})), "unavailable");
  for (const std::size_t i : {0u, 1u, 2u}) realm(i).alive = true;
  const json id = village.ask("alice-1", "status")["result"]["device"];
  ASSERT_TRUE(village.ask("alice-2", "device.remove", {{"device", id}}).contains("result"));
  const json created = job("alice-2", "backup.create");
  EXPECT_EQ(load_pin_row(village.device("alice-2").store())->sent.size(), 1u);
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

// ---- realms that were away ----

TEST_F(Pin, ARealmThatWasAwayDuringAChangeGetsTheNewOneWhenItIsBack) {
  set_pin();
  const auto version = [&](std::size_t i) { return realm(i).pin->shown.version; };
  realm(2).alive = false;
  const json changed = job("alice-1", "pin.change", {{"pin", "another battery"}});
  ASSERT_TRUE(changed.contains("result")) << changed.dump();
  EXPECT_NE(changed["result"]["warnings"].dump().find("realm.example/r2"), std::string::npos) << changed.dump();
  const json owed = job("alice-1", "pin.status")["result"]["owed"];
  EXPECT_EQ(owed, json::parse(R"([{"name":"realm.example/r2","owes":"the newest PIN"}])"));
  // Once more while it is away, and this device begins anew: the key of what stands there is not forgotten.
  ASSERT_TRUE(job("alice-1", "pin.change", {{"pin", "a third battery"}}).contains("result"));
  village.device("alice-1").restart();
  village.pass_all(2 * kHourMs);
  EXPECT_NE(version(2), version(0));
  realm(2).alive = true;
  village.pass_all(kHourMs);
  EXPECT_EQ(version(2), version(0));
  EXPECT_TRUE(job("alice-1", "pin.status")["result"]["owed"].empty());
  // The one that was away and another one open it now.
  realm(0).spoil_evaluation = [](PinEvaluation& answer) { answer.proof = {}; };
  EXPECT_TRUE(recover("alice-2", "a third battery").contains("result"));
}

TEST_F(Pin, ARealmThatWasAwayFromTheBeginningGetsItToo) {
  realm(2).alive = false;
  set_pin();
  EXPECT_FALSE(realm(2).pin.has_value());
  realm(2).alive = true;
  village.pass_all(kHourMs);
  ASSERT_TRUE(realm(2).pin.has_value());
  EXPECT_EQ(realm(2).pin->shown.version, realm(0).pin->shown.version);
}

TEST_F(Pin, WhatAnotherDeviceRegisteredSinceIsLeftAlone) {
  set_pin();
  ASSERT_TRUE(village.link_device("alice-2", kAlice, "alice-1").contains("result"));
  ASSERT_TRUE(job("alice-2", "backup.create", {{"recovery_key", key}}).contains("result"));
  realm(2).alive = false;
  ASSERT_TRUE(job("alice-1", "pin.change", {{"pin", "another battery"}}).contains("result"));
  village.set_online("alice-1", false);
  // The other device has no key of what stands at the third realm, and makes it forget nothing.
  realm(2).alive = true;
  ASSERT_TRUE(job("alice-2", "pin.change", {{"pin", "a third battery"}}).contains("result"));
  const PinVersion newest = realm(0).pin->shown.version;
  village.set_online("alice-1", true);
  village.pass_all(kHourMs);
  EXPECT_EQ(realm(0).pin->shown.version, newest);
  EXPECT_EQ(realm(1).pin->shown.version, newest);
  EXPECT_EQ(realm(2).pin->shown.version, newest);  // by the one device to the version between, by the other to this one
  EXPECT_TRUE(recover("alice-3", "a third battery").contains("result"));
}

TEST_F(Pin, WhatIsRemovedIsTakenFromARealmThatWasAwayWhenItIsBack) {
  set_pin();
  realm(2).alive = false;
  const json removed = job("alice-1", "pin.remove");
  ASSERT_TRUE(removed.contains("result")) << removed.dump();
  EXPECT_TRUE(realm(2).pin.has_value());
  const json owed = job("alice-1", "pin.status")["result"]["owed"];
  EXPECT_EQ(owed, json::parse(R"([{"name":"realm.example/r2","owes":"to forget"}])"));
  village.device("alice-1").restart();
  realm(2).alive = true;
  village.pass_all(kHourMs);
  EXPECT_FALSE(realm(2).pin.has_value());
  EXPECT_TRUE(job("alice-1", "pin.status")["result"]["owed"].empty());
}

TEST_F(Pin, SoIsWhatLiesAtARealmThatWasTakenFromTheListOrOfABackupThatWasDeleted) {
  set_pin();
  const std::string two = net.list().substr(0, net.list().rfind("realm "));
  realm(2).alive = false;
  ASSERT_TRUE(job("alice-1", "pin.change", {{"pin", kPin}, {"realms", two}}).contains("result"));
  realm(2).alive = true;
  village.pass_all(kHourMs);
  EXPECT_FALSE(realm(2).pin.has_value());
  EXPECT_TRUE(realm(0).pin.has_value());
  const json deleted = job("alice-1", "backup.delete", {{"recovery_key", key}});
  ASSERT_TRUE(deleted.contains("result")) << deleted.dump();
  village.pass_all(kHourMs);
  EXPECT_FALSE(realm(0).pin.has_value());
  EXPECT_FALSE(realm(1).pin.has_value());
}

TEST_F(Pin, GuessesAreToldAlsoWhereAnotherDeviceHasChangedIt) {
  set_pin();
  ASSERT_TRUE(village.link_device("alice-2", kAlice, "alice-1").contains("result"));
  ASSERT_TRUE(job("alice-2", "backup.create", {{"recovery_key", key}}).contains("result"));
  ASSERT_TRUE(job("alice-1", "pin.change", {{"pin", "another battery"}}).contains("result"));
  village.pass_all(kHourMs);
  village.set_online("alice-1", false);
  EXPECT_TRUE(village.ask("alice-2", "status")["result"]["alarms"].empty());
  EXPECT_EQ(code(recover("thief", kWrong)), "not_authorised");
  village.pass_all(kHourMs);
  const json alarms = village.ask("alice-2", "status")["result"]["alarms"];
  ASSERT_EQ(alarms.size(), 1u) << alarms.dump();
  EXPECT_EQ(alarms[0]["guesses"], 1);
}

TEST_F(Pin, PartsOfAKeyThatTooFewTookAreTakenBackAndTheSentenceSaysSo) {
  realm(1).alive = false;
  realm(2).alive = false;
  const json few = job("alice-1", "backup.create", {{"realms", net.list()}, {"recovery_key", key}});
  EXPECT_EQ(code(few), "unavailable");
  EXPECT_EQ(sentence(few).find("nothing was changed"), std::string::npos) << few;
  EXPECT_NE(sentence(few).find("are asked to erase it"), std::string::npos) << few;
  village.pass_all(kMinuteMs);
  ASSERT_EQ(net.places[0]->shares.size(), 1u);
  EXPECT_NE(net.places[0]->shares.begin()->second.state.erase_at_ms, 0u);
  // Of a PIN it is said that it is half done.
  realm(1).alive = true;
  set_pin();
  village.device("alice-1").lose_answers_to(proto::kPathTokenStore);
  const json half = job("alice-1", "pin.change", {{"pin", "another battery"}});
  EXPECT_EQ(code(half), "unavailable");
  EXPECT_NE(sentence(half).find("The realms have the new PIN already"), std::string::npos) << half;
  village.device("alice-1").lose_answers_to("");
  EXPECT_TRUE(recover("alice-2", "another battery").contains("result"));
  EXPECT_TRUE(job("alice-1", "pin.change", {{"pin", "another battery"}}).contains("result"));
}

TEST_F(Pin, NoGenerationLeavesTheKeyBoxUnlessItIsDeleted) {
  const std::string two = net.list().substr(0, net.list().rfind("realm "));
  const auto kept = [&] {
    std::vector<std::uint32_t> out;
    const auto setup = load_backup_setup(village.device("alice-1").store());
    for (const auto& one : setup->content.generations) out.push_back(one.number);
    return out;
  };
  for (std::size_t i = 1; i <= kMostKept; ++i) {
    const json created =
        job("alice-1", "backup.create", {{"realms", i % 2 == 1 ? net.list() : two}, {"recovery_key", key}});
    ASSERT_TRUE(created.contains("result")) << i << created.dump();
    const bool warned = created["result"]["warnings"].dump().find("generations of keys") != std::string::npos;
    EXPECT_EQ(warned, i + 3 > kMostKept) << i;
  }
  ASSERT_EQ(kept().size(), kMostKept);
  const json full = job("alice-1", "backup.create", {{"realms", two}});
  EXPECT_EQ(code(full), "over_limit");
  EXPECT_NE(sentence(full).find("backup delete --generation"), std::string::npos) << full;
  const std::size_t before = net.guesses_given;
  EXPECT_EQ(code(job("alice-1", "pin.set", {{"pin", kPin}})), "over_limit");
  EXPECT_FALSE(realm(0).pin.has_value()) << "nothing is given to realms that could not be finished";
  EXPECT_EQ(net.guesses_given, before);
  EXPECT_EQ(kept().front(), 1u);
  // The last place is there for a deletion of all of them.
  const json asked = job("alice-1", "backup.delete");
  ASSERT_TRUE(asked.contains("result")) << asked.dump();
  EXPECT_EQ(kept().size(), vault::kMaxGenerations);
  ASSERT_TRUE(job("alice-1", "backup.delete", {{"generation", 1}, {"recovery_key", key}}).contains("result"));
  ASSERT_TRUE(job("alice-1", "backup.delete", {{"generation", 2}, {"recovery_key", key}}).contains("result"));
  EXPECT_EQ(kept().front(), 3u);
  EXPECT_TRUE(job("alice-1", "backup.create", {{"realms", two}}).contains("result"));
}

TEST_F(Pin, ThatAnotherDeviceHasTakenAwayIsGivenToNoRealmThatComesBack) {
  ASSERT_TRUE(village.link_device("alice-2", kAlice, "alice-1").contains("result"));
  realm(2).alive = false;
  set_pin();
  ASSERT_TRUE(job("alice-2", "backup.create", {{"recovery_key", key}}).contains("result"));
  village.set_online("alice-1", false);
  ASSERT_TRUE(job("alice-2", "pin.remove").contains("result"));
  realm(2).alive = true;
  village.pass_all(kHourMs);  // who removed it has told that realm too, and will not again
  village.set_online("alice-1", true);
  village.pass_all(2 * kHourMs);
  EXPECT_FALSE(realm(2).pin.has_value());
  EXPECT_TRUE(job("alice-1", "pin.status")["result"]["owed"].empty());
}

TEST_F(Pin, ARealmThatTakesNoShareDoesNotUseUpTheTokensOfTheDay) {
  realm(2).alive = false;
  set_pin();
  std::size_t tokens = 0;
  village.server.elsewhere = [&](const proto::Call& call) -> std::optional<Result<proto::CallReply>> {
    tokens += call.url.ends_with(proto::kPathRealmTokens) ? 1 : 0;
    if (!call.url.starts_with(net.url(2) + "/")) return net.answer(call);
    const bool asks = call.url.ends_with(proto::kPathPinVersion);
    return testing::FakePost::refusal(asks ? ErrorCode::not_found : ErrorCode::over_limit, "No.");
  };
  village.pass_all(kDayMs);
  EXPECT_GE(tokens, 4u);
  EXPECT_LE(tokens, 7u);
  // Its owner is not the one who pays for that: once it is well it gets its share.
  village.server.elsewhere = [this](const proto::Call& call) { return net.answer(call); };
  realm(2).alive = true;
  village.pass_all(kDayMs + kHourMs);
  EXPECT_TRUE(realm(2).pin.has_value());
}

// ---- several storages ----

TEST_F(Pin, OpensOneBackupAlsoWhereFoldersAreExchanged) {
  const std::string stick = "file:///stick";
  village.server.folders[stick];
  const testing::Params set = {{"pin", kPin}, {"to", stick}, {"realms", net.list()}, {"recovery_key", key}};
  ASSERT_TRUE(job("alice-1", "pin.set", set).contains("result"));
  village.server.folders[stick] = {};
  ASSERT_TRUE(job("alice-1", "backup.create", {{"to", stick}, {"recovery_key", key}}).contains("result"));
  const json second = job("alice-1", "pin.set", set);
  EXPECT_EQ(code(second), "invalid_state") << second;
  EXPECT_NE(sentence(second).find("A PIN opens one backup"), std::string::npos) << second;
}

TEST_F(Pin, ThatAnotherDeviceSetsAtTheSecondStorageIsSeen) {
  const std::string stick = "file:///stick";
  village.server.folders[stick];
  for (const std::string& one : {std::string("domain"), stick}) {
    ASSERT_TRUE(job("alice-1", "backup.create", {{"to", one}, {"recovery_key", key}}).contains("result"));
  }
  ASSERT_TRUE(village.link_device("alice-2", kAlice, "alice-1").contains("result"));
  const json set =
      job("alice-2", "pin.set", {{"pin", kPin}, {"to", stick}, {"realms", net.list()}, {"recovery_key", key}});
  ASSERT_TRUE(set.contains("result")) << set;
  village.pass_all(kHourMs);
  EXPECT_EQ(village.ask("alice-1", "backup.storages")["result"]["storages"][1]["pin"], true);
}

// ---- deletion ----

TEST_F(Pin, TheNewestSnapshotIsForgottenWithItsGenerationAlone) {
  set_pin();
  const auto newest = [&] { return load_backup_setup(village.device("alice-1").store())->newest_generation; };
  ASSERT_TRUE(job("alice-1", "backup.delete").contains("result"));  // it waits
  EXPECT_EQ(newest(), 1u);
  ASSERT_TRUE(job("alice-1", "backup.create").contains("result"));
  EXPECT_EQ(newest(), 2u);
  ASSERT_TRUE(job("alice-1", "backup.delete", {{"generation", 1}, {"recovery_key", key}}).contains("result"));
  EXPECT_EQ(newest(), 2u);
  ASSERT_TRUE(job("alice-1", "backup.delete", {{"generation", 2}, {"recovery_key", key}}).contains("result"));
  EXPECT_EQ(newest(), 0u);
}

TEST_F(Pin, WhatOnlyItsStorageSaysToBeGoneIsNotDeleted) {
  set_pin();
  realm(1).alive = false;
  realm(2).alive = false;
  const auto kept = village.server.vault.vaults;
  for (const bool vault_stands : {true, false}) {  // an empty list, and none
    SCOPED_TRACE(vault_stands);
    village.server.vault.vaults.clear();
    if (vault_stands) village.server.vault.vaults[kept.begin()->first];
    const json said = job("alice-1", "backup.delete", {{"recovery_key", key}});
    ASSERT_TRUE(said.contains("result")) << said.dump();
    EXPECT_TRUE(said["result"]["deleted"].empty()) << said.dump();
    EXPECT_EQ(said["result"]["unconfirmed"], json::parse("[1]"));
    EXPECT_NE(said["result"]["warnings"].dump().find("the realms have not confirmed it"), std::string::npos);
    EXPECT_FALSE(village.server.vault.key_boxes.empty());
  }
  // The realms are asked again without anybody typing anything; by a device that takes three days.
  village.pass_all(2 * kHourMs);
  EXPECT_EQ(net.places[1]->shares.begin()->second.state.erase_at_ms, 0u);
  realm(1).alive = true;
  realm(2).alive = true;
  village.pass_all(2 * kHourMs);
  EXPECT_NE(net.places[1]->shares.begin()->second.state.erase_at_ms, 0u);
  net.erase_all_that_wait();
  const json done = job("alice-1", "backup.delete");
  ASSERT_TRUE(done.contains("result")) << done.dump();
  EXPECT_FALSE(done["result"].contains("unconfirmed"));
  EXPECT_FALSE(done["result"]["deleted"].empty()) << done.dump();
}

TEST_F(Pin, NothingIsPutIntoWhatTheRealmsAreAboutToErase) {
  set_pin();
  ASSERT_TRUE(job("alice-1", "backup.delete").contains("result"));
  // The generation that began is empty, and is to go too; then somebody wants a backup again.
  ASSERT_TRUE(job("alice-1", "backup.delete").contains("result"));
  const json created = job("alice-1", "backup.create");
  ASSERT_TRUE(created.contains("result")) << created.dump();
  EXPECT_EQ(created["result"]["generation"], 3);
  net.erase_all_that_wait();
  EXPECT_TRUE(job("alice-1", "backup.restore").contains("result"));
}

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
  EXPECT_EQ(code(recover("alice-2", kPin)), "not_found");  // the PIN went with the backup
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
