// A file is one concept and a function does one thing: neither grows beyond what a reader can hold.
#include "tests/tidy/tree.h"

namespace cairn::tidy {
namespace {

constexpr std::size_t kMaxFileLines = 600;  // the aim is 500
constexpr std::size_t kMaxFunctionLines = 70;

/// The text of a declaration without the blanks around it.
std::string_view trimmed(std::string_view text) {
  const std::size_t start = text.find_first_not_of(" \t\n");
  if (start == std::string_view::npos) return "";
  return text.substr(start, text.find_last_not_of(" \t\n") - start + 1);
}

/// Finds function bodies by their braces. It reads the shape of the code, not the language: a brace after a
/// parameter list, outside any other function, opens a body.
class FunctionFinder {
 public:
  FunctionFinder(const SourceFile& file, Findings& findings) : file_(file), code_(file.code), findings_(findings) {}

  void run() {
    std::size_t line = 1;
    for (std::size_t at = 0; at < code_.size(); ++at) {
      const char c = code_[at];
      if (c == '\n') ++line;
      if (c == '#' && starts_line(at)) {
        at = end_of_directive(at, line);
        start_ = at + 1;
      } else if (c == '{') {
        open(at, line);
      } else if (c == '}') {
        close(at, line);
      } else if (c == ';' && parentheses_ == 0) {
        start_ = at + 1;
      } else if (c == '(' || c == ')') {
        parentheses_ += c == '(' ? 1 : -1;
      }
    }
  }

 private:
  enum class Kind { scope, function, inner, value };
  struct Block {
    Kind kind;
    std::size_t line;
    int parentheses;
  };

  bool starts_line(std::size_t at) const {
    const std::size_t before = at == 0 ? std::string_view::npos : code_.find_last_not_of(" \t", at - 1);
    return before == std::string_view::npos || code_[before] == '\n';
  }

  /// Of its last character; lines that end in a backslash go on.
  std::size_t end_of_directive(std::size_t at, std::size_t& line) const {
    while (at + 1 < code_.size() && (code_[at + 1] != '\n' || code_[at] == '\\')) {
      ++at;
      if (code_[at] == '\n') ++line;
    }
    return at;
  }

  Kind kind_of(std::size_t brace) const {
    if (!blocks_.empty() && blocks_.back().kind != Kind::scope) return Kind::inner;
    const std::string_view head = trimmed(code_.substr(start_, brace - start_));
    const std::size_t close = head.rfind(')');
    if (close == std::string_view::npos) return is_scope(head) ? Kind::scope : Kind::value;
    if (is_scope(head)) return Kind::scope;
    const bool member_initializer = is_word(code_[brace - 1]) || code_[brace - 1] == '>';
    if (member_initializer && head.find(" : ") != std::string_view::npos) return Kind::value;
    return Kind::function;
  }

  static bool is_scope(std::string_view head) {
    if (head.empty() || head.starts_with("extern") || head.starts_with("export")) return true;
    for (const std::string_view word : {"namespace", "class", "struct", "union", "enum"}) {
      for (std::size_t at = head.find(word); at != std::string_view::npos; at = head.find(word, at + 1)) {
        const std::size_t end = at + word.size();
        const bool whole = (at == 0 || !is_word(head[at - 1])) && (end == head.size() || !is_word(head[end]));
        const bool in_template = head.substr(0, at).rfind('<') != std::string_view::npos &&
                                 (head.substr(0, at).rfind('>') == std::string_view::npos ||
                                  head.substr(0, at).rfind('<') > head.substr(0, at).rfind('>'));
        const std::size_t parenthesis = head.find('(');
        if (whole && !in_template && (parenthesis == std::string_view::npos || at < parenthesis) && head.back() != ')')
          return true;
      }
    }
    return false;
  }

  void open(std::size_t at, std::size_t line) {
    const Kind kind = kind_of(at);
    blocks_.push_back({kind, line, parentheses_});
    parentheses_ = 0;
    if (kind == Kind::scope) start_ = at + 1;
  }

  void close(std::size_t at, std::size_t line) {
    if (blocks_.empty()) return;
    const Block block = blocks_.back();
    blocks_.pop_back();
    parentheses_ = block.parentheses;
    if (block.kind == Kind::scope || block.kind == Kind::function) start_ = at + 1;
    const std::size_t length = line - block.line + 1;
    if (block.kind == Kind::function && length > kMaxFunctionLines) {
      findings_.push_back({file_.path, block.line, "function-length",
                           "a function of " + std::to_string(length) + " lines; at most 70"});
    }
  }

  const SourceFile& file_;
  std::string_view code_;
  Findings& findings_;
  std::vector<Block> blocks_;
  std::size_t start_ = 0;  ///< of the declaration being read
  int parentheses_ = 0;
};

}  // namespace

void check_lengths(const Tree& tree, Findings& findings) {
  for (const SourceFile& file : tree.files) {
    const std::size_t lines = lines_of(file.raw).size();
    if (lines > kMaxFileLines) {
      findings.push_back({file.path, lines, "file-length",
                          "a file of " + std::to_string(lines) + " lines; at most 600, the aim is 500"});
    }
    FunctionFinder(file, findings).run();
  }
}

}  // namespace cairn::tidy
