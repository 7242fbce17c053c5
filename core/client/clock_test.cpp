// Clocks that are wrong, and cosigners that sleep: what is refused, what goes on, and what a person is told.
#include <gtest/gtest.h>

#include "tests/support/client_village.h"
#include "tests/support/example_names.h"

namespace cairn::client {
namespace {

using nlohmann::json;
using testing::kAlice;
using testing::kBob;
using testing::kCarol;

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
  /// All clocks at once: nothing is told of it.
  void leap(std::uint64_t ms) {
    village.now = after(village.now, ms);
    village.server.set_time(village.now);
  }
  bool bob_has(const std::string& text) {
    const json read = village.ask("bob-1", "read", {{"conversation", kAlice}});
    return read.dump().find("\"" + text + "\"") != std::string::npos;
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

// ---- a computer that slept: hours pass at once ----

TEST_F(Clock, ThatWentOnByHoursInASleepLetsTheNextMessageGoAtOnce) {
  for (const std::uint64_t hours : {1U, 12U, 13U, 23U}) {
    for (const bool fresh : {false, true}) {
      leap(hours * kHourMs);
      const Time before = village.now;
      const json answer = send("alice-1", kBob, std::to_string(hours), fresh);
      EXPECT_TRUE(answer.contains("result")) << hours << " hours: " << answer;
      EXPECT_LT(elapsed_ms(village.now, before), kSecondMs) << hours << " hours";
    }
  }
}

TEST_F(Clock, ThatIsSetBackALittleDuringALookUpCausesNoOther) {
  const std::size_t before = lookups();
  village.server.overhear = [&](const proto::Call&) { village.device("alice-1").ahead_ms = -30'000; };
  EXPECT_TRUE(send("alice-1", kBob, "second", true).contains("result"));
  EXPECT_EQ(lookups() - before, 2u);  // of both names
}

TEST_F(Clock, ThatWentOnByHoursWhileTheServerWasDownHoldsUpNoRetry) {
  village.server.down = true;
  village.set_online("alice-1", false);
  const auto id = village.begin("alice-1", "send", {{"to", kBob}, {"text", "into the void"}, {"wait_ms", 600'000}});
  village.pass_all(9 * kMinuteMs);  // pauses are a minute long by now
  leap(23 * kHourMs);
  village.server.down = false;
  village.set_online("alice-1", true);
  village.pass(1);
  EXPECT_FALSE(village.answer("alice-1", id).is_null());
  EXPECT_TRUE(village.until([&] { return bob_has("into the void"); }, kSecondMs));
}

TEST_F(Clock, IsRightAndTheLoginIsRenewedWhileAMessageIsWritten) {
  village.pass_all(proto::kTokenLifeMs - 10 * kMinuteMs - 2 * kSecondMs);
  for (int i = 0; i < 4; ++i) {
    leap(kSecondMs);
    EXPECT_TRUE(send("alice-1", kBob, std::to_string(i)).contains("result")) << i;
  }
}

/// Whose clock is set first; the other one's is when the next call is made.
enum class First { both, device, server };

/// Two people whose clocks go on by a day when alice's `at`-th call from now on arrives, and her answer is under way.
class Leap {
 public:
  Leap(First first, std::size_t at) : first_(first), at_(at) {
    EXPECT_TRUE(village.register_person("alice-1", kAlice).contains("result"));
    EXPECT_TRUE(village.register_person("bob-1", kBob).contains("result"));
    EXPECT_TRUE(village.ask("alice-1", "send", {{"to", kBob}, {"text", "first"}}).contains("result"));
    village.server.cosigners_sleep = true;
    village.server.overhear = [this](const proto::Call&) {
      if (calls_ == at_) begin();
      if (calls_ == at_ + 1) end();
      ++calls_;
    };
  }
  void begin() {
    if (over_ || first_ == First::both) return end();
    if (first_ == First::device) village.device("alice-1").ahead_ms = kLeapMs;
    if (first_ == First::server) village.server.set_time(after(village.now, kLeapMs));
  }
  void end() {
    if (std::exchange(over_, true)) return;
    village.device("alice-1").ahead_ms = 0;
    village.now = after(village.now, kLeapMs);
    village.server.set_time(village.now);
  }
  bool bob_has(const std::string& text) {
    const json read = village.ask("bob-1", "read", {{"conversation", kAlice}});
    return read.dump().find("\"" + text + "\"") != std::string::npos;
  }

  testing::ClientVillage village;

 private:
  static constexpr std::uint64_t kLeapMs = 23 * kHourMs;
  First first_;
  std::size_t at_;
  std::size_t calls_ = 0;
  bool over_ = false;
};

// Whoever is asked at that moment, and whichever clock goes first: what was kept is sent, and the next message goes as
// if nothing had been.
TEST(Clocks, MayGoOnByADayInTheMidstOfAMessage) {
  for (const First first : {First::both, First::device, First::server}) {
    for (const bool fresh : {false, true}) {
      for (std::size_t at = 0; at < 6; ++at) {
        const std::string which =
            std::to_string(static_cast<int>(first)) + (fresh ? " fresh" : " plain") + " at " + std::to_string(at);
        Leap leap(first, at);
        testing::ClientVillage& village = leap.village;
        const json params = {{"to", kBob}, {"text", "meanwhile"}, {"fresh", fresh}};
        const auto id = village.begin("alice-1", "send", params);
        village.settle();
        leap.end();
        const Time before = village.now;
        json answer;
        EXPECT_TRUE(village.until([&] { return !(answer = village.answer("alice-1", id)).is_null(); })) << which;
        const bool kept = answer.contains("result") || answer["error"]["data"].value("queued", false);
        EXPECT_TRUE(kept || fresh) << which << ": " << answer;
        EXPECT_TRUE(!kept || village.until([&] { return leap.bob_has("meanwhile"); }, 3 * kSecondMs)) << which;
        answer = village.ask("alice-1", "send", {{"to", kBob}, {"text", "afterwards"}});
        EXPECT_TRUE(answer.contains("result")) << which << ": " << answer;
        EXPECT_LT(elapsed_ms(village.now, before), 5 * kSecondMs) << which;
      }
    }
  }
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
    const std::string no = sentence(send("alice-1", kBob, "too late", fresh), fresh ? "not_authorised" : "unavailable");
    EXPECT_TRUE(contains(no, "condition 2: not fresh")) << no;
    EXPECT_TRUE(contains(no, "vouched for nothing there for 24 hours")) << no;
    EXPECT_EQ(contains(no, "The message is kept"), !fresh) << no;
  }
  const std::string of_bob = sentence(village.ask("alice-1", "contact.verify", {{"name", kBob}}), "not_authorised");
  EXPECT_EQ(of_bob,
            "The directory's answer about bob@example.org was refused (condition 2: not fresh): the auditors have "
            "vouched for nothing there for 24 hours, or the clock of this device is ahead, so nothing was sent to "
            "them; see that the clock is right, or wait until the auditors are back.");
  const std::string of_alice = sentence(village.ask("alice-1", "contact.verify", {{"name", kAlice}}), "not_authorised");
  EXPECT_EQ(of_alice,
            "The directory's answer about alice@example.org was refused (condition 2: not fresh): the auditors have "
            "vouched for nothing there for 24 hours, or the clock of this device is ahead, so it is not known which "
            "devices your own name has, and nothing was sent to anybody; see that the clock is right, or wait until "
            "the auditors are back.");
  village.server.cosigners_sleep = false;
  EXPECT_TRUE(village.until([&] { return send("alice-1", kBob, "awake", true).contains("result"); }, kMinuteMs));
}

// Nobody writes meanwhile: who was to be in a group comes in by itself.
TEST_F(Clock, WhoWasWantedWhileTheCosignersSleptComesInWhenTheyAreAwake) {
  village.server.down = true;
  village.server.cosigners_sleep = true;
  village.begin("alice-1", "group.create", {{"title", "walkers"}, {"names", {"bob"}}});
  village.pass_all(25 * kHourMs);
  village.server.down = false;  // and has nothing that is newer
  village.pass_all(kHourMs);
  const auto bob_is_in = [&] {
    const json all = village.ask("bob-1", "conversations")["result"]["conversations"];
    return std::any_of(all.begin(), all.end(), [](const json& one) { return one.value("title", "") == "walkers"; });
  };
  EXPECT_FALSE(bob_is_in());
  village.server.cosigners_sleep = false;
  EXPECT_TRUE(village.until(bob_is_in, kHourMs));
}

}  // namespace
}  // namespace cairn::client
