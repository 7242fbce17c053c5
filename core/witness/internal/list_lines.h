// How the lines of an operator's list are read, whatever they say.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"

namespace cairn::witness {

using Items = std::vector<std::string_view>;

/// What spaces and tabs part.
Items items_of(std::string_view line);

/// http(s)://, then printable ASCII without blanks; a slash at the end is taken off.
Result<std::string> parse_url(std::string_view text);

/// Calls `read_line(items)` for each line that is not empty and no comment; `malformed` when the last one does not end.
template <class ReadLine>
Status for_each_line(std::string_view text, ReadLine read_line) {
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    REQUIRE(end != std::string_view::npos, ErrorCode::malformed, "list: line without a newline");
    const Items items = items_of(text.substr(0, end));
    if (!items.empty() && !items[0].starts_with('#')) TRY(read_line(items));
    text.remove_prefix(end + 1);
  }
  return ok();
}

}  // namespace cairn::witness
