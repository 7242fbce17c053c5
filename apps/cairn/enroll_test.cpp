#include "apps/cairn/enroll.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdio>

namespace cairn::apps {
namespace {

using nlohmann::json;

/// A mind that notes what it is asked, and needs a recovery key.
class Mind final : public Speaker {
 public:
  Reply ask(const std::string& method, json params, const std::function<void(const json&)>&) override {
    asked.emplace_back(method, params);
    if (method == "recovery.new") return {Exit::done, {{"recovery_key", "ABCDE-12345"}}, {}};
    if (refuses) return {Exit::refused, nullptr, "No such policy."};
    if (is_stopped && params.contains("recovery_key")) return {Exit::refused, nullptr, "Stopped."};
    if (params.contains("recovery_key") || goes_on) return {Exit::done, {{"name", params["name"]}}, {}};
    return {Exit::refused, {{"recovery_key_needed", true}}, "A recovery key is needed."};
  }
  void listen(const std::function<void(const json&)>&) override {}

  bool goes_on = false;
  bool refuses = false;
  bool is_stopped = false;  ///< while it waits for the directory
  std::vector<std::pair<std::string, json>> asked;
};

std::string shown_by(Mind& mind, Reply& reply, Shown how) {
  ::testing::internal::CaptureStdout();
  reply = begin_name(mind, "register", {{"name", "a@b.c"}}, how);
  return ::testing::internal::GetCapturedStdout();
}

TEST(Enroll, ShowsTheKeyThatItBeginsWith) {
  Mind mind;
  Reply reply;
  const std::string text = shown_by(mind, reply, Shown::as_text);
  EXPECT_EQ(reply.exit, Exit::done);
  EXPECT_EQ(text, "The recovery key of a@b.c, shown this once; write it down: ABCDE-12345\n");
  ASSERT_EQ(mind.asked.size(), 3u);
  EXPECT_FALSE(mind.asked[0].second.contains("recovery_key"));
  EXPECT_EQ(mind.asked[2].second["recovery_key"], "ABCDE-12345");
  EXPECT_FALSE(reply.result.contains("recovery_key"));
}

TEST(Enroll, LeavesOneObjectToWhoReadsJson) {
  Mind mind;
  Reply reply;
  ::testing::internal::CaptureStderr();
  EXPECT_EQ(shown_by(mind, reply, Shown::as_json), "");
  EXPECT_EQ(::testing::internal::GetCapturedStderr(),
            "The recovery key of a@b.c, shown this once; write it down: ABCDE-12345\n");
  EXPECT_EQ(reply.result, (json{{"name", "a@b.c"}, {"recovery_key", "ABCDE-12345"}}));
}

TEST(Enroll, ShowsNoKeyOfWhatGoesOnOrIsRefused) {
  Reply reply;
  Mind goes_on;
  goes_on.goes_on = true;
  EXPECT_EQ(shown_by(goes_on, reply, Shown::as_text), "");
  EXPECT_EQ(reply.exit, Exit::done);
  Mind refuses;
  refuses.refuses = true;
  EXPECT_EQ(shown_by(refuses, reply, Shown::as_text), "");
  EXPECT_EQ(reply.sentence, "No such policy.");
  EXPECT_EQ(refuses.asked.size(), 1u);
}

TEST(Enroll, SaysThatItGoesOnWhenItWasStopped) {
  Mind mind;
  mind.is_stopped = true;
  Reply reply;
  EXPECT_NE(shown_by(mind, reply, Shown::as_text).find("ABCDE-12345"), std::string::npos);
  EXPECT_EQ(reply.exit, Exit::refused);
  EXPECT_TRUE(reply.sentence.starts_with("Stopped. What was begun goes on")) << reply.sentence;
}

/// /dev/full takes nothing.
TEST(Enroll, BeginsNothingWithAKeyThatCouldNotBeShown) {
  const int before = ::dup(STDOUT_FILENO);
  std::fflush(stdout);
  ASSERT_NE(std::freopen("/dev/full", "w", stdout), nullptr);
  Mind mind;
  const Reply reply = begin_name(mind, "register", {{"name", "a@b.c"}}, Shown::as_text);
  std::clearerr(stdout);
  ::dup2(before, STDOUT_FILENO);
  ::close(before);
  EXPECT_EQ(reply.exit, Exit::refused);
  EXPECT_NE(reply.sentence.find("could not be shown"), std::string::npos);
  for (const auto& [method, params] : mind.asked) EXPECT_FALSE(params.contains("recovery_key")) << method;
}

TEST(Enroll, LooksAtTheCodeOfADeviceBeforeItAsksForWords) {
  json params = {{"code", "aaaa"}};
  ::testing::internal::CaptureStderr();
  const Reply reply = confirm_approval(params, false);
  EXPECT_EQ(::testing::internal::GetCapturedStderr(), "");
  EXPECT_EQ(reply.exit, Exit::refused);
  EXPECT_NE(reply.sentence.find("no code of a device"), std::string::npos);
  EXPECT_FALSE(params.contains("confirm"));
}

}  // namespace
}  // namespace cairn::apps
