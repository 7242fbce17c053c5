// A device that cannot go on in a conversation comes in again by itself, shows what may be missing, and uses no key of
// a state that a later one may have used (docs/spec/client.md s.15).
#include "core/client/rejoin.h"

#include <gtest/gtest.h>

#include "core/client/invitation_tables.h"
#include "core/client/rejoin_fixture.h"
#include "core/client/typing.h"
#include "core/mls/message.h"
#include "tests/support/hostile_device.h"

namespace cairn::client {
namespace {

using Rejoining = RejoinTest;

// ---- a state that is lost ----

TEST_F(Rejoining, AConversationWhoseGroupIsGoneGoesOnByItself) {
  say("alice-1", kBob, "one");
  ASSERT_TRUE(village.until([&] { return has_text("bob-1", kAlice, "one"); }));
  lose_row("bob-1", tables::kGroups, channel("bob-1"));
  ASSERT_TRUE(village.until([&] { return gaps("bob-1", kAlice) == 1; }, kHourMs)) << trouble("bob-1");
  expect_going_on("alice-1", "bob-1", kBob, kAlice);
  EXPECT_EQ(texts("bob-1", kAlice), texts("alice-1", kBob));
  EXPECT_EQ(trouble("bob-1"), "");
  EXPECT_EQ(gaps("alice-1", kBob), 0u);
  EXPECT_EQ(notices("alice-1", kBob, "had lost its place here, and rejoined"), 1u);
  EXPECT_EQ(village.server.post.rejoins, 1u);
}

// Asked anew, every member would answer once more.
TEST_F(Rejoining, WhoseCommitFindsNoRoomSendsTheSameAgain) {
  say("alice-1", kBob, "one");
  ASSERT_TRUE(village.until([&] { return has_text("bob-1", kAlice, "one"); }));
  bool is_full = true;
  std::vector<Bytes> commits;
  village.server.elsewhere = [&](const proto::Call& call) -> std::optional<Result<proto::CallReply>> {
    if (!call.url.ends_with(proto::kPathChannelCommit)) return std::nullopt;
    commits.push_back(call.body);
    if (!is_full) return std::nullopt;
    return testing::FakePost::refusal(ErrorCode::over_limit, "A mailbox is full.");
  };
  lose_row("bob-1", tables::kGroups, channel("bob-1"));
  village.pass_all(10 * kMinuteMs);
  ASSERT_GT(commits.size(), 3u);
  EXPECT_EQ(commits.front(), commits.back());
  EXPECT_EQ(village.server.post.rejoins, 1u);
  is_full = false;
  ASSERT_TRUE(village.until([&] { return gaps("bob-1", kAlice) == 1; }, kHourMs)) << trouble("bob-1");
  EXPECT_EQ(commits.front(), commits.back());
  EXPECT_EQ(village.server.post.rejoins, 1u);
  expect_going_on("alice-1", "bob-1", kBob, kAlice);
}

TEST_F(Rejoining, AGroupThatCannotBeReadIsLost) {
  say("alice-1", kBob, "one");
  ASSERT_TRUE(village.until([&] { return has_text("bob-1", kAlice, "one"); }));
  lose_row("bob-1", tables::kGroups, channel("bob-1"), to_bytes("what is this"));
  ASSERT_TRUE(village.until([&] { return gaps("bob-1", kAlice) == 1; }, kHourMs));
  expect_going_on("alice-1", "bob-1", kBob, kAlice);
}

TEST_F(Rejoining, WhatWasSaidMeanwhileByTheOneWhoLostItsStateIsSentWhenItIsIn) {
  say("alice-1", kBob, "one");
  ASSERT_TRUE(village.until([&] { return has_text("bob-1", kAlice, "one"); }));
  village.set_online("alice-1", false);
  lose_row("bob-1", tables::kGroups, channel("bob-1"));
  begin("bob-1", kAlice, "two");
  village.pass_all(kHourMs);
  EXPECT_NE(trouble("bob-1").find("asked the others to let it in again"), std::string::npos) << trouble("bob-1");
  village.set_online("alice-1", true);
  EXPECT_TRUE(village.until([&] { return has_text("alice-1", kBob, "two"); }, kHourMs));
}

TEST_F(Rejoining, AChannelOfWhichNothingIsKnownAnyMoreIsFoundByWhatComesInIt) {
  say("alice-1", kBob, "one");
  ASSERT_TRUE(village.until([&] { return has_text("bob-1", kAlice, "one"); }));
  const ChannelId id = channel("bob-1");
  lose_row("bob-1", tables::kGroups, id);
  village.settle();
  lose_row("bob-1", tables::kConversations, id);
  begin("alice-1", kBob, "into the dark");
  ASSERT_TRUE(village.until([&] { return gaps("bob-1", kAlice) == 1; }, kHourMs));
  expect_going_on("alice-1", "bob-1", kBob, kAlice);
}

// Twice in a day: so the answer comes when bob's device has to look up afresh who it is that answers, in a channel that
// is no conversation there.
TEST_F(Rejoining, AnAnswerAboutAChannelOfWhichNothingIsKnownGoesOnWhenItsNamesWereLookedUp) {
  say("alice-1", kBob, "one");
  ASSERT_TRUE(village.until([&] { return has_text("bob-1", kAlice, "one"); }));
  const ChannelId id = channel("bob-1");
  for (const char* text : {"into the dark", "and again"}) {
    auto& store = village.device("bob-1").store();
    ASSERT_TRUE(store.apply({{tables::kGroups, to_bytes(id.view()), std::nullopt},
                             {tables::kConversations, to_bytes(id.view()), std::nullopt}}));
    village.device("bob-1").restart();
    begin("alice-1", kBob, text);
    const auto is_in = [&] { return epoch("bob-1", id) != 0; };
    ASSERT_TRUE(village.until(is_in, kDayMs + kHourMs)) << text;
  }
  expect_going_on("alice-1", "bob-1", kBob, kAlice);
}

/// 256 channels of which bob's device knows nothing but that something came in them.
class UnknownChannels : public RejoinTest {
 protected:
  void fill(const std::function<void(Rejoin&, std::size_t)>& with) {
    for (std::size_t i = 0; i < kMany; ++i) {
      Rejoin rejoin;
      rejoin.domain = "example.org";
      rejoin.since_ms = village.now.ms - kDayMs;
      with(rejoin, i);
      ASSERT_TRUE(village.device("bob-1").store().apply({{tables::kRejoins, id(i), wire::encode(rejoin)}}));
    }
  }
  static Bytes id(std::size_t number) {
    Bytes out(ChannelId::kSize, 1);
    out[0] = static_cast<std::uint8_t>(number);
    return out;
  }
  bool knows(std::size_t number) {
    return village.device("bob-1").store().get(tables::kRejoins, id(number)).has_value();
  }
  /// Bob's device loses all that it knows of the pair, and something comes there.
  void lose_pair() {
    say("alice-1", kBob, "one");
    ASSERT_TRUE(village.until([&] { return has_text("bob-1", kAlice, "one"); }));
    auto& store = village.device("bob-1").store();
    const Bytes pair = to_bytes(channel("bob-1").view());
    ASSERT_TRUE(store.apply({{tables::kGroups, pair, std::nullopt}, {tables::kConversations, pair, std::nullopt}}));
    village.device("bob-1").restart();
    begin("alice-1", kBob, "into the dark");
  }

  static constexpr std::size_t kMany = 256;
};

TEST_F(UnknownChannels, ThatWereGivenUpMakeRoomTheOldestFirst) {
  fill([&](Rejoin& rejoin, std::size_t i) {
    rejoin.given_up = true;
    if (i == 77) rejoin.since_ms -= 1;
  });
  lose_pair();
  EXPECT_TRUE(village.until([&] { return gaps("bob-1", kAlice) == 1; }, kHourMs));
  for (std::size_t i = 0; i < kMany; ++i) EXPECT_EQ(knows(i), i != 77) << i;
}

TEST_F(UnknownChannels, ThatAreStillAskedAboutAreNotForgottenForAnother) {
  fill([&](Rejoin& rejoin, std::size_t) {
    rejoin.needed = true;
    rejoin.ask_at_ms = after(village.now, 300 * kDayMs).ms;
  });
  lose_pair();
  village.pass_all(kHourMs);
  EXPECT_EQ(village.server.post.rejoins, 0u);
  for (std::size_t i = 0; i < kMany; ++i) EXPECT_TRUE(knows(i)) << i;
}

TEST_F(Rejoining, AnOwnDeviceAnswersToo) {
  good(village.link_device("bob-2", kBob, "bob-1"));
  say("alice-1", kBob, "one");
  ASSERT_TRUE(village.until([&] { return has_text("bob-2", kAlice, "one"); }));
  good(village.ask("bob-2", "request.accept", {{"conversation", kAlice}}));
  village.settle();
  village.set_online("alice-1", false);
  lose_row("bob-1", tables::kGroups, channel("bob-1"));
  ASSERT_TRUE(village.until([&] { return gaps("bob-1", kAlice) == 1; }, kHourMs)) << trouble("bob-1");
  village.set_online("alice-1", true);
  expect_going_on("alice-1", "bob-1", kBob, kAlice);
  expect_going_on("alice-1", "bob-2", kBob, kAlice);
}

TEST_F(Rejoining, AWelcomeThatCannotBeOpenedAnyMoreIsNotNeeded) {
  good(village.register_person("carol-1", kCarol));
  const json made = good(village.ask("alice-1", "group.create", {{"title", "board"}, {"names", {"bob"}}}));
  say("alice-1", "board", "we begin");
  ASSERT_TRUE(village.until([&] { return has_text("bob-1", "board", "we begin"); }));
  village.set_online("carol-1", false);
  auto& store = village.device("carol-1").store();
  for (const Row& row : store.scan(tables::kKeyPackages, {}, {}, 1000)) {
    ASSERT_TRUE(store.apply({{tables::kKeyPackages, row.key, std::nullopt}}));
  }
  good(village.ask("alice-1", "group.add", {{"conversation", "board"}, {"name", "carol"}}));
  village.pass_all(kMinuteMs);
  village.set_online("carol-1", true);
  ASSERT_TRUE(village.until([&] { return gaps("carol-1", "board") == 1; }, kHourMs));
  expect_going_on("alice-1", "carol-1", "board", "board");
}

// What it is brought back to is no more by somebody unknown than it was at first.
TEST_F(Rejoining, WhoWasOutAndCannotOpenItsWelcomeKnowsWhoBroughtItBack) {
  good(village.register_person("carol-1", kCarol));
  say("carol-1", kAlice, "hello");  // so alice is nobody unknown to carol
  good(village.ask("alice-1", "group.create", {{"title", "board"}, {"names", {"bob", "carol"}}}));
  say("alice-1", "board", "we begin");
  ASSERT_TRUE(village.until([&] { return has_text("carol-1", "board", "we begin"); }));
  const auto brought_by = [&] {
    auto& store = village.device("carol-1").store();
    const auto rows = store.scan(tables::kBroughtBy, {}, {}, 10);
    return rows.empty() ? std::string() : as_text(rows.front().value);
  };
  EXPECT_EQ(brought_by(), kAlice);
  good(village.ask("alice-1", "group.remove", {{"conversation", "board"}, {"name", "carol"}}));
  ASSERT_TRUE(village.until([&] { return brought_by().empty(); }));
  village.set_online("carol-1", false);
  auto& store = village.device("carol-1").store();
  for (const Row& row : store.scan(tables::kKeyPackages, {}, {}, 1000)) {
    ASSERT_TRUE(store.apply({{tables::kKeyPackages, row.key, std::nullopt}}));
  }
  good(village.ask("alice-1", "group.add", {{"conversation", "board"}, {"name", "carol"}}));
  village.pass_all(kMinuteMs);
  village.set_online("carol-1", true);
  ASSERT_TRUE(village.until([&] { return gaps("carol-1", "board") == 1; }, kHourMs));
  EXPECT_FALSE(brought_by().empty());
  expect_going_on("alice-1", "carol-1", "board", "board");
}

TEST_F(Rejoining, ATwoWhoBothLostAPairBeginAnewAfterAWhile) {
  say("alice-1", kBob, "one");
  ASSERT_TRUE(village.until([&] { return has_text("bob-1", kAlice, "one"); }));
  lose_row("alice-1", tables::kGroups, channel("alice-1"));
  lose_row("bob-1", tables::kGroups, channel("bob-1"));
  begin("bob-1", kAlice, "is anybody there");
  village.pass_all(3 * kDayMs);
  EXPECT_TRUE(village.until([&] { return has_text("alice-1", kBob, "is anybody there"); }, kHourMs))
      << trouble("bob-1");
  EXPECT_EQ(gaps("bob-1", kAlice), 1u);
  expect_going_on("alice-1", "bob-1", kBob, kAlice);
}

// ---- off for long ----

TEST_F(Rejoining, WhoWasOffForTwentyNineDaysCatchesUp) {
  good(village.register_person("carol-1", kCarol));
  good(village.ask("alice-1", "group.create", {{"title", "board"}, {"names", {"bob"}}}));
  say("alice-1", "board", "we begin");
  ASSERT_TRUE(village.until([&] { return has_text("bob-1", "board", "we begin"); }));
  village.set_online("bob-1", false);
  say("alice-1", "board", "two");
  good(village.ask("alice-1", "group.add", {{"conversation", "board"}, {"name", "carol"}}));
  say("alice-1", "board", "three");
  village.pass_all(29 * kDayMs);
  village.set_online("bob-1", true);
  const Texts all = {"we begin", "two", "three"};
  EXPECT_TRUE(village.until([&] { return texts("bob-1", "board") == all; }, kHourMs));
  expect_going_on("alice-1", "bob-1", "board", "board");
  EXPECT_EQ(gaps("bob-1", "board"), 0u);
  EXPECT_EQ(village.server.post.rejoins, 0u);
}

TEST_F(Rejoining, WhoWasOffForSixtyDaysComesInAgainAndShowsTheGap) {
  good(village.register_person("carol-1", kCarol));
  good(village.ask("alice-1", "group.create", {{"title", "board"}, {"names", {"bob"}}}));
  say("alice-1", "board", "we begin");
  ASSERT_TRUE(village.until([&] { return has_text("bob-1", "board", "we begin"); }));
  village.set_online("bob-1", false);
  good(village.ask("alice-1", "group.add", {{"conversation", "board"}, {"name", "carol"}}));
  say("alice-1", "board", "lost on bob");
  village.pass_all(30 * kDayMs);
  expire("bob-1");
  village.pass_all(30 * kDayMs);
  village.set_online("bob-1", true);
  ASSERT_TRUE(village.until([&] { return notices("bob-1", "board", "was let in again") == 1; }, kHourMs))
      << trouble("bob-1");
  expect_going_on("alice-1", "bob-1", "board", "board");
  expect_going_on("carol-1", "bob-1", "board", "board");
  EXPECT_FALSE(has_text("bob-1", "board", "lost on bob"));
  EXPECT_GE(gaps("bob-1", "board"), 1u);
}

// Nobody has changed anything: then nobody else is needed either.
TEST_F(Rejoining, WhoMissedOnlyMessagesNeedsNobody) {
  say("alice-1", kBob, "one");
  ASSERT_TRUE(village.until([&] { return has_text("bob-1", kAlice, "one"); }));
  village.set_online("bob-1", false);
  say("alice-1", kBob, "lost on bob");
  expire("bob-1");
  village.set_online("alice-1", false);
  village.set_online("bob-1", true);
  begin("bob-1", kAlice, "here I am");
  village.pass_all(kMinuteMs);
  EXPECT_EQ(village.server.post.rejoins, 0u);
  EXPECT_EQ(gaps("bob-1", kAlice), 1u);
  village.set_online("alice-1", true);
  EXPECT_TRUE(village.until([&] { return has_text("alice-1", kBob, "here I am"); }));
  expect_going_on("alice-1", "bob-1", kBob, kAlice);
}

// ---- an old copy put back ----

/// What bob's device gives to the server: every ciphertext by its epoch, and commits with how they travel.
struct Overheard {
  std::vector<std::uint64_t> sent_in;
  std::vector<mls::WireFormat> commits;
};

class PutBack : public RejoinTest {
 protected:
  void SetUp() override {
    RejoinTest::SetUp();
    say("alice-1", kBob, "one");
    say("bob-1", kAlice, "two");
    ASSERT_TRUE(village.until([&] { return has_text("alice-1", kBob, "two"); }));
  }
  void listen() {
    village.server.overhear = [this](const proto::Call& call) {
      if (call.url.ends_with(proto::kPathChannelSend)) {
        const auto send = wire::decode<proto::ChannelSend>(call.body);
        if (!send || send->channel != channel("alice-1")) return;  // what his own devices say among themselves
        if (is_of_bob(send->ciphertext)) heard.sent_in.push_back(send->epoch);
      }
      if (call.url.ends_with(proto::kPathChannelCommit)) {
        const auto commit = wire::decode<proto::ChannelCommit>(call.body);
        const auto message = wire::decode<mls::MlsMessage>(commit->commit);
        const bool is_open = std::holds_alternative<mls::PublicMessage>(message->body);
        heard.commits.push_back(is_open ? mls::WireFormat::public_message : mls::WireFormat::private_message);
      }
    };
  }
  /// What it sends it has stored before.
  bool is_of_bob(ByteView ciphertext) {
    for (const Row& row : village.device("bob-1").store().scan(tables::kOutbox, {}, {}, 100)) {
      const auto entry = wire::decode<OutboxEntry>(row.value);
      if (entry && equal(entry->ciphertext, ciphertext)) return true;
    }
    return false;
  }

  Overheard heard;
};

TEST_F(PutBack, EncryptsNothingBeforeACommitWithNewKeysWasAccepted) {
  const auto copy = copy_of("bob-1");
  const std::uint64_t before = epoch("bob-1", channel("bob-1"));
  say("bob-1", kAlice, "said after the copy");
  village.settle();
  listen();
  put_back("bob-1", copy);
  begin("bob-1", kAlice, "said again");
  ASSERT_TRUE(village.until([&] { return has_text("alice-1", kBob, "said again"); }, kHourMs));
  ASSERT_FALSE(heard.commits.empty());
  EXPECT_EQ(heard.commits.front(), mls::WireFormat::public_message);
  for (const std::uint64_t in : heard.sent_in) EXPECT_GT(in, before);
  EXPECT_EQ(gaps("bob-1", kAlice), 1u);
  EXPECT_EQ(village.server.post.rejoins, 0u);
  EXPECT_FALSE(is_in_doubt(village.device("bob-1").store(), channel("bob-1")));
  expect_going_on("alice-1", "bob-1", kBob, kAlice);
}

TEST_F(PutBack, KeepsTheDoubtThroughARestartAndWhileNoCommitIsAccepted) {
  const auto copy = copy_of("bob-1");
  say("bob-1", kAlice, "said after the copy");
  village.settle();
  listen();
  village.device("bob-1").lose_answers_to(proto::kPathChannelCommit);
  village.device("bob-1").set_silent(true);
  put_back("bob-1", copy);
  village.device("bob-1").set_silent(false);
  village.device("bob-1").cut_off_from("https://example.org/v1/channel/commit");
  begin("bob-1", kAlice, "said again");
  village.pass_all(kMinuteMs);
  village.device("bob-1").restart();
  village.pass_all(kHourMs);
  EXPECT_TRUE(heard.sent_in.empty());
  EXPECT_TRUE(is_in_doubt(village.device("bob-1").store(), channel("bob-1")));
  village.device("bob-1").cut_off_from("");
  village.device("bob-1").lose_answers_to("");
  EXPECT_TRUE(village.until([&] { return has_text("alice-1", kBob, "said again"); }, kHourMs));
}

// A commit that was staged before the copy may have been accepted, and its keys used: it is not brought to its end.
TEST_F(PutBack, DropsTheCommitThatLayInTheCopy) {
  village.device("bob-1").cut_off_from("https://example.org/v1/channel/commit");
  good(village.link_device("bob-2", kBob, "bob-1"));
  village.pass_all(kMinuteMs);
  const auto copy = copy_of("bob-1");
  village.device("bob-1").cut_off_from("");
  ASSERT_TRUE(
      village.until([&] { return has_text("bob-2", kAlice, "two") || epoch("bob-2", channel("bob-1")) > 0; }, kHourMs));
  say("bob-1", kAlice, "in the epoch of that commit");
  ASSERT_TRUE(village.until([&] { return has_text("alice-1", kBob, "in the epoch of that commit"); }));
  const std::uint64_t used = epoch("alice-1", channel("alice-1"));
  listen();
  put_back("bob-1", copy);
  begin("bob-1", kAlice, "after it");
  ASSERT_TRUE(village.until([&] { return has_text("alice-1", kBob, "after it"); }, kHourMs)) << trouble("bob-1");
  for (const std::uint64_t in : heard.sent_in) EXPECT_GT(in, used);
  expect_going_on("alice-1", "bob-2", kBob, kAlice);
}

// The later state had acknowledged nothing: only what it said comes back, signed by this device.
TEST_F(PutBack, IsNoticedByWhatThisDeviceSaidLater) {
  const auto copy = copy_of("bob-1");
  const std::uint64_t before = epoch("bob-1", channel("bob-1"));
  village.device("bob-1").set_silent(true);
  begin("bob-1", kAlice, "said after the copy");
  village.settle();
  village.device("bob-1").set_silent(false);
  listen();
  put_back("bob-1", copy);
  begin("bob-1", kAlice, "said again");
  ASSERT_TRUE(village.until([&] { return has_text("alice-1", kBob, "said again"); }, kHourMs));
  for (const std::uint64_t in : heard.sent_in) EXPECT_GT(in, before);
  EXPECT_EQ(gaps("bob-1", kAlice), 1u);
}

TEST_F(PutBack, FarBehindComesInAgain) {
  const auto copy = copy_of("bob-1");
  good(village.link_device("bob-2", kBob, "bob-1"));
  say("bob-1", kAlice, "said after the copy");
  ASSERT_TRUE(village.until([&] { return has_text("bob-2", kAlice, "said after the copy"); }));
  put_back("bob-1", copy);
  begin("bob-1", kAlice, "back again");
  ASSERT_TRUE(village.until([&] { return has_text("alice-1", kBob, "back again"); }, kHourMs)) << trouble("bob-1");
  EXPECT_GE(gaps("bob-1", kAlice), 1u);
  expect_going_on("alice-1", "bob-1", kBob, kAlice);
  expect_going_on("alice-1", "bob-2", kBob, kAlice);
}

// What the copy had still to send was sent by the later state: it is sent again, and shown once.
TEST_F(PutBack, SaysNothingTwice) {
  village.set_online("bob-1", false);
  begin("bob-1", kAlice, "once");
  const auto copy = copy_of("bob-1");
  village.set_online("bob-1", true);
  ASSERT_TRUE(village.until([&] { return has_text("alice-1", kBob, "once"); }));
  village.settle();
  put_back("bob-1", copy);
  village.pass_all(kHourMs);
  EXPECT_TRUE(has_text("alice-1", kBob, "once")) << json(texts("alice-1", kBob)).dump();
  EXPECT_TRUE(has_text("bob-1", kAlice, "once"));
  expect_going_on("alice-1", "bob-1", kBob, kAlice);
}

// A signal comes back to nobody, so the copy cannot know of it; and need not, for it has no key of a message.
TEST_F(PutBack, TellsWhoWritesAtOnceAndLeavesNoKeyOut) {
  village.pass_all(10 * kSecondMs);  // until all reports are said
  auto alice = testing::HostileDevice::like(village, "alice-1");
  mls::Group reader = alice.group_of("alice-1", channel("alice-1"));
  good(village.ask("alice-1", "follow", {}));
  const auto copy = copy_of("bob-1");
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(good(village.ask("bob-1", "typing", {{"conversation", kAlice}}))["told"], true);
    village.pass_all(kTypingAgainMs);
  }
  village.device("alice-1").take_notices();
  std::vector<Bytes> messages;
  village.server.overhear = [&](const proto::Call& call) {
    if (call.url.ends_with(proto::kPathChannelSend)) {
      messages.push_back(wire::decode<proto::ChannelSend>(call.body)->ciphertext);
    }
  };
  put_back("bob-1", copy);
  village.pass_all(10 * kSecondMs);  // until it is connected
  EXPECT_EQ(good(village.ask("bob-1", "typing", {{"conversation", kAlice}}))["told"], true);
  village.settle();
  const auto told = village.device("alice-1").take_notices();
  EXPECT_TRUE(std::any_of(told.begin(), told.end(), [](const json& one) { return one["method"] == "typing"; }));
  begin("bob-1", kAlice, "three");
  ASSERT_TRUE(village.until([&] { return has_text("alice-1", kBob, "three"); }));
  EXPECT_FALSE(is_in_doubt(village.device("bob-1").store(), channel("bob-1"))) << "nothing tells of it";
  ASSERT_FALSE(messages.empty());
  const auto read = reader.process(messages.front(), alice.rules());
  EXPECT_TRUE(read) << read.error().where;
}

TEST_F(PutBack, TellsNobodyWhoWritesWhileInDoubt) {
  const auto copy = copy_of("bob-1");
  say("bob-1", kAlice, "said after the copy");
  village.settle();
  village.device("bob-1").cut_off_from("https://example.org/v1/channel/commit");
  put_back("bob-1", copy);
  village.pass_all(kMinuteMs);
  ASSERT_TRUE(is_in_doubt(village.device("bob-1").store(), channel("bob-1")));
  EXPECT_EQ(good(village.ask("bob-1", "typing", {{"conversation", kAlice}}))["told"], false);
  village.device("bob-1").cut_off_from("");
  const auto is_known = [&] { return !is_in_doubt(village.device("bob-1").store(), channel("bob-1")); };
  ASSERT_TRUE(village.until(is_known, kHourMs));
  village.settle();
  EXPECT_EQ(good(village.ask("bob-1", "typing", {{"conversation", kAlice}}))["told"], true);
}

// Key packages that the server has may be of the later state: Welcomes to them could not be opened.
TEST_F(PutBack, HasNewKeyPackages) {
  good(village.register_person("carol-1", kCarol));
  const auto copy = copy_of("bob-1");
  say("bob-1", kAlice, "said after the copy");
  village.settle();
  put_back("bob-1", copy);
  village.pass_all(kMinuteMs);
  begin("carol-1", kBob, "hello");
  EXPECT_TRUE(village.until([&] { return has_text("bob-1", kCarol, "hello"); }, kHourMs));
}

// ---- a pair that the copy does not know ----

/// Bob's device is put back from a copy that is older than all that was said between the two.
class ForgottenPair : public RejoinTest {
 protected:
  void forget() {
    const auto copy = copy_of("bob-1");
    say("alice-1", kBob, "lost on bob");
    ASSERT_TRUE(village.until([&] { return has_text("bob-1", kAlice, "lost on bob"); }));
    village.pass_all(kMinuteMs);
    put_back("bob-1", copy);
    village.pass_all(kMinuteMs);
  }
};

TEST_F(ForgottenPair, ShowsTheGapWhenThisDeviceBeginsItAnew) {
  forget();
  village.device("alice-1").set_silent(true);
  begin("bob-1", kAlice, "hello");
  EXPECT_EQ(gaps("bob-1", kAlice), 1u);
  village.device("alice-1").set_silent(false);
  EXPECT_TRUE(village.until([&] { return has_text("alice-1", kBob, "hello"); }, kHourMs));
  EXPECT_EQ(gaps("alice-1", kBob), 0u);
  begin("alice-1", kBob, "in the first one, if that is the smaller one");
  village.pass_all(kHourMs);
  expect_going_on("alice-1", "bob-1", kBob, kAlice);
}

// Her new device has not heard of the first channel yet.
TEST_F(ForgottenPair, ShowsTheGapWhenAnotherDeviceBeginsItAnew) {
  forget();
  village.device("alice-1").cut_off_from("https://example.org/v1/key-packages/fetch");
  good(village.link_device("alice-2", kAlice, "alice-1"));
  begin("alice-2", kBob, "hello");
  ASSERT_TRUE(village.until([&] { return has_text("bob-1", kAlice, "hello"); }, kMinuteMs));
  EXPECT_EQ(gaps("bob-1", kAlice), 1u);
  EXPECT_EQ(gaps("alice-2", kBob), 0u);
}

TEST_F(ForgottenPair, SaysNothingOfAGapThatIsLongOver) {
  forget();
  wire::Writer w;
  w.u64(village.now.ms - 91 * kDayMs);
  ASSERT_TRUE(village.device("bob-1").store().apply({{tables::kCounters, to_bytes("key packages renewed"), w.take()}}));
  good(village.register_person("carol-1", kCarol));
  say("carol-1", kBob, "hello");
  ASSERT_TRUE(village.until([&] { return has_text("bob-1", kCarol, "hello"); }, kMinuteMs));
  EXPECT_EQ(gaps("bob-1", kCarol), 0u);
}

// A group has one channel: whoever is in it speaks there, and this device comes in again.
TEST_F(ForgottenPair, AGroupThatIsNewHasNoGap) {
  forget();
  good(village.ask("alice-1", "group.create", {{"title", "board"}, {"names", {"bob"}}}));
  say("alice-1", "board", "we begin");
  ASSERT_TRUE(village.until([&] { return has_text("bob-1", "board", "we begin"); }, kMinuteMs));
  EXPECT_EQ(gaps("bob-1", "board"), 0u);
}

// ---- how often, and who is told ----

TEST_F(Rejoining, ComesInOnceADay) {
  say("alice-1", kBob, "one");
  ASSERT_TRUE(village.until([&] { return has_text("bob-1", kAlice, "one"); }));
  lose_row("bob-1", tables::kGroups, channel("bob-1"));
  ASSERT_TRUE(village.until([&] { return gaps("bob-1", kAlice) == 1; }, kHourMs));
  lose_row("bob-1", tables::kGroups, channel("bob-1"));
  village.pass_all(23 * kHourMs);
  EXPECT_EQ(gaps("bob-1", kAlice), 1u);
  EXPECT_TRUE(village.until([&] { return gaps("bob-1", kAlice) == 2; }, 2 * kHourMs));
  expect_going_on("alice-1", "bob-1", kBob, kAlice);
}

TEST_F(Rejoining, WhoeverLosesItsPlaceToACopyOfItselfIsToldAndComesBackAfterADay) {
  say("alice-1", kBob, "one");
  ASSERT_TRUE(village.until([&] { return has_text("bob-1", kAlice, "one"); }));
  const ChannelId id = channel("bob-1");
  const auto original = copy_of("bob-1");
  lose_row("bob-1", tables::kGroups, id);
  village.device("bob-1").set_silent(false);
  ASSERT_TRUE(village.until([&] { return gaps("bob-1", kAlice) == 1; }, kHourMs));
  // The other one with the same keys hears of it.
  auto& box = village.server.post.mailboxes[account("bob-1").mailbox];
  const auto commit = village.server.post.last_commit(id);
  put_back("bob-1", original);
  village.settle();
  box.envelopes.push_back(
      {box.next++, proto::EnvelopeKind::commit, "example.org", id, epoch("alice-1", id) - 1, village.now.ms, commit});
  village.pass_all(kSecondMs);
  const json alarms = good(village.ask("bob-1", "status"))["alarms"];
  ASSERT_EQ(alarms.size(), 1u);
  EXPECT_EQ(alarms[0]["kind"], "rejoin");
  EXPECT_NE(alarms[0]["sentence"].get<std::string>().find("took its place in 1 conversation"), std::string::npos);
  EXPECT_TRUE(village.until([&] { return notices("bob-1", kAlice, "was let in again") == 1; }, 2 * kDayMs));
  expect_going_on("alice-1", "bob-1", kBob, kAlice);
}

}  // namespace
}  // namespace cairn::client
