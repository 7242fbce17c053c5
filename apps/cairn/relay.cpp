#include "apps/cairn/relay.h"

#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <nlohmann/json.hpp>

#include "core/proto/api.h"

namespace cairn::apps {
namespace {

bool write_all(int descriptor, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t put = ::write(descriptor, bytes.data(), bytes.size());
    if (put < 0 && errno == EINTR) continue;
    if (put <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(put));
  }
  return true;
}

bool is_answer(const std::string& line) {
  const auto message = nlohmann::json::parse(line, nullptr, false);
  return message.is_object() && !message.contains("method");
}

}  // namespace

std::optional<std::string> Lines::take() {
  const std::size_t end = pending_.find('\n');
  if (end == std::string::npos) return std::nullopt;
  std::string line = pending_.substr(0, end);
  pending_.erase(0, end + 1);
  return line;
}

std::string read_some(int descriptor) {
  char part[16 * 1024];
  ssize_t got = 0;
  do got = ::read(descriptor, part, sizeof part);
  while (got < 0 && errno == EINTR);
  return got > 0 ? std::string(part, static_cast<std::size_t>(got)) : std::string();
}

bool relay_lines(net::LocalClient& client, int in, int out) {
  Lines asked;
  Lines answered;
  std::uint64_t waiting = 0;
  bool open = true;
  while (open || waiting != 0) {
    pollfd watched[] = {{client.descriptor(), POLLIN, 0}, {open ? in : -1, POLLIN, 0}};
    if (::poll(watched, 2, -1) < 0) {
      if (errno == EINTR) continue;
      return false;
    }
    if (watched[0].revents != 0) {
      const std::string bytes = read_some(client.descriptor());
      if (bytes.empty()) return false;
      answered.add(bytes);
      while (const auto line = answered.take()) {
        if (!write_all(out, *line + "\n")) return true;  // nobody reads any more
        if (waiting != 0 && is_answer(*line)) --waiting;
      }
      if (answered.pending() > proto::kMaxFrameSize) return false;
    }
    if (watched[1].revents != 0) {
      const std::string bytes = read_some(in);
      open = !bytes.empty();
      asked.add(bytes);
      while (const auto line = asked.take()) {
        if (line->empty()) continue;
        if (!client.send(as_bytes(*line))) return false;
        ++waiting;
      }
      if (asked.pending() > proto::kMaxFrameSize) return true;  // no request is so long
    }
  }
  return true;
}

}  // namespace cairn::apps
