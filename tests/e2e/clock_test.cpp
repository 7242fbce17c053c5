// Clocks that are an hour off, and auditors that are dead for a day: what goes on, and what a person is told.
#include <csignal>

#include "tests/e2e/village_fixture.h"

namespace cairn::e2e {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

class Clocks : public VillageTest {
 protected:
  demo::Said enroll(const std::string& device, const std::string& name) {
    return village().cairn(device, {"register", name, "--server", village().url(), "--policy", village().policy_file()},
                           seconds(60));
  }
  demo::Said send(const std::string& from, const std::string& to, const std::string& text,
                  const std::vector<std::string>& more = {}, const std::string& wait_s = "5") {
    std::vector<std::string> words = {"send", to, text, "--wait", wait_s};
    words.insert(words.end(), more.begin(), more.end());
    return village().cairn(from, words);
  }
  static void expect_says(const demo::Said& said, int exit_code, const std::string& words) {
    EXPECT_EQ(said.exit_code, exit_code) << said.error;
    EXPECT_NE(said.error.find(words), std::string::npos) << said.error;
  }
  bool arrives(const std::string& device, const std::string& line, seconds most = seconds(20)) {
    return eventually([&] { return has_text(device, "alice@localhost", line); }, most);
  }
  void three_people() {
    must(village().register_person("alice-1", "alice@localhost"));
    must(village().register_person("bob-1", "bob@localhost"));
    must(village().register_person("carol-1", "carol@localhost"));
    must(send("alice-1", "bob@localhost", "first"));
  }
};

TEST_F(Clocks, ADeviceAnHourAheadWritesToKnownContactsAndSaysWhyNotToNewOnes) {
  trouble("alice-1");
  three_people();
  set_clock("alice-1", hours(1));
  must(send("alice-1", "bob@localhost", "an hour early", {"--fresh"}));
  EXPECT_TRUE(arrives("bob-1", "alice@localhost: an hour early"));
  must(village().cairn("bob-1", {"send", "alice@localhost", "and back"}));
  EXPECT_TRUE(eventually([&] { return has_text("alice-1", "bob@localhost", "bob@localhost: and back"); }));
  expect_says(send("alice-1", "carol@localhost", "hello carol"), 3, "minutes old by the clock of this device");
  set_clock("alice-1", seconds(0));
  EXPECT_TRUE(arrives("carol-1", "alice@localhost: hello carol", seconds(120)));
}

TEST_F(Clocks, ANewDeviceThatIsAheadCanBeWrittenToAndSaysWhyItDoesNotAnswer) {
  trouble("alice-1");
  trouble("bob-1");
  set_clock("bob-1", hours(1));
  must(village().register_person("alice-1", "alice@localhost"));
  must(village().register_person("bob-1", "bob@localhost"));
  must(send("alice-1", "bob@localhost", "first"));
  EXPECT_TRUE(arrives("bob-1", "alice@localhost: first"));
  expect_says(send("bob-1", "alice@localhost", "back"), 3, "minutes old by the clock of this device");
}

TEST_F(Clocks, ADeviceAnHourBehindBelievesTheCosignersItHasSeen) {
  trouble("alice-1");
  three_people();
  set_clock("alice-1", -hours(1));
  must(send("alice-1", "bob@localhost", "an hour late", {"--fresh"}));
  EXPECT_TRUE(arrives("bob-1", "alice@localhost: an hour late"));
  must(send("alice-1", "carol@localhost", "hello carol"));
  EXPECT_TRUE(arrives("carol-1", "alice@localhost: hello carol"));
}

TEST_F(Clocks, ANewDeviceAnHourBehindIsToldSoAndGoesOnWhenItsClockIsRight) {
  trouble("dave-1");
  set_clock("dave-1", -hours(1));
  expect_says(enroll("dave-1", "dave@localhost"), 3, "The clock of this device is behind: set it right");
  set_clock("dave-1", seconds(0));
  village().start_daemon("dave-1");
  EXPECT_EQ(village().cairn("dave-1", {"status"}).json["state"], "active");
}

// Auditors do not cosign records whose time is far from theirs: nothing new is vouched for, and what is known goes on.
TEST_F(Clocks, AServerAnHourOffServesKnownContactsAndRegistersNobody) {
  trouble("cairnd");
  three_people();
  int round = 0;
  for (const seconds ahead : {seconds(hours(1)), seconds(-hours(1))}) {
    const std::string number = std::to_string(++round);
    set_clock("cairnd", ahead);
    must(send("alice-1", "bob@localhost", "round " + number, {"--fresh"}, "30"));
    EXPECT_TRUE(arrives("bob-1", "alice@localhost: round " + number));
    expect_says(enroll("dave-" + number, "dave" + number + "@localhost"), 3, "Registering goes on");
    EXPECT_TRUE(village().server().running());
  }
  const std::string log = village().server().output();  // for its operator
  EXPECT_NE(log.find("see that this machine's clock is right"), std::string::npos) << log;
}

// The clocks of all programs go together here: it is a day that passes, not one wrong clock.
TEST_F(Clocks, WithBothAuditorsDeadKnownContactsCanBeWrittenToForADay) {
  const std::vector<std::string> all = {"cairnd", "cosigner0", "cosigner1", "alice-1", "bob-1", "carol-1"};
  for (const std::string& who : all) trouble(who);
  three_people();
  auto& cosigners = village().cosigners();
  for (std::size_t i = 2; i < cosigners.size(); ++i) {
    cosigners[i].signal(SIGTERM);
    EXPECT_EQ(cosigners[i].wait(seconds(5)), 0);
  }
  const auto at = [&](seconds later) {
    for (const std::string& who : all) set_clock(who, later);
  };
  must(send("alice-1", "bob@localhost", "auditors dead", {"--fresh"}));
  // Whoever registers now is in no checkpoint that the quorum cosigned.
  expect_says(enroll("dave-1", "dave@localhost"), 3, "Registering goes on");
  at(minutes(20));
  must(send("alice-1", "bob@localhost", "after minutes", {"--fresh"}));
  expect_says(send("alice-1", "carol@localhost", "hello carol"), 3, "or wait until the auditors are back");
  at(hours(23));
  must(send("alice-1", "bob@localhost", "after 23 hours", {"--fresh"}));
  for (const char* text : {"auditors dead", "after minutes", "after 23 hours"}) {
    EXPECT_TRUE(arrives("bob-1", std::string("alice@localhost: ") + text)) << text;
  }
  at(hours(25));
  const std::string too_old =
      "the auditors have vouched for nothing there for 24 hours, or the clock of this device is ahead, so ";
  expect_says(send("alice-1", "bob@localhost", "now or never", {"--fresh"}), 1, too_old);
  expect_says(send("alice-1", "bob@localhost", "it can wait"), 3, too_old);
  const nlohmann::json waiting = village().cairn("alice-1", {"status"}).json["waiting"];
  EXPECT_NE(waiting["trouble"].get<std::string>().find(too_old), std::string::npos) << waiting;
  EXPECT_TRUE(village().server().running());
  // They come back, and everything goes on.
  for (std::size_t i = 2; i < cosigners.size(); ++i) {
    trouble("cosigner" + std::to_string(i));
    set_clock("cosigner" + std::to_string(i), hours(25));
    village().start_cosigner(i);
  }
  EXPECT_TRUE(
      eventually([&] { return send("alice-1", "bob@localhost", "alive again", {"--fresh"}).good(); }, seconds(150)));
  EXPECT_TRUE(arrives("bob-1", "alice@localhost: alive again"));
  EXPECT_TRUE(arrives("bob-1", "alice@localhost: it can wait"));
  EXPECT_FALSE(has_text("bob-1", "alice@localhost", "alice@localhost: now or never"));
}

}  // namespace
}  // namespace cairn::e2e
