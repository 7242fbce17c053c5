// A source tree as the tidy test sees it: files, their includes, and the modules that CMake declares.
#pragma once

#include <cstddef>
#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace cairn::tidy {

/// A broken rule. `rule` is the name that the folders of tests/tidy/violations bear.
struct Finding {
  std::string path;
  std::size_t line;
  std::string rule;
  std::string message;
};
using Findings = std::vector<Finding>;

struct Include {
  std::size_t line;
  std::string target;
  bool quoted;
};

/// One .h or .cpp. `text` is the file without comments, `code` also without the contents of string and
/// character literals; both have the file's lines and columns, blanks standing for what was taken out.
struct SourceFile {
  std::string path;  ///< relative to the root, with slashes
  std::string raw;
  std::string text;
  std::string code;
  std::vector<Include> includes;

  bool is_header() const { return path.ends_with(".h"); }
  /// Its test, fuzzer, benchmark or constant-time program: not part of the module's library.
  bool is_beside_library() const;
};

/// add_module(folder DEPENDS depends...)
struct Module {
  std::size_t line = 0;
  std::set<std::string> depends;
};

struct Tree {
  std::filesystem::path root;
  std::vector<SourceFile> files;
  std::map<std::string, Module> modules;  ///< by folder

  /// The folder of the module that the path belongs to; empty if none.
  std::string module_of(std::string_view path) const;
};

/// Reads the tree; folders without sources are fine. Leaves out build/, generated files and, unless it is
/// itself the root, tests/tidy/violations.
Tree load(const std::filesystem::path& root);

/// Fills text, code and includes from raw.
void scan(SourceFile& file);

std::size_t line_at(std::string_view text, std::size_t offset);
std::vector<std::string_view> lines_of(std::string_view text);
bool is_word(char c);

// The rules.
void check_dependencies(const Tree& tree, Findings& findings);
void check_includes(const Tree& tree, Findings& findings);
void check_rooms(const Tree& tree, Findings& findings);
void check_purity(const Tree& tree, Findings& findings);
void check_lengths(const Tree& tree, Findings& findings);
void check_labels(const Tree& tree, Findings& findings);
void check_promises(const Tree& tree, Findings& findings);
void check_tables(const Tree& tree, Findings& findings);

}  // namespace cairn::tidy
