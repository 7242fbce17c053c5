#include "apps/cairn/secret.h"

#include <termios.h>
#include <unistd.h>

#include <cstdio>
#include <iostream>

namespace cairn::apps {

std::string ask_for_secret(const char* prompt) {
  std::fprintf(stderr, "%s", prompt);
  termios before{};
  const bool shown = ::tcgetattr(STDIN_FILENO, &before) == 0;
  termios quiet = before;
  quiet.c_lflag &= ~static_cast<tcflag_t>(ECHO);
  if (shown) ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &quiet);
  std::string typed;
  std::getline(std::cin, typed);
  if (shown) ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &before);
  std::fprintf(stderr, "\n");
  return typed;
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
