#include "apps/demo/input.h"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <string_view>

namespace cairn::demo {
namespace {

using std::chrono::milliseconds;
using Clock = std::chrono::steady_clock;

constexpr std::array<std::string_view, 4> kDevices = {"alice-1", "alice-2", "bob-1", "bob-2"};
constexpr milliseconds kMoment{300};

}  // namespace

std::optional<Line> parse_line(const std::string& text) {
  const std::size_t first = text.find(' ');
  if (first == std::string::npos) return std::nullopt;
  const std::size_t second = text.find(' ', first + 1);
  if (second == std::string::npos || second + 1 == text.size()) return std::nullopt;
  Line line{text.substr(0, first), text.substr(first + 1, second - first - 1), text.substr(second + 1)};
  if (std::find(kDevices.begin(), kDevices.end(), line.device) == kDevices.end()) return std::nullopt;
  return line;
}

Line spoken_line(const std::string& text) {
  if (auto line = parse_line(text)) return std::move(*line);
  return {"alice-1", "bob@localhost", text};
}

bool says_nothing(const std::string& text) {
  return text.find_first_not_of(" \t\r") == std::string::npos || text.front() == '#';
}

Input::Kind Input::kind() {
  if (isatty(descriptor_) == 1) return Kind::terminal;
  if (pending_.empty()) fill(kMoment);
  return pending_.empty() ? Kind::nothing : Kind::lines;
}

std::optional<std::string> Input::next(milliseconds most) {
  const auto until = Clock::now() + most;
  for (;;) {
    const std::size_t end = pending_.find('\n');
    if (end != std::string::npos || (at_end_ && !pending_.empty())) {
      std::string line = pending_.substr(0, end);
      pending_.erase(0, end == std::string::npos ? end : end + 1);
      if (line.ends_with('\r')) line.pop_back();
      return line;
    }
    const auto left = std::chrono::duration_cast<milliseconds>(until - Clock::now());
    if (!fill(std::max(left, milliseconds{0})) && (pending_.empty() || !at_end_)) return std::nullopt;
  }
}

bool Input::fill(milliseconds most) {
  if (at_end_) return false;
  pollfd watched = {descriptor_, POLLIN, 0};
  const int ready = poll(&watched, 1, static_cast<int>(most.count()));
  if (ready < 0 && errno == EINTR) return true;
  if (ready <= 0) return false;
  std::array<char, 4096> buffer;
  const ssize_t count = read(descriptor_, buffer.data(), buffer.size());
  if (count > 0) pending_.append(buffer.data(), static_cast<std::size_t>(count));
  at_end_ = count <= 0;
  return !at_end_;
}

}  // namespace cairn::demo
