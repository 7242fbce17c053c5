#include "core/base/utf8.h"

#include "core/base/check.h"

namespace cairn {
namespace {

bool is_continuation(char c) { return (static_cast<std::uint8_t>(c) & 0xc0) == 0x80; }

}  // namespace

// RFC 3629 s.3
std::optional<char32_t> take_character(std::string_view& rest) {
  CHECK(!rest.empty());
  const auto first = static_cast<std::uint8_t>(rest.front());
  std::size_t more = 0;
  char32_t value = first;
  char32_t least = 0;
  if (first >= 0x80) {
    if (first >= 0xc2 && first <= 0xdf) {
      more = 1, value = first & 0x1f, least = 0x80;
    } else if (first >= 0xe0 && first <= 0xef) {
      more = 2, value = first & 0x0f, least = 0x800;
    } else if (first >= 0xf0 && first <= 0xf4) {
      more = 3, value = first & 0x07, least = 0x10000;
    } else {
      return std::nullopt;
    }
  }
  if (rest.size() <= more) return std::nullopt;
  for (char c : rest.substr(1, more)) {
    if (!is_continuation(c)) return std::nullopt;
    value = (value << 6) | (static_cast<std::uint8_t>(c) & 0x3f);
  }
  const bool surrogate = value >= 0xd800 && value <= 0xdfff;
  if (value < least || value > 0x10ffff || surrogate) return std::nullopt;
  rest.remove_prefix(1 + more);
  return value;
}

bool is_utf8(std::string_view text) {
  while (!text.empty()) {
    if (!take_character(text)) return false;
  }
  return true;
}

}  // namespace cairn
