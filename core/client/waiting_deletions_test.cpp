// Somebody who has, or had, a device asks realms to erase a generation: each device that backs up hears of it, says so,
// and can call it off (docs/spec/client.md s.9).
#include "core/client/waiting_deletions.h"

#include "core/client/pin_fixture.h"
#include "core/client/realm_calls.h"

namespace cairn::client {
namespace {

class Deletions : public PinVillage {
 protected:
  /// A generation behind realms, and two devices that know it.
  Deletions() {
    set_pin();
    EXPECT_TRUE(village.link_device("alice-2", kAlice, "alice-1").contains("result"));
    EXPECT_TRUE(job("alice-2", "backup.create", {{"recovery_key", key}}).contains("result"));
    root_ = load_backup_setup(village.device("alice-2").store())->content.current().root.clone();
  }
  /// The second device is out, and a generation began that it does not know.
  void remove_second() {
    const std::string id = village.ask("alice-2", "status")["result"]["device"];
    ASSERT_TRUE(village.ask("alice-1", "device.remove", {{"device", id}}).contains("result"));
    const json created = job("alice-1", "backup.create");
    ASSERT_TRUE(created.contains("result")) << created.dump();
    ASSERT_EQ(created["result"]["generation"], 2);
  }
  /// As whoever has a copy of the second device can, at so many realms.
  void ask_to_erase(std::size_t realms) {
    const RealmList list = *RealmList::parse(net.list());
    auto change = vault::TokenChange::begin(list.set(), *root_, vault::TokenChange::Wish::erase, TokenKeyKind::release,
                                            vault::token_release_key(*root_));
    ASSERT_TRUE(change);
    for (int step = 0; step < 2; ++step) {
      const std::vector<vault::TokenAsk> asks = change->take_asks();
      for (const vault::TokenAsk& ask : asks) {
        if (ask.realm >= realms) continue;
        const auto reply = net.answer(token_call(testing::RealmNet::url(ask.realm), ask));
        ASSERT_TRUE(reply);
        change->take(ask.realm, token_reply(*reply));
      }
    }
    ASSERT_EQ(change->waiting(), realms);
  }
  std::vector<json> told(const std::string& device) {
    std::vector<json> out;
    const json all = village.ask(device, "status")["result"]["alarms"];
    for (const json& one : all) {
      if (one["kind"] == "backup" && one["what"] == "deletion") out.push_back(one);
    }
    return out;
  }
  std::string told_sentence(const std::string& device) {
    const std::vector<json> all = told(device);
    return all.size() == 1 ? all[0]["sentence"].get<std::string>() : "there are " + std::to_string(all.size());
  }
  json cancel(const std::string& device) {
    return job(device, "backup.delete", {{"cancel", true}, {"generation", 1}})["result"]["kept"];
  }
  bool waits_anywhere() {
    for (const auto& place : net.places) {
      for (const auto& [record, share] : place->shares) {
        if (share.state.erase_at_ms != 0) return true;
      }
    }
    return false;
  }
  void set_alive(bool alive) {
    for (const std::size_t i : {0u, 1u, 2u}) realm(i).alive = alive;
  }

  std::optional<vault::BackupRoot> root_;
};

TEST_F(Deletions, OneThatARemovedDeviceAsksForIsAnAlarmUntilItIsCalledOff) {
  remove_second();
  ask_to_erase(3);
  village.pass_all(2 * kHourMs);
  ASSERT_EQ(told("alice-1").size(), 1u);
  const json alarm = told("alice-1")[0];
  EXPECT_EQ(alarm["generation"], 1);
  EXPECT_EQ(alarm["device"], "");
  const std::string sentence = alarm["sentence"];
  EXPECT_NE(sentence.find("Generation 1 of the backup at domain is to be deleted on 1970-01-01"), std::string::npos)
      << sentence;
  EXPECT_NE(sentence.find("cairn backup delete --cancel --from domain --generation 1"), std::string::npos) << sentence;
  village.device("alice-1").restart();
  EXPECT_EQ(told("alice-1").size(), 1u);
  EXPECT_EQ(cancel("alice-1"), json::parse("[1]"));
  EXPECT_TRUE(told("alice-1").empty());
  EXPECT_FALSE(waits_anywhere());
  village.pass_all(2 * kHourMs);
  EXPECT_TRUE(told("alice-1").empty());
  // It has the root for ever.
  ask_to_erase(3);
  village.pass_all(2 * kHourMs);
  EXPECT_EQ(told("alice-1").size(), 1u);
}

TEST_F(Deletions, OneThatADeviceOfTheNameAsksForIsToldOnTheOthersAlone) {
  const json asked = job("alice-1", "backup.delete", {{"generation", 1}});
  ASSERT_EQ(asked["result"]["waiting"], json::parse("[1]")) << asked.dump();
  village.pass_all(2 * kHourMs);
  EXPECT_TRUE(told("alice-1").empty());
  ASSERT_EQ(told("alice-2").size(), 1u);
  EXPECT_EQ(cancel("alice-2"), json::parse("[1]"));
  EXPECT_TRUE(told("alice-2").empty());
  EXPECT_FALSE(waits_anywhere());
  village.pass_all(2 * kHourMs);
  EXPECT_TRUE(told("alice-1").empty());
  EXPECT_TRUE(told("alice-2").empty());
  // That one was called off; the next one is somebody else's.
  ask_to_erase(3);
  village.pass_all(2 * kHourMs);
  EXPECT_EQ(told("alice-1").size(), 1u);
}

TEST_F(Deletions, OneThatWasSeenIsToldNoMore) {
  remove_second();
  ask_to_erase(3);
  village.pass_all(2 * kHourMs);
  EXPECT_EQ(village.ask("alice-1", "backup.seen")["result"]["seen"], 1);
  EXPECT_TRUE(told("alice-1").empty());
  village.device("alice-1").restart();
  village.pass_all(2 * kHourMs);
  EXPECT_TRUE(told("alice-1").empty());
  net.erase_all_that_wait();
  village.pass_all(2 * kHourMs);
  EXPECT_TRUE(told("alice-1").empty());
}

TEST_F(Deletions, OneThatWasDoneBeforeItWasSeenIsSaidToBeDone) {
  remove_second();
  ask_to_erase(3);
  village.pass_all(2 * kHourMs);
  ASSERT_EQ(told("alice-1").size(), 1u);
  net.erase_all_that_wait();
  village.pass_all(2 * kHourMs);
  const std::string sentence = told_sentence("alice-1");
  EXPECT_NE(sentence.find("Generation 1 of the backup at domain was deleted"), std::string::npos) << sentence;
  EXPECT_EQ(sentence.find("--cancel"), std::string::npos) << sentence;
}

TEST_F(Deletions, RealmsThatDoNotAnswerAreNoAlarmAndEndNone) {
  remove_second();
  ask_to_erase(3);
  set_alive(false);
  village.pass_all(2 * kHourMs);
  EXPECT_TRUE(told("alice-1").empty());
  set_alive(true);
  village.pass_all(kHourMs);
  EXPECT_EQ(told("alice-1").size(), 1u);
  set_alive(false);
  village.pass_all(2 * kHourMs);
  EXPECT_EQ(told("alice-1").size(), 1u);
}

/// It may be a lie of one realm; or one realm is in league with who asked the other.
TEST_F(Deletions, TheWordOfFewerThanItTakesIsAnAlarmThatNamesThem) {
  remove_second();
  ask_to_erase(1);
  village.pass_all(2 * kHourMs);
  std::string sentence = told_sentence("alice-1");
  EXPECT_NE(sentence.find("too few others for it to be so: realm.example/r0."), std::string::npos) << sentence;
  EXPECT_EQ(sentence.find("1970"), std::string::npos) << sentence;
  EXPECT_EQ(village.ask("alice-1", "backup.seen")["result"]["seen"], 1);
  village.pass_all(2 * kHourMs);
  EXPECT_TRUE(told("alice-1").empty());
  // What is worse is told anew.
  ask_to_erase(2);
  village.pass_all(2 * kHourMs);
  sentence = told_sentence("alice-1");
  EXPECT_NE(sentence.find("is to be deleted on 1970-01-01"), std::string::npos) << sentence;
}

}  // namespace
}  // namespace cairn::client
