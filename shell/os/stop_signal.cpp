#include "shell/os/stop_signal.h"

#include <sys/signalfd.h>
#include <unistd.h>
#include <csignal>

#include "core/base/check.h"

namespace cairn::os {

namespace {

sigset_t stop_signals() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGTERM);
  sigaddset(&set, SIGINT);
  return set;
}

}  // namespace

StopSignal::StopSignal() {
  const sigset_t set = stop_signals();
  CHECK(::pthread_sigmask(SIG_BLOCK, &set, nullptr) == 0);
  descriptor_ = ::signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
  CHECK(descriptor_ >= 0);
  std::signal(SIGPIPE, SIG_IGN);
}

StopSignal::~StopSignal() {
  // The one that came is taken off, or unblocking would deliver it now.
  signalfd_siginfo pending = {};
  while (::read(descriptor_, &pending, sizeof pending) > 0) {
  }
  ::close(descriptor_);
  const sigset_t set = stop_signals();
  ::pthread_sigmask(SIG_UNBLOCK, &set, nullptr);
}

}  // namespace cairn::os
