// Counts what passes between a loop and its network, asks the mind now and then how it is, and tells both on a listener
// of its own.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <thread>
#include <unordered_map>
#include <unordered_set>

#include "apps/common/metrics.h"
#include "shell/loop/transport.h"

namespace cairn::apps {

/// Stands between a loop and its network. `health` is the path that is asked.
class Watching final : public loop::Transport {
 public:
  Watching(loop::Transport& network, Metrics& metrics, std::string health)
      : network_(network), metrics_(metrics), health_(std::move(health)) {}

  /// Called before each wait, to bring what only the program knows: Metrics::loop.
  std::function<void()> before_wait;

  std::vector<proto::Input> take(const Take& take) override;
  void perform(proto::Send send) override;
  void reset(const proto::Respond& answer) override;
  void close(std::uint64_t wait_ms) override { network_.close(wait_ms); }

 private:
  struct Waiting {
    std::string target;
    std::uint64_t since_us;
  };
  void count(const proto::Input& input);

  loop::Transport& network_;
  Metrics& metrics_;
  std::string health_;
  std::unordered_map<std::uint64_t, Waiting> requests_;
  std::unordered_set<std::uint64_t> sockets_;
  std::uint64_t next_own_ = std::uint64_t{1} << 63;  // request ids of our own
  std::uint64_t ask_at_ms_ = 0;
};

/// GET /metrics and GET /v1/health, on a thread of its own: it answers also while the server does not.
class Monitor {
 public:
  /// Errors as net::Listener::tcp. `metrics` outlives this.
  static Result<std::unique_ptr<Monitor>> start(const std::string& address, std::uint16_t port, const Metrics& metrics);
  ~Monitor();
  std::uint16_t port() const { return port_; }

 private:
  Monitor() = default;
  std::uint16_t port_ = 0;
  std::atomic<bool> stopping_ = false;
  std::thread thread_;
};

}  // namespace cairn::apps
