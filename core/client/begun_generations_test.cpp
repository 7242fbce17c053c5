// A generation's shares go to the realms before the key box that it stands in: a program that is killed in between, or
// a storage that does not take the box, leaves nothing behind that nobody knows of (docs/spec/client.md s.9).
#include "core/client/begun_generations.h"

#include "core/client/backup_tables.h"
#include "core/client/pin_fixture.h"

namespace cairn::client {
namespace {

class Begun : public PinVillage {
 protected:
  /// A backup behind realms, of which the next snapshot begins generation 2: a device was removed.
  Begun() {
    village.server.elsewhere = [this](const proto::Call& call) -> std::optional<Result<proto::CallReply>> {
      if (!call.url.ends_with(proto::kPathTokenStore)) return net.answer(call);
      for (const std::size_t i : deaf) {
        if (call.url.starts_with(testing::RealmNet::url(i) + "/")) {
          return Result<proto::CallReply>(fail(ErrorCode::unavailable, "away"));
        }
      }
      if (shares_until_kill && --*shares_until_kill == 0) {
        shares_until_kill.reset();
        village.device("alice-1").crash_after(0);
      }
      return net.answer(call);
    };
    EXPECT_TRUE(create("alice-1", {{"realms", net.list()}, {"recovery_key", key}}).contains("result"));
    EXPECT_TRUE(village.link_device("alice-2", kAlice, "alice-1").contains("result"));
    EXPECT_TRUE(village.link_device("alice-3", kAlice, "alice-1").contains("result"));
    EXPECT_TRUE(create("alice-3", {{"recovery_key", key}}).contains("result"));
    const json lost = village.ask("alice-2", "status")["result"]["device"];
    EXPECT_TRUE(village.ask("alice-1", "device.remove", {{"device", lost}}).contains("result"));
    EXPECT_EQ(shares(0), 1u);
  }
  json create(const std::string& device, const testing::Params& params = {}) {
    return job(device, "backup.create", params);
  }
  /// Killed when so many realms have their shares, and before the next thing is sent.
  void create_killed_after(std::size_t realms) {
    shares_until_kill = realms;
    village.ask("alice-1", "backup.create", {}, kMinuteMs);
    village.pass_all(5 * kSecondMs);
    EXPECT_FALSE(shares_until_kill.has_value());
    EXPECT_EQ(setup("alice-1").content.current().number, 1u);
    EXPECT_EQ(begun(), 1u);
  }
  BackupSetup setup(const std::string& device) { return std::move(*load_backup_setup(village.device(device).store())); }
  std::size_t begun() { return village.device("alice-1").store().scan(tables::kBegunGenerations, {}, {}, 100).size(); }
  std::size_t shares(std::size_t i) { return net.places[i]->shares.size(); }
  std::size_t waiting(std::size_t i) {
    return static_cast<std::size_t>(std::ranges::count_if(
        net.places[i]->shares, [](const auto& one) { return one.second.state.erase_at_ms != 0; }));
  }
  /// Generation 2 stands, nobody wants its shares erased, and there is nothing to tell.
  void expect_second(const json& created) {
    ASSERT_TRUE(created.contains("result")) << created.dump();
    EXPECT_EQ(created["result"]["generation"], 2) << created.dump();
    const BackupSetup now = setup("alice-1");
    const vault::BackupRoot& root = now.content.current().root;
    for (std::size_t i = 0; i < net.places.size(); ++i) {
      const auto share = net.places[i]->shares.find(vault::token_record_id(root, realm(i).id()));
      ASSERT_NE(share, net.places[i]->shares.end()) << i;
      EXPECT_EQ(share->second.state.erase_at_ms, 0u) << i;
    }
    EXPECT_TRUE(job("alice-1", "backup.verify").contains("result"));
    const json alarms = village.ask("alice-1", "status")["result"]["alarms"];
    EXPECT_TRUE(std::ranges::none_of(alarms, [](const json& one) { return one["kind"] == "backup"; })) << alarms.dump();
  }

  std::set<std::size_t> deaf;  ///< realms that take no share
  std::optional<std::size_t> shares_until_kill;
};

TEST_F(Begun, WhatAllRealmsTookBeforeAKillIsTakenUp) {
  create_killed_after(3);
  const json created = create("alice-1");
  expect_second(created);
  EXPECT_EQ(created.dump().find("did not take"), std::string::npos) << created.dump();
  for (const std::size_t i : {0u, 1u, 2u}) EXPECT_EQ(shares(i), 2u) << i;
  EXPECT_EQ(begun(), 0u);
}

TEST_F(Begun, ARealmThatIsAwayThenKeepsNobodyFromTakingItUp) {
  create_killed_after(3);
  realm(2).alive = false;
  const json created = create("alice-1");
  ASSERT_TRUE(created.contains("result")) << created.dump();
  EXPECT_NE(created["result"]["warnings"].dump().find("r2 (does not answer)"), std::string::npos) << created.dump();
  realm(2).alive = true;
  expect_second(create("alice-1"));
  for (const std::size_t i : {0u, 1u, 2u}) EXPECT_EQ(shares(i), 2u) << i;
}

TEST_F(Begun, WhatSomeRealmsTookGivesWayToAFreshOneAndIsErased) {
  create_killed_after(2);
  EXPECT_EQ(shares(2), 1u);
  expect_second(create("alice-1"));
  village.pass_all(kMinuteMs);
  for (const std::size_t i : {0u, 1u}) {
    EXPECT_EQ(shares(i), 3u) << i;
    EXPECT_EQ(waiting(i), 1u) << i;
  }
  EXPECT_EQ(shares(2), 2u);
  EXPECT_EQ(waiting(2), 0u);
  // That the third has nothing is believed when nothing can be on its way any more.
  EXPECT_EQ(begun(), 1u);
  village.pass_all(3 * kHourMs);
  EXPECT_EQ(begun(), 0u);
  expect_second(create("alice-1"));
}

TEST_F(Begun, ARealmThatIsAwayIsAskedUntilItAnswers) {
  create_killed_after(2);
  expect_second(create("alice-1"));
  realm(1).alive = false;
  for (auto& [record, share] : net.places[1]->shares) share.state.erase_at_ms = 0;
  village.pass_all(3 * kHourMs);
  village.device("alice-1").restart();
  village.pass_all(kHourMs);
  EXPECT_EQ(begun(), 1u);
  EXPECT_EQ(waiting(1), 0u);
  realm(1).alive = true;
  village.pass_all(2 * kHourMs);
  EXPECT_EQ(waiting(1), 1u);
  EXPECT_EQ(begun(), 0u);
}

/// A storage that is full for days, at which a device tries again every hour.
TEST_F(Begun, AStorageThatTakesNoBoxCostsNoShareEachTime) {
  village.server.vault.refuses_box = [](const proto::KeyBoxPut&) { return true; };
  for (int i = 0; i < 5; ++i) EXPECT_EQ(code(create("alice-1")), "over_limit") << i;
  for (const std::size_t i : {0u, 1u, 2u}) EXPECT_EQ(shares(i), 2u) << i;
  village.server.vault.refuses_box = nullptr;
  expect_second(create("alice-1"));
  for (const std::size_t i : {0u, 1u, 2u}) EXPECT_EQ(shares(i), 2u) << i;
  EXPECT_EQ(begun(), 0u);
}

TEST_F(Begun, ABoxThatWasPutAndWhoseAnswerWasLostIsFound) {
  village.server.vault.loses = std::string(proto::kPathKeyBoxPut);
  EXPECT_TRUE(create("alice-1").contains("error"));
  village.device("alice-1").restart();
  village.pass_all(5 * kSecondMs);
  expect_second(create("alice-1"));
  EXPECT_EQ(begun(), 0u);
  village.pass_all(3 * kHourMs);
  for (const std::size_t i : {0u, 1u, 2u}) {
    EXPECT_EQ(shares(i), 2u) << i;
    EXPECT_EQ(waiting(i), 0u) << i;
  }
}

TEST_F(Begun, WhereAnotherDeviceWasFasterItIsErased) {
  create_killed_after(3);
  ASSERT_EQ(create("alice-3")["result"]["generation"], 2);
  village.pass_all(2 * kHourMs);
  for (const std::size_t i : {0u, 1u, 2u}) {
    EXPECT_EQ(shares(i), 3u) << i;
    EXPECT_EQ(waiting(i), 1u) << i;
  }
  EXPECT_EQ(begun(), 0u);
  expect_second(create("alice-1"));
}

TEST_F(Begun, WhatTooFewRealmsTookIsErasedAtOnce) {
  deaf = {1, 2};
  const json few = create("alice-1");
  EXPECT_EQ(code(few), "unavailable");
  EXPECT_NE(sentence(few).find("are asked to erase it"), std::string::npos) << few.dump();
  village.pass_all(kMinuteMs);
  EXPECT_EQ(waiting(0), 1u);
  deaf.clear();
  expect_second(create("alice-1"));
  EXPECT_EQ(shares(0), 3u);
  EXPECT_EQ(shares(1), 2u);
}

}  // namespace
}  // namespace cairn::client
