// Clocks that are wrong, and cosigners that sleep: what is refused, what goes on, and what a person is told.
#include <gtest/gtest.h>

#include "tests/support/client_village.h"

namespace cairn::client {
namespace {

using nlohmann::json;

const std::string kAlice = "alice@example.org";
const std::string kBob = "bob@example.org";
const std::string kCarol = "carol@example.org";
constexpr auto kHour = static_cast<std::int64_t>(kHourMs);

class Clock : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(village.register_person("alice-1", kAlice).contains("result"));
    ASSERT_TRUE(village.register_person("bob-1", kBob).contains("result"));
    ASSERT_TRUE(village.register_person("carol-1", kCarol).contains("result"));
    ASSERT_TRUE(send("alice-1", kBob, "first").contains("result"));
  }

  json send(const std::string& device, const std::string& to, const std::string& text, bool fresh = false) {
    return village.ask(device, "send", {{"to", to}, {"text", text}, {"fresh", fresh}});
  }
  /// The error's sentence when it has this code, else everything.
  static std::string sentence(const json& answer, const std::string& code) {
    const bool expected = answer.contains("error") && answer["error"]["data"]["code"] == code;
    return expected ? answer["error"]["message"].get<std::string>() : "unexpected: " + answer.dump();
  }
  static bool contains(const std::string& text, const std::string& words) {
    return text.find(words) != std::string::npos;
  }
  std::size_t lookups() const {
    return static_cast<std::size_t>(
        std::count(village.server.paths.begin(), village.server.paths.end(), std::string(proto::kPathLookup)));
  }

  testing::ClientVillage village;
};

TEST_F(Clock, AnHourAheadWritesToKnownContactsAndSaysWhyNotToNewOnes) {
  village.device("alice-1").ahead_ms = kHour;
  EXPECT_TRUE(send("alice-1", kBob, "second", true).contains("result"));
  const std::size_t before = lookups();
  const std::string refused = sentence(send("alice-1", kCarol, "hello"), "unavailable");
  EXPECT_TRUE(contains(refused, "is 60 minutes old by the clock of this device")) << refused;
  EXPECT_TRUE(contains(refused, "The message is kept")) << refused;
  EXPECT_LT(lookups() - before, 10u);  // it does not ask again and again meanwhile
  village.device("alice-1").ahead_ms = 0;
  village.device("alice-1").restart();  // as the loop does when a clock is set back
  EXPECT_TRUE(village.until(
      [&] {
        return !village.ask("carol-1", "read", {{"conversation", kAlice}}).contains("error");
      },
      10 * kMinuteMs));
}

TEST_F(Clock, AnHourBehindBelievesTheCosignersItHasSeen) {
  village.device("alice-1").ahead_ms = -kHour;
  EXPECT_TRUE(send("alice-1", kBob, "second", true).contains("result"));
  EXPECT_TRUE(send("alice-1", kCarol, "hello").contains("result"));
}

TEST_F(Clock, AnHourBehindAfterAnHourAwayRefusesAndNamesTheClock) {
  village.set_online("alice-1", false);
  village.pass_all(kHourMs);
  village.device("alice-1").ahead_ms = -kHour;
  village.set_online("alice-1", true);
  const std::string refused = sentence(send("alice-1", kBob, "second", true), "not_authorised");
  EXPECT_TRUE(contains(refused, "condition 2: cosigned ahead of this clock")) << refused;
  EXPECT_TRUE(contains(refused, "The clock of this device is behind: set it right")) << refused;
  village.device("alice-1").ahead_ms = 0;
  EXPECT_TRUE(send("alice-1", kBob, "second", true).contains("result"));
}

TEST_F(Clock, OfANewDeviceThatIsBehindIsNamed) {
  village.device("dave-1").ahead_ms = -kHour;
  const json answer = village.register_person("dave-1", "dave@example.org");
  EXPECT_TRUE(contains(sentence(answer, "unavailable"), "The clock of this device is behind")) << answer;
  village.device("dave-1").ahead_ms = 0;
  EXPECT_TRUE(
      village.until([&] { return village.ask("dave-1", "status")["result"]["state"] == "active"; }, 10 * kMinuteMs));
}

TEST_F(Clock, SleepingCosignersStopNewContactsAfterMinutesAndKnownOnesAfterADay) {
  village.server.cosigners_sleep = true;
  village.pass_all(20 * kMinuteMs);
  EXPECT_TRUE(send("alice-1", kBob, "known", true).contains("result"));
  const std::string late = sentence(send("alice-1", kCarol, "hello"), "unavailable");
  EXPECT_TRUE(contains(late, "or wait until the auditors are back")) << late;
  village.pass_all(23 * kHourMs);
  EXPECT_TRUE(send("alice-1", kBob, "still known", true).contains("result"));
  village.pass_all(kHourMs);
  for (const bool fresh : {false, true}) {
    const std::string refused = sentence(send("alice-1", kBob, "too late", fresh), "not_authorised");
    EXPECT_TRUE(contains(refused, "condition 2: not fresh")) << refused;
    EXPECT_TRUE(contains(refused, "vouched for nothing there for 24 hours")) << refused;
  }
  village.server.cosigners_sleep = false;
  EXPECT_TRUE(village.until([&] { return send("alice-1", kBob, "awake", true).contains("result"); }, kMinuteMs));
}

}  // namespace
}  // namespace cairn::client
