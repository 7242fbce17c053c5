// What is to be shown: rows of styled text, without a terminal.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace cairn::apps::chat {

enum class Style : unsigned char { plain, dim, bar, name, own, notice, alarm, chosen };

/// Of xterm's 256.
struct Colours {
  static constexpr int kOfTheTerminal = -1;
  int front = kOfTheTerminal;
  int back = kOfTheTerminal;

  friend bool operator==(const Colours&, const Colours&) = default;
};

/// `text` has come out of text.h: it drives no terminal.
struct Span {
  std::string text;
  Style style = Style::plain;
  std::optional<Colours> colours = std::nullopt;  ///< of pictures alone, where the terminal has them
};
using ScreenRow = std::vector<Span>;

struct Size {
  int rows = 24;
  int columns = 80;
};

struct Screen {
  std::vector<ScreenRow> rows;  ///< from the top, as many as the terminal has
  int cursor_row = 0;
  int cursor_column = 0;
};

}  // namespace cairn::apps::chat
