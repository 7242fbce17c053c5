// Who is writing, between whole clients: what is told, to whom, and what it must never cost.
#include "core/client/typing.h"

#include <gtest/gtest.h>

#include "tests/support/client_village.h"
#include "tests/support/example_names.h"

namespace cairn::client {
namespace {

using nlohmann::json;
using testing::kAlice;
using testing::kBob;
using testing::Params;

class TypingTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(village.register_person("alice", kAlice).contains("result"));
    ASSERT_TRUE(village.register_person("bob", kBob).contains("result"));
    say("alice", kBob, "hello bob");
    say("bob", kAlice, "hello alice");
    // The first wish in an epoch is kept, and told from the next message on.
    EXPECT_FALSE(types());
    EXPECT_FALSE(types("bob", kAlice));
    say("alice", kBob, "hello again");
    say("bob", kAlice, "hello again");
    ask("bob", "follow");
    ask("alice", "follow");
    village.device("bob").take_notices();
    village.device("alice").take_notices();
  }
  json ask(const std::string& device, const std::string& method, const Params& params = {}) {
    const json answer = village.ask(device, method, params);
    EXPECT_TRUE(answer.is_object() && answer.contains("result")) << answer.dump();
    return answer.is_object() ? answer.value("result", json::object()) : json::object();
  }
  void say(const std::string& device, const std::string& to, const std::string& text) {
    ask(device, "send", {{"to", to}, {"text", text}});
    village.pass_all(10 * kSecondMs);
  }
  bool types(const std::string& device = "alice", const std::string& to = kBob) {
    const bool told = ask(device, "typing", {{"conversation", to}}).value("told", false);
    village.pass_all(5 * kSecondMs);
    return told;
  }
  /// The names that the device was told of.
  std::vector<std::string> heard(const std::string& device = "bob") {
    std::vector<std::string> out;
    for (const json& notice : village.device(device).take_notices()) {
      if (notice["method"] == "typing") out.push_back(notice["params"]["typing"]);
    }
    return out;
  }
  std::size_t rows(const std::string& device = "bob") {
    return ask(device, "read", {{"conversation", device == "bob" ? kAlice : kBob}})["messages"].size();
  }
  std::string last_text(const std::string& device) {
    const json all = ask(device, "read", {{"conversation", device == "bob" ? kAlice : kBob}})["messages"];
    return all.empty() ? "" : all.back()["text"];
  }

  testing::ClientVillage village;
};

TEST_F(TypingTest, IsToldToWhoIsThereAndLeavesNoRow) {
  const std::size_t before = rows();
  EXPECT_TRUE(types());
  EXPECT_EQ(heard(), std::vector<std::string>{kAlice});
  EXPECT_TRUE(heard("alice").empty()) << "nobody hears of himself";
  EXPECT_EQ(rows(), before);
}

TEST_F(TypingTest, IsNeverHeardByWhoWasAway) {
  village.set_online("bob", false);
  EXPECT_TRUE(types());
  village.set_online("bob", true);
  village.pass_all(kMinuteMs);
  EXPECT_TRUE(heard().empty());
  say("alice", kBob, "still readable");
  EXPECT_EQ(last_text("bob"), "still readable");
}

TEST_F(TypingTest, IsSaidAtMostEveryFourSeconds) {
  EXPECT_TRUE(ask("alice", "typing", {{"conversation", kBob}})["told"]);
  EXPECT_FALSE(ask("alice", "typing", {{"conversation", kBob}})["told"]);
  village.pass_all(kTypingAgainMs);
  EXPECT_TRUE(ask("alice", "typing", {{"conversation", kBob}})["told"]);
}

TEST_F(TypingTest, ManyLostSignalsNeverPushAMessageOutOfReach) {
  village.set_online("bob", false);
  std::size_t told = 0;
  for (std::uint32_t i = 0; i < kMaxSignalsBetweenMessages + 20; ++i) told += types() ? 1 : 0;
  EXPECT_EQ(told, kMaxSignalsBetweenMessages);
  EXPECT_EQ(village.server.post.signals, kMaxSignalsBetweenMessages);
  // What the server has taken is what bob finds first: from then on there may be as many again.
  say("alice", kBob, "first");
  EXPECT_TRUE(types());
  for (std::uint32_t i = 0; i < kMaxSignalsBetweenMessages; ++i) types();
  say("alice", kBob, "second");
  village.set_online("bob", true);
  village.pass_all(kMinuteMs);
  EXPECT_EQ(last_text("bob"), "second");
  const json all = ask("bob", "read", {{"conversation", kAlice}})["messages"];
  EXPECT_EQ(all[all.size() - 2]["text"], "first");
}

// Of signals there is no trace at the server: a state that begins anew may be a copy from before some of them.
TEST_F(TypingTest, IsNotSaidByAProcessBeforeTheServerHasTakenAMessageOfIt) {
  EXPECT_TRUE(types());
  village.device("alice").restart();
  village.pass_all(kMinuteMs);
  EXPECT_FALSE(types());
  village.device("alice").cut_off_from("https://example.org/v1/channel/send");
  village.begin("alice", "send", {{"to", kBob}, {"text", "not taken yet"}});
  village.pass_all(kMinuteMs);
  EXPECT_FALSE(types());
  village.device("alice").cut_off_from("");
  village.pass_all(2 * kMinuteMs);
  EXPECT_EQ(last_text("bob"), "not taken yet");
  EXPECT_TRUE(types());
}

TEST_F(TypingTest, NothingOvertakesAMessageThatWaits) {
  village.set_online("alice", false);
  village.begin("alice", "send", {{"to", kBob}, {"text", "waits"}, {"wait_ms", 0}});
  village.pass_all(kSecondMs);
  EXPECT_FALSE(types());
  village.set_online("alice", true);
  village.pass_all(2 * kMinuteMs);
  EXPECT_EQ(last_text("bob"), "waits");
  EXPECT_TRUE(types());
}

TEST_F(TypingTest, IsSaidNeitherInRequestsNorWhereItsOwnerHasSwitchedItOff) {
  ask("alice", "typing.set", {{"on", false}, {"conversation", kBob}});
  EXPECT_FALSE(ask("alice", "conversation.set", {{"conversation", kBob}})["typing"]);
  EXPECT_FALSE(types());
  ask("alice", "typing.set", {{"on", true}, {"conversation", kBob}});
  ask("alice", "typing.set", {{"on", false}});
  EXPECT_FALSE(types());
  village.device("alice").restart();
  village.pass_all(kMinuteMs);
  EXPECT_FALSE(types()) << "it is kept";
  say("alice", kBob, "back again");
  ask("alice", "typing.set", {{"on", true}});
  EXPECT_TRUE(types());
  ASSERT_TRUE(village.register_person("carol", "carol@example.org").contains("result"));
  say("carol", kBob, "hello");
  EXPECT_FALSE(types("bob", "carol@example.org")) << "a request";
  EXPECT_EQ(village.server.post.signals, 1u);
}

TEST_F(TypingTest, ABlockedNameIsNotHeard) {
  ask("bob", "contact.block", {{"name", kAlice}});
  EXPECT_TRUE(types());
  EXPECT_TRUE(heard().empty());
  EXPECT_FALSE(types("bob", kAlice));
}

TEST_F(TypingTest, AMessageThatIsKeptDoesNotPassForASignal) {
  // A server that gives bob alice's message as a signal first: it must be there all the same when it comes as itself.
  village.hold_envelopes("bob", true);
  ask("alice", "send", {{"to", kBob}, {"text", "real"}});
  village.pass_all(kSecondMs);
  for (auto& [id, mailbox] : village.server.post.mailboxes) {
    if (mailbox.envelopes.empty()) continue;
    const proto::Envelope& real = mailbox.envelopes.back();
    mailbox.signals.push_back(wire::encode(proto::SignalPush{real.domain, real.channel, real.epoch, real.body}));
  }
  village.pass_all(kSecondMs);
  village.hold_envelopes("bob", false);
  village.pass_all(kMinuteMs);
  EXPECT_EQ(last_text("bob"), "real");
  EXPECT_TRUE(heard().empty());
}

TEST_F(TypingTest, ASignalThatComesAsAMessageShowsNothing) {
  const std::size_t before = rows();
  village.hold_envelopes("bob", true);
  EXPECT_TRUE(types());
  village.hold_envelopes("bob", false);
  const auto push = wire::decode<proto::SignalPush>(village.server.post.last_signal);
  ASSERT_TRUE(push);
  // Of a server that keeps what it should not.
  for (auto& [id, mailbox] : village.server.post.mailboxes) {
    mailbox.envelopes.push_back({mailbox.next++, proto::EnvelopeKind::message, push->domain, push->channel, push->epoch,
                                 village.now.ms, push->body});
  }
  village.pass_all(kMinuteMs);
  EXPECT_EQ(rows(), before);
}

TEST_F(TypingTest, NonsenseIsDropped) {
  for (auto& [id, mailbox] : village.server.post.mailboxes) {
    for (std::size_t size = 0; size < 40; ++size)
      mailbox.signals.push_back(wire::encode(proto::SignalPush{"example.org", {}, 1, Bytes(size, 0x5a)}));
    mailbox.signals.push_back({proto::SignalPush::kKind, 1, 2, 3});
  }
  village.pass_all(kMinuteMs);
  EXPECT_TRUE(heard().empty());
  say("alice", kBob, "goes on");
  EXPECT_EQ(last_text("bob"), "goes on");
}

}  // namespace
}  // namespace cairn::client
