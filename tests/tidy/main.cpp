// The architecture as a test.
//   cairn-tidy ROOT                   holds the tree against every rule; one line per finding
//   cairn-tidy --violations FOLDER    each tree in it breaks one rule, the one it is named after (up to a dot), and
//                                     must be refused for that and nothing else: so the checks are seen to fail
#include <algorithm>
#include <cstdio>
#include <fstream>

#include "tests/tidy/tree.h"

namespace cairn::tidy {
namespace {

Findings check(const std::filesystem::path& root) {
  const Tree tree = load(root);
  Findings findings;
  check_dependencies(tree, findings);
  check_includes(tree, findings);
  check_rooms(tree, findings);
  check_purity(tree, findings);
  check_lengths(tree, findings);
  check_labels(tree, findings);
  check_promises(tree, findings);
  check_tables(tree, findings);
  return findings;
}

void print(const Findings& findings) {
  for (const Finding& finding : findings) {
    std::printf("%s:%zu: %s: %s\n", finding.path.c_str(), finding.line, finding.rule.c_str(), finding.message.c_str());
  }
}

int check_violations(const std::filesystem::path& folder) {
  int trees = 0;
  int wrong = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (!entry.is_directory()) continue;
    ++trees;
    const std::string name = entry.path().filename().string();
    const std::string rule = name.substr(0, name.find('.'));
    const Findings findings = check(entry.path());
    const bool only = std::all_of(findings.begin(), findings.end(), [&](const Finding& f) { return f.rule == rule; });
    const bool good = rule == "good" ? findings.empty() : only && !findings.empty();
    if (good) continue;
    ++wrong;
    std::printf("%s: expected to be refused for '%s' alone, found:\n", name.c_str(), rule.c_str());
    print(findings);
  }
  std::printf("%d trees, %d judged wrongly\n", trees, wrong);
  return trees > 0 && wrong == 0 ? 0 : 1;
}

}  // namespace

void check_rooms(const Tree& tree, Findings& findings) {
  constexpr std::size_t kReadmeLines = 30;
  for (const SourceFile& file : tree.files) {
    const bool roomed = file.path.starts_with("core/") || file.path.starts_with("shell/");
    if (roomed && tree.module_of(file.path).empty())
      findings.push_back({file.path, 1, "room", "belongs to no add_module"});
  }
  for (const auto& [folder, module] : tree.modules) {
    std::ifstream readme(tree.root / folder / "README.md");
    std::size_t lines = 0;
    bool in_code = false;  // code that is shown is a file of its own (check_promises)
    for (std::string line; std::getline(readme, line);) {
      if (line.starts_with("```")) in_code = !in_code;
      if (!in_code) ++lines;
    }
    if (lines == 0) findings.push_back({folder + "/README.md", 1, "room", "a room says what it is in a README.md"});
    if (lines > kReadmeLines) findings.push_back({folder + "/README.md", lines, "room", "is longer than 30 lines"});
  }
}

}  // namespace cairn::tidy

int main(int argc, char** argv) {
  using namespace cairn::tidy;
  if (argc == 3 && std::string_view(argv[1]) == "--violations") return check_violations(argv[2]);
  if (argc != 2) {
    std::fputs("usage: cairn-tidy ROOT | cairn-tidy --violations FOLDER\n", stderr);
    return 2;
  }
  const Findings findings = check(argv[1]);
  print(findings);
  std::printf("%zu findings\n", findings.size());
  return findings.empty() ? 0 : 1;
}
