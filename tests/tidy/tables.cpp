// The tables of a room's store are numbers: two of one number would read each other's rows. A header whose first line
// says "a store of its own" is counted by itself.
#include <regex>

#include "tests/tidy/tree.h"

namespace cairn::tidy {

void check_tables(const Tree& tree, Findings& findings) {
  const std::regex declared("constexpr\\s+Table\\s+(k\\w+)\\s*\\{\\s*(\\d+)\\s*\\}");
  std::map<std::pair<std::string, std::string>, std::string> names;  // room, number -> name and file
  for (const SourceFile& file : tree.files) {
    if (!file.path.starts_with("core/")) continue;
    for (std::sregex_iterator at(file.code.begin(), file.code.end(), declared), end; at != end; ++at) {
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
