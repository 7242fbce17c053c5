// The line that is being written: text, cursor, and the lines before.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace cairn::apps::chat {

class LineEditor {
 public:
  /// What a message may have (docs/spec/client-rpc.md); what would go beyond is not taken in.
  static constexpr std::size_t kMaxSize = 16 * 1024;
  static constexpr std::size_t kMaxHistory = 200;

  /// May have several lines.
  const std::string& text() const { return text_; }
  /// In bytes; never within a character or before its marks.
  std::size_t cursor() const { return cursor_; }
  /// The cursor goes to the end.
  void set(std::string text);
  /// Gives the text away and keeps it among the lines before.
  std::string take();

  /// Characters and line breaks; control characters are left out. False when there is no room for it.
  bool insert(std::string_view text);
  void erase_before();
  void erase_after();
  void erase_word();
  void erase_to_start();
  void erase_to_end();
  /// Puts back what erase_word(), erase_to_start() or erase_to_end() took last.
  void put_back();

  void left();
  void right();
  void word_left();
  void word_right();
  /// Of this line of several.
  void home();
  void end();
  /// To the line above, or else to what was written before.
  void up();
  void down();

 private:
  std::size_t before(std::size_t at) const;
  std::size_t after(std::size_t at) const;
  std::size_t line_start(std::size_t at) const;
  std::size_t line_end(std::size_t at) const;
  std::size_t word_before(std::size_t at) const;
  void erase(std::size_t first, std::size_t end);
  /// So many cells from `start`, but not beyond the end of its line.
  std::size_t in_line(std::size_t start, std::size_t cells) const;
  void show_history(std::size_t at);

  std::string text_;
  std::size_t cursor_ = 0;
  std::string taken_;
  std::vector<std::string> history_;
  std::size_t at_ = 0;      // in history_; its size: what is being written
  std::string unfinished_;  // that, while an older line is shown
};

}  // namespace cairn::apps::chat
