// How wide text is on a terminal, and where its lines break.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace cairn::apps::chat {

/// What stands together on a screen: a character with the marks over it. `shown` drives no terminal, whatever the text
/// was: here everything that others wrote becomes harmless.
struct Cell {
  std::string shown;
  int columns = 1;        ///< 1 or 2
  std::size_t bytes = 0;  ///< that it takes in the text
};

/// More marks over one character than any language writes are left out: what terminals take differs.
inline constexpr std::size_t kMaxMarks = 4;

/// The cells of a text; a line break in it counts as a blank.
std::vector<Cell> cells_of(std::string_view text);
/// As it is shown, without what would drive a terminal.
std::string shown_of(std::string_view text);
int columns_of(std::string_view text);
/// As much of its beginning as fits, with "…" where something is left out.
std::string clipped(std::string_view text, int columns);

/// One row of a text that was broken into rows.
struct TextRow {
  std::string shown;
  int columns = 0;
  std::size_t begin = 0;  ///< in the text, in bytes
  std::size_t end = 0;
};

enum class Break { words, cells };
/// Rows of at most `first` columns, then `rest` (each at least 2). Line breaks break always; there is at least one row.
/// With Break::words a blank that would begin a row is not shown.
std::vector<TextRow> broken(std::string_view text, int first, int rest, Break how);

}  // namespace cairn::apps::chat
