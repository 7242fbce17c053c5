// How the chat looks: a bar, the messages, what is to be known, and the line that is written.
#include <algorithm>

#include "apps/cairn/chat/model.h"

namespace cairn::apps::chat {
namespace {

constexpr int kMostEditorRows = 6;
constexpr const char* kPrompt = "> ";
constexpr int kPromptColumns = 2;
constexpr int kLeastRows = 6;
constexpr int kLeastColumns = 20;
constexpr int kQuotedColumns = 40;

ScreenRow row_of(const std::string& text, int columns, Style style) { return {{clipped(text, columns), style}}; }

/// Filled with blanks, so that its colour goes over the whole width.
std::string filled(const std::string& text, int columns) {
  std::string out = clipped(text, columns);
  out.append(static_cast<std::size_t>(std::max(0, columns - columns_of(out))), ' ');
  return out;
}

}  // namespace

std::vector<TextRow> Model::editor_rows() const {
  const int room = std::max(2, size_.columns - kPromptColumns - 1);  // the cursor stands behind the last one
  return broken(editor_.text(), room, room, Break::cells);
}

ScreenRow Model::bar() const {
  std::string text = " " + (title_.empty() ? config_.to : title_);
  if (life_s_ != 0) text += "  messages disappear";
  if (!connected_) text += "  not connected";
  if (!timeline_.at_newest()) text += "  -- older; Esc: newest --";
  return {{filled(text, size_.columns), Style::bar}};
}

std::vector<ScreenRow> Model::notes() const {
  std::vector<ScreenRow> out;
  const int columns = size_.columns;
  if (is_request_) {
    out.push_back(row_of("They write to you for the first time: /accept, /delete or /block.", columns, Style::alarm));
  }
  if (const std::string writing = who_types(); !writing.empty()) out.push_back(row_of(writing, columns, Style::notice));
  if (const std::string news = news_line(); !news.empty()) out.push_back(row_of(news, columns, Style::notice));
  if (!transfer_.empty()) out.push_back(row_of(transfer_, columns, Style::notice));
  for (const auto& [meant, word] : {std::pair{replies_to_, "answers"}, std::pair{edits_, "changes"}}) {
    if (!meant) continue;
    const nlohmann::json* message = timeline_.find(*meant);
    const std::string text = message == nullptr ? "" : text_shown(*message, names_);
    out.push_back(row_of(
        std::string(word) + " #" + std::to_string(*meant) + ": " + clipped(text, kQuotedColumns) + "  (Esc: not)",
        columns, Style::notice));
  }
  // A sentence is shown whole, as far as there is room.
  const auto rows = broken(said_, columns, columns, Break::words);
  for (std::size_t i = 0; !said_.empty() && i < std::min<std::size_t>(rows.size(), 3); ++i)
    out.push_back({{rows[i].shown, said_alarms_ ? Style::alarm : Style::notice}});
  out.resize(std::min<std::size_t>(out.size(), static_cast<std::size_t>(std::max(1, size_.rows / 3))));
  return out;
}

int Model::most_editor_rows() const {
  return std::clamp(size_.rows - 2 - static_cast<int>(notes().size()), 1, kMostEditorRows);
}

Size Model::timeline_size() const {
  const int written = std::min(most_editor_rows(), static_cast<int>(editor_rows().size()));
  const int told = static_cast<int>(notes().size());
  return {std::max(1, size_.rows - 1 - told - written), size_.columns};
}

std::vector<ScreenRow> Model::panel_rows(Size size) const {
  std::vector<ScreenRow> out = {row_of(panel_.title, size.columns, Style::notice)};
  const auto room = static_cast<std::size_t>(std::max(1, size.rows - 1));
  const std::size_t top = panel_.chosen >= room ? panel_.chosen - room + 1 : 0;
  for (std::size_t i = top; i < panel_.lines.size() && i < top + room; ++i) {
    const bool is_chosen = panel_.of_hits && i == panel_.chosen;
    out.push_back(row_of(panel_.lines[i], size.columns, is_chosen ? Style::chosen : Style::plain));
  }
  return out;
}

Screen Model::view() const {
  Screen out;
  if (size_.rows < kLeastRows || size_.columns < kLeastColumns) {
    out.rows.assign(static_cast<std::size_t>(std::max(1, size_.rows)), {});
    out.rows.front() = row_of("Make this window larger.", size_.columns, Style::plain);
    return out;
  }
  const Size inner = timeline_size();
  out.rows.push_back(bar());
  const auto middle = panel_.title.empty() ? timeline_.rows(inner, names_) : panel_rows(inner);
  const auto height = static_cast<std::size_t>(inner.rows);
  // Messages stand at the bottom, a panel at the top.
  if (panel_.title.empty() && middle.size() < height) out.rows.resize(1 + height - middle.size());
  out.rows.insert(out.rows.end(), middle.begin(), middle.end());
  out.rows.resize(1 + height);
  for (ScreenRow& row : notes()) out.rows.push_back(std::move(row));

  const auto rows = editor_rows();
  std::size_t at = rows.size() - 1;
  while (at > 0 && editor_.cursor() < rows[at].begin) --at;
  const auto most = static_cast<std::size_t>(most_editor_rows());
  const std::size_t first = at >= most ? at - most + 1 : 0;
  const int base = static_cast<int>(out.rows.size());
  for (std::size_t i = first; i < rows.size() && i < first + most; ++i) {
    out.rows.push_back({{i == 0 ? kPrompt : "  ", Style::dim}, {rows[i].shown, Style::plain}});
  }
  out.cursor_row = base + static_cast<int>(at - first);
  const std::string_view before =
      std::string_view(editor_.text()).substr(rows[at].begin, editor_.cursor() - rows[at].begin);
  out.cursor_column = std::min(size_.columns - 1, kPromptColumns + columns_of(before));
  out.rows.resize(static_cast<std::size_t>(size_.rows));
  return out;
}

}  // namespace cairn::apps::chat
