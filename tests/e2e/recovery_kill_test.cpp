// A name and its messages that come back on an empty machine, whose program is killed before changes of files, each or
// a sample (kills.h): the same typed again comes to its end, and every message is there once. The same at each thing
// that is sent: core/client/recovery_test.cpp.
#include "tests/e2e/kills.h"
#include "tests/e2e/pin_village.h"

namespace cairn::e2e {
namespace {

class RecoveryKills : public Kills<PinVillage> {
 protected:
  std::vector<std::string> with(std::vector<std::string> words, const std::vector<std::string>& more) {
    words.insert(words.end(), {"--server", village().url(), "--policy", village().policy_file()});
    words.insert(words.end(), more.begin(), more.end());
    return words;
  }
  std::vector<std::string> by_key(const std::vector<std::string>& more = {}) {
    return with({"recover", "alice@localhost", "--remove-others"}, more);
  }
  std::vector<std::string> by_pin() {
    return with({"recover", "alice@localhost", "--pin", "--realms", realms_file()}, {});
  }
  /// A device with nothing on its disk.
  std::string empty_machine(std::size_t n) {
    const std::string device = "empty-" + std::to_string(n);
    trouble(device);
    return device;
  }
  /// Nobody but who comes back says anything.
  void stop_both() {
    village().stop_daemon("alice-1");
    village().stop_daemon("bob-1");
  }
  std::size_t active_devices(const std::string& device) {
    const demo::Said said = say(device, {"device", "list"});
    if (!said.good()) return 0;
    std::size_t out = 0;
    for (const nlohmann::json& one : said.json["devices"]) out += one["active"] == true ? 1 : 0;
    return out;
  }
  void recover_again(const std::string& device) {
    const demo::Said again = say(device, by_key(), key_ + "\n");
    if (again.good()) return;
    // The name was back; what had been signed goes out by itself, and its messages are asked for alone.
    EXPECT_TRUE(says(again, "has a name already")) << again.error;
    EXPECT_TRUE(says(again, "backup restore --recovery-key")) << again.error;
    must(say(device, kRestore, key_ + "\n"));
    EXPECT_TRUE(eventually([&] { return active_devices(device) == 1; }, std::chrono::seconds(60))) << device;
  }

  const std::vector<std::string> kRestore = {"backup", "restore", "--accept-removed", "--recovery-key"};
};

/// One device after the other, each of which shuts out the one before it.
TEST_F(RecoveryKills, ByTheRecoveryKeyAtAnyChangeOfAFile) {
  two_people_who_talked();
  must(say("alice-1", {"backup", "create", "--recovery-key"}, key_ + "\n"));
  stop_both();
  std::string last;
  const std::size_t kills = at_more_and_more(
      [&](std::size_t n) {
        last = empty_machine(n);
        const bool was = killed(last, n, by_key(), key_ + "\n");
        if (was) recover_again(last);
        EXPECT_EQ(texts(last, kOld), std::vector<std::string>{kSaid});
        return was;
      },
      1);
  EXPECT_GE(kills, 5u);
  EXPECT_EQ(active_devices(last), 1u);
  village().start_daemon("bob-1");
  village().start_daemon(last);
  must(say("bob-1", {"send", "alice@localhost", "is it you?", "--fresh", "--wait", "30"}));
  EXPECT_TRUE(eventually([&] { return has_text(last, "bob@localhost", "bob@localhost: is it you?"); },
                         std::chrono::seconds(60)));
}

/// The name comes back first, where no backup lies.
TEST_F(RecoveryKills, ARestoreOnAnEmptyMachineAtAnyChangeOfAFile) {
  two_people_who_talked();
  must(say("alice-1", {"backup", "create", "--recovery-key"}, key_ + "\n"));
  stop_both();
  const std::string nothing = (folder_ / "nothing").string();
  fs::create_directories(nothing);
  const std::size_t kills = at_more_and_more(
      [&](std::size_t n) {
        const std::string device = empty_machine(n);
        must(say(device, by_key({"--from", nothing}), key_ + "\n"));
        const bool was = killed(device, n, kRestore, key_ + "\n");
        if (was) must(say(device, kRestore, key_ + "\n"));
        EXPECT_EQ(texts(device, kOld), std::vector<std::string>{kSaid});
        return was;
      },
      2);
  EXPECT_GE(kills, 5u);
}

/// Of a name that nobody may reset, so that what comes back is read and nothing is asked for.
TEST_F(RecoveryKills, ByThePinAtAnyChangeOfAFile) {
  two_people_who_talked();
  start_realms();
  set_pin_and_back_up();
  stop_both();
  const std::size_t kills = at_more_and_more(
      [&](std::size_t n) {
        allow_guesses();
        const std::string device = empty_machine(n);
        const bool was = killed(device, n, by_pin(), kPin + "\n");
        if (was) must(say(device, by_pin(), kPin + "\n"));
        EXPECT_EQ(texts(device, kOld), std::vector<std::string>{kSaid});
        return was;
      },
      1);
  EXPECT_GE(kills, 5u);
  must(say("alice-1", {"pin", "check"}, kPin + "\n"));
  must(say("alice-1", {"backup", "verify"}));
}

}  // namespace
}  // namespace cairn::e2e
