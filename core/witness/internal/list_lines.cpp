#include "core/witness/internal/list_lines.h"

#include <algorithm>

#include "core/witness/config.h"

namespace cairn::witness {

Items items_of(std::string_view line) {
  constexpr std::string_view kBlanks = " \t";
  Items items;
  for (;;) {
    const std::size_t begin = line.find_first_not_of(kBlanks);
    if (begin == std::string_view::npos) return items;
    const std::size_t end = std::min(line.find_first_of(kBlanks, begin), line.size());
    items.push_back(line.substr(begin, end - begin));
    line.remove_prefix(end);
  }
}

Result<std::string> parse_url(std::string_view text) {
  REQUIRE(text.size() <= kMaxUrlBytes, ErrorCode::over_limit, "url");
  const std::size_t scheme = text.starts_with("https://") ? 8 : text.starts_with("http://") ? 7 : 0;
  REQUIRE(scheme != 0 && text.size() > scheme && text[scheme] != '/', ErrorCode::malformed, "url");
  for (char c : text) {
    REQUIRE(c > ' ' && c < '\x7f' && c != '?' && c != '#', ErrorCode::malformed, "url");
  }
  if (text.ends_with('/')) text.remove_suffix(1);
  return std::string(text);
}

}  // namespace cairn::witness
