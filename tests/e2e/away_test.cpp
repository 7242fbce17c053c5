// A device that lies in a drawer for more than a month, with real programs: two people with two devices each, who have
// never written to each other. The clocks of all programs go together.
#include <csignal>

#include "tests/e2e/features_village.h"

namespace cairn::e2e {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr hours kInTheDrawer{33 * 24};

class ClocksOfAwayDevices : public FeaturesTest {
 protected:
  void SetUp() override {
    FeaturesTest::SetUp();
    for (const char* who : {"cairnd", "cosigner0", "cosigner1", "cosigner2", "cosigner3"}) trouble(who);
    for (const char* device : kFourDevices) trouble(device);
  }
  void at(hours later) {
    for (const std::string& who : troubled_) set_clock(who, later);
  }
};

TEST_F(ClocksOfAwayDevices, InADrawerKeepNobodyFromWritingToTheirOwnerAndShowTheGapWhenTheyAreBack) {
  two_people_with_two_devices();
  for (const char* device : kFourDevices) village().stop_daemon(device);
  village().stop_server(SIGTERM);
  at(kInTheDrawer);
  village().start_server();
  for (const char* device : {"alice-1", "alice-2", "bob-1"}) village().start_daemon(device);
  // bob's other device makes its key packages anew meanwhile.
  run("alice-1", {"send", "bob@localhost", "hello", "--wait", "150"}, minutes(3));
  EXPECT_TRUE(eventually([&] { return has_text("bob-1", "alice@localhost", "alice@localhost: hello"); }, minutes(1)));

  village().start_daemon("bob-2");
  bool is_in = false;
  for (int i = 1; i <= 8 && !is_in; ++i) {
    at(kInTheDrawer + hours(2 * i));  // it is asked for again each hour
    for (const char* device : {"alice-1", "bob-1"}) village().cairn(device, {"status"});
    is_in =
        eventually([&] { return has_notice("bob-2", "alice@localhost", "Messages may be missing here"); }, seconds(20));
  }
  EXPECT_TRUE(is_in);
  EXPECT_FALSE(has_text("bob-2", "alice@localhost", "alice@localhost: hello"));
  run("alice-1", {"send", "bob@localhost", "and you again", "--wait", "150"}, minutes(3));
  EXPECT_TRUE(
      eventually([&] { return has_text("bob-2", "alice@localhost", "alice@localhost: and you again"); }, minutes(1)));
}

}  // namespace
}  // namespace cairn::e2e
