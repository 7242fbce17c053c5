// Devices that were away for so long that their key packages have run out: nobody waits for them, and they come in when
// they are back (docs/spec/client.md s.2).
#include "core/client/key_packages.h"
#include "core/client/rejoin_fixture.h"
#include "core/proto/api.h"

namespace cairn::client {
namespace {

class Away : public RejoinTest {
 protected:
  void is_away_for_a_month(const std::string& device) {
    village.set_online(device, false);
    village.pass_all(kKeyPackageLifeMs + 2 * kDayMs);
  }
  bool hears_of(const std::string& device, const std::string& conversation) {
    return village.until([&] { return !messages(device, conversation).empty(); }, 3 * kHourMs);
  }
};

TEST_F(Away, OneDeviceKeepsNobodyFromWritingToItsOwner) {
  good(village.link_device("bob-2", kBob, "bob-1"));
  is_away_for_a_month("bob-2");
  say("alice-1", kBob, "hello");
  EXPECT_TRUE(village.until([&] { return has_text("bob-1", kAlice, "hello"); })) << trouble("alice-1");
  village.set_online("bob-2", true);
  ASSERT_TRUE(hears_of("bob-2", kAlice));
  EXPECT_FALSE(has_text("bob-2", kAlice, "hello"));
  EXPECT_EQ(gaps("bob-2", kAlice), 1u);
  EXPECT_EQ(gaps("bob-1", kAlice), 0u);
  expect_going_on("alice-1", "bob-2", kBob, kAlice);
}

TEST_F(Away, OneDeviceKeepsItsOwnerFromNothing) {
  good(village.link_device("alice-2", kAlice, "alice-1"));
  is_away_for_a_month("alice-2");
  say("alice-1", kBob, "hello");
  EXPECT_TRUE(village.until([&] { return has_text("bob-1", kAlice, "hello"); })) << trouble("alice-1");
  good(village.ask("alice-1", "group.create", {{"title", "board"}, {"names", {"bob"}}}));
  say("alice-1", "board", "we begin");
  EXPECT_TRUE(village.until([&] { return has_text("bob-1", "board", "we begin"); }));
  village.set_online("alice-2", true);
  ASSERT_TRUE(hears_of("alice-2", kBob));
  expect_going_on("alice-2", "bob-1", kBob, kAlice);
}

TEST_F(Away, OneDeviceIsNotWaitedForWhenNothingCanBeAskedOfIt) {
  good(village.link_device("bob-2", kBob, "bob-1"));
  is_away_for_a_month("bob-2");
  say("alice-1", kBob, "one");
  ASSERT_TRUE(village.until([&] { return has_text("bob-1", kAlice, "one"); }));
  village.device("alice-1").cut_off_from("https://example.org/v1/key-packages/fetch");
  village.pass_all(3 * kHourMs);
  say("alice-1", kBob, "two");
  EXPECT_TRUE(village.until([&] { return has_text("bob-1", kAlice, "two"); })) << trouble("alice-1");
}

TEST_F(Away, TheOnlyDeviceIsWaitedForAndMissesNothing) {
  is_away_for_a_month("bob-1");
  begin("alice-1", kBob, "hello");
  village.pass_all(kMinuteMs);
  EXPECT_TRUE(trouble("alice-1").starts_with("No device of bob@example.org was there for a month"))
      << trouble("alice-1");
  village.set_online("bob-1", true);
  EXPECT_TRUE(village.until([&] { return has_text("bob-1", kAlice, "hello"); }, 2 * kHourMs)) << trouble("alice-1");
  EXPECT_EQ(gaps("bob-1", kAlice), 0u);
  expect_going_on("alice-1", "bob-1", kBob, kAlice);
}

TEST_F(Away, TheOnlyDeviceOfOneNameKeepsOthersOfAGroupFromNothing) {
  good(village.register_person("carol-1", kCarol));
  is_away_for_a_month("bob-1");
  good(village.ask("alice-1", "group.create", {{"title", "board"}, {"names", {"bob", "carol"}}}));
  say("alice-1", "board", "we begin");
  EXPECT_TRUE(village.until([&] { return has_text("carol-1", "board", "we begin"); })) << trouble("alice-1");
  village.set_online("bob-1", true);
  ASSERT_TRUE(hears_of("bob-1", "board"));
  expect_going_on("alice-1", "bob-1", "board", "board");
}

// ---- who writes is told whom it does not reach ----

class AwayFromAGroup : public Away {
 protected:
  void SetUp() override {
    Away::SetUp();
    good(village.register_person("carol-1", kCarol));
    is_away_for_a_month("bob-1");
    good(village.ask("alice-1", "group.create", {{"title", "board"}, {"names", {"bob", "carol"}}}));
  }
  std::size_t said_away() { return notices("alice-1", "board", "bob@example.org cannot read what is written here"); }
  std::size_t said_back() { return notices("alice-1", "board", "bob@example.org can read what is written here"); }
  void is_heard(const std::string& text) {
    say("alice-1", "board", text);
    EXPECT_TRUE(village.until([&] { return has_text("carol-1", "board", text); })) << trouble("alice-1");
  }
  /// Whether this sends something to a group of alice's in which nothing tells of bob.
  bool is_sent_untold(const proto::Call& call) {
    const auto send = wire::decode<proto::ChannelSend>(call.body);
    if (!send) return true;
    const auto& rows = village.device("alice-1").store();
    const auto row = rows.get(tables::kConversations, send->channel);
    const auto where = row ? wire::decode<Conversation>(*row) : fail(ErrorCode::not_found, "conversation");
    if (!where || where->kind != ConversationKind::group) return false;
    for (const Row& one : rows.scan_prefix(tables::kMessages, send->channel, 100)) {
      const auto message = wire::decode<Message>(one.value);
      if (message && message->text.find("cannot read what is written here") != std::string::npos) return false;
    }
    return true;
  }
};

TEST_F(AwayFromAGroup, ANameIsSaidToReadNothingBeforeAnythingIsSent) {
  int sent = 0;
  int untold = 0;
  village.server.overhear = [&](const proto::Call& call) {
    if (!call.url.ends_with(proto::kPathChannelSend)) return;
    ++sent;
    untold += is_sent_untold(call) ? 1 : 0;
  };
  is_heard("we begin");
  village.server.overhear = {};
  EXPECT_GE(sent, 1);
  EXPECT_EQ(untold, 0);
  EXPECT_EQ(said_away(), 1u);
  EXPECT_EQ(said_back(), 0u);
}

TEST_F(AwayFromAGroup, ItIsSaidOnceAndOnceThatTheNameIsBackWhateverIsStartedAnew) {
  is_heard("we begin");
  village.device("alice-1").restart();
  is_heard("we go on");
  village.pass_all(3 * kHourMs);  // asked for again each hour
  is_heard("and on");
  EXPECT_EQ(said_away(), 1u);
  EXPECT_EQ(said_back(), 0u);
  village.device("alice-1").restart();
  village.set_online("bob-1", true);
  EXPECT_TRUE(village.until([&] { return said_back() == 1; }, 3 * kHourMs)) << trouble("alice-1");
  ASSERT_TRUE(hears_of("bob-1", "board"));
  expect_going_on("alice-1", "bob-1", "board", "board");
  village.device("alice-1").restart();
  is_heard("all of us");
  EXPECT_EQ(said_away(), 1u);
  EXPECT_EQ(said_back(), 1u);
}

TEST_F(AwayFromAGroup, ANameThatIsRemovedIsNotSaidToBeBackAndIsSaidAnewWhenItIsAdded) {
  is_heard("we begin");
  good(village.ask("alice-1", "group.remove", {{"conversation", "board"}, {"name", "bob"}}));
  is_heard("us two");
  EXPECT_EQ(said_away(), 1u);
  good(village.ask("alice-1", "group.add", {{"conversation", "board"}, {"name", "bob"}}));
  is_heard("us three");
  EXPECT_EQ(said_away(), 2u);
  EXPECT_EQ(said_back(), 0u);
}

TEST_F(Away, OneDeviceOfANameThatHasAnotherIsNotSpokenOf) {
  good(village.link_device("bob-2", kBob, "bob-1"));
  is_away_for_a_month("bob-2");
  good(village.ask("alice-1", "group.create", {{"title", "board"}, {"names", {"bob"}}}));
  say("alice-1", "board", "we begin");
  EXPECT_TRUE(village.until([&] { return has_text("bob-1", "board", "we begin"); })) << trouble("alice-1");
  EXPECT_EQ(notices("alice-1", "board", "cannot read"), 0u);
}

// ---- what the server alone can do ----

// The server alone, who can make up a key package but not sign it, keeps no device out without its being said.
TEST_F(Away, ADeviceIsLeftOutByWhatItHasSignedItselfAlone) {
  good(village.link_device("bob-2", kBob, "bob-1"));
  const DeviceId second = account("bob-2").device_id();
  bool is_within = false;
  village.server.elsewhere = [&](const proto::Call& call) -> std::optional<Result<proto::CallReply>> {
    if (is_within || !call.url.ends_with(proto::kPathKeyPackageFetch)) return std::nullopt;
    is_within = true;
    auto reply = village.server.answer(call);
    is_within = false;
    auto given = reply ? wire::decode<proto::KeyPackageAnswer>(reply->body) : fail(ErrorCode::unavailable, "no answer");
    if (!given) return reply;
    for (auto& item : given->items) {
      auto package = wire::decode<mls::KeyPackage>(item.key_package);
      if (!package || item.device != second) continue;
      std::get<mls::Lifetime>(package->leaf_node.origin).not_after = 1;
      item.key_package = wire::encode(*package);
    }
    reply->body = wire::encode(*given);
    return reply;
  };
  begin("alice-1", kBob, "hello");
  village.pass_all(kMinuteMs);
  EXPECT_FALSE(has_text("bob-1", kAlice, "hello"));
  EXPECT_TRUE(trouble("alice-1").starts_with("A device of bob@example.org has left no key package yet"))
      << trouble("alice-1");
  village.server.elsewhere = {};
  for (const std::string device : {"bob-1", "bob-2"}) {
    EXPECT_TRUE(village.until([&] { return has_text(device, kAlice, "hello"); }, kHourMs)) << device;
  }
}

// ---- a pair that there was before ----

class AwayFromAPair : public Away {
 protected:
  /// What waited for it for a month is deleted; others' keys are renewed meanwhile.
  void is_away_from_the_pair_for(std::uint64_t days) {
    say("alice-1", kBob, "one");
    ASSERT_TRUE(village.until([&] { return has_text("bob-1", kAlice, "one"); }));
    village.set_online("bob-1", false);
    say("alice-1", kBob, "lost on bob");
    village.pass_all(31 * kDayMs);
    expire("bob-1");
    village.pass_all((days - 31) * kDayMs);
    village.set_online("bob-1", true);
    ASSERT_TRUE(village.until([&] { return notices("bob-1", kAlice, "was let in again") == 1; }, kHourMs))
        << trouble("bob-1");
    EXPECT_GE(gaps("bob-1", kAlice), 1u);
    EXPECT_EQ(gaps("alice-1", kBob), 0u);
    EXPECT_FALSE(has_text("bob-1", kAlice, "lost on bob"));
    expect_going_on("alice-1", "bob-1", kBob, kAlice);
  }
};

TEST_F(AwayFromAPair, ForSixtyDaysADeviceComesInAgainAndShowsTheGap) { is_away_from_the_pair_for(60); }

TEST_F(AwayFromAPair, ForAHundredDaysADeviceComesInAgainAndShowsTheGap) { is_away_from_the_pair_for(100); }

}  // namespace
}  // namespace cairn::client
