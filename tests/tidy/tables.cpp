// The tables of a room's store are numbers: two of one number would read each other's rows. A header whose first line
// says "a store of its own" is counted by itself. And a table whose comment names the format of its rows is in the
// room's rows_fuzz.cpp: so none is read that no fuzzer has read before.
#include <algorithm>
#include <regex>

#include "tests/tidy/tree.h"

namespace cairn::tidy {
namespace {

/// What is said of a declaration, behind it or in the line above.
std::string comment_of(const std::string& raw, std::size_t begin, std::size_t end) {
  const std::string behind = raw.substr(end, raw.find('\n', end) - end);
  if (behind.find("///") != std::string::npos) return behind;
  const std::size_t line = begin == 0 ? std::string::npos : raw.rfind('\n', begin - 1);
  if (line == std::string::npos || line == 0) return {};
  const std::size_t above = raw.rfind('\n', line - 1) + 1;
  const std::string comment = raw.substr(above, line - above);
  return comment.starts_with("///") ? comment : std::string();
}

/// "key -> Format", or "key: Format", with more behind it; what has several parts (||) or is a list is written out, and
/// has no name. Hash is bytes.
bool names_a_format(const std::string& comment) {
  const std::size_t arrow = comment.find(" -> ");
  const std::size_t value = arrow != std::string::npos ? arrow + 4 : comment.find(": ") + 2;
  if (arrow == std::string::npos && comment.find(": ") == std::string::npos) return false;
  const std::regex format("(?:\\w+::)*([A-Z][a-z]\\w*)(?:::\\w+)*(?! \\|\\|| \\w+\\[)(?:[,;:( ].*)?");
  std::smatch found;
  const std::string text = comment.substr(value);
  return std::regex_match(text, found, format) && found[1] != "Hash";
}

/// Of one room: the formats that its fuzzer of rows reads.
void check_fuzzed(const Tree& tree, const SourceFile& file, const std::smatch& table, Findings& findings) {
  const auto begin = static_cast<std::size_t>(table.position());
  const std::size_t end = begin + static_cast<std::size_t>(table.length());
  if (!names_a_format(comment_of(file.raw, begin, end))) return;
  const std::string fuzzer = tree.module_of(file.path) + "/rows_fuzz.cpp";
  const auto found =
      std::find_if(tree.files.begin(), tree.files.end(), [&](const SourceFile& one) { return one.path == fuzzer; });
  const std::regex use("\\b" + table[1].str() + "\\b");
  if (found != tree.files.end() && std::regex_search(found->code, use)) return;
  findings.push_back({file.path, line_at(file.code, begin), "row",
                      table[1].str() + " names the format of its rows, and is not in " + fuzzer});
}

}  // namespace

void check_tables(const Tree& tree, Findings& findings) {
  const std::regex declared("constexpr\\s+Table\\s+(k\\w+)\\s*\\{\\s*(\\d+)\\s*\\};?");
  std::map<std::pair<std::string, std::string>, std::string> names;  // room, number -> name and file
  for (const SourceFile& file : tree.files) {
    if (!file.path.starts_with("core/")) continue;
    for (std::sregex_iterator at(file.code.begin(), file.code.end(), declared), end; at != end; ++at) {
      check_fuzzed(tree, file, *at, findings);
      const std::string name = (*at)[1], number = (*at)[2];
      const bool is_apart = lines_of(file.raw)[0].find("a store of its own") != std::string_view::npos;
      const std::string store = is_apart ? file.path : tree.module_of(file.path);
      const auto [known, is_new] = names.try_emplace({store, number}, name + " of " + file.path);
      if (is_new) continue;
      const auto offset = static_cast<std::size_t>(at->position());
      findings.push_back({file.path, line_at(file.code, offset), "table",
                          name + " has the number " + number + ", as " + known->second + " has"});
    }
  }
}

}  // namespace cairn::tidy
