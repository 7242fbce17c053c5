// A backup in a folder when the domain is gone, or down for more than a day: it is read by the directory's last word,
// with a warning, and nothing is written. Who lies is not gone.
#include "core/client/backup_fixture.h"
#include "core/client/day.h"

namespace cairn::client {
namespace {

using nlohmann::json;
using testing::Texts;

class BackupUnreached : public BackupFixture {
 protected:
  const std::string kStick = "file:///stick";
  inline static const std::vector<std::string> kReading = {"list", "verify", "restore"};

  BackupUnreached() { village.server.folders[kStick]; }

  void create(const std::string& device, const std::string& storage) {
    json params = with_key();
    params["to"] = storage;
    const json created = backup(device, "create", params);
    ASSERT_TRUE(created.contains("result")) << created.dump();
  }
  json read(const std::string& verb, const std::string& storage) {
    return backup("alice-1", verb, {{"from", storage}});
  }
  /// More than a day passes, at once.
  void let_a_day_pass() {
    village.now = after(village.now, 25 * kHourMs);
    village.server.set_time(village.now);
  }
  void domain_goes() {
    village.server.down = true;
    let_a_day_pass();
  }
  static std::string warnings(const json& answer) {
    return answer.value("result", json::object()).value("warnings", json::array()).dump();
  }
  static bool warns(const json& answer) {
    return warnings(answer).find("The directory could not be reached") != std::string::npos;
  }
  static std::string code(const json& answer) {
    return answer.contains("error") ? answer["error"]["data"]["code"].get<std::string>() : "no error: " + answer.dump();
  }
  /// A device that nobody has signed for stands in alice's chain.
  void lie_about_alice() {
    village.server.tamper = [this](const std::string& path, ByteView body, Bytes& answer) {
      if (path != proto::kPathLookup) return;
      const auto request = wire::decode<directory::LookupRequest>(body);
      if (!request || request->name.text() != kAlice) return;
      testing::TestPerson forger(kAlice, 666);
      const auto device = forger.new_device();
      forger.state = village.server.people.at(kAlice).state;
      auto response = *wire::decode<directory::LookupResponse>(answer);
      response.statements.push_back(forger.add(device, device));
      answer = wire::encode(response);
    };
  }
  json newest_known() { return village.ask("alice-1", "backup.storages")["result"]["storages"][0]["snapshot"]; }
};

TEST_F(BackupUnreached, WhatLiesInAFolderIsReadWithAWarning) {
  const std::string day = day_text(village.now).substr(0, std::string("2026-12-08").size());
  create("alice-1", kStick);
  EXPECT_FALSE(warns(read("verify", kStick)));
  domain_goes();
  for (const std::string& verb : kReading) {
    SCOPED_TRACE(verb);
    const json answer = read(verb, kStick);
    ASSERT_TRUE(answer.contains("result")) << answer.dump();
    EXPECT_TRUE(warns(answer)) << answer.dump();
    EXPECT_NE(warnings(answer).find("what it said on " + day), std::string::npos) << answer.dump();
    EXPECT_EQ(answer["result"]["snapshots"].size(), 1u) << answer.dump();
  }
  EXPECT_EQ(texts("alice-1", kRestored), Texts{kSecret});
  village.server.down = false;
  EXPECT_FALSE(warns(read("verify", kStick)));
}

TEST_F(BackupUnreached, TheRecoveryKeyOpensItOnADeviceThatWasNeverSetUp) {
  create("alice-1", kStick);
  ASSERT_TRUE(village.link_device("alice-2", kAlice, "alice-1").contains("result"));
  domain_goes();
  json params = {{"from", kStick}};
  EXPECT_EQ(code(backup("alice-2", "restore", params)), "not_found");
  params["recovery_key"] = key;
  const json restored = backup("alice-2", "restore", params);
  ASSERT_TRUE(restored.contains("result")) << restored.dump();
  EXPECT_TRUE(warns(restored)) << restored.dump();
  EXPECT_EQ(texts("alice-2", kRestored), Texts{kSecret});
}

TEST_F(BackupUnreached, ThatADeviceKnewMoreOfTheNameIsSaid) {
  create("alice-1", kStick);
  ASSERT_TRUE(village.link_device("alice-2", kAlice, "alice-1").contains("result"));
  EXPECT_EQ(warnings(read("verify", kStick)).find("statements of this name"), std::string::npos);
  village.set_online("alice-1", false);
  ASSERT_TRUE(village.link_device("alice-3", kAlice, "alice-2").contains("result"));
  create("alice-2", kStick);
  domain_goes();
  village.set_online("alice-1", true);
  const json restored = read("restore", kStick);
  ASSERT_TRUE(restored.contains("result")) << restored.dump();
  EXPECT_NE(warnings(restored).find("knew 3 statements of this name"), std::string::npos) << restored.dump();
  EXPECT_NE(warnings(restored).find("has seen 2"), std::string::npos) << restored.dump();
}

TEST_F(BackupUnreached, NothingIsWrittenAndNothingIsReadOfTheDomainsOwnServer) {
  create("alice-1", kStick);
  create("alice-1", "domain");
  domain_goes();
  const std::vector<Bytes> before = village.server.folders[kStick].all_bytes();
  for (const std::string& verb : {std::string("create"), std::string("delete"), std::string("prune")}) {
    json params = json::object();
    params[verb == "create" ? "to" : "from"] = kStick;
    const json refused = backup("alice-1", verb, params);
    EXPECT_EQ(code(refused), "unavailable") << verb;
    EXPECT_NE(sentence(refused).find("Nothing was done meanwhile."), std::string::npos) << sentence(refused);
  }
  EXPECT_EQ(village.server.folders[kStick].all_bytes(), before);
  for (const std::string& verb : kReading) {
    const json refused = read(verb, "domain");
    EXPECT_EQ(code(refused), "unavailable") << verb;
    EXPECT_NE(sentence(refused).find("Nothing was done meanwhile."), std::string::npos) << sentence(refused);
  }
}

TEST_F(BackupUnreached, ADirectoryThatLiesIsRefused) {
  create("alice-1", kStick);
  let_a_day_pass();
  lie_about_alice();
  for (const std::string& verb : kReading) {
    const json refused = read(verb, kStick);
    EXPECT_EQ(code(refused), "not_authorised") << verb;
    EXPECT_NE(sentence(refused).find("was refused"), std::string::npos) << sentence(refused);
  }
  EXPECT_EQ(texts("alice-1", kRestored), Texts{});
  village.server.tamper = nullptr;
  const json restored = read("restore", kStick);
  ASSERT_TRUE(restored.contains("result")) << restored.dump();
  EXPECT_FALSE(warns(restored));
}

TEST_F(BackupUnreached, AnAnswerThatIsTooOldIsRefused) {
  create("alice-1", kStick);
  village.server.cosigners_sleep = true;
  let_a_day_pass();
  const json refused = read("restore", kStick);
  EXPECT_EQ(code(refused), "not_authorised");
  EXPECT_NE(sentence(refused).find("not fresh"), std::string::npos) << sentence(refused);
  EXPECT_EQ(texts("alice-1", kRestored), Texts{});
}

TEST_F(BackupUnreached, AViewThatIsInDoubtIsNoLastWord) {
  create("alice-1", kStick);
  domain_goes();
  auto& store = village.device("alice-1").store();
  const auto account = load_account(store);
  ASSERT_TRUE(account.has_value());
  const Bytes row = name_key(*account, kAlice);
  for (const Table table : {tables::kRemovalsSeen, tables::kFormerPolicy}) {
    ASSERT_TRUE(store.apply({Write{table, row, Bytes(4, 0)}}));
    village.device("alice-1").restart();
    EXPECT_EQ(code(read("restore", kStick)), "unavailable");
    ASSERT_TRUE(store.apply({Write{table, row, std::nullopt}}));
  }
  EXPECT_EQ(texts("alice-1", kRestored), Texts{});
  village.device("alice-1").restart();
  EXPECT_TRUE(warns(read("restore", kStick)));
}

TEST_F(BackupUnreached, WhoWasOutByThenIsLeftOut) {
  create("alice-1", kStick);
  ASSERT_TRUE(village.link_device("alice-2", kAlice, "alice-1").contains("result"));
  create("alice-2", kStick);
  const json id = village.ask("alice-2", "status")["result"]["device"];
  ASSERT_TRUE(village.ask("alice-1", "device.remove", {{"device", id}}).contains("result"));
  village.pass_all(kMinuteMs);
  domain_goes();
  const json restored = read("restore", kStick);
  ASSERT_TRUE(restored.contains("result")) << restored.dump();
  EXPECT_EQ(restored["result"]["snapshots"].size(), 1u) << restored.dump();
  EXPECT_NE(warnings(restored).find("were left out"), std::string::npos) << restored.dump();
  EXPECT_TRUE(warns(restored)) << restored.dump();
  const json with_all = backup("alice-1", "restore", {{"from", kStick}, {"accept_removed", true}});
  EXPECT_EQ(with_all["result"]["snapshots"].size(), 2u) << with_all.dump();
}

TEST_F(BackupUnreached, WhatIsShownIsNotRememberedAsTheNewest) {
  create("alice-1", kStick);
  ASSERT_TRUE(village.link_device("alice-2", kAlice, "alice-1").contains("result"));
  create("alice-2", kStick);
  domain_goes();
  EXPECT_EQ(read("verify", kStick)["result"]["snapshot"], 2);
  EXPECT_EQ(newest_known(), 1);
  village.server.down = false;
  EXPECT_EQ(read("verify", kStick)["result"]["snapshot"], 2);
  EXPECT_EQ(newest_known(), 2);
}

// Nobody can say by then whether that device is out: what it says of a message is no word against what stands.
TEST_F(BackupUnreached, WhatAnotherDeviceMadeOfAMessageWaitsForTheDirectory) {
  ASSERT_TRUE(village.link_device("alice-2", kAlice, "alice-1").contains("result"));
  village.pass_all(kMinuteMs);
  say("alice-1", kBob, "and a map");
  const auto on_both = [&] { return village.ask("alice-2", "read", {{"conversation", kBob}})["result"]["messages"]; };
  std::string id;
  ASSERT_TRUE(village.until([&] {
    const json said = on_both();
    for (const json& one : said) {
      if (one["text"] == "and a map") id = one["id"];
    }
    return !id.empty();
  }));
  create("alice-1", kStick);
  ASSERT_TRUE(read("restore", kStick).contains("result"));
  const Texts before = {kSecret, "and a map"}, after = {kSecret, "and no map"};
  ASSERT_EQ(texts("alice-1", kRestored), before);
  const json edited = village.ask("alice-2", "message.edit", {{"message", id}, {"text", "and no map"}});
  ASSERT_TRUE(edited.contains("result")) << edited.dump();
  create("alice-2", kStick);
  domain_goes();
  ASSERT_TRUE(read("restore", kStick).contains("result"));
  EXPECT_EQ(texts("alice-1", kRestored), before);
  village.server.down = false;
  ASSERT_TRUE(read("restore", kStick).contains("result"));
  EXPECT_EQ(texts("alice-1", kRestored), after);
}

}  // namespace
}  // namespace cairn::client
