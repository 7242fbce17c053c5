// The demonstration with words of one's own: from a pipe, from a terminal, from nobody; and without a network.
#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <thread>

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
  const std::size_t folder = finished.out.rfind("/tmp/cairn-demo-");
  ASSERT_NE(folder, std::string::npos) << finished.out;
  EXPECT_FALSE(std::filesystem::exists(finished.out.substr(folder, finished.out.find(' ', folder) - folder)));
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

TEST(Demo, SaysWhatAScriptTells) {
  const auto script = std::filesystem::temp_directory_path() / ("cairn-script-" + std::to_string(getpid()));
  std::ofstream(script) << "# two lines\nbob-1 alice@localhost Shall I bring the map?\n\nalice-2 walkers Bring two.\n";
  const demo::Finished finished = demo::run({demo_program(), "--script", script}, kDemoMost);
  EXPECT_EQ(finished.exit_code, 0) << finished.err;
  for (const char* words : {"Shall I bring the map?", "Bring two.", "2 of 2 messages", "0 of 2 sentences"}) {
    EXPECT_TRUE(has(finished.out, words)) << words << "\n" << finished.out;
  }
  std::ofstream(script) << "alice-1 bob@localhost\n";
  const demo::Finished refused = demo::run({demo_program(), "--script", script}, kDemoMost);
  std::filesystem::remove(script);
  EXPECT_EQ(refused.exit_code, 2);
  EXPECT_TRUE(has(refused.err, "is not DEVICE TO TEXT")) << refused.err;
  EXPECT_EQ(refused.out, "");
}

/// The words of a process's command line; none when it does not run any more.
std::vector<std::string> command_of(pid_t pid) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/cmdline");
  std::vector<std::string> words;
  for (std::string word; std::getline(file, word, '\0');) words.push_back(word);
  return words;
}

std::vector<pid_t> children_of(pid_t pid) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/task/" + std::to_string(pid) + "/children");
  std::vector<pid_t> out;
  for (pid_t child = 0; file >> child;) out.push_back(child);
  return out;
}

/// Its folder, out of the command lines of the servers that it runs.
std::string demo_folder(const std::vector<pid_t>& children) {
  const std::string prefix = "/tmp/cairn-demo-";
  for (const pid_t child : children) {
    for (const std::string& word : command_of(child)) {
      const std::size_t at = word.find(prefix);
      if (at != std::string::npos) return word.substr(at, prefix.size() + 6);
    }
  }
  return {};
}

TEST(Demo, LeavesNothingWhenItIsToldToEnd) {
  const std::string output = std::filesystem::temp_directory_path() / ("cairn-told-" + std::to_string(getpid()));
  auto running = demo::Process::start({demo_program()}, output);
  const auto until = std::chrono::steady_clock::now() + kDemoMost;
  while (!has(running.output(), "They talk") && std::chrono::steady_clock::now() < until) {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  const std::vector<pid_t> children = children_of(running.pid());
  const std::string folder = demo_folder(children);
  EXPECT_GE(children.size(), 5u) << running.output();  // a server, two witnesses, two auditors
  ASSERT_NE(folder, "");
  EXPECT_TRUE(std::filesystem::exists(folder));

  running.signal(SIGTERM);
  EXPECT_EQ(running.wait(std::chrono::seconds(20)), 128 + SIGTERM);
  for (const pid_t child : children) EXPECT_TRUE(command_of(child).empty()) << command_of(child)[0];
  EXPECT_FALSE(std::filesystem::exists(folder));
  std::filesystem::remove(output);
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
