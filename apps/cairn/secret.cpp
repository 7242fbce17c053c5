#include "apps/cairn/secret.h"

#include <fcntl.h>
#include <termios.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <iostream>

namespace cairn::apps {

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

std::optional<SecretBytes> ask_at_terminal(const char* prompt, std::size_t most) {
  const int terminal = ::open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC);
  termios before{};
  if (terminal < 0 || ::tcgetattr(terminal, &before) != 0) {
    if (terminal >= 0) ::close(terminal);
    return std::nullopt;
  }
  termios quiet = before;
  quiet.c_lflag &= ~static_cast<tcflag_t>(ECHO);
  ::tcsetattr(terminal, TCSAFLUSH, &quiet);  // before it is asked for: what is typed then is neither shown nor lost
  ::dprintf(terminal, "%s", prompt);
  SecretBytes typed(most);
  std::size_t size = 0;
  bool ended = false;
  for (std::uint8_t byte = 0; ::read(terminal, &byte, 1) == 1 && !(ended = byte == '\n');) {
    if (size < most) typed.expose_mutable()[size] = byte;
    ++size;
  }
  ::tcsetattr(terminal, TCSAFLUSH, &before);
  ::dprintf(terminal, "\n");
  ::close(terminal);
  if (!ended || size > most) return std::nullopt;
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
