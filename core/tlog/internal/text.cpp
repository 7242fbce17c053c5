#include "core/tlog/internal/text.h"

#include "core/base/encoding.h"
#include "core/base/utf8.h"

namespace cairn::tlog::internal {
namespace {

bool is_space(char32_t c) {
  return (c >= 0x09 && c <= 0x0d) || c == 0x20 || c == 0x85 || c == 0xa0 || c == 0x1680 ||
         (c >= 0x2000 && c <= 0x200a) || c == 0x2028 || c == 0x2029 || c == 0x202f || c == 0x205f || c == 0x3000;
}

}  // namespace

Result<std::uint64_t> parse_decimal(std::string_view text, std::uint64_t max) {
  REQUIRE(!text.empty() && (text == "0" || text.front() != '0'), ErrorCode::malformed, "decimal");
  std::uint64_t value = 0;
  for (char c : text) {
    REQUIRE(c >= '0' && c <= '9', ErrorCode::malformed, "decimal digit");
    const auto digit = static_cast<std::uint64_t>(c - '0');
    REQUIRE(digit <= max && value <= (max - digit) / 10, ErrorCode::over_limit, "decimal too large");
    value = value * 10 + digit;
  }
  return value;
}

Result<std::string_view> take_line(std::string_view& rest) {
  const std::size_t end = rest.find('\n');
  REQUIRE(end != std::string_view::npos, ErrorCode::malformed, "line without a newline");
  const std::string_view line = rest.substr(0, end);
  rest.remove_prefix(end + 1);
  return line;
}

Result<Hash> parse_hash(std::string_view base64) {
  constexpr std::size_t kBase64Size = 44;
  REQUIRE(base64.size() == kBase64Size, ErrorCode::malformed, "hash in base64");
  const Bytes bytes = TRY(from_base64(base64));
  return Hash::from(bytes);
}

bool is_note_text(std::string_view text) {
  while (!text.empty()) {
    const auto character = take_character(text);
    if (!character || (*character < 0x20 && *character != '\n')) return false;
  }
  return true;
}

bool is_line(std::string_view text) { return text.find('\n') == std::string_view::npos && is_note_text(text); }

bool has_unicode_space(std::string_view text) {
  while (!text.empty()) {
    const auto character = take_character(text);
    if (!character || is_space(*character)) return true;
  }
  return false;
}

}  // namespace cairn::tlog::internal
