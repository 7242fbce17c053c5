#include "tests/tidy/tree.h"

#include <algorithm>
#include <cctype>
#include <fstream>
#include <iterator>
#include <sstream>

namespace cairn::tidy {
namespace {

std::string read_file(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

/// Copies the file's text, blanking comments in `text` and also the contents of literals in `code`.
class Scanner {
 public:
  explicit Scanner(SourceFile& file) : file_(file), in_(file.raw) {}

  void run() {
    while (at_ < in_.size()) {
      if (starts("//")) {
        skip_to(std::min(in_.find('\n', at_), in_.size()), false);
      } else if (starts("/*")) {
        skip_to(end_after("*/", at_ + 2), false);
      } else if (starts("R\"") && !(at_ > 0 && is_word(in_[at_ - 1]) && in_[at_ - 1] != 'u' && in_[at_ - 1] != '8')) {
        const std::size_t open = std::min(in_.find('(', at_), in_.size());
        const std::string close = ")" + in_.substr(std::min(at_ + 2, open), open - std::min(at_ + 2, open)) + "\"";
        skip_to(end_after(close, open), true);
      } else if (in_[at_] == '"' || (in_[at_] == '\'' && !(at_ > 0 && is_word(in_[at_ - 1])))) {
        skip_to(end_of_literal(), true);
      } else {
        keep(in_[at_], in_[at_]);
      }
    }
  }

 private:
  bool starts(std::string_view what) const { return std::string_view(in_).substr(at_).starts_with(what); }

  std::size_t end_after(std::string_view what, std::size_t from) const {
    const std::size_t found = in_.find(what, from);
    return found == std::string::npos ? in_.size() : found + what.size();
  }

  std::size_t end_of_literal() const {
    std::size_t end = at_ + 1;
    while (end < in_.size() && in_[end] != in_[at_] && in_[end] != '\n') end += in_[end] == '\\' ? 2 : 1;
    return std::min(end + 1, in_.size());
  }

  void keep(char in_text, char in_code) {
    file_.text.push_back(in_text);
    file_.code.push_back(in_code);
    ++at_;
  }

  void skip_to(std::size_t end, bool literal) {
    const std::size_t start = at_;
    while (at_ < end) {
      const char c = in_[at_];
      const bool quote = literal && (at_ == start || at_ + 1 == end);
      keep(literal || c == '\n' ? c : ' ', quote || c == '\n' ? c : ' ');
    }
  }

  SourceFile& file_;
  const std::string& in_;
  std::size_t at_ = 0;
};

std::vector<Include> includes_of(std::string_view text) {
  std::vector<Include> includes;
  std::size_t number = 0;
  for (std::string_view line : lines_of(text)) {
    ++number;
    const auto skip_blanks = [&line] { line.remove_prefix(std::min(line.find_first_not_of(" \t"), line.size())); };
    skip_blanks();
    if (!line.starts_with('#')) continue;
    line.remove_prefix(1);
    skip_blanks();
    if (!line.starts_with("include")) continue;
    line.remove_prefix(7);
    skip_blanks();
    if (line.empty() || (line[0] != '"' && line[0] != '<')) continue;
    const std::size_t end = line.find(line[0] == '<' ? '>' : '"', 1);
    if (end != std::string_view::npos)
      includes.push_back({number, std::string(line.substr(1, end - 1)), line[0] == '"'});
  }
  return includes;
}

std::map<std::string, Module> modules_of(const std::filesystem::path& cmake_lists) {
  std::map<std::string, Module> modules;
  std::string text;
  std::istringstream lines(read_file(cmake_lists));
  for (std::string line; std::getline(lines, line);) text += line.substr(0, line.find('#')) + '\n';
  const std::string_view call = "add_module(";
  for (std::size_t at = text.find(call); at != std::string::npos; at = text.find(call, at + 1)) {
    const std::size_t open = at + call.size();
    std::istringstream words(text.substr(open, text.find(')', open) - open));
    std::string folder;
    std::string word;
    std::string list;
    words >> folder;
    Module module{line_at(text, at), {}};
    while (words >> word) {
      if (word == "DEPENDS" || word == "LIBRARIES" || word == "TESTED_WITH") {
        list = word;
      } else if (list == "DEPENDS") {
        module.depends.insert(word);
      }
    }
    modules.emplace(folder, module);
  }
  return modules;
}

bool is_ours(const std::string& path) { return !path.starts_with("tests/tidy/violations/"); }

}  // namespace

bool is_word(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; }

std::size_t line_at(std::string_view text, std::size_t offset) {
  const std::string_view before = text.substr(0, offset);
  return 1 + static_cast<std::size_t>(std::count(before.begin(), before.end(), '\n'));
}

std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    lines.push_back(text.substr(0, end));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
  return lines;
}

bool SourceFile::is_beside_library() const {
  return path.ends_with("_test.cpp") || path.ends_with("_fuzz.cpp") || path.ends_with("_bench.cpp") ||
         path.ends_with("_ct.cpp") || path.ends_with("_fixture.h");
}

std::string Tree::module_of(std::string_view path) const {
  std::string best;
  for (const auto& [folder, module] : modules) {
    const bool inside = path.starts_with(folder) && path.substr(folder.size()).starts_with('/');
    if (inside && folder.size() > best.size()) best = folder;
  }
  return best;
}

void scan(SourceFile& file) {
  Scanner(file).run();
  file.includes = includes_of(file.text);
}

Tree load(const std::filesystem::path& root) {
  namespace fs = std::filesystem;
  Tree tree{root, {}, modules_of(root / "CMakeLists.txt")};
  for (const char* group : {"core", "shell", "apps", "tests", "bench", "tools"}) {
    if (!fs::is_directory(root / group)) continue;
    for (const auto& entry : fs::recursive_directory_iterator(root / group)) {
      const std::string path = entry.path().lexically_relative(root).generic_string();
      if (!entry.is_regular_file() || !(path.ends_with(".h") || path.ends_with(".cpp")) || !is_ours(path)) continue;
      if (path.find("/node_modules/") != std::string::npos) continue;
      SourceFile file{path, read_file(entry.path()), {}, {}, {}};
      if (file.raw.starts_with("// Generated by ")) continue;
      scan(file);
      tree.files.push_back(std::move(file));
    }
  }
  std::sort(tree.files.begin(), tree.files.end(), [](const auto& a, const auto& b) { return a.path < b.path; });
  return tree;
}

}  // namespace cairn::tidy
