// Who has copied what a device knew is shut out again by the device's next new keys: each leaf gets them on a schedule,
// and nobody waits for that (docs/spec/client.md s.18).
#include <gtest/gtest.h>

#include "core/base/encoding.h"
#include "core/client/leaf_updates.h"
#include "core/client/rejoin_fixture.h"
#include "core/crypto/hash.h"
#include "core/crypto/kem.h"
#include "core/mls/message.h"

namespace cairn::client {
namespace {

class Healing : public RejoinTest {
 protected:
  void TearDown() override { village.server.overhear = nullptr; }

  void meet() {
    say("alice-1", kBob, "one");
    ASSERT_TRUE(village.until([&] { return has_text("bob-1", kAlice, "one"); }));
    good(village.ask("bob-1", "request.accept", {{"conversation", kAlice}}));
    village.settle();
  }
  /// alice, bob and others; a commit holds no more than some newcomers.
  void found_group(std::size_t others) {
    constexpr std::size_t kAtOnce = 10;
    json names = {"bob"};
    for (std::size_t i = 0; i < others; ++i) {
      const std::string who = "friend" + std::to_string(i);
      good(village.register_person(who, who + "@example.org"));
      if (names.size() < kAtOnce) names.push_back(who);
    }
    good(village.ask("alice-1", "group.create", {{"title", "board"}, {"names", names}}));
    for (std::size_t i = names.size() - 1; i < others; ++i) {
      good(village.ask("alice-1", "group.add", {{"conversation", "board"}, {"name", "friend" + std::to_string(i)}}));
    }
    say("alice-1", "board", "we begin");
    ASSERT_TRUE(village.until([&] { return has_text("bob-1", "board", "we begin"); }));
    good(village.ask("bob-1", "request.accept", {{"conversation", "board"}}));
    for (std::size_t i = 0; i < others; ++i) {
      const std::string who = "friend" + std::to_string(i);
      ASSERT_TRUE(village.until([&] { return has_text(who, "board", "we begin"); }));
      good(village.ask(who, "request.accept", {{"conversation", "board"}}));
    }
  }
  Result<mls::Group> group(const std::string& device, const ChannelId& of) {
    const auto row = village.device(device).store().get(tables::kGroups, of);
    return row ? mls::Group::restore(*row) : fail(ErrorCode::not_found, "group");
  }
  Bytes leaf(const std::string& device, const ChannelId& of) {
    const auto its = group(device, of);
    return its ? to_bytes(its->member(its->own_leaf())->node->encryption_key) : Bytes{};
  }
  LeafAge age(const std::string& device, const ChannelId& of) {
    return load_leaf_age(village.device(device).store(), of).value_or(LeafAge{});
  }
  /// Counts commits from now on, those that lose their race too.
  void count_commits() {
    village.server.overhear = [this](const proto::Call& call) {
      if (call.url.ends_with(proto::kPathChannelCommit)) commits_.push_back(call.body);
    };
  }
  /// The server says so to each commit from now on.
  void refuse_commits(int status) {
    village.server.elsewhere = [status](const proto::Call& call) -> std::optional<Result<proto::CallReply>> {
      if (!call.url.ends_with(proto::kPathChannelCommit)) return std::nullopt;
      return Result<proto::CallReply>(
          proto::CallReply{status, wire::encode(proto::ErrorAnswer{ErrorCode::over_limit, "No commits today."}), {}});
    };
  }
  void week() { village.pass_all(kLeafLifeMs + kHourMs); }
  /// Everybody sleeps through a week, which costs nothing.
  void oversleep() { village.now = after(village.now, kLeafLifeMs); }

  std::vector<Bytes> commits_;
};

TEST_F(Healing, EachDeviceRenewsItsLeafOnceAWeekAndNobodySeesAnythingOfIt) {
  good(village.link_device("alice-2", kAlice, "alice-1"));
  meet();
  ASSERT_TRUE(village.until([&] { return has_text("alice-2", kBob, "one"); }, kHourMs));
  const ChannelId pair = channel("bob-1");
  const std::vector<std::string> all = {"alice-1", "alice-2", "bob-1"};
  std::map<std::string, Bytes> before;
  for (const std::string& device : all) before[device] = leaf(device, pair);
  const std::uint64_t first = epoch("bob-1", pair);
  village.pass_all(kLeafLifeMs - kHourMs);
  EXPECT_EQ(epoch("bob-1", pair), first);
  for (const std::string& device : all) EXPECT_EQ(leaf(device, pair), before[device]) << device;
  village.pass_all(2 * kHourMs);
  EXPECT_EQ(epoch("bob-1", pair), first + 3);
  for (const std::string& device : all) {
    EXPECT_NE(leaf(device, pair), before[device]) << device;
    EXPECT_EQ(epoch(device, pair), first + 3) << device;
    EXPECT_EQ(trouble(device), "") << device;
  }
  EXPECT_EQ(messages("bob-1", kAlice).size(), 2u);  // that it began, and what was said
  expect_going_on("alice-1", "bob-1", kBob, kAlice);
  expect_going_on("bob-1", "alice-2", kAlice, kBob);
}

TEST_F(Healing, AHundredMessagesMakeALeafDue) {
  meet();
  const ChannelId pair = channel("alice-1");
  const Bytes before = leaf("alice-1", pair);
  for (std::uint32_t i = age("alice-1", pair).sent; i < kLeafMessages - 1; ++i) say("alice-1", kBob, "more");
  EXPECT_EQ(age("alice-1", pair).sent, kLeafMessages - 1);
  village.pass_all(2 * kHourMs);
  EXPECT_EQ(leaf("alice-1", pair), before);
  say("alice-1", kBob, "the last one");
  village.pass_all(2 * kLeafTurnMs + 2 * kMinuteMs);
  EXPECT_NE(leaf("alice-1", pair), before);
  EXPECT_EQ(age("alice-1", pair).sent, 0u);
  EXPECT_EQ(epoch("alice-1", pair), epoch("bob-1", pair));
  expect_going_on("alice-1", "bob-1", kBob, kAlice);
}

// ---- what is left of the old keys ----

/// Which 32 bytes in these are the private key of a node of the tree.
std::set<Bytes> path_keys(ByteView row, ByteView tree) {
  std::set<Bytes> out;
  const std::string public_keys = as_text(tree);
  for (std::size_t i = 1; i + 32 <= row.size(); ++i) {
    if (row[i - 1] != 32) continue;  // its length stands in front of it
    const ByteView some = row.subspan(i, 32);
    const auto key =
        crypto::kem_public_key(mls::cipher_suite(mls::kDefaultSuite).hpke.kem, crypto::KemPrivateKey(some));
    if (key && public_keys.find(as_text(*key)) != std::string::npos) out.insert(to_bytes(some));
  }
  return out;
}

TEST_F(Healing, NothingInTheStoreIsAnOldKeyOfThePathOnceTheNewOnesCount) {
  constexpr unsigned kTables = 256;
  good(village.link_device("alice-2", kAlice, "alice-1"));
  meet();
  ASSERT_TRUE(village.until([&] { return has_text("alice-2", kBob, "one"); }, kHourMs));
  const json said = messages("alice-1", kBob).front();
  const ChannelId pair = *ChannelId::from(*from_hex(said["conversation"].get<std::string>()));
  testing::TestStore& store = village.device("alice-1").store();
  const auto keys_now = [&] {
    return path_keys(*store.get(tables::kGroups, pair), group("alice-1", pair)->ratchet_tree());
  };
  const auto is_anywhere = [&](ByteView key) {
    for (unsigned table = 0; table < kTables; ++table) {
      for (const Row& row : store.scan(Table{static_cast<std::uint8_t>(table)}, {}, {}, ~std::size_t{0})) {
        if (as_text(row.value).find(as_text(key)) != std::string::npos) return true;
      }
    }
    return false;
  };
  const std::set<Bytes> old = keys_now();
  ASSERT_GE(old.size(), 2u);  // of the leaf, and of a node above it
  for (const Bytes& key : old) ASSERT_TRUE(is_anywhere(key));
  week();
  ASSERT_EQ(group("alice-1", pair)->pending(), nullptr);
  const std::set<Bytes> fresh = keys_now();
  EXPECT_GE(fresh.size(), 2u);
  for (const Bytes& key : old) {
    EXPECT_FALSE(is_anywhere(key));
    EXPECT_FALSE(fresh.contains(key));
  }
}

// ---- nobody waits for it ----

TEST_F(Healing, WhatIsSaidWhileACommitIsUnderWayGoesAtOnce) {
  meet();
  const ChannelId pair = channel("alice-1");
  village.pass_all(kLeafLifeMs - kHourMs);
  village.hold_envelopes("alice-1", true);  // its echo would decide it
  auto& alice = village.device("alice-1");
  alice.hold_answers_to(proto::kPathChannelCommit);
  ASSERT_TRUE(village.until([&] { return alice.answers_held() == 1; }, 3 * kHourMs));
  const std::uint64_t mine = epoch("alice-1", pair);
  ASSERT_TRUE(village.until([&] { return epoch("bob-1", pair) > mine; }, kSecondMs));
  begin("alice-1", kBob, "two");
  begin("alice-1", kBob, "three");
  EXPECT_TRUE(has_text("bob-1", kAlice, "two"));
  EXPECT_TRUE(has_text("bob-1", kAlice, "three"));
  EXPECT_EQ(epoch("alice-1", pair), mine);  // still undecided here
  alice.release_answers();
  village.hold_envelopes("alice-1", false);
  village.pass_all(kHourMs);
  EXPECT_EQ(epoch("alice-1", pair), epoch("bob-1", pair));
  EXPECT_EQ(texts("bob-1", kAlice), (Texts{"one", "two", "three"}));
  expect_going_on("alice-1", "bob-1", kBob, kAlice);
}

TEST_F(Healing, AServerThatTakesNoCommitsHoldsUpNoMessageAndIsNoTrouble) {
  meet();
  const ChannelId pair = channel("alice-1");
  for (const int status : {503, 413}) {
    refuse_commits(status);
    count_commits();
    const Bytes before = leaf("alice-1", pair);
    week();
    begin("alice-1", kBob, "said at " + std::to_string(status));
    EXPECT_TRUE(has_text("bob-1", kAlice, "said at " + std::to_string(status)));
    EXPECT_EQ(trouble("alice-1"), "");
    EXPECT_EQ(leaf("alice-1", pair), before);
    EXPECT_GT(commits_.size(), 0u);
    village.server.elsewhere = nullptr;
    commits_.clear();
    village.pass_all(2 * kDayMs);
    EXPECT_NE(leaf("alice-1", pair), before);
    EXPECT_LE(commits_.size(), 4u);
  }
  expect_going_on("alice-1", "bob-1", kBob, kAlice);
}

// Keys that were staged long ago may have been copied since, so what is new of them is that they count.
TEST_F(Healing, KeysThatWaitedForTheServerAreAsOldAsTheyAre) {
  meet();
  village.set_online("bob-1", false);  // whose own commit would win
  const ChannelId pair = channel("alice-1");
  refuse_commits(503);
  oversleep();
  village.pass_all(kHourMs);
  const Time staged = village.now;
  ASSERT_NE(group("alice-1", pair)->pending(), nullptr);
  oversleep();
  const Bytes before = leaf("alice-1", pair);
  village.server.elsewhere = nullptr;
  ASSERT_TRUE(village.until([&] { return leaf("alice-1", pair) != before; }, kHourMs));
  const Bytes late = leaf("alice-1", pair);
  EXPECT_LE(age("alice-1", pair).since_ms, staged.ms);
  EXPECT_TRUE(village.until([&] { return leaf("alice-1", pair) != late; }, 2 * kHourMs));
}

TEST_F(Healing, ACommitThatIsNotTakenAndMessagesDoNotPutEachOtherOff) {
  meet();
  const ChannelId pair = channel("alice-1");
  village.pass_all(kLeafLifeMs - kHourMs);
  refuse_commits(503);
  ASSERT_TRUE(village.until([&] { return group("alice-1", pair)->pending() != nullptr; }, 3 * kHourMs));
  village.set_online("bob-1", false);  // whose own commits would be counted
  village.pass_all(10 * kMinuteMs);
  count_commits();
  for (int i = 0; i < 20; ++i) {
    say("alice-1", kBob, "more");
    village.pass_all(kSecondMs);
  }
  EXPECT_LE(commits_.size(), 1u);
  // And the first pause of a message is a short one.
  village.set_online("bob-1", true);
  village.pass_all(10 * kMinuteMs);
  bool is_refused = false;
  village.server.elsewhere = [&](const proto::Call& call) -> std::optional<Result<proto::CallReply>> {
    const bool is_send = call.url.ends_with(proto::kPathChannelSend);
    if (!call.url.ends_with(proto::kPathChannelCommit) && (!is_send || is_refused)) return std::nullopt;
    is_refused = is_refused || is_send;
    return Result<proto::CallReply>(
        proto::CallReply{503, wire::encode(proto::ErrorAnswer{ErrorCode::over_limit, "Not now."}), {}});
  };
  begin("alice-1", kBob, "said once");
  EXPECT_TRUE(is_refused);
  village.pass_all(5 * kSecondMs);
  EXPECT_TRUE(has_text("bob-1", kAlice, "said once"));
  EXPECT_NE(group("alice-1", pair)->pending(), nullptr);
}

TEST_F(Healing, AClockThatWasAheadPutsNothingOffForLong) {
  meet();
  const ChannelId pair = channel("alice-1");
  const Bytes before = leaf("alice-1", pair);
  village.pass_all(kLeafLifeMs - kHourMs);
  refuse_commits(503);
  ASSERT_TRUE(village.until([&] { return group("alice-1", pair)->pending() != nullptr; }, 3 * kHourMs));
  good(village.ask("alice-1", "contact.verify", {{"name", kBob}}));
  auto& alice = village.device("alice-1");
  alice.ahead_ms = 20 * kHourMs;
  village.pass_all(5 * kMinuteMs);
  alice.ahead_ms = 0;
  village.server.elsewhere = nullptr;
  begin("alice-1", kBob, "two");
  village.pass_all(kMinuteMs);
  EXPECT_TRUE(has_text("bob-1", kAlice, "two"));
  EXPECT_NE(leaf("alice-1", pair), before);
}

TEST_F(Healing, AWishThatWaitsBehindACommitIsTold) {
  found_group(0);
  const ChannelId board = channel("alice-1");
  village.pass_all(kLeafLifeMs - kHourMs);
  refuse_commits(503);
  ASSERT_TRUE(village.until([&] { return group("alice-1", board)->pending() != nullptr; }, 3 * kHourMs));
  village.pass_all(kHourMs);
  EXPECT_EQ(trouble("alice-1"), "");
  village.begin("alice-1", "group.change", {{"conversation", "board"}, {"title", "boards"}});
  village.pass_all(kSecondMs);  // not when the commit would have been tried again
  EXPECT_NE(trouble("alice-1"), "");
  village.server.elsewhere = nullptr;
  village.pass_all(kHourMs);
  EXPECT_EQ(trouble("alice-1"), "");
  expect_going_on("alice-1", "bob-1", "boards", "boards");
}

TEST_F(Healing, ADeviceThatIsToBeRemovedGoesBeforeAnythingIsSaid) {
  good(village.link_device("bob-2", kBob, "bob-1"));
  meet();
  ASSERT_TRUE(village.until([&] { return has_text("bob-2", kAlice, "one"); }, kHourMs));
  const ChannelId pair = channel("alice-1");
  const DeviceId gone = account("bob-2").device_id();
  village.pass_all(kLeafLifeMs - kHourMs);
  refuse_commits(503);
  ASSERT_TRUE(village.until([&] { return group("alice-1", pair)->pending() != nullptr; }, 3 * kHourMs));
  village.set_online("bob-1", true);
  good(village.ask("bob-1", "device.remove", {{"device", to_hex(gone)}}));
  good(village.ask("alice-1", "contact.verify", {{"name", kBob}}));
  begin("alice-1", kBob, "not for the lost one");
  village.pass_all(kMinuteMs);
  EXPECT_FALSE(has_text("bob-1", kAlice, "not for the lost one"));
  village.server.elsewhere = nullptr;
  EXPECT_TRUE(village.until([&] { return has_text("bob-1", kAlice, "not for the lost one"); }, kHourMs));
  EXPECT_FALSE(has_text("bob-2", kAlice, "not for the lost one"));
}

// ---- nobody hears of a device whose owner does not want that ----

TEST_F(Healing, WhoHasNotSaidYesToARequestTellsNobodyThatItIsThere) {
  say("alice-1", kBob, "one");
  ASSERT_TRUE(village.until([&] { return has_text("bob-1", kAlice, "one"); }));
  const ChannelId pair = channel("bob-1");
  const Bytes before = leaf("bob-1", pair);
  village.pass_all(kLeafLifeMs + 3 * kHourMs);
  EXPECT_EQ(leaf("bob-1", pair), before);
  good(village.ask("bob-1", "request.accept", {{"conversation", kAlice}}));
  village.pass_all(kUnwantedLookMs + kHourMs);
  EXPECT_NE(leaf("bob-1", pair), before);
  expect_going_on("alice-1", "bob-1", kBob, kAlice);
}

TEST_F(Healing, WhoHasBlockedSomebodyDoesNotTellThemThatItIsThere) {
  meet();
  village.set_online("alice-1", false);  // whose own commits would be counted
  const ChannelId pair = channel("bob-1");
  const Bytes before = leaf("bob-1", pair);
  oversleep();
  refuse_commits(503);
  ASSERT_TRUE(village.until([&] { return group("bob-1", pair)->pending() != nullptr; }, 3 * kHourMs));
  good(village.ask("bob-1", "contact.block", {{"name", kAlice}}));
  village.server.elsewhere = nullptr;
  count_commits();
  village.pass_all(3 * kHourMs);
  EXPECT_EQ(commits_.size(), 0u);
  good(village.ask("bob-1", "contact.unblock", {{"name", kAlice}}));
  village.pass_all(kUnwantedLookMs + kHourMs);
  EXPECT_NE(leaf("bob-1", pair), before);
  good(village.ask("bob-1", "contact.block", {{"name", kAlice}}));
  const Bytes renewed = leaf("bob-1", pair);
  oversleep();
  village.pass_all(kHourMs);
  EXPECT_EQ(leaf("bob-1", pair), renewed);
}

// ---- races, crashes, doubt ----

TEST_F(Healing, WhoWasBeatenTriesLater) {
  found_group(0);
  const ChannelId board = channel("bob-1");
  village.pass_all(kLeafLifeMs - kHourMs);
  village.hold_envelopes("bob-1", true);
  good(village.ask("alice-1", "group.change", {{"conversation", "board"}, {"title", "boards"}}));
  const std::uint64_t mine = epoch("bob-1", board);
  ASSERT_TRUE(village.until([&] { return epoch("alice-1", board) > mine; }, kMinuteMs));
  const Bytes before = leaf("bob-1", board);
  ASSERT_TRUE(village.until([&] { return age("bob-1", board).tries == 1; }, 3 * kHourMs));
  EXPECT_EQ(group("bob-1", board)->pending(), nullptr);
  EXPECT_EQ(epoch("bob-1", board), mine);
  count_commits();
  village.hold_envelopes("bob-1", false);
  village.pass_all(kSecondMs);
  EXPECT_EQ(leaf("bob-1", board), before);
  EXPECT_EQ(commits_.size(), 0u);  // not at once
  village.pass_all(kDayMs);
  EXPECT_NE(leaf("bob-1", board), before);
  EXPECT_EQ(epoch("bob-1", board), epoch("alice-1", board));
  EXPECT_EQ(trouble("bob-1"), "");
  expect_going_on("alice-1", "bob-1", "boards", "boards");
}

// Its mailbox is slow, and nothing else: there is no reason to ask others for help.
TEST_F(Healing, WhoIsBeatenTwiceDoesNotThinkThatItCannotGoOn) {
  found_group(0);
  const ChannelId board = channel("bob-1");
  village.pass_all(kLeafLifeMs - kHourMs);
  village.hold_envelopes("bob-1", true);
  good(village.ask("alice-1", "group.change", {{"conversation", "board"}, {"title", "boards"}}));
  village.settle();
  good(village.ask("alice-1", "group.change", {{"conversation", "boards"}, {"title", "planks"}}));
  village.settle();
  ASSERT_EQ(epoch("alice-1", board), epoch("bob-1", board) + 2);
  ASSERT_TRUE(village.until([&] { return group("bob-1", board)->pending() != nullptr; }, 3 * kHourMs));
  village.pass_all(20 * kMinuteMs);
  EXPECT_FALSE(load_rejoin(village.device("bob-1").store(), board).has_value());
  village.hold_envelopes("bob-1", false);
  village.pass_all(kHourMs);
  EXPECT_EQ(epoch("bob-1", board), epoch("alice-1", board));
  expect_going_on("alice-1", "bob-1", "planks", "planks");
}

TEST_F(Healing, ACommitWhoseAnswerIsLostIsOneAllTheSame) {
  meet();
  const ChannelId pair = channel("alice-1");
  village.pass_all(kLeafLifeMs - kHourMs);
  village.hold_envelopes("alice-1", true);
  auto& alice = village.device("alice-1");
  alice.lose_answers_to(proto::kPathChannelCommit);
  ASSERT_TRUE(village.until([&] { return group("alice-1", pair)->pending() != nullptr; }, 3 * kHourMs));
  const std::uint64_t mine = epoch("alice-1", pair);
  ASSERT_TRUE(village.until([&] { return epoch("bob-1", pair) == mine + 1; }, kMinuteMs));
  alice.restart();
  alice.lose_answers_to({});
  village.hold_envelopes("alice-1", false);
  village.pass_all(3 * kHourMs);
  EXPECT_EQ(epoch("alice-1", pair), epoch("bob-1", pair));
  EXPECT_LE(epoch("alice-1", pair), mine + 2);  // bob's own is the other one
  expect_going_on("alice-1", "bob-1", kBob, kAlice);
}

TEST_F(Healing, AStateInDoubtMakesNoneButTheOneInTheOpen) {
  meet();
  const ChannelId pair = channel("alice-1");
  const testing::TestStore copy = copy_of("alice-1");
  say("alice-1", kBob, "two");
  ASSERT_TRUE(village.until([&] { return has_text("bob-1", kAlice, "two"); }));
  village.set_online("bob-1", false);  // whose own commits would be counted
  refuse_commits(503);
  put_back("alice-1", copy);
  count_commits();
  village.pass_all(kMinuteMs);
  oversleep();
  village.pass_all(kHourMs);
  ASSERT_TRUE(is_in_doubt(village.device("alice-1").store(), pair));
  ASSERT_GT(commits_.size(), 0u);
  for (const Bytes& body : commits_) {
    const auto commit = wire::decode<proto::ChannelCommit>(body);
    ASSERT_TRUE(commit.has_value());
    const auto message = wire::decode<mls::MlsMessage>(commit->commit);
    EXPECT_TRUE(message && std::holds_alternative<mls::PublicMessage>(message->body));
  }
  EXPECT_EQ(age("alice-1", pair).tries, 0u);
  village.server.elsewhere = nullptr;
  village.set_online("bob-1", true);
  expect_going_on("alice-1", "bob-1", kBob, kAlice);
}

TEST_F(Healing, WhoIsAloneInAConversationRenewsNothing) {
  count_commits();
  begin("alice-1", "self", "for me alone");
  village.pass_all(2 * kLeafLifeMs);
  EXPECT_EQ(commits_.size(), 0u);
}

// ---- many devices ----

TEST_F(Healing, SixDevicesRenewTheirLeavesWithHardlyARace) {
  constexpr std::size_t kOthers = 4;
  found_group(kOthers);
  const ChannelId board = channel("bob-1");
  std::vector<std::string> all = {"alice-1", "bob-1"};
  for (std::size_t i = 0; i < kOthers; ++i) all.push_back("friend" + std::to_string(i));
  std::map<std::string, Bytes> before;
  for (const std::string& device : all) before[device] = leaf(device, board);
  const std::uint64_t first = epoch("bob-1", board);
  count_commits();
  oversleep();
  village.pass_all(3 * kHourMs);
  EXPECT_EQ(epoch("bob-1", board), first + all.size());
  EXPECT_LE(commits_.size(), all.size() + 3);
  for (const std::string& device : all) {
    EXPECT_NE(leaf(device, board), before[device]) << device;
    EXPECT_EQ(epoch(device, board), first + all.size()) << device;
  }
  begin("friend3", "board", "still here");
  for (const std::string& device : all) {
    EXPECT_TRUE(village.until([&] { return has_text(device, "board", "still here"); }, kHourMs)) << device;
  }
}

// Twenty leaves with all nodes above them are more than an envelope holds.
TEST_F(Healing, OfALargeGroupRenewAllTheirLeavesAndOneMoreCanBeAdded) {
  constexpr std::size_t kOthers = 18;
  found_group(kOthers);
  good(village.register_person("carol-1", kCarol));
  const ChannelId board = channel("bob-1");
  const std::uint64_t first = epoch("bob-1", board);
  const Bytes before = leaf("friend3", board);
  oversleep();
  village.pass_all(8 * kHourMs);
  EXPECT_EQ(epoch("bob-1", board), first + kOthers + 2);
  EXPECT_NE(leaf("friend3", board), before);
  EXPECT_GT(group("bob-1", board)->ratchet_tree().size(), std::size_t{48} * 1024);
  good(village.ask("alice-1", "group.add", {{"conversation", "board"}, {"name", "carol"}}));
  begin("bob-1", "board", "welcome");
  EXPECT_TRUE(village.until([&] { return has_text("carol-1", "board", "welcome"); }, kHourMs)) << trouble("bob-1");
}

}  // namespace
}  // namespace cairn::client
