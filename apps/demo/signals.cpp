#include "apps/demo/signals.h"

#include <pthread.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace cairn::demo {
namespace {

std::atomic<bool> told_to_end{false};

/// Of all threads of this process; one that has ended and was not waited for is a child, too.
std::vector<pid_t> children() {
  std::vector<pid_t> out;
  std::error_code ignored;
  for (const auto& thread : std::filesystem::directory_iterator("/proc/self/task", ignored)) {
    std::ifstream list(thread.path() / "children");
    for (pid_t child = 0; list >> child;) out.push_back(child);
  }
  return out;
}

/// Whether it runs: nothing else waits for a child any more.
bool runs(pid_t child) {
  std::ifstream command("/proc/" + std::to_string(child) + "/cmdline");
  return command.peek() != std::ifstream::traits_type::eof();
}

void end_children() {
  const std::vector<pid_t> all = children();
  for (const pid_t child : all) kill(child, SIGTERM);
  for (int tries = 0; tries < 200; ++tries) {
    if (std::none_of(all.begin(), all.end(), runs)) return;
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  for (const pid_t child : all) {
    if (runs(child)) kill(child, SIGKILL);
  }
}

}  // namespace

void end_children_when_told(std::string folder) {
  sigset_t told;
  sigemptyset(&told);
  for (const int number : {SIGINT, SIGTERM, SIGHUP}) sigaddset(&told, number);
  pthread_sigmask(SIG_BLOCK, &told, nullptr);
  // The main thread may see its children go and want to end before all is cleared away.
  std::atexit([] {
    while (told_to_end) pause();
  });
  std::thread([told, folder = std::move(folder)] {
    int number = 0;
    if (sigwait(&told, &number) != 0) return;
    told_to_end = true;
    end_children();
    std::error_code ignored;
    std::filesystem::remove_all(folder, ignored);
    _exit(128 + number);
  }).detach();
}

}  // namespace cairn::demo
