// Mud puddle to its end, with real programs: nothing is left but name and PIN. The old messages come at once, the name
// when its delay is over and nobody has vetoed; one whose owner has vetoed never comes.
#include <csignal>

#include "tests/e2e/reset_village.h"

namespace cairn::e2e {
namespace {

using std::chrono::hours;
using std::chrono::seconds;

class NamesByPin : public ResetVillage {
 protected:
  /// carol, whose name can be reset, has said the same to bob, and has the same PIN.
  void carol_with_a_pin() {
    const demo::Said registered = village().cairn("carol-1",
                                                  {"register", "carol@localhost", "--server", village().url(),
                                                   "--policy", village().policy_file(), "--reset-delay", "3"},
                                                  seconds(90));
    must(registered);
    village().start_daemon("carol-1");
    must(say("carol-1", {"send", "bob@localhost", kSecret}));
    must(say("carol-1", {"pin", "set", "--realms", realms_file(), "--recovery-key"},
             registered.json["recovery_key"].get<std::string>() + "\n" + kPin + "\n"));
    must(say("carol-1", {"backup", "create"}));
  }
};

TEST_F(NamesByPin, ComeWhenTheDelayIsOverAndNotWhereTheirOwnerHasVetoed) {
  trouble_all({"alice-1", "alice-2", "bob-1", "carol-1", "carol-2"});
  two_people_who_talked("3");
  start_realms();
  set_pin_and_back_up();
  carol_with_a_pin();
  village().stop_daemon("alice-1");  // in the puddle
  for (const auto& [device, name] :
       {std::pair("alice-2", "alice@localhost"), std::pair("carol-2", "carol@localhost")}) {
    const demo::Said back = recover_by_pin(device, kPin, {}, name);
    must(back);
    ASSERT_TRUE(back.json.contains("reset")) << back.json;
    EXPECT_EQ(texts(device, kOld).size(), 1u) << device;  // the old messages are there at once
  }
  ASSERT_TRUE(eventually([&] { return say("carol-1", {"status"}).json["alarms"].size() == 1; }, seconds(60)));
  const demo::Said vetoed = say("carol-1", {"veto"});
  must(vetoed);
  EXPECT_EQ(vetoed.json["vetoed"], true) << vetoed.json;
  EXPECT_EQ(state("alice-2"), "resetting");

  // The delay passes. What runs meanwhile is what has to count it.
  village().stop_daemon("bob-1");
  village().stop_daemon("carol-1");
  village().stop_server(SIGTERM);
  wait_at_auditors(kDelay + hours(3));
  set_all_clocks();
  village().start_server();
  village().start_daemon("bob-1");
  village().start_daemon("carol-1");
  run_daemon("alice-2");
  run_daemon("carol-2");

  ASSERT_TRUE(eventually([&] { return state("alice-2") == "active"; }, seconds(300)))
      << say("alice-2", {"status"}).json;
  EXPECT_EQ(texts("alice-2", kOld), std::vector<std::string>{kSaid});
  // Somebody writes under the name who was nobody to bob before, and is read.
  must(say("alice-2", {"send", "bob@localhost", "it is me"}));
  EXPECT_TRUE(
      eventually([&] { return has_text("bob-1", "alice@localhost", "alice@localhost: it is me"); }, seconds(60)))
      << village().cairn("bob-1", {"read", "alice@localhost"}).json;
  must(say("bob-1", {"contact", "accept", "alice@localhost"}));
  must(say("bob-1", {"send", "alice@localhost", "so it is"}));
  EXPECT_TRUE(eventually([&] { return has_text("alice-2", "bob@localhost", "bob@localhost: so it is"); }, seconds(60)));

  // carol's name is where it was.
  EXPECT_TRUE(eventually([&] { return state("carol-2") == "none"; }, seconds(60))) << state("carol-2");
  EXPECT_EQ(state("carol-1"), "active");
  must(say("carol-1", {"send", "bob@localhost", "still me"}));
  EXPECT_TRUE(
      eventually([&] { return has_text("bob-1", "carol@localhost", "carol@localhost: still me"); }, seconds(60)));
}

}  // namespace
}  // namespace cairn::e2e
