// Answers that come after what they are about was overtaken by the mailbox.
#include <gtest/gtest.h>

#include "core/base/encoding.h"
#include "core/client/account.h"
#include "core/proto/api.h"
#include "tests/support/client_village.h"

namespace cairn::client {
namespace {

using nlohmann::json;

const std::vector<std::string> kPeople = {"alice", "bob", "carol", "dave"};

class LateAnswer : public ::testing::Test {
 protected:
  LateAnswer() {
    for (const std::string& who : kPeople) {
      EXPECT_TRUE(village.register_person(who + "-1", who + "@example.org").contains("result"));
    }
    EXPECT_TRUE(ask("alice-1", "group.create", {{"title", "walkers"}, {"names", {"bob"}}}).contains("result"));
    EXPECT_TRUE(said_and_heard("bob", "alice-1", "begun"));
  }

  json ask(const std::string& device, const std::string& method, const testing::Params& params) {
    return village.ask(device, method, params);
  }
  bool has(const std::string& device, const std::string& text) {
    const json answer = ask(device, "read", {{"conversation", "walkers"}});
    if (!answer.contains("result")) return false;
    for (const json& message : answer["result"]["messages"]) {
      if (message.value("text", "") == text) return true;
    }
    return false;
  }
  bool said_and_heard(const std::string& reader, const std::string& writer, const std::string& text) {
    ask(writer, "send", {{"to", "walkers"}, {"text", text}});
    return village.until([&] { return has(reader + "-1", text); }, kMinuteMs);
  }

  testing::ClientVillage village;
};

TEST_F(LateAnswer, OfACommitIsNotTakenForThatOfTheNextOne) {
  testing::TestClient& alice = village.device("alice-1");
  alice.hold_answers_to(proto::kPathChannelCommit);
  village.begin("alice-1", "group.add", {{"conversation", "walkers"}, {"name", "carol"}});
  ASSERT_TRUE(village.until([&] { return alice.answers_held() == 1; }));
  // Its echo has merged it, so carol hears; another commit is staged meanwhile, and the server does not get to see it.
  village.begin("alice-1", "group.add", {{"conversation", "walkers"}, {"name", "dave"}});
  village.pass_all(2 * kSecondMs);
  alice.release_answers();
  for (const std::string& reader : {std::string("bob"), std::string("carol"), std::string("dave")}) {
    EXPECT_TRUE(said_and_heard(reader, "alice-1", "to " + reader)) << reader;
  }
  EXPECT_TRUE(said_and_heard("alice", "bob-1", "from bob"));
}

/// Alice's commit that lets carol's devices in; carol-2 is removed before the server has heard of it.
class LateCommit : public LateAnswer {
 protected:
  LateCommit() {
    EXPECT_TRUE(village.link_device("carol-2", "carol@example.org", "carol-1").contains("result"));
    const json all = ask("alice-1", "conversations", {});
    for (const json& one : all["result"]["conversations"]) {
      if (one["title"] == "walkers") channel_ = *ChannelId::from(*from_hex(one["id"].get<std::string>()));
    }
    mailbox_ = load_account(village.device("carol-2").store())->mailbox;
    village.server.overhear = [this](const proto::Call& call) {
      if (!call.url.ends_with(proto::kPathChannelCommit)) return;
      const auto commit = wire::decode<proto::ChannelCommit>(call.body);
      ASSERT_TRUE(commit);
      if (commit->channel != channel_) return;
      for (const proto::WelcomeFor& welcome : commit->welcomes) welcomed_ += welcome.to.mailbox == mailbox_ ? 1 : 0;
    };
  }

  void remove_carols_second() {
    const json list = ask("carol-1", "device.list", {});
    for (const json& device : list["result"]["devices"]) {
      if (device["own"]) continue;
      EXPECT_TRUE(ask("carol-1", "device.remove", {{"device", device["id"]}}).contains("result"));
    }
  }
  void expect_all_hear() {
    EXPECT_TRUE(said_and_heard("carol", "alice-1", "to carol"));
    EXPECT_TRUE(said_and_heard("alice", "bob-1", "from bob"));
    EXPECT_FALSE(has("carol-2", "to carol"));
  }

  ChannelId channel_;
  MailboxId mailbox_;
  int welcomed_ = 0;
};

TEST_F(LateCommit, WelcomesNoDeviceThatWasRemovedSinceItWasStaged) {
  village.device("alice-1").cut_off_from("https://example.org" + std::string(proto::kPathChannelCommit));
  village.begin("alice-1", "group.add", {{"conversation", "walkers"}, {"name", "carol"}});
  village.pass_all(kMinuteMs);
  remove_carols_second();
  village.pass_all(kHourMs);
  village.device("alice-1").cut_off_from({});
  expect_all_hear();
  EXPECT_EQ(welcomed_, 0);
}

TEST_F(LateCommit, ThatTheServerHadTakenIsFollowedByTheRemoval) {
  village.device("alice-1").lose_answers_to(proto::kPathChannelCommit);
  village.device("alice-1").set_silent(true);
  village.begin("alice-1", "group.add", {{"conversation", "walkers"}, {"name", "carol"}});
  ASSERT_TRUE(village.until([&] { return welcomed_ == 1; }));
  remove_carols_second();
  village.pass_all(kHourMs);
  village.device("alice-1").lose_answers_to({});
  village.device("alice-1").set_silent(false);
  expect_all_hear();
}

}  // namespace
}  // namespace cairn::client
