// UTF-8 (RFC 3629), read one character at a time.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace cairn {

/// Takes one character off the front of `rest` (not empty, CHECKed); nothing, and `rest` as it was, when what stands
/// there is not UTF-8: shortest forms only, no surrogates, nothing above U+10FFFF (RFC 3629 s.3).
std::optional<char32_t> take_character(std::string_view& rest);

/// Whether the whole of `text` is UTF-8.
bool is_utf8(std::string_view text);

}  // namespace cairn
