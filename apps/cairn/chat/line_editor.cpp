#include "apps/cairn/chat/line_editor.h"

#include <algorithm>
#include <utility>

#include "apps/cairn/chat/text.h"
#include "core/base/utf8.h"

namespace cairn::apps::chat {
namespace {

bool is_blank(char c) { return c == ' ' || c == '\n' || c == '\t'; }

/// What may stand in a message: control characters other than a line break and a tabulator do not.
std::string writable(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const std::string_view before = text;
    const auto character = take_character(text);
    if (!character) {
      text = before.substr(1);
      continue;
    }
    const bool is_control = *character < 0x20 || (*character >= 0x7f && *character < 0xa0);
    if (!is_control || *character == '\n' || *character == '\t') out += before.substr(0, before.size() - text.size());
  }
  return out;
}

}  // namespace

void LineEditor::set(std::string text) {
  text_ = writable(text);
  cursor_ = text_.size();
  at_ = history_.size();
}

std::string LineEditor::take() {
  if (!text_.empty() && (history_.empty() || history_.back() != text_)) history_.push_back(text_);
  if (history_.size() > kMaxHistory) history_.erase(history_.begin());
  at_ = history_.size();
  unfinished_.clear();
  cursor_ = 0;
  return std::exchange(text_, {});
}

bool LineEditor::insert(std::string_view text) {
  const std::string more = writable(text);
  if (text_.size() + more.size() > kMaxSize) return false;
  text_.insert(cursor_, more);
  cursor_ += more.size();
  // Marks that were typed belong to the character before them; so do those that now stand behind the cursor.
  if (cursor_ < text_.size()) cursor_ = after(before(cursor_));
  return true;
}

void LineEditor::erase(std::size_t first, std::size_t end) {
  text_.erase(first, end - first);
  cursor_ = first;
}

void LineEditor::erase_before() { erase(before(cursor_), cursor_); }
void LineEditor::erase_after() { erase(cursor_, after(cursor_)); }

void LineEditor::erase_word() {
  const std::size_t first = word_before(cursor_);
  taken_ = text_.substr(first, cursor_ - first);
  erase(first, cursor_);
}

void LineEditor::erase_to_start() {
  const std::size_t first = line_start(cursor_);
  taken_ = text_.substr(first, cursor_ - first);
  erase(first, cursor_);
}

void LineEditor::erase_to_end() {
  const std::size_t end = line_end(cursor_);
  taken_ = text_.substr(cursor_, end - cursor_);
  erase(cursor_, end);
}

void LineEditor::put_back() { insert(taken_); }

void LineEditor::left() { cursor_ = before(cursor_); }
void LineEditor::right() { cursor_ = after(cursor_); }
void LineEditor::word_left() { cursor_ = word_before(cursor_); }

void LineEditor::word_right() {
  while (cursor_ < text_.size() && is_blank(text_[cursor_])) ++cursor_;
  while (cursor_ < text_.size() && !is_blank(text_[cursor_])) ++cursor_;
}

void LineEditor::home() { cursor_ = line_start(cursor_); }
void LineEditor::end() { cursor_ = line_end(cursor_); }

void LineEditor::up() {
  const std::size_t start = line_start(cursor_);
  if (start != 0) {
    const std::size_t cells = cells_of(std::string_view(text_).substr(start, cursor_ - start)).size();
    cursor_ = in_line(line_start(start - 1), cells);
  } else if (at_ > 0) {
    show_history(at_ - 1);
  }
}

void LineEditor::down() {
  const std::size_t start = line_start(cursor_);
  const std::size_t end = line_end(cursor_);
  if (end != text_.size()) {
    const std::size_t cells = cells_of(std::string_view(text_).substr(start, cursor_ - start)).size();
    cursor_ = in_line(end + 1, cells);
  } else if (at_ < history_.size()) {
    show_history(at_ + 1);
  }
}

void LineEditor::show_history(std::size_t at) {
  if (at_ == history_.size()) unfinished_ = text_;
  at_ = at;
  text_ = at_ == history_.size() ? unfinished_ : history_[at_];
  cursor_ = text_.size();
}

std::size_t LineEditor::before(std::size_t at) const {
  if (at == 0) return 0;
  const std::size_t start = line_start(at);
  if (start == at) return at - 1;  // the line break
  std::size_t out = start;
  std::size_t next = start;
  for (const Cell& cell : cells_of(std::string_view(text_).substr(start, at - start))) {
    out = next;
    next += cell.bytes;
  }
  return out;
}

std::size_t LineEditor::after(std::size_t at) const {
  if (at >= text_.size()) return text_.size();
  if (text_[at] == '\n') return at + 1;
  const std::size_t end = line_end(at);
  return at + cells_of(std::string_view(text_).substr(at, end - at)).front().bytes;
}

std::size_t LineEditor::line_start(std::size_t at) const {
  const std::size_t found = at == 0 ? std::string::npos : text_.rfind('\n', at - 1);
  return found == std::string::npos ? 0 : found + 1;
}

std::size_t LineEditor::line_end(std::size_t at) const { return std::min(text_.find('\n', at), text_.size()); }

std::size_t LineEditor::word_before(std::size_t at) const {
  while (at > 0 && is_blank(text_[at - 1])) --at;
  while (at > 0 && !is_blank(text_[at - 1])) --at;
  return at;
}

std::size_t LineEditor::in_line(std::size_t start, std::size_t cells) const {
  const std::size_t end = line_end(start);
  std::size_t out = start;
  for (const Cell& cell : cells_of(std::string_view(text_).substr(start, end - start))) {
    if (cells-- == 0) break;
    out += cell.bytes;
  }
  return out;
}

}  // namespace cairn::apps::chat
