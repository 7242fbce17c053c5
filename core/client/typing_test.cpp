// Who is writing, between whole clients: what is told, to whom, and what it must never cost.
#include "core/client/typing.h"

#include <gtest/gtest.h>

#include "core/base/encoding.h"
#include "core/client/account.h"
#include "core/client/rejoin.h"
#include "core/client/signal_tables.h"
#include "core/client/tables.h"
#include "tests/support/client_village.h"
#include "tests/support/example_names.h"
#include "tests/support/seeded_entropy.h"

namespace cairn::client {
namespace {

using nlohmann::json;
using testing::kAlice;
using testing::kBob;
using testing::kCarol;
using testing::Params;

class TypingTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(village.register_person("alice", kAlice).contains("result"));
    ASSERT_TRUE(village.register_person("bob", kBob).contains("result"));
    say("alice", kBob, "hello bob");
    say("bob", kAlice, "hello alice");
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

  /// The pair, as the device knows it.
  ChannelId pair_of(const std::string& device) {
    const json shown = ask(device, "conversation.set", {{"conversation", device == "bob" ? kAlice : kBob}});
    return *ChannelId::from(*from_hex(shown["id"].get<std::string>()));
  }
  /// The state of a group, as it is stored.
  Bytes state_of(const std::string& device, const ChannelId& channel) {
    return village.device(device).store().get(tables::kGroups, channel).value();
  }
  /// Of the pair, as bob's device has it.
  std::uint64_t epoch() { return mls::Group::restore(state_of("bob", pair_of("bob")))->epoch(); }
  /// A server gives this to all who are there.
  void push(const proto::SignalPush& push) {
    for (auto& [id, mailbox] : village.server.post.mailboxes) mailbox.signals.push_back(wire::encode(push));
    village.settle();
  }
  proto::SignalPush last_push() { return wire::decode<proto::SignalPush>(village.server.post.last_signal).value(); }

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

TEST_F(TypingTest, IsToldAtOnceInANewEpoch) {
  const std::uint64_t before = epoch();
  ASSERT_TRUE(village.link_device("alice-2", kAlice, "alice").contains("result"));
  say("alice", kBob, "with two devices");
  ASSERT_GT(epoch(), before);
  heard();
  EXPECT_TRUE(types());
  EXPECT_EQ(heard(), std::vector<std::string>{kAlice});
  EXPECT_TRUE(types("alice-2"));
  EXPECT_EQ(heard(), std::vector<std::string>{kAlice});
}

TEST_F(TypingTest, IsSaidAndHeardAtOnceAfterARestart) {
  for (const char* device : {"alice", "bob"}) village.device(device).restart();
  village.pass_all(kMinuteMs);
  ask("bob", "follow");
  heard();
  EXPECT_TRUE(types());
  EXPECT_EQ(heard(), std::vector<std::string>{kAlice});
}

// No ratchet is touched, nothing is written down: who misses them all reads the next message like any other.
TEST_F(TypingTest, AHundredSignalsChangeNothingThatIsStored) {
  const ChannelId channel = pair_of("alice");
  village.pass_all(kHourMs);  // until all reports are said
  const Bytes mine = state_of("alice", channel);
  const Bytes theirs = state_of("bob", channel);
  const std::size_t commits = village.device("bob").commits();
  for (int i = 0; i < 100; ++i) EXPECT_TRUE(types());
  EXPECT_EQ(heard().size(), 100u);
  EXPECT_EQ(village.server.post.signals, 100u);
  EXPECT_EQ(state_of("alice", channel), mine);
  EXPECT_EQ(state_of("bob", channel), theirs);
  EXPECT_EQ(village.device("bob").commits(), commits);
  village.set_online("bob", false);
  for (int i = 0; i < 100; ++i) EXPECT_TRUE(types());
  say("alice", kBob, "read all the same");
  village.set_online("bob", true);
  village.pass_all(kMinuteMs);
  EXPECT_EQ(last_text("bob"), "read all the same");
}

TEST_F(TypingTest, IsSaidWhileAMessageWaitsAndNotWhileAway) {
  village.device("alice").cut_off_from("https://example.org/v1/channel/send");
  village.begin("alice", "send", {{"to", kBob}, {"text", "waits"}});
  village.pass_all(kMinuteMs);
  EXPECT_TRUE(types());
  EXPECT_EQ(heard(), std::vector<std::string>{kAlice});
  village.device("alice").cut_off_from("");
  village.set_online("alice", false);
  EXPECT_FALSE(types());
  village.set_online("alice", true);
  village.pass_all(2 * kMinuteMs);
  EXPECT_EQ(last_text("bob"), "waits");
  EXPECT_TRUE(types());
}

// What a server has kept it can give out again.
TEST_F(TypingTest, IsHeardOnce) {
  EXPECT_TRUE(types());
  const proto::SignalPush first = last_push();
  push(first);
  EXPECT_TRUE(types());
  EXPECT_EQ(heard().size(), 2u);
  push(last_push());
  push(first);
  village.pass_all(kMinuteMs);
  EXPECT_TRUE(heard().empty());
}

TEST_F(TypingTest, ComesAnewToAProcessThatHasForgottenItForFiveMinutesAlone) {
  EXPECT_TRUE(types());
  const proto::SignalPush kept = last_push();
  heard();
  const auto again = [&] {
    village.device("bob").restart();
    village.settle();
    ask("bob", "follow");
    push(kept);
    push(kept);
    return heard().size();
  };
  village.pass_all(2 * kMinuteMs);
  EXPECT_EQ(again(), 1u);
  village.pass_all(4 * kMinuteMs);
  EXPECT_EQ(again(), 0u);
}

TEST_F(TypingTest, OfAClockThatIsFarFromTheOwnIsNotHeard) {
  for (const std::uint64_t ahead : {kSignalClockMs + kMinuteMs, kSignalClockMs - kMinuteMs}) {
    for (const std::int64_t sign : {-1, 1}) {
      village.device("alice").ahead_ms = sign * static_cast<std::int64_t>(ahead);
      village.pass_all(10 * kMinuteMs);
      heard();
      EXPECT_TRUE(types());
      EXPECT_EQ(heard().size(), ahead < kSignalClockMs ? 1u : 0u) << sign << " x " << ahead;
      // What it said by a clock that was ahead must not count against the next.
      village.device("alice").ahead_ms = 0;
      village.pass_all(20 * kMinuteMs);
    }
  }
}

TEST_F(TypingTest, OfAnEpochThatIsOverIsNotHeard) {
  EXPECT_TRUE(types());
  proto::SignalPush kept = last_push();
  ASSERT_TRUE(village.link_device("alice-2", kAlice, "alice").contains("result"));
  say("alice", kBob, "with two devices");
  village.device("bob").restart();
  village.settle();
  ask("bob", "follow");
  heard();
  push(kept);
  kept.epoch = epoch();
  push(kept);
  kept.epoch += 1;
  push(kept);
  EXPECT_TRUE(heard().empty());
}

// Carol is in the group and has the key of the epoch, but not alice's.
TEST_F(TypingTest, AnotherMemberCannotSayThatSomebodyWrites) {
  ASSERT_TRUE(village.register_person("carol", kCarol).contains("result"));
  ask("alice", "group.create", {{"title", "three"}, {"names", {kBob, kCarol}}});
  const std::string id = ask("alice", "conversation.set", {{"conversation", "three"}})["id"];
  ask("alice", "send", {{"to", "three"}, {"text", "hello all"}});
  village.pass_all(kMinuteMs);
  ask("bob", "request.accept", {{"conversation", "three"}});
  ask("carol", "request.accept", {{"conversation", "three"}});
  village.pass_all(kMinuteMs);
  heard();
  EXPECT_TRUE(types("alice", "three"));
  EXPECT_EQ(heard(), std::vector<std::string>{kAlice});
  const ChannelId channel = *ChannelId::from(*from_hex(id));
  const auto account = [&](const char* device) { return load_account(village.device(device).store()).value(); };
  testing::SeededEntropy entropy(3);
  const auto say_as_alice = [&](const Account& with) {
    const auto group = mls::Group::restore(state_of("alice", channel));
    push({"example.org", channel, group->epoch(),
          seal_signal(*group, channel, SignalKind::typing, with.signing_key, village.now, entropy)});
    return heard();
  };
  EXPECT_TRUE(say_as_alice(account("carol")).empty());
  EXPECT_EQ(say_as_alice(account("alice")), std::vector<std::string>{kAlice});
}

// A later state of an earlier build may have used the keys of messages for signals, and no envelope tells of that.
TEST_F(TypingTest, AStateInWhoseEpochAnEarlierBuildSaidSignalsIsInDoubt) {
  const ChannelId channel = pair_of("alice");
  auto& store = village.device("alice").store();
  const auto epoch = [&] { return mls::Group::restore(state_of("alice", channel))->epoch(); };
  const std::uint64_t before = epoch();
  for (const std::uint64_t said : {before + 1, before}) {
    wire::Writer row;
    row.u64(said);
    row.u32(7);
    ASSERT_TRUE(store.apply({{tables::kFormerSignals, to_bytes(channel.view()), row.take()}}));
    village.device("alice").restart();
    EXPECT_EQ(is_in_doubt(store, channel), said == before);
    EXPECT_TRUE(store.scan(tables::kFormerSignals, {}, {}, 1).empty());
    village.pass_all(kMinuteMs);
    EXPECT_FALSE(is_in_doubt(store, channel));
    EXPECT_EQ(epoch(), said == before ? before + 1 : before);
  }
  EXPECT_TRUE(types());
  say("alice", kBob, "as before");
  EXPECT_EQ(last_text("bob"), "as before");
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
  ask("alice", "typing.set", {{"on", true}});
  EXPECT_TRUE(types());
  ASSERT_TRUE(village.register_person("carol", kCarol).contains("result"));
  say("carol", kBob, "hello");
  EXPECT_FALSE(types("bob", kCarol)) << "a request";
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

TEST_F(TypingTest, ASignalThatComesAsAMessageSaysNothing) {
  village.hold_envelopes("bob", true);
  EXPECT_TRUE(types());
  village.hold_envelopes("bob", false);
  heard();
  const proto::SignalPush push = last_push();
  // Of a server that keeps what it should not.
  for (auto& [id, mailbox] : village.server.post.mailboxes) {
    mailbox.envelopes.push_back({mailbox.next++, proto::EnvelopeKind::message, push.domain, push.channel, push.epoch,
                                 village.now.ms, push.body});
  }
  village.pass_all(kMinuteMs);
  EXPECT_TRUE(heard().empty());
  const json all = ask("bob", "read", {{"conversation", kAlice}})["messages"];
  for (const json& one : all) EXPECT_TRUE(one["delivery"] == "notice" || one["text"] != "") << one.dump();
  say("alice", kBob, "goes on");
  EXPECT_EQ(last_text("bob"), "goes on");
}

TEST_F(TypingTest, NonsenseIsDropped) {
  const ChannelId channel = pair_of("bob");
  for (auto& [id, mailbox] : village.server.post.mailboxes) {
    for (const ChannelId& one : {ChannelId{}, channel}) {
      for (std::size_t size = 0; size < 2 * kSignalSize; ++size)
        mailbox.signals.push_back(wire::encode(proto::SignalPush{"example.org", one, epoch(), Bytes(size, 0x5a)}));
    }
    mailbox.signals.push_back({proto::SignalPush::kKind, 1, 2, 3});
  }
  village.pass_all(kMinuteMs);
  EXPECT_TRUE(heard().empty());
  say("alice", kBob, "goes on");
  EXPECT_EQ(last_text("bob"), "goes on");
}

}  // namespace
}  // namespace cairn::client
