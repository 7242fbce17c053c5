#include "shell/os/hangup_signal.h"

#include <sys/signalfd.h>
#include <unistd.h>
#include <csignal>

#include "core/base/check.h"

namespace cairn::os {

namespace {

sigset_t hangup() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGHUP);
  return set;
}

}  // namespace

HangupSignal::HangupSignal() {
  const sigset_t set = hangup();
  CHECK(::pthread_sigmask(SIG_BLOCK, &set, nullptr) == 0);
  descriptor_ = ::signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
  CHECK(descriptor_ >= 0);
}

HangupSignal::~HangupSignal() {
  take();
  ::close(descriptor_);
  const sigset_t set = hangup();
  ::pthread_sigmask(SIG_UNBLOCK, &set, nullptr);
}

void HangupSignal::take() {
  signalfd_siginfo came = {};
  while (::read(descriptor_, &came, sizeof came) > 0) {
  }
}

}  // namespace cairn::os
