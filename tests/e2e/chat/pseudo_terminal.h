// A program in a pseudo-terminal, and what its screen shows: enough of an xterm for what ncurses writes.
#pragma once

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <pty.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>
#include <utmp.h>

#include <chrono>
#include <clocale>
#include <csignal>
#include <cstring>
#include <cwchar>
#include <optional>
#include <string>
#include <vector>

#include "core/base/utf8.h"

namespace cairn::e2e {

/// Characters in their places. A sequence that it does not know is counted, so that a test can say that there was none.
class VirtualScreen {
 public:
  VirtualScreen(int rows, int columns) { resize(rows, columns); }

  void resize(int rows, int columns) {
    rows_ = rows;
    columns_ = columns;
    top_ = 0;
    bottom_ = rows - 1;
    lines_.assign(static_cast<std::size_t>(rows), std::vector<std::string>(static_cast<std::size_t>(columns), " "));
    row_ = column_ = 0;
  }

  void feed(std::string_view bytes) {
    pending_ += bytes;
    while (!pending_.empty() && step()) {
    }
  }

  std::vector<std::string> text() const {
    std::vector<std::string> out;
    for (const auto& line : lines_) {
      std::string row;
      for (const std::string& cell : line) row += cell;
      row.erase(row.find_last_not_of(' ') + 1);
      out.push_back(std::move(row));
    }
    return out;
  }
  bool shows(const std::string& words) const {
    for (const std::string& row : text()) {
      if (row.find(words) != std::string::npos) return true;
    }
    return false;
  }
  int cursor_row() const { return row_; }
  bool in_alternate() const { return alternate_; }
  bool takes_pastes() const { return pastes_; }
  bool has_cursor() const { return cursor_; }
  /// How often it rang.
  int bells() const { return bells_; }
  const std::vector<std::string>& unknown() const { return unknown_; }

 private:
  /// Takes one character or sequence off; false when more bytes are needed.
  bool step() {
    const char c = pending_.front();
    if (c == '\x1b') return escape();
    if (static_cast<unsigned char>(c) < 0x20) {
      control(c);
      pending_.erase(0, 1);
      return true;
    }
    std::string_view rest = pending_;
    const auto character = take_character(rest);
    if (!character) {
      if (pending_.size() < 4) return false;
      pending_.erase(0, 1);
      unknown_.emplace_back("bytes that are no UTF-8");
      return true;
    }
    put(*character, std::string(pending_.substr(0, pending_.size() - rest.size())));
    pending_.erase(0, pending_.size() - rest.size());
    return true;
  }

  void control(char c) {
    if (c == '\a') ++bells_;
    if (c == '\r') column_ = 0;
    if (c == '\n') line_feed();
    if (c == '\b' && column_ > 0) --column_;
    if (c == '\t') column_ = std::min(columns_ - 1, (column_ / 8 + 1) * 8);
  }

  bool escape() {
    if (pending_.size() < 2) return false;
    const char kind = pending_[1];
    if (kind == '[') return control_sequence();
    if (kind == '(' || kind == ')') {
      if (pending_.size() < 3) return false;
      pending_.erase(0, 3);
      return true;
    }
    if (kind == 'M') {
      row_ == top_ ? scroll(-1) : void(--row_);
    } else if (kind != '=' && kind != '>' && kind != '7' && kind != '8') {
      unknown_.push_back(std::string("ESC ") + kind);
    }
    pending_.erase(0, 2);
    return true;
  }

  bool control_sequence() {
    const std::size_t end = pending_.find_first_not_of("0123456789;?>!", 2);
    if (end == std::string::npos) return false;
    const std::string parameters = pending_.substr(2, end - 2);
    const char what = pending_[end];
    pending_.erase(0, end + 1);
    if (parameters.starts_with("?")) {
      mode(parameters.substr(1), what == 'h');
    } else {
      run(what, numbers(parameters), parameters);
    }
    return true;
  }

  static std::vector<int> numbers(const std::string& text) {
    std::vector<int> out;
    for (std::size_t at = 0; at <= text.size();) {
      const std::size_t end = std::min(text.find(';', at), text.size());
      out.push_back(std::atoi(text.substr(at, end - at).c_str()));
      at = end + 1;
    }
    return out;
  }

  void mode(const std::string& which, bool on) {
    if (which == "1049") alternate_ = on;
    if (which == "2004") pastes_ = on;
    if (which == "25") cursor_ = on;
  }

  void run(char what, const std::vector<int>& number, const std::string& parameters) {
    const int first = number.empty() || number[0] == 0 ? 1 : number[0];
    const int second = number.size() < 2 || number[1] == 0 ? 1 : number[1];
    const int plain = number.empty() ? 0 : number[0];
    switch (what) {
      case 'H':
      case 'f': move(first - 1, second - 1); break;
      case 'A': move(row_ - first, column_); break;
      case 'B': move(row_ + first, column_); break;
      case 'C': move(row_, column_ + first); break;
      case 'D': move(row_, column_ - first); break;
      case 'G': move(row_, first - 1); break;
      case 'd': move(first - 1, column_); break;
      case 'J':
        if (plain == 0) erase_from(row_, column_);
        if (plain == 2) erase_from(0, 0);
        if (plain == 1) erase_to();
        break;
      case 'K':
        for (int x = plain == 0 ? column_ : 0; x < (plain == 1 ? column_ + 1 : columns_); ++x) cell(row_, x) = " ";
        break;
      case 'X':
        for (int x = column_; x < std::min(columns_, column_ + first); ++x) cell(row_, x) = " ";
        break;
      case 'b':
        for (int i = 0; i < first; ++i) put(last_, last_text_);
        break;
      case 'P':
      case '@': shift(what == '@' ? first : -first); break;
      case 'L':
      case 'M': scroll_from(row_, what == 'L' ? -first : first); break;
      case 'S': scroll(first); break;
      case 'T': scroll(-first); break;
      case 'r':
        top_ = first - 1;
        bottom_ = (number.size() < 2 || number[1] == 0 ? rows_ : number[1]) - 1;
        move(0, 0);
        break;
      case 'm':
      case 'h':
      case 'l':
      case 't': break;
      default: unknown_.push_back("CSI " + parameters + what);
    }
  }

  std::string& cell(int row, int column) {
    return lines_[static_cast<std::size_t>(row)][static_cast<std::size_t>(column)];
  }
  void move(int row, int column) {
    row_ = std::max(0, std::min(rows_ - 1, row));
    column_ = std::max(0, std::min(columns_ - 1, column));
    wraps_ = false;
  }
  void erase_from(int row, int column) {
    for (int x = column; x < columns_; ++x) cell(row, x) = " ";
    for (int y = row + 1; y < rows_; ++y) lines_[static_cast<std::size_t>(y)].assign(lines_[0].size(), " ");
  }
  void erase_to() {
    for (int y = 0; y < row_; ++y) lines_[static_cast<std::size_t>(y)].assign(lines_[0].size(), " ");
    for (int x = 0; x <= column_; ++x) cell(row_, x) = " ";
  }
  void shift(int by) {
    auto& line = lines_[static_cast<std::size_t>(row_)];
    for (; by > 0; --by) {
      line.insert(line.begin() + column_, " ");
      line.pop_back();
    }
    for (; by < 0; ++by) {
      line.erase(line.begin() + column_);
      line.emplace_back(" ");
    }
  }
  void scroll(int by) { scroll_from(top_, by); }
  void scroll_from(int from, int by) {
    const auto first = lines_.begin() + from;
    for (; by > 0; --by) {
      lines_.erase(first);
      lines_.insert(lines_.begin() + bottom_, std::vector<std::string>(static_cast<std::size_t>(columns_), " "));
    }
    for (; by < 0; ++by) {
      lines_.erase(lines_.begin() + bottom_);
      lines_.insert(lines_.begin() + from, std::vector<std::string>(static_cast<std::size_t>(columns_), " "));
    }
  }
  void line_feed() {
    if (row_ == bottom_) {
      scroll(1);
    } else if (row_ + 1 < rows_) {
      ++row_;
    }
  }
  void put(char32_t character, const std::string& text) {
    const int width = ::wcwidth(static_cast<wchar_t>(character));
    if (width == 0) {
      const int at = wraps_ ? column_ : std::max(0, column_ - 1);
      (cell(row_, at).empty() && at > 0 ? cell(row_, at - 1) : cell(row_, at)) += text;
      return;
    }
    if (wraps_) {
      column_ = 0;
      line_feed();
      wraps_ = false;
    }
    cell(row_, column_) = text;
    if (width == 2 && column_ + 1 < columns_) cell(row_, column_ + 1) = "";
    column_ += width;
    if (column_ >= columns_) {
      column_ = columns_ - 1;
      wraps_ = true;
    }
    last_ = character;
    last_text_ = text;
  }

  int bells_ = 0;
  int rows_ = 0;
  int columns_ = 0;
  int top_ = 0;
  int bottom_ = 0;
  int row_ = 0;
  int column_ = 0;
  bool wraps_ = false;
  bool alternate_ = false;
  bool pastes_ = false;
  bool cursor_ = true;
  char32_t last_ = ' ';
  std::string last_text_ = " ";
  std::vector<std::vector<std::string>> lines_;
  std::string pending_;
  std::vector<std::string> unknown_;
};

/// A child in a terminal of its own. Ends it when it goes.
class PseudoTerminal {
 public:
  PseudoTerminal(const std::vector<std::string>& argv, const std::string& folder, int rows = 24, int columns = 80,
                 const char* kind = "xterm")
      : screen_(rows, columns) {
    std::setlocale(LC_CTYPE, "C.UTF-8");
    winsize size = {};
    size.ws_row = static_cast<unsigned short>(rows);
    size.ws_col = static_cast<unsigned short>(columns);
    EXPECT_EQ(::openpty(&master_, &slave_, nullptr, nullptr, &size), 0);
    ::fcntl(master_, F_SETFD, FD_CLOEXEC);
    ::fcntl(slave_, F_SETFD, FD_CLOEXEC);
    EXPECT_EQ(::tcgetattr(slave_, &before_), 0);
    pid_ = ::fork();
    if (pid_ == 0) {
      ::login_tty(slave_);
      ::setenv("TERM", kind, 1);
      ::setenv("LC_ALL", "C.UTF-8", 1);
      if (::chdir(folder.c_str()) != 0) ::_exit(126);
      std::vector<char*> words;
      for (const std::string& word : argv) words.push_back(const_cast<char*>(word.c_str()));
      words.push_back(nullptr);
      ::execv(words[0], words.data());
      ::_exit(127);
    }
  }
  ~PseudoTerminal() {
    if (!exit_code_) {
      ::kill(pid_, SIGKILL);
      ::waitpid(pid_, nullptr, 0);
    }
    ::close(master_);
    ::close(slave_);
  }
  PseudoTerminal(const PseudoTerminal&) = delete;
  PseudoTerminal& operator=(const PseudoTerminal&) = delete;

  const VirtualScreen& screen() const { return screen_; }
  const std::string& written() const { return written_; }
  pid_t pid() const { return pid_; }

  void type(const std::string& keys) { ASSERT_EQ(::write(master_, keys.data(), keys.size()), (ssize_t)keys.size()); }
  void resize(int rows, int columns) {
    winsize size = {};
    size.ws_row = static_cast<unsigned short>(rows);
    size.ws_col = static_cast<unsigned short>(columns);
    screen_.resize(rows, columns);
    ASSERT_EQ(::ioctl(master_, TIOCSWINSZ, &size), 0);
  }

  /// Reads on until the screen is so; false when it is not within `most`.
  template <class Condition>
  bool until(Condition condition, std::chrono::milliseconds most = std::chrono::seconds(20)) {
    const auto end = std::chrono::steady_clock::now() + most;
    while (!condition()) {
      if (std::chrono::steady_clock::now() >= end) return false;
      pollfd watched = {master_, POLLIN, 0};
      if (::poll(&watched, 1, 50) <= 0) continue;
      char part[4096];
      const ssize_t got = ::read(master_, part, sizeof part);
      if (got <= 0) continue;
      written_.append(part, static_cast<std::size_t>(got));
      screen_.feed({part, static_cast<std::size_t>(got)});
    }
    return true;
  }
  bool shows(const std::string& words) {
    return until([&] { return screen_.shows(words); });
  }
  bool hides(const std::string& words) {
    return until([&] { return !screen_.shows(words); });
  }
  /// The exit code, 128 + signal when one ended it; nothing when it goes on.
  std::optional<int> ended(std::chrono::milliseconds most = std::chrono::seconds(20)) {
    until(
        [&] {
          int status = 0;
          if (exit_code_ || ::waitpid(pid_, &status, WNOHANG) != pid_) return exit_code_.has_value();
          exit_code_ = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
          return true;
        },
        most);
    // What it said last is in the terminal still.
    until([] { return false; }, std::chrono::milliseconds(100));
    return exit_code_;
  }
  /// Whether everything is as it was before: line discipline, screen, cursor.
  bool is_restored() const {
    termios now = {};
    if (::tcgetattr(slave_, &now) != 0) return false;
    return now.c_lflag == before_.c_lflag && now.c_iflag == before_.c_iflag && now.c_oflag == before_.c_oflag &&
           now.c_cflag == before_.c_cflag && std::memcmp(now.c_cc, before_.c_cc, sizeof now.c_cc) == 0 &&
           !screen_.in_alternate() && !screen_.takes_pastes() && screen_.has_cursor();
  }
  std::string picture() const {
    std::string out;
    for (const std::string& row : screen_.text()) out += "|" + row + "\n";
    return out;
  }

 private:
  VirtualScreen screen_;
  std::string written_;
  int master_ = -1;
  int slave_ = -1;
  pid_t pid_ = -1;
  termios before_ = {};
  std::optional<int> exit_code_;
};

}  // namespace cairn::e2e
