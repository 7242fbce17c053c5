// Resets with the real programs: asked for, warned of, vetoed. One that is completed, by days of the auditors' own
// clocks, is in pin_reset_test.cpp.
#include <csignal>

#include "tests/e2e/village_fixture.h"

namespace cairn::e2e {
namespace {

using std::chrono::seconds;

class ResetTest : public VillageTest {
 protected:
  demo::Said begin(const std::string& device, const std::string& verb, const std::vector<std::string>& more = {}) {
    std::vector<std::string> words = {verb,       "alice@localhost",      "--server", village().url(),
                                      "--policy", village().policy_file()};
    words.insert(words.end(), more.begin(), more.end());
    return village().cairn(device, words, seconds(60));
  }
  nlohmann::json status(const std::string& device) { return village().cairn(device, {"status"}).json; }
  /// Alice, whose name can be reset, at home; and somebody who asks for it.
  demo::Said alice_and_a_thief() {
    must(begin("alice-1", "register", {"--reset-delay", "3"}));
    village().start_daemon("alice-1");
    demo::Said asked = begin("thief-1", "reset");
    must(asked);
    EXPECT_TRUE(eventually([&] { return status("alice-1")["alarms"].size() == 1; }));
    return asked;
  }
};

TEST_F(ResetTest, IsVetoedByItsOwnerWithinSecondsOfTheRequest) {
  const demo::Said asked = alice_and_a_thief();
  EXPECT_EQ(status("alice-1")["alarms"][0]["device"], asked.json["device"]);
  const demo::Said vetoed = village().cairn("alice-1", {"veto"}, seconds(60));
  must(vetoed);
  EXPECT_EQ(vetoed.json["vetoed"], true) << vetoed.json;
  EXPECT_TRUE(status("alice-1")["alarms"].empty());
  EXPECT_TRUE(eventually([&] { return status("thief-1")["state"] == "none"; }));
  EXPECT_NE(status("thief-1")["trouble"].get<std::string>().find("vetoed"), std::string::npos);
  EXPECT_EQ(begin("thief-2", "reset").exit_code, 1);  // not before the delay of that one is over
}

TEST_F(ResetTest, IsNotPossibleWhereTheOperatorSaysSo) {
  village("cairnd", {"--no-resets"});
  const demo::Said refused = begin("alice-1", "register", {"--reset-delay", "3"});
  EXPECT_EQ(refused.exit_code, 1);
  EXPECT_NE(refused.error.find("takes no resets"), std::string::npos) << refused.error;
  must(begin("alice-1", "register"));
}

TEST_F(ResetTest, IsVetoedAtTheAuditorsWhenTheServerIsGone) {
  alice_and_a_thief();
  village().stop_server(SIGKILL);
  const demo::Said vetoed = village().cairn("alice-1", {"veto"}, seconds(60));
  must(vetoed);
  EXPECT_EQ(vetoed.json["vetoed"], false);
  EXPECT_EQ(vetoed.json["auditors_have"], 2) << vetoed.json;
  EXPECT_EQ(vetoed.json["auditors_enough"], 1);
  village().start_server();
  EXPECT_TRUE(eventually([&] { return !status("alice-1").contains("veto"); }, seconds(90))) << status("alice-1");
  EXPECT_TRUE(status("alice-1")["alarms"].empty());
}

}  // namespace
}  // namespace cairn::e2e
