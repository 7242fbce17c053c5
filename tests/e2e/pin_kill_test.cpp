// Setting and changing a PIN, killed before a change of any file: whatever was half done, the old or the new one opens
// the backup on an empty machine, and typed again it comes to its end. Kills at every request:
// core/client/pin_copies_test.cpp.
#include "tests/e2e/kills.h"
#include "tests/e2e/pin_village.h"

namespace cairn::e2e {
namespace {

class KilledPins : public Kills<PinVillage> {
 protected:
  /// Whether this PIN brings the messages on an empty machine.
  bool opens(const std::string& pin) {
    const std::string device = "empty-" + std::to_string(++empty_);
    const demo::Said back = recover_by_pin(device, pin);
    if (!back.good()) {
      EXPECT_TRUE(says(back, "not the PIN") || says(back, "hold no PIN")) << back.error;
      return false;
    }
    EXPECT_EQ(texts(device, kOld), std::vector<std::string>{kSaid}) << pin;
    return true;
  }
  /// The domain gives few guesses without a login, and counts them in memory.
  void allow_guesses() {
    village().stop_server(SIGTERM);
    village().start_server();
  }

 private:
  int empty_ = 0;
};

/// One after the other, so that what one leaves is there in the next.
TEST_F(KilledPins, AChangeAtAnyChangeOfAFile) {
  trouble("alice-1");
  two_people_who_talked();
  start_realms();
  set_pin_and_back_up();
  village().stop_daemon("alice-1");
  std::string right = kPin;
  const std::size_t kills = at_more_and_more([&](std::size_t n) {
    const std::string next = "battery number " + std::to_string(n);
    const bool was = killed("alice-1", n, {"pin", "change"}, next + "\n");
    allow_guesses();
    if (opens(next)) {
      right = next;
    } else {
      EXPECT_TRUE(was) << "it was changed";
      EXPECT_TRUE(opens(right)) << right;
    }
    return was;
  });
  EXPECT_GE(kills, 10u);
  must(say("alice-1", {"pin", "change"}, "the last battery\n"));
  must(say("alice-1", {"backup", "create"}));
  must(say("alice-1", {"pin", "check"}, "the last battery\n"));
  allow_guesses();
  EXPECT_FALSE(opens(right));
  EXPECT_TRUE(opens("the last battery"));
}

TEST_F(KilledPins, TheFirstOneAtAnyChangeOfAFile) {
  trouble("alice-1");
  two_people_who_talked();
  start_realms();
  must(say("alice-1", {"backup", "create", "--realms", realms_file(), "--recovery-key"}, key_ + "\n"));
  village().stop_daemon("alice-1");
  const std::size_t kills = at_more_and_more([&](std::size_t n) {
    if (say("alice-1", {"pin", "status"}).json["set"] == true) return false;
    const bool was = killed("alice-1", n, {"pin", "set"}, kPin + "\n");
    must(say("alice-1", {"backup", "verify"}));
    return was;
  });
  EXPECT_GE(kills, 5u);
  EXPECT_TRUE(opens(kPin));
  must(say("alice-1", {"pin", "change"}, "another battery\n"));
  EXPECT_TRUE(opens("another battery"));
}

}  // namespace
}  // namespace cairn::e2e
