// What people say in the demonstration: lines of a script, of a pipe, or typed.
#pragma once

#include <chrono>
#include <optional>
#include <string>

namespace cairn::demo {

/// Which device says what to whom: a name or a group's title.
struct Line {
  std::string device, to, text;
};

/// "DEVICE TO TEXT", as in "alice-1 bob@localhost hello". Nothing when it is no such line.
std::optional<Line> parse_line(const std::string& text);

/// A line that need not name anybody: then alice's first device says all of it to bob.
Line spoken_line(const std::string& text);

/// Whether a line of a script is to be left out: it is empty or a comment that begins with #.
bool says_nothing(const std::string& text);

/// Lines from a descriptor, which stays its caller's. It waits as long as it is told, and no longer.
class Input {
 public:
  enum class Kind {
    nothing,  ///< at its end, or nothing came within a moment
    lines,
    terminal
  };

  explicit Input(int descriptor) : descriptor_(descriptor) {}

  /// Waits a moment for the first bytes when it is no terminal.
  Kind kind();

  /// The next line without its end; the last one may have none. Nothing at the end, or when none came in time.
  std::optional<std::string> next(std::chrono::milliseconds most);

 private:
  /// Reads what there is. False at the end, or when nothing came in time.
  bool fill(std::chrono::milliseconds most);

  int descriptor_;
  std::string pending_;
  bool at_end_ = false;
};

}  // namespace cairn::demo
