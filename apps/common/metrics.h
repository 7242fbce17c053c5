// What is counted of a server, as Prometheus reads it. Numbers alone: no name, address, key or content, and labels only
// from lists that are known beforehand.
#pragma once

#include <array>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "core/proto/mind.h"
#include "shell/loop/loop.h"

namespace cairn::apps {

/// Safe to use from several threads.
class Metrics {
 public:
  /// Paths that requests are told apart by; one that ends with a slash stands for all that begin with it, one that
  /// begins with an asterisk for all that end with the rest. Any other path counts as "other".
  explicit Metrics(std::vector<std::string> routes);

  void request(const std::string& target, int status, std::uint64_t microseconds);
  void event(proto::Event::Level level);
  enum class Direction : std::uint8_t { in, out };
  void frame(Direction direction);
  void call(bool answered);
  void sockets(std::size_t open);
  void loop(const loop::LoopCounts& counts, std::size_t connections, bool full);
  /// The mind was asked how it is, and said this (JSON, or anything); `now_ms` of a clock that nobody sets.
  void heard(std::string health, std::uint64_t now_ms);

  /// The text format 0.0.4.
  std::string text(std::uint64_t now_ms) const;

  struct Health {
    bool well = false;  ///< the mind was heard within kStaleMs
    std::string body;   ///< what it said, as JSON
  };
  Health health(std::uint64_t now_ms) const;

  static constexpr std::uint64_t kAskEveryMs = 5'000;
  static constexpr std::uint64_t kStaleMs = 30'000;

 private:
  static constexpr std::size_t kBuckets = 12;  ///< and one for the rest
  /// Upper ends, in microseconds.
  static constexpr std::array<std::uint64_t, kBuckets> kEnds = {
      1'000, 2'500, 5'000, 10'000, 25'000, 50'000, 100'000, 250'000, 500'000, 1'000'000, 2'500'000, 10'000'000};

  std::string route_of(const std::string& target) const;

  const std::vector<std::string> routes_;
  mutable std::mutex mutex_;
  std::map<std::pair<std::string, int>, std::uint64_t> requests_;
  std::array<std::uint64_t, kBuckets + 1> durations_{};
  std::uint64_t duration_sum_ = 0;
  std::array<std::uint64_t, 4> events_{};
  std::array<std::uint64_t, 2> frames_{};
  std::array<std::uint64_t, 2> calls_{};
  std::size_t sockets_ = 0;
  std::size_t connections_ = 0;
  loop::LoopCounts counts_;
  bool full_ = false;
  std::string health_;
  std::uint64_t heard_ms_ = 0;
};

}  // namespace cairn::apps
