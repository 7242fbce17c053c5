// How one message looks.
#include <algorithm>
#include <ctime>

#include "apps/cairn/chat/text.h"
#include "apps/cairn/chat/timeline.h"
#include "apps/cairn/mentions.h"
#include "apps/cairn/render.h"

namespace cairn::apps::chat {
namespace {

using nlohmann::json;

constexpr int kIndent = 4;
/// A text that had less room behind its sender's name begins in a row of its own.
constexpr int kLeastRoom = 12;
constexpr int kQuoteColumns = 60;

std::string text_of(const json& object, const char* key) { return object.value(key, std::string()); }

std::string joined_names(const json& list, const Names& names) {
  std::string out;
  for (const json& one : list) {
    if (one.is_string()) out += (out.empty() ? "" : ", ") + names.shown(one.get<std::string>());
  }
  return out;
}

/// How many more there are than were told; empty: none.
std::string more_of(const json& object, const char* key) {
  return object.contains(key) ? " and " + std::to_string(object.value(key, std::uint64_t{0})) + " more" : "";
}

std::string duration_words(std::uint64_t seconds) {
  constexpr std::pair<std::uint64_t, const char*> kUnits[] = {{86'400, " d"}, {3'600, " h"}, {60, " min"}};
  for (const auto& [size, unit] : kUnits) {
    if (seconds >= size && seconds % size == 0) return std::to_string(seconds / size) + unit;
  }
  return std::to_string(seconds) + " s";
}

/// What became of it, behind its text.
std::string marks_of(const json& message, const Names& names, bool is_own) {
  std::string out;
  const std::string delivery = text_of(message, "delivery");
  const auto add = [&out](const std::string& mark) { out += (out.empty() ? "" : ", ") + mark; };
  const json mentions = message.value("mentions", json::array());
  if (!is_own && std::find(mentions.begin(), mentions.end(), names.own) != mentions.end()) add("mentions you");
  if (message.contains("edited_ms")) add("edited");
  if (delivery == "waiting") add("waiting");
  if (delivery == "refused") add("not sent");
  if (is_own && delivery == "sent") add(text_of(message, "status").empty() ? "sent" : text_of(message, "status"));
  if (message.contains("disappears_after_s") && !message.value("unsent", false))
    add("disappears after " + duration_words(message.value("disappears_after_s", std::uint64_t{0})));
  return out;
}

std::string body_of(const json& message, const Names& names) {
  if (message.value("unsent", false)) return "(taken back)";
  std::string out = text_shown(message, names);
  const std::string gap = out.empty() ? "" : " ";
  if (message.contains("attachment")) {
    const json& file = message["attachment"];
    return out + gap + "[file: " + text_of(file, "name") + ", " + size_words(file.value("size", std::uint64_t{0})) +
           "; /save " + std::to_string(message.value("index", std::uint64_t{0})) + "]";
  }
  const std::string unknown = text_of(message, "unknown_type");
  if (!unknown.empty()) out += gap + "[a " + unknown + " that this version does not show]";
  return out;
}

ScreenRow quote_row(const json& message, const json* quoted, int columns, const Names& names) {
  std::string text = "    > ";
  if (quoted != nullptr) {
    text += names.shown(text_of(*quoted, "sender")) + ": " + body_of(*quoted, names);
  } else if (message.contains("reply_to_index")) {
    text += "#" + std::to_string(message.value("reply_to_index", std::uint64_t{0}));
  } else {
    text += "a message that is not here";
  }
  return {{clipped(text, std::min(columns, kQuoteColumns)), Style::dim}};
}

}  // namespace

std::string Names::shown(const std::string& name) const {
  const auto petname = petnames.find(name);
  if (petname != petnames.end()) return petname->second;
  const std::size_t at = own.find('@');
  const bool is_ours = at != std::string::npos && name.ends_with(std::string_view(own).substr(at));
  return is_ours ? name.substr(0, name.find('@')) : name;
}

std::string text_shown(const json& message, const Names& names) {
  return with_mentions_shown(message.value("text", std::string()), message.value("mentions", json::array()),
                             [&](const std::string& name) { return names.shown(name); });
}

std::string clock_of(std::uint64_t time_ms) {
  const auto seconds = static_cast<std::time_t>(time_ms / 1000);
  std::tm local{};
  localtime_r(&seconds, &local);
  char buffer[16];
  std::strftime(buffer, sizeof buffer, "%H:%M", &local);
  return buffer;
}

std::vector<ScreenRow> rows_of_message(const json& message, const json* quoted, bool is_marked, int columns,
                                       const Names& names) {
  std::vector<ScreenRow> out;
  const std::string when = clock_of(message.value("time_ms", std::uint64_t{0})) + " ";
  const std::string sender = text_of(message, "sender");
  if (text_of(message, "delivery") == "notice" || sender.empty()) {
    for (TextRow& row : broken(when + "-- " + text_of(message, "text"), columns, columns, Break::words))
      out.push_back({{std::move(row.shown), is_marked ? Style::chosen : Style::notice}});
    return out;
  }
  const bool is_own = sender == names.own;
  if (message.contains("reply_to")) out.push_back(quote_row(message, quoted, columns, names));
  const std::string number = "#" + std::to_string(message.value("index", std::uint64_t{0})) + " ";
  const std::string who = clipped(names.shown(sender), std::max(8, columns / 3));
  const int head = columns_of(when + number + who + ": ");
  const bool begins_below = columns - head < kLeastRoom;
  const std::string body = body_of(message, names);
  const int room = std::max(2, columns - kIndent);
  const auto rows = broken(body, begins_below ? room : columns - head, room, Break::words);
  const Style style = is_marked ? Style::chosen : message.value("unsent", false) ? Style::dim : Style::plain;
  ScreenRow row = {{when + number, Style::dim}, {who, is_own ? Style::own : Style::name}, {": ", Style::plain}};
  int used = head;
  if (begins_below) {
    out.push_back(std::move(row));
    row = {{std::string(kIndent, ' '), Style::plain}};
    used = kIndent;
  }
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (i != 0) {
      out.push_back(std::move(row));
      row = {{std::string(kIndent, ' '), Style::plain}};
      used = kIndent;
    }
    row.push_back({rows[i].shown, style});
    used += rows[i].columns;
  }
  if (const std::string marks = marks_of(message, names, is_own); !marks.empty()) {
    const std::string shown = "  (" + marks + ")";
    if (used + columns_of(shown) > columns) {
      out.push_back(std::move(row));
      row = {{std::string(2, ' '), Style::plain}};
    }
    row.push_back({clipped(shown, columns - 2), Style::dim});
  }
  out.push_back(std::move(row));
  for (const json& one : message.value("reactions", json::array())) {
    const std::string text = "    {" + text_of(one, "text") + " " +
                             joined_names(one.value("names", json::array()), names) + more_of(one, "names_left_out") +
                             "}";
    out.push_back({{clipped(text, columns), Style::dim}});
  }
  if (const std::string more = more_of(message, "reactions_left_out"); !more.empty())
    out.push_back({{clipped("    {" + more.substr(1) + "}", columns), Style::dim}});
  return out;
}

}  // namespace cairn::apps::chat
