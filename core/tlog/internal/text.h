// The pieces that C2SP's text formats are made of.
#pragma once

#include <string_view>

#include "core/base/types.h"

namespace cairn::tlog::internal {

/// A number in ASCII decimal, no sign, no leading zeros; `malformed`, or `over_limit` beyond `max`.
Result<std::uint64_t> parse_decimal(std::string_view text, std::uint64_t max);

/// Takes the next line off the front of `rest`, without its newline; `malformed` when no newline follows.
Result<std::string_view> take_line(std::string_view& rest);

/// A Hash in base64.
Result<Hash> parse_hash(std::string_view base64);

/// Whether this is UTF-8 (RFC 3629: shortest forms, no surrogates) without control characters below U+0020 other than
/// newline.
bool is_note_text(std::string_view text);

/// is_note_text() of one line: without newline as well.
bool is_line(std::string_view text);

/// Whether a text contains a character of Unicode's property White_Space, or is not UTF-8.
bool has_unicode_space(std::string_view text);

}  // namespace cairn::tlog::internal
