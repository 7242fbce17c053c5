// Programs that are killed before a change of any file, by tests/e2e/shim/trouble.cpp. Every kill is at a number of
// changes, so that it is the same on every machine.
//
// Where the environment says CAIRN_KILLS=every they are killed before each change in turn: that is what the tests of
// the label `long` do, which ./dev check runs. Elsewhere it is a sample of the changes, the first ones and then fewer
// and fewer.
#pragma once

#include <csignal>
#include <cstdio>

#include "tests/e2e/village_fixture.h"

namespace cairn::e2e {

template <class Village>
class Kills : public Village {
 protected:
  /// Runs a command of a device without a daemon, killed before the n-th change; false when it came to its end.
  bool killed(const std::string& device, std::size_t n, const std::vector<std::string>& words,
              const std::string& typed = {}) {
    set_kill(device, n);
    const demo::Said said = this->village().cairn(device, words, std::chrono::seconds(60), typed);
    set_kill(device, 0);
    if (said.exit_code >= 0 && said.exit_code < 5) {
      EXPECT_EQ(said.exit_code, 0) << said.error;
      return false;
    }
    return true;
  }
  void set_kill(const std::string& device, std::size_t n) {
    const std::string file = this->trouble_folder() + "/" + device + ".kill";
    std::filesystem::remove(file);
    if (n != 0) std::ofstream(file) << n;
  }
  /// What of the server's doings is counted.
  enum class Before { change, answer };
  /// Runs a command of a device, and kills the server before its n-th change or answer from now on; another one is
  /// started then, and the command goes on with it. False when the command came to its end before that.
  bool server_killed(const std::string& device, std::size_t n, const std::vector<std::string>& words,
                     Before before = Before::change) {
    const std::string end = this->trouble_folder() + (before == Before::change ? "/cairnd.end" : "/cairnd.mute");
    std::ofstream(end) << n;
    demo::Process command = demo::Process::start(this->command_of(device, words), (this->folder_ / "said").string());
    bool was = false;
    EXPECT_TRUE(eventually(
        [&] {
          was = !this->village().server().running();
          return was || !command.running();
        },
        std::chrono::seconds(120)));
    std::filesystem::remove(end);
    if (was) {
      this->village().stop_server(SIGKILL);
      this->village().start_server();
    }
    EXPECT_EQ(command.wait(std::chrono::seconds(120)), 0) << command.output();
    return was;
  }
  /// Does `one` for more and more changes, each one or a sample, until nothing is killed any more; how many were. Where
  /// one takes long a sample leaves out more: one more for each `dense` before it.
  template <class One>
  std::size_t at_more_and_more(One one, std::size_t dense = 5) {
    std::size_t kills = 0;
    for (std::size_t n = 1; n < 5'000; n = next(n, dense)) {
      SCOPED_TRACE("killed before change " + std::to_string(n));
      if (!one(n)) {
        std::printf("killed %zu times: %s of fewer than %zu moments\n", kills, is_every() ? "each" : "a sample", n);
        return kills;
      }
      ++kills;
      if (this->HasFailure()) return kills;
    }
    ADD_FAILURE() << "it never came to its end";
    return kills;
  }

 private:
  static bool is_every() {
    const char* kills = std::getenv("CAIRN_KILLS");
    return kills != nullptr && std::string(kills) == "every";
  }
  static std::size_t next(std::size_t n, std::size_t dense) { return is_every() ? n + 1 : n + 1 + n / dense; }
};

}  // namespace cairn::e2e
