// What a server says with Retry-After is heeded, and not for ever (docs/spec/client.md s.3).
#include <gtest/gtest.h>

#include "tests/support/client_village.h"
#include "tests/support/example_names.h"

namespace cairn::client {
namespace {

using nlohmann::json;
using testing::kAlice;
using testing::kBob;
using testing::Params;

class Patience : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(village.register_person("alice-1", kAlice).contains("result"));
    ASSERT_TRUE(village.register_person("bob-1", kBob).contains("result"));
    good("alice-1", "send", {{"to", kBob}, {"text", "hello"}});
    village.pass_all(10 * kSecondMs);
    good("bob-1", "send", {{"to", kAlice}, {"text", "hello"}});
    village.pass_all(10 * kSecondMs);
  }
  json good(const std::string& device, const std::string& method, const Params& params = {}) {
    const json answer = village.ask(device, method, params);
    EXPECT_TRUE(answer.contains("result")) << method << " " << answer;
    return answer.value("result", json::object());
  }
  /// From now on the server says so to each call of this path, until takes_all().
  void refuse(std::string_view path, int status, std::optional<std::uint32_t> retry_after_s) {
    asked = 0;
    village.server.elsewhere = [this, path, status,
                                retry_after_s](const proto::Call& call) -> std::optional<Result<proto::CallReply>> {
      if (!call.url.ends_with(path)) return std::nullopt;
      ++asked;
      const ErrorCode code = status == 413 ? ErrorCode::over_limit : ErrorCode::rate_limited;
      return Result<proto::CallReply>(
          proto::CallReply{status, wire::encode(proto::ErrorAnswer{code, "Not so fast."}), retry_after_s});
    };
  }
  void takes_all() { village.server.elsewhere = nullptr; }
  std::string delivery(const std::string& text) {
    const json all = good("alice-1", "read", {{"conversation", kBob}});
    for (const json& one : all["messages"]) {
      if (one["text"] == text) return one["delivery"];
    }
    return "none";
  }
  void begin_saying(const std::string& text) {
    village.begin("alice-1", "send", {{"to", kBob}, {"text", text}});
    village.settle();
  }

  testing::ClientVillage village;
  std::size_t asked = 0;
};

TEST_F(Patience, AConversationWaitsAsLongAsItsServerSays) {
  refuse(proto::kPathChannelSend, 429, 90);
  begin_saying("one");
  EXPECT_EQ(asked, 1u);
  village.pass_all(30 * kSecondMs);
  begin_saying("two");
  village.pass_all(58 * kSecondMs);
  EXPECT_EQ(asked, 1u) << "neither a timer nor another message asks before";
  EXPECT_EQ(delivery("one"), "waiting");
  takes_all();
  village.pass_all(4 * kSecondMs);
  EXPECT_EQ(delivery("one"), "sent");
  EXPECT_EQ(delivery("two"), "sent");
}

TEST_F(Patience, AServerIsAskedAgainAfterAnHourWhateverItSays) {
  refuse(proto::kPathChannelSend, 503, 4'000'000'000);
  begin_saying("one");
  village.pass_all(59 * kMinuteMs);
  EXPECT_EQ(asked, 1u);
  village.pass_all(2 * kMinuteMs);
  EXPECT_EQ(asked, 2u);
  takes_all();
  village.pass_all(61 * kMinuteMs);
  EXPECT_EQ(delivery("one"), "sent");
}

TEST_F(Patience, NothingOfItIsLeftWhenTheProcessBeginsAnew) {
  refuse(proto::kPathChannelSend, 429, 3'600);
  begin_saying("one");
  village.pass_all(kMinuteMs);
  takes_all();
  village.device("alice-1").restart();
  village.pass_all(10 * kSecondMs);
  EXPECT_EQ(delivery("one"), "sent");
}

TEST_F(Patience, TheOwnPauseCountsWhereItIsLonger) {
  refuse(proto::kPathChannelSend, 429, 1);
  begin_saying("one");
  village.pass_all(10 * kMinuteMs);
  EXPECT_GE(asked, 8u);
  EXPECT_LE(asked, 24u) << "as without the header: after twice as long each time, up to a minute";
}

TEST_F(Patience, WhatIsFullIsTriedAsEver) {
  refuse(proto::kPathChannelSend, 413, 3'600);
  begin_saying("one");
  village.pass_all(3 * kMinuteMs);
  EXPECT_GE(asked, 3u);
}

TEST_F(Patience, LookUpsAtADomainWaitWhoeverWantsThem) {
  ASSERT_TRUE(village.register_person("carol-1", "carol@example.org").contains("result"));
  refuse(proto::kPathLookup, 429, 600);
  EXPECT_EQ(village.ask("alice-1", "contact.verify", {{"name", kBob}})["error"]["data"]["code"], "unavailable");
  const std::size_t first = asked;
  EXPECT_GE(first, 1u);
  const json other = village.ask("alice-1", "contact.verify", {{"name", "carol@example.org"}});
  EXPECT_EQ(other["error"]["data"]["code"], "unavailable");
  EXPECT_NE(other["error"]["message"].get<std::string>().find("asks for patience"), std::string::npos) << other;
  village.pass_all(5 * kMinuteMs);
  village.ask("alice-1", "contact.verify", {{"name", kBob}});
  EXPECT_LE(asked, first + 2) << "other devices ask once for themselves";
  takes_all();
  village.pass_all(10 * kMinuteMs);
  good("alice-1", "contact.verify", {{"name", kBob}});
  good("alice-1", "contact.verify", {{"name", "carol@example.org"}});
}

TEST_F(Patience, LoggingInWaits) {
  village.set_online("bob-1", false);
  refuse(proto::kPathNonce, 503, 300);
  village.server.post.forget_tokens();
  village.set_online("alice-1", false);
  village.set_online("alice-1", true);
  village.until([&] { return asked > 0; }, kMinuteMs);
  EXPECT_EQ(asked, 1u);
  village.pass_all(4 * kMinuteMs);
  EXPECT_EQ(asked, 1u);
  takes_all();
  EXPECT_TRUE(village.until([&] { return good("alice-1", "status")["connected"] == true; }, 2 * kMinuteMs));
}

TEST_F(Patience, WhoIsTakenOutOfAGroupIsTakenOutAtOnce) {
  ASSERT_TRUE(village.register_person("carol-1", "carol@example.org").contains("result"));
  good("alice-1", "group.create", {{"title", "walkers"}, {"names", {"bob", "carol"}}});
  good("alice-1", "send", {{"to", "walkers"}, {"text", "we begin"}});
  village.pass_all(10 * kSecondMs);
  refuse(proto::kPathChannelSend, 429, 3'600);
  village.begin("alice-1", "send", {{"to", "walkers"}, {"text", "not yet"}});
  village.pass_all(kMinuteMs);
  EXPECT_EQ(asked, 1u);
  takes_all();
  good("alice-1", "group.remove", {{"conversation", "walkers"}, {"name", "carol"}});
}

}  // namespace
}  // namespace cairn::client
