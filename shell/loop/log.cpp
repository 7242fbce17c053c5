#include "shell/loop/log.h"

#include <chrono>

namespace cairn::loop {

namespace {

std::string_view name_of(proto::Event::Level level) {
  switch (level) {
    case proto::Event::Level::debug: return "debug";
    case proto::Event::Level::info: return "info";
    case proto::Event::Level::warning: return "warning";
    case proto::Event::Level::error: return "error";
  }
  return "unknown";
}

/// RFC 3339, in UTC with milliseconds. A clock beyond the year 9999 is shown as its last day.
std::string timestamp(Time now) {
  using namespace std::chrono;
  constexpr std::uint64_t kLast = 253'402'300'799'999;
  const auto since = milliseconds(static_cast<std::int64_t>(std::min(now.ms, kLast)));
  const auto day = floor<days>(sys_time<milliseconds>(since));
  const year_month_day date(day);
  const hh_mm_ss clock(since - day.time_since_epoch());
  char text[64];
  std::snprintf(text, sizeof text, "%04d-%02u-%02uT%02d:%02d:%02d.%03dZ", static_cast<int>(date.year()),
                static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                static_cast<int>(clock.hours().count()), static_cast<int>(clock.minutes().count()),
                static_cast<int>(clock.seconds().count()), static_cast<int>(clock.subseconds().count()));
  return text;
}

/// Files of the operator's may have any byte in a name; a line of the log has none that moves a terminal.
std::string printable(std::string text) {
  for (char& c : text) c = static_cast<unsigned char>(c) < 0x20 || c == 0x7f ? '?' : c;
  return text;
}

void append_json(std::string& line, std::string_view text) {
  for (const char c : text) {
    if (c == '"' || c == '\\') line.push_back('\\');
    line.push_back(static_cast<unsigned char>(c) < 0x20 ? ' ' : c);
  }
}

}  // namespace

std::string log_line(const proto::Event& event, Time now) {
  std::string line = timestamp(now);
  line.append(" ").append(name_of(event.level)).append(" ").append(event.what);
  if (event.number != 0) line.append(" ").append(std::to_string(event.number));
  if (!event.about.empty()) line.append(" (").append(printable(event.about)).append(")");
  return line;
}

std::string json_log_line(const proto::Event& event, Time now) {
  std::string line = R"({"time": ")" + timestamp(now) + R"(", "level": ")";
  line.append(name_of(event.level)).append(R"(", "event": ")");
  append_json(line, event.what);
  line.append(R"(", "number": )").append(std::to_string(event.number));
  if (!event.about.empty()) {
    line.append(R"(, "about": ")");
    append_json(line, event.about);
    line.append("\"");
  }
  return line.append("}");
}

void write_log(std::FILE* out, proto::Event::Level least, const proto::Event& event, Time now, LogFormat format) {
  if (event.level < least) return;
  const std::string line = (format == LogFormat::json ? json_log_line(event, now) : log_line(event, now)) + "\n";
  std::fwrite(line.data(), 1, line.size(), out);
  std::fflush(out);
}

}  // namespace cairn::loop
