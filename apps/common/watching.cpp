#include "apps/common/watching.h"

#include <time.h>

#include <algorithm>

#include "shell/net/network.h"
#include "shell/os/clock.h"
#include "shell/os/entropy.h"

namespace cairn::apps {
namespace {

std::uint64_t now_us() {
  timespec now = {};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<std::uint64_t>(now.tv_sec) * 1'000'000 + static_cast<std::uint64_t>(now.tv_nsec) / 1000;
}

}  // namespace

std::vector<proto::Input> Watching::take(const Take& take) {
  if (before_wait) before_wait();
  const std::uint64_t now_ms = os::monotonic_ms();
  Take wanted = take;
  const bool due = now_ms >= ask_at_ms_ && take.most > 0;
  if (due) {
    wanted.most -= 1;
    wanted.wait_ms = 0;
  } else {
    wanted.wait_ms = std::min(take.wait_ms, ask_at_ms_ - now_ms);
  }
  std::vector<proto::Input> inputs;
  if (wanted.most > 0) inputs = network_.take(wanted);
  for (const proto::Input& input : inputs) count(input);
  if (due) {
    ask_at_ms_ = now_ms + Metrics::kAskEveryMs;
    proto::RequestArrived own;
    own.id = {next_own_++};
    own.target = health_;
    inputs.emplace_back(std::move(own));
  }
  return inputs;
}

void Watching::count(const proto::Input& input) {
  if (const auto* request = std::get_if<proto::RequestArrived>(&input)) {
    requests_[request->id.value] = {request->target, now_us()};
  } else if (const auto* opened = std::get_if<proto::SocketOpened>(&input)) {
    sockets_.insert(opened->id.value);
    metrics_.sockets(sockets_.size());
  } else if (const auto* closed = std::get_if<proto::SocketClosed>(&input)) {
    sockets_.erase(closed->id.value);
    metrics_.sockets(sockets_.size());
  } else if (std::holds_alternative<proto::SocketFrame>(input)) {
    metrics_.frame(Metrics::Direction::in);
  } else if (const auto* call = std::get_if<proto::CallDone>(&input)) {
    metrics_.call(call->reply.has_value());
  }
}

void Watching::perform(proto::Send send) {
  if (const auto* respond = std::get_if<proto::Respond>(&send)) {
    if (respond->id.value >> 63 != 0) {
      constexpr int kGood = 200;
      if (respond->status == kGood) metrics_.heard(as_text(respond->body), os::monotonic_ms());
      return;
    }
    if (const auto found = requests_.extract(respond->id.value); !found.empty()) {
      metrics_.request(found.mapped().target, respond->status, now_us() - found.mapped().since_us);
    }
  } else if (std::holds_alternative<proto::SocketSend>(send)) {
    metrics_.frame(Metrics::Direction::out);
  } else if (const auto* closing = std::get_if<proto::SocketClose>(&send)) {
    sockets_.erase(closing->id.value);
    metrics_.sockets(sockets_.size());
  }
  network_.perform(std::move(send));
}

void Watching::reset(const proto::Respond& answer) {
  for (const auto& [id, waiting] : std::exchange(requests_, {})) {
    metrics_.request(waiting.target, answer.status, now_us() - waiting.since_us);
  }
  sockets_.clear();
  metrics_.sockets(0);
  network_.reset(answer);
}

Result<std::unique_ptr<Monitor>> Monitor::start(const std::string& address, std::uint16_t port,
                                                const Metrics& metrics) {
  struct World {
    os::SystemEntropy entropy;
    net::Network network{entropy};
  };
  auto world = std::make_unique<World>();
  std::unique_ptr<Monitor> monitor(new Monitor);
  monitor->port_ = TRY(world->network.serve_http(address, port));
  monitor->thread_ = std::thread([&stopping = monitor->stopping_, &metrics, world = std::move(world)] {
    constexpr std::uint64_t kLookMs = 250;
    while (!stopping) {
      for (const proto::Input& input : world->network.take({16, 2, kLookMs})) {
        if (const auto* opened = std::get_if<proto::SocketOpened>(&input)) {
          world->network.perform(proto::SocketClose{opened->id});
        }
        const auto* request = std::get_if<proto::RequestArrived>(&input);
        if (request == nullptr) continue;
        proto::Respond answer{request->id, 404, "text/plain; charset=utf-8", to_bytes("/metrics or /v1/health\n"), {}};
        if (request->method == proto::Method::get && request->target == "/metrics") {
          answer.status = 200;
          answer.content_type = "text/plain; version=0.0.4; charset=utf-8";
          answer.body = to_bytes(metrics.text(os::monotonic_ms()));
        } else if (request->method == proto::Method::get && request->target == "/v1/health") {
          const Metrics::Health health = metrics.health(os::monotonic_ms());
          answer.status = health.well ? 200 : 503;
          answer.content_type = "application/json";
          answer.body = to_bytes(health.body);
        }
        world->network.perform(std::move(answer));
      }
    }
  });
  return monitor;
}

Monitor::~Monitor() {
  stopping_ = true;
  if (thread_.joinable()) thread_.join();
}

}  // namespace cairn::apps
