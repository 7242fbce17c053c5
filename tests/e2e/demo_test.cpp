// The demonstration with words of one's own: from a pipe, from a terminal, from nobody; and without a network.
#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstring>

#include "tests/e2e/village_fixture.h"

namespace cairn::e2e {
namespace {

constexpr std::chrono::seconds kDemoMost{150};
const std::string kOwnWords = "Yes, by the lake.";  // of the show that runs by itself

std::string demo_program() { return program_folder() + "/cairn-demo"; }
bool has(const std::string& text, const std::string& words) { return text.find(words) != std::string::npos; }

TEST(Demo, SaysWhatComesThroughAPipe) {
  const demo::Finished finished =
      demo::run({demo_program()}, kDemoMost,
                "# said by hand\nalice-1 bob@localhost fish and chips?\nbob-2 walkers -- gladly\nall mine");
  EXPECT_EQ(finished.exit_code, 0) << finished.err;
  for (const char* words :
       {"fish and chips?", "-- gladly", "all mine", "3 of 3 messages", "0 of 3 sentences", "was refused (condition "}) {
    EXPECT_TRUE(has(finished.out, words)) << words << "\n" << finished.out;
  }
  EXPECT_FALSE(has(finished.out, kOwnWords));
}

TEST(Demo, RunsByItselfWhenNobodySaysAnything) {
  const demo::Finished finished = demo::run({demo_program()}, kDemoMost);
  EXPECT_EQ(finished.exit_code, 0) << finished.err;
  EXPECT_TRUE(has(finished.out, kOwnWords)) << finished.out;
}

TEST(Demo, DoesNotWaitForAPipeThatStaysOpenAndSilent) {
  const std::string pipe = std::filesystem::temp_directory_path() / ("cairn-silent-" + std::to_string(getpid()));
  ASSERT_EQ(mkfifo(pipe.c_str(), 0600), 0);
  const demo::Finished finished =
      demo::run({"/bin/sh", "-c", "exec \"$0\" 0<>\"$1\"", demo_program(), pipe}, kDemoMost);
  std::filesystem::remove(pipe);
  EXPECT_EQ(finished.exit_code, 0) << finished.err;
  EXPECT_TRUE(has(finished.out, kOwnWords)) << finished.out;
}

TEST(Demo, LetsAPersonAtATerminalType) {
  const int terminal = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
  if (terminal < 0 || grantpt(terminal) != 0 || unlockpt(terminal) != 0) GTEST_SKIP() << "SKIPPED: no terminals here";
  const std::string other_end = ptsname(terminal);
  const std::string keys = "from my own keyboard\nbob-1 nobody@localhost is anybody there?\n\n";
  ASSERT_EQ(write(terminal, keys.data(), keys.size()), static_cast<ssize_t>(keys.size()));
  const demo::Finished finished =
      demo::run({"/bin/sh", "-c", "exec \"$0\" <\"$1\"", demo_program(), other_end}, kDemoMost);
  close(terminal);
  EXPECT_EQ(finished.exit_code, 0) << finished.err;
  for (const std::string& words : {kOwnWords, std::string("bob-2: there after "),
                                   std::string("There is no nobody@localhost"), std::string("5 of 5 messages")}) {
    EXPECT_TRUE(has(finished.out, words)) << words << "\n" << finished.out;
  }
}

/// In a child: a network of this process alone, of which only loopback is up. False when that is not allowed.
bool leave_the_network() {
  if (unshare(CLONE_NEWNET) != 0) return false;
  ifreq loopback = {};
  std::strncpy(loopback.ifr_name, "lo", IFNAMSIZ - 1);
  const int any = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  bool up = ioctl(any, SIOCGIFFLAGS, &loopback) == 0;
  loopback.ifr_flags = static_cast<short>(loopback.ifr_flags | IFF_UP);
  up = up && ioctl(any, SIOCSIFFLAGS, &loopback) == 0;
  close(any);
  return up;
}

TEST(Demo, NeedsNoNetworkButLoopback) {
  constexpr int kNotAllowed = 77;
  const pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    if (!leave_the_network()) _exit(kNotAllowed);
    const demo::Finished finished = demo::run({demo_program()}, kDemoMost);
    std::fputs(finished.exit_code == 0 ? "" : finished.out.c_str(), stdout);
    std::fflush(stdout);
    _exit(finished.exit_code);
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  if (WIFEXITED(status) && WEXITSTATUS(status) == kNotAllowed) {
    GTEST_SKIP() << "SKIPPED: no network name space of one's own here";
  }
  EXPECT_EQ(status, 0);
}

}  // namespace
}  // namespace cairn::e2e
