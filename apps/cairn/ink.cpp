#include "apps/cairn/ink.h"

#include <unistd.h>

#include <cstdlib>
#include <string_view>

namespace cairn::apps {
namespace {

// ECMA-48 s.8.3.117, SGR.
const char* sgr_of(Shade shade) {
  switch (shade) {
    case Shade::bold: return "\x1b[1m";
    case Shade::faint: return "\x1b[2m";
    case Shade::trouble: return "\x1b[33m";
    case Shade::alarm: return "\x1b[1;31m";
  }
  return "";
}

bool is_set(const char* variable) {
  const char* value = std::getenv(variable);
  return value != nullptr && *value != '\0';
}

}  // namespace

Ink ink_for(int descriptor) {
  if (::isatty(descriptor) == 0 || is_set("NO_COLOR") || !is_set("TERM")) return Ink::none;
  return std::string_view(std::getenv("TERM")) == "dumb" ? Ink::none : Ink::terminal;
}

std::string shaded(Ink ink, Shade shade, const std::string& text) {
  if (ink == Ink::none || text.empty()) return text;
  return sgr_of(shade) + text + "\x1b[0m";
}

}  // namespace cairn::apps
