// Where nobody can let a device in, and where nobody may yet (docs/spec/client.md s.15).
#include <gtest/gtest.h>

#include "core/client/rejoin_fixture.h"

namespace cairn::client {
namespace {

class AloneInAGroup : public RejoinTest {
 protected:
  /// Alice's device lost its state of a group when its channel was there, and something waits to be said.
  void begin_group(std::string_view lost_path) {
    village.device("alice-1").lose_answers_to(lost_path);
    good(village.ask("alice-1", "group.create", {{"title", "board"}, {"names", {"bob"}}}));
    begin("alice-1", "board", "we begin");
    lose_row("alice-1", tables::kGroups, channel("alice-1"));
    village.device("alice-1").lose_answers_to({});
  }
  std::string delivery() {
    for (const json& message : messages("alice-1", "board")) {
      if (message["text"] == "we begin") return message["delivery"];
    }
    return "gone";
  }
  ConversationState state() {
    const auto row = village.device("alice-1").store().get(tables::kConversations, channel("alice-1"));
    return wire::decode<Conversation>(*row)->state;
  }
};

TEST_F(AloneInAGroup, IsOverWhenNobodyElseIsThereAndSaysSoOfWhatWaits) {
  begin_group(proto::kPathKeyPackageFetch);
  village.pass_all(kDayMs);
  EXPECT_EQ(delivery(), "waiting") << "a commit may be on its way";
  EXPECT_EQ(state(), ConversationState::active);
  village.pass_all(2 * kDayMs);
  EXPECT_EQ(delivery(), "refused");
  EXPECT_EQ(state(), ConversationState::broken);
  EXPECT_NE(trouble("alice-1").find("nobody else is in this conversation"), std::string::npos) << trouble("alice-1");
  EXPECT_FALSE(load_rejoin(village.device("alice-1").store(), channel("alice-1")).has_value());
  bad(village.ask("alice-1", "send", {{"to", "board"}, {"text", "and now"}}));
}

TEST_F(AloneInAGroup, GoesOnWhenItsCommitHadArrivedHoweverLongTheOthersAreAway) {
  village.set_online("bob-1", false);
  begin_group(proto::kPathChannelCommit);
  village.pass_all(5 * kDayMs);
  EXPECT_EQ(state(), ConversationState::active);
  village.set_online("bob-1", true);
  // In a request nobody is answered.
  ASSERT_TRUE(village.until(
      [&] {
        return village.ask("bob-1", "request.accept", {{"conversation", "board"}}).contains("result");
      },
      kHourMs));
  ASSERT_TRUE(village.until([&] { return gaps("alice-1", "board") == 1; }, kDayMs)) << trouble("alice-1");
  expect_going_on("alice-1", "bob-1", "board", "board");
}

// Its mailboxes are full, or at other domains: that is not the end.
TEST_F(AloneInAGroup, WaitsWhereTheServerReachesNoneOfTheOthers) {
  for (const ErrorCode code : {ErrorCode::over_limit, ErrorCode::unsupported}) {
    SCOPED_TRACE(static_cast<int>(code));
    village.server.elsewhere = [code](const proto::Call& call) -> std::optional<Result<proto::CallReply>> {
      if (!call.url.ends_with(proto::kPathRejoin)) return std::nullopt;
      return testing::FakePost::refusal(code, "None of them is reached.");
    };
    if (code == ErrorCode::over_limit) begin_group(proto::kPathKeyPackageFetch);
    village.pass_all(3 * kDayMs);
    EXPECT_EQ(delivery(), "waiting");
    EXPECT_EQ(state(), ConversationState::active);
    EXPECT_NE(trouble("alice-1").find("None of them is reached."), std::string::npos) << trouble("alice-1");
  }
}

// ---- where nobody has said yes ----

class LetInUnasked : public RejoinTest {
 protected:
  /// Else what is said of that brings the conversation up.
  void say_nothing_of_what_came(const std::string& device) {
    good(village.ask(device, "conversation.set", {{"conversation", kAlice}, {"receipts", false}}));
    village.pass_all(kSecondMs);
  }
};

// Else whoever sends one of two devices a Welcome that cannot be opened would be let in past their owner.
TEST_F(LetInUnasked, NobodyAnswersInARequestUntilItsOwnerAcceptsIt) {
  good(village.link_device("bob-2", kBob, "bob-1"));
  village.set_online("bob-1", false);
  auto& store = village.device("bob-1").store();
  for (const Row& row : store.scan(tables::kKeyPackages, {}, {}, 1000)) {
    ASSERT_TRUE(store.apply({{tables::kKeyPackages, row.key, std::nullopt}}));
  }
  say("alice-1", kBob, "one");
  ASSERT_TRUE(village.until([&] { return has_text("bob-2", kAlice, "one"); }));
  village.set_online("alice-1", false);
  village.set_online("bob-1", true);
  village.pass_all(kHourMs);
  EXPECT_GE(village.server.post.rejoins, 1u);
  EXPECT_TRUE(messages("bob-1", kAlice).empty());
  say_nothing_of_what_came("bob-2");
  good(village.ask("bob-2", "request.accept", {{"conversation", kAlice}}));
  // At once, and not when it is asked again: that is hours away.
  ASSERT_TRUE(village.until([&] { return gaps("bob-1", kAlice) == 1; }, kMinuteMs)) << trouble("bob-1");
  EXPECT_EQ(good(village.ask("bob-1", "conversations"))["conversations"][0]["request"], false);
}

TEST_F(LetInUnasked, AnswersAlsoWhenAnotherDeviceSaysThatItWasAccepted) {
  good(village.link_device("bob-2", kBob, "bob-1"));
  good(village.link_device("bob-3", kBob, "bob-1"));
  village.pass_all(5 * kMinuteMs);
  village.set_online("bob-1", false);
  auto& store = village.device("bob-1").store();
  for (const Row& row : store.scan(tables::kKeyPackages, {}, {}, 1000)) {
    ASSERT_TRUE(store.apply({{tables::kKeyPackages, row.key, std::nullopt}}));
  }
  say("alice-1", kBob, "one");
  for (const std::string device : {"bob-2", "bob-3"}) {
    ASSERT_TRUE(village.until([&] { return has_text(device, kAlice, "one"); })) << device;
  }
  village.set_online("alice-1", false);
  village.set_online("bob-1", true);
  village.pass_all(kHourMs);
  EXPECT_GE(village.server.post.rejoins, 1u);
  // It is said on a device that can answer nobody.
  village.device("bob-3").cut_off_from("https://example.org" + std::string(proto::kPathRejoinAnswer));
  say_nothing_of_what_came("bob-3");
  good(village.ask("bob-3", "request.accept", {{"conversation", kAlice}}));
  EXPECT_TRUE(village.until([&] { return gaps("bob-1", kAlice) == 1; }, kMinuteMs)) << trouble("bob-1");
}

TEST_F(LetInUnasked, WhoIsBlockedIsAnsweredWhenTheyAreNoMore) {
  say("alice-1", kBob, "one");
  ASSERT_TRUE(village.until([&] { return has_text("bob-1", kAlice, "one"); }));
  say("bob-1", kAlice, "two");
  good(village.ask("bob-1", "contact.block", {{"name", kAlice}}));
  lose_row("alice-1", tables::kGroups, channel("alice-1"));
  village.pass_all(kHourMs);
  EXPECT_GE(village.server.post.rejoins, 1u);
  EXPECT_EQ(gaps("alice-1", kBob), 0u);
  good(village.ask("bob-1", "contact.unblock", {{"name", kAlice}}));
  EXPECT_TRUE(village.until([&] { return gaps("alice-1", kBob) == 1; }, kMinuteMs)) << trouble("alice-1");
}

TEST_F(LetInUnasked, AGroupOfStrangersInWhichAContactAnswersIsARequest) {
  good(village.register_person("carol-1", kCarol));
  say("bob-1", kCarol, "we know each other");
  ASSERT_TRUE(village.until([&] { return has_text("carol-1", kBob, "we know each other"); }));
  good(village.ask("carol-1", "request.accept", {{"conversation", kBob}}));
  village.set_online("carol-1", false);
  auto& store = village.device("carol-1").store();
  for (const Row& row : store.scan(tables::kKeyPackages, {}, {}, 1000)) {
    ASSERT_TRUE(store.apply({{tables::kKeyPackages, row.key, std::nullopt}}));
  }
  good(village.ask("alice-1", "group.create", {{"title", "board"}, {"names", {"bob", "carol"}}}));
  say("alice-1", "board", "we begin");
  ASSERT_TRUE(village.until([&] { return has_text("bob-1", "board", "we begin"); }));
  good(village.ask("bob-1", "request.accept", {{"conversation", "board"}}));
  village.set_online("alice-1", false);
  village.set_online("carol-1", true);
  ASSERT_TRUE(village.until([&] { return gaps("carol-1", "board") == 1; }, kHourMs));
  const json requests = good(village.ask("carol-1", "request.list"))["requests"];
  ASSERT_EQ(requests.size(), 1u);
  EXPECT_NE(requests[0].dump().find("alice"), std::string::npos);
}

}  // namespace
}  // namespace cairn::client
