// What documents say of the code: the tests that MUSTS.md names are there, the files that SECTIONS.md names cite the
// section, code that a README shows is a file that is compiled, and what the map says to be in a file is there.
#include <algorithm>
#include <fstream>
#include <iterator>
#include <regex>

#include "tests/tidy/tree.h"

namespace cairn::tidy {
namespace {

std::string contents(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

/// "Suite.Name" of every TEST, TEST_F and TEST_P in the tree.
std::set<std::string> tests_of(const Tree& tree) {
  std::set<std::string> out;
  for (const SourceFile& file : tree.files) {
    if (!file.path.ends_with("_test.cpp")) continue;
    for (std::string_view line : lines_of(file.code)) {
      const std::size_t open = line.find('(');
      const std::size_t comma = line.find(", ");
      const std::size_t close = line.find(')');
      if (!line.starts_with("TEST") || open > comma || comma > close || close == std::string_view::npos) continue;
      out.insert(std::string(line.substr(open + 1, comma - open - 1)) + "." +
                 std::string(line.substr(comma + 2, close - comma - 2)));
    }
  }
  return out;
}

/// Each row of a table ends with the name of its test, in backquotes.
void check_named_tests(const Tree& tree, const std::string& document, Findings& findings) {
  const std::string text = contents(tree.root / document);
  const std::set<std::string> tests = tests_of(tree);
  std::size_t number = 0;
  for (std::string_view line : lines_of(text)) {
    ++number;
    if (!line.starts_with("| ") || line.starts_with("| s. ")) continue;
    const std::size_t close = line.rfind("` |");
    const std::size_t open = close == std::string_view::npos ? close : line.rfind('`', close - 1);
    const std::string name = open == std::string_view::npos ? "" : std::string(line.substr(open + 1, close - open - 1));
    if (!tests.contains(name)) findings.push_back({document, number, "named-test", "there is no test " + name});
  }
}

/// Whether the text has "s.7.2", or the number in a list as in "s.5.1, 7.2".
bool cites(std::string_view text, std::string_view section) {
  for (std::size_t at = text.find(section); at != std::string_view::npos; at = text.find(section, at + 1)) {
    const std::string_view line = text.substr(0, at).substr(text.rfind('\n', at) + 1);
    const std::string_view rest = text.substr(at + section.size());
    const bool begins = line.ends_with("s.") || (line.ends_with(", ") && line.find("s.") != std::string_view::npos);
    const std::size_t dots = rest.starts_with('.') ? 1 : 0;
    const bool ends = rest.size() <= dots || rest[dots] < '0' || rest[dots] > '9';
    if (begins && ends) return true;
  }
  return false;
}

/// Each row of a table begins with a section and ends with a file that cites it, in backquotes, or with none: "-".
void check_named_sections(const Tree& tree, const std::string& document, Findings& findings) {
  const std::string text = contents(tree.root / document);
  std::size_t number = 0;
  for (std::string_view line : lines_of(text)) {
    ++number;
    if (!line.starts_with("| ") || line.starts_with("| s. ") || line.ends_with("| - |")) continue;
    const std::string_view section = line.substr(2, line.find(" |") - 2);
    const std::size_t open = line.find('`');
    const std::string path(open == std::string_view::npos ? "" : line.substr(open + 1, line.rfind('`') - open - 1));
    const auto file =
        std::find_if(tree.files.begin(), tree.files.end(), [&](const SourceFile& one) { return one.path == path; });
    if (file != tree.files.end() && cites(file->raw, section)) continue;
    findings.push_back({document, number, "named-section", path + " does not cite s." + std::string(section)});
  }
}

/// A fence after <!-- PATH --> holds that file.
void check_shown_code(const Tree& tree, const std::string& document, Findings& findings) {
  const std::string text = contents(tree.root / document);
  for (std::size_t at = text.find("<!-- "); at != std::string::npos; at = text.find("<!-- ", at + 1)) {
    const std::string path = text.substr(at + 5, text.find(" -->", at) - at - 5);
    const std::size_t open = text.find("```cpp\n", at);
    const std::size_t close = open == std::string::npos ? open : text.find("\n```\n", open);
    const bool same =
        close != std::string::npos && text.substr(open + 7, close + 1 - open - 7) == contents(tree.root / path);
    if (!same) findings.push_back({document, line_at(text, at), "shown-code", "does not show what " + path + " is"});
  }
}

/// Whether the last part of "Group::protect" stands in it as a word.
bool has_word(const SourceFile& file, const std::string& symbol) {
  const std::string last = symbol.substr(symbol.rfind(':') + 1);
  for (std::size_t at = file.code.find(last); at != std::string::npos; at = file.code.find(last, at + 1)) {
    const std::size_t end = at + last.size();
    const bool begins = at == 0 || !is_word(file.code[at - 1]);
    if (begins && (end == file.code.size() || !is_word(file.code[end]))) return true;
  }
  return false;
}

/// The map names files whole or by their last parts, and behind a colon what is in each.
void check_map(const Tree& tree, const std::string& document, Findings& findings) {
  static const std::regex kNamed("([A-Za-z_0-9/]+\\.(?:cpp|h))(?:: ((?:`[A-Za-z_0-9:]+`(?:, )?)+))?");
  static const std::regex kSymbol("`([A-Za-z_0-9:]+)`");
  const std::string text = contents(tree.root / document);
  for (std::sregex_iterator at(text.begin(), text.end(), kNamed), end; at != end; ++at) {
    const std::size_t line = line_at(text, static_cast<std::size_t>(at->position()));
    const std::string path = (*at)[1];
    const std::string symbols = (*at)[2];
    std::vector<const SourceFile*> meant;
    for (const SourceFile& file : tree.files) {
      if (file.path == path || file.path.ends_with("/" + path)) meant.push_back(&file);
    }
    if (meant.empty()) findings.push_back({document, line, "map", "there is no " + path});
    if (meant.empty()) continue;
    for (std::sregex_iterator one(symbols.begin(), symbols.end(), kSymbol); one != end; ++one) {
      const std::string symbol = (*one)[1];
      const bool is_there =
          std::any_of(meant.begin(), meant.end(), [&](const SourceFile* file) { return has_word(*file, symbol); });
      if (!is_there) findings.push_back({document, line, "map", path + " has no " + symbol});
    }
  }
}

}  // namespace

void check_promises(const Tree& tree, Findings& findings) {
  check_map(tree, "ARCHITECTURE.md", findings);
  for (const auto& [folder, module] : tree.modules) {
    check_named_tests(tree, folder + "/MUSTS.md", findings);
    check_named_sections(tree, folder + "/SECTIONS.md", findings);
    check_shown_code(tree, folder + "/README.md", findings);
  }
}

}  // namespace cairn::tidy
