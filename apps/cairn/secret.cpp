#include "apps/cairn/secret.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/signalfd.h>
#include <termios.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <iostream>

namespace cairn::apps {
namespace {

/// The terminal of this process, while it shows nothing of what is typed. No signal ends or stops the process
/// meanwhile: it would leave a terminal that goes on showing nothing.
class QuietTerminal {
 public:
  QuietTerminal() : terminal_(::open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC)) {
    // Whoever runs in the background would be stopped by asking.
    is_ours_ = terminal_ >= 0 && ::tcgetpgrp(terminal_) == ::getpgrp() && ::tcgetattr(terminal_, &before_) == 0;
    if (!is_ours_) return;
    sigset_t ends;
    sigemptyset(&ends);
    for (const int one : {SIGINT, SIGTERM, SIGHUP, SIGQUIT}) sigaddset(&ends, one);
    sigset_t all = ends;
    sigaddset(&all, SIGTSTP);
    ::pthread_sigmask(SIG_BLOCK, &all, &mask_);
    signals_ = ::signalfd(-1, &ends, SFD_NONBLOCK | SFD_CLOEXEC);
    termios quiet = before_;
    quiet.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    ::tcsetattr(terminal_, TCSAFLUSH, &quiet);  // before it is asked for: what is typed then is neither shown nor lost
  }
  ~QuietTerminal() {
    if (is_ours_) {
      ::tcsetattr(terminal_, TCSAFLUSH, &before_);
      print("\n");
      if (signals_ >= 0) ::close(signals_);
      ::pthread_sigmask(SIG_SETMASK, &mask_, nullptr);
    }
    if (terminal_ >= 0) ::close(terminal_);
  }
  QuietTerminal(const QuietTerminal&) = delete;
  QuietTerminal& operator=(const QuietTerminal&) = delete;

  bool is_ours() const { return is_ours_; }
  void print(const char* text) const { ::dprintf(terminal_, "%s", text); }
  Result<std::uint8_t> next() const {
    pollfd both[] = {{terminal_, POLLIN, 0}, {signals_, POLLIN, 0}};
    while (::poll(both, 2, -1) < 0 && errno == EINTR) {
    }
    signalfd_siginfo came{};
    const bool is_signal = (both[1].revents & POLLIN) != 0 && ::read(signals_, &came, sizeof came) > 0;
    REQUIRE(!is_signal, ErrorCode::invalid_state, "Stopped; nothing was done.");
    std::uint8_t byte = 0;
    REQUIRE(::read(terminal_, &byte, 1) == 1, ErrorCode::malformed, "Nothing was typed, and nothing was done.");
    return byte;
  }

 private:
  int terminal_;
  int signals_ = -1;
  bool is_ours_ = false;
  termios before_{};
  sigset_t mask_{};
};

}  // namespace

std::string ask_for_secret(const char* prompt) {
  termios before{};
  const bool shown = ::tcgetattr(STDIN_FILENO, &before) == 0;
  termios quiet = before;
  quiet.c_lflag &= ~static_cast<tcflag_t>(ECHO);
  if (shown) ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &quiet);  // before it is asked for
  std::fprintf(stderr, "%s", prompt);
  std::string typed;
  std::getline(std::cin, typed);
  if (shown) ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &before);
  std::fprintf(stderr, "\n");
  return typed;
}

Result<SecretBytes> ask_at_terminal(const char* prompt, std::size_t most) {
  const QuietTerminal terminal;
  REQUIRE(terminal.is_ours(), ErrorCode::unavailable, "There is no terminal.");
  terminal.print(prompt);
  SecretBytes typed(most);
  std::size_t size = 0;
  for (;;) {
    const auto byte = TRY(terminal.next());
    if (byte == '\n') break;
    if (size < most) typed.expose_mutable()[size] = byte;
    ++size;
  }
  REQUIRE(size <= most, ErrorCode::over_limit, "That is too long; nothing was done.");
  SecretBytes out(size);
  std::copy_n(typed.expose().begin(), size, out.expose_mutable().begin());
  return out;
}

std::optional<std::string> ask_for_pin(NewSecret is_new) {
  const bool twice = is_new == NewSecret::yes && ::isatty(STDIN_FILENO) != 0;
  std::string typed =
      ask_for_secret(is_new == NewSecret::yes ? "Type a new PIN, 6 characters or more (it is not shown): "
                                              : "Type the PIN (it is not shown): ");
  if (!twice || ask_for_secret("Type it again: ") == typed) return typed;
  std::fprintf(stderr, "The two differ, and nothing was done; begin again.\n");
  return std::nullopt;
}

}  // namespace cairn::apps
