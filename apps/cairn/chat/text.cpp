#include "apps/cairn/chat/text.h"

#include <algorithm>
#include <clocale>
#include <cwchar>
#include <optional>

#include "apps/cairn/render.h"
#include "core/base/utf8.h"

namespace cairn::apps::chat {
namespace {

constexpr const char* kReplacement = "\xef\xbf\xbd";  // U+FFFD

/// The C library's table of widths, whatever the locale of the process is.
int width_of(char32_t c) {
  static const locale_t kUtf8 = ::newlocale(LC_CTYPE_MASK, "C.UTF-8", nullptr);
  if (kUtf8 == nullptr) return c < 0x80 ? 1 : -1;
  const locale_t before = ::uselocale(kUtf8);
  const int columns = ::wcwidth(static_cast<wchar_t>(c));
  ::uselocale(before);
  return columns;
}

/// Takes the first character of a text that is not empty.
Cell take(std::string_view& text) {
  const std::string_view before = text;
  const auto character = take_character(text);
  if (!character) {
    text = before.substr(1);
    return {"?", 1, 1};
  }
  const std::size_t bytes = before.size() - text.size();
  if (drives_terminal(*character)) return {" ", 1, bytes};
  const int columns = width_of(*character);
  if (columns < 0) return {kReplacement, 1, bytes};
  return {std::string(before.substr(0, bytes)), columns, bytes};
}

/// Collects the rows of a text.
class Breaker {
 public:
  Breaker(int first, int rest, Break how) : room_(std::max(first, 2)), rest_(std::max(rest, 2)), how_(how) {}

  void add(const Cell& cell, std::size_t at) {
    if (columns_ + cell.columns > room_) {
      turn(cell);
      if (how_ == Break::words && cell.shown == " ") {  // it has done its work
        begin_ = end_ = at + cell.bytes;
        return;
      }
    }
    cells_.push_back(cell);
    columns_ += cell.columns;
    if (cell.shown == " ") blank_ = cells_.size();
    end_ = at + cell.bytes;
  }

  /// Ends a row; the next one begins at `next`.
  void end_row(std::size_t next) {
    TextRow row;
    for (const Cell& cell : cells_) row.shown += cell.shown;
    row.columns = columns_;
    row.begin = begin_;
    row.end = std::max(end_, begin_);
    rows_.push_back(std::move(row));
    cells_.clear();
    columns_ = 0;
    blank_ = 0;
    begin_ = end_ = next;
    room_ = rest_;
  }

  std::vector<TextRow> take_rows() { return std::move(rows_); }

 private:
  /// The row is full: what stands behind its last blank goes on in the next one, if it fits there.
  void turn(const Cell& next) {
    std::size_t bytes = 0;
    int columns = 0;
    for (std::size_t i = blank_; i < cells_.size(); ++i) {
      bytes += cells_[i].bytes;
      columns += cells_[i].columns;
    }
    const bool moves = how_ == Break::words && blank_ != 0 && next.shown != " " && columns + next.columns <= rest_;
    if (!moves) return end_row(end_);
    const std::vector<Cell> moved(cells_.begin() + static_cast<std::ptrdiff_t>(blank_), cells_.end());
    const std::size_t end = end_;
    cells_.resize(blank_);
    columns_ -= columns;
    end_ = end - bytes;
    end_row(end_);
    cells_ = moved;
    columns_ = columns;
    end_ = end;
  }

  int room_;
  int rest_;
  Break how_;
  std::vector<TextRow> rows_;
  std::vector<Cell> cells_;
  int columns_ = 0;
  std::size_t blank_ = 0;  // cells up to and with the last blank
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
};

/// Takes a cell with its marks; the text is not empty.
Cell take_cell(std::string_view& text) {
  Cell cell = take(text);
  if (cell.columns == 0) cell = {" " + cell.shown, 1, cell.bytes};  // a mark over nothing
  for (std::size_t marks = 0; !text.empty() && text.front() != '\n';) {
    std::string_view rest = text;
    const Cell next = take(rest);
    if (next.columns != 0) break;
    if (++marks <= kMaxMarks) cell.shown += next.shown;
    cell.bytes += next.bytes;
    text = rest;
  }
  return cell;
}

}  // namespace

std::vector<Cell> cells_of(std::string_view text) {
  std::vector<Cell> out;
  while (!text.empty()) out.push_back(take_cell(text));
  return out;
}

std::string shown_of(std::string_view text) {
  std::string out;
  for (const Cell& cell : cells_of(text)) out += cell.shown;
  return out;
}

int columns_of(std::string_view text) {
  int out = 0;
  for (const Cell& cell : cells_of(text)) out += cell.columns;
  return out;
}

std::string clipped(std::string_view text, int columns) {
  const std::vector<Cell> cells = cells_of(text);
  int all = 0;
  for (const Cell& cell : cells) all += cell.columns;
  const int room = all <= columns ? columns : columns - 1;
  std::string out;
  int used = 0;
  for (const Cell& cell : cells) {
    if (used + cell.columns > room) break;
    out += cell.shown;
    used += cell.columns;
  }
  return all <= columns || columns <= 0 ? out : out + "\xe2\x80\xa6";
}

std::vector<TextRow> broken(std::string_view text, int first, int rest, Break how) {
  Breaker breaker(first, rest, how);
  std::string_view left = text;
  while (!left.empty()) {
    const std::size_t at = text.size() - left.size();
    if (left.front() == '\n') {
      left.remove_prefix(1);
      breaker.end_row(at + 1);
    } else {
      breaker.add(take_cell(left), at);
    }
  }
  breaker.end_row(text.size());
  return breaker.take_rows();
}

}  // namespace cairn::apps::chat
