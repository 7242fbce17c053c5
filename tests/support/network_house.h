// An echo mind behind a real network on loopback, and a second network that calls it; one thread turns both.
#pragma once

#include <gtest/gtest.h>

#include "shell/loop/loop.h"
#include "shell/net/network.h"
#include "shell/os/clock.h"
#include "shell/store/memory/memory_store.h"
#include "tests/support/echo_mind.h"
#include "tests/support/faulty_store.h"
#include "tests/support/raw_client.h"
#include "tests/support/seeded_entropy.h"

namespace cairn::testing {

class NetworkHouse : public ::testing::Test {
 protected:
  static net::NetworkLimits quick() {
    net::NetworkLimits limits;
    limits.tick_ms = 10;
    return limits;
  }

  /// Starts the server; `failing` names the commits that fail.
  void open(net::NetworkLimits limits = quick(), std::set<std::size_t> failing = {},
            ErrorCode code = ErrorCode::storage_failed) {
    faulty_ = std::make_unique<FaultyStore>(store_, std::move(failing), code);
    network_ = std::make_unique<net::Network>(entropy_, limits);
    loop_ = std::make_unique<loop::Loop>(mind_, *faulty_, entropy_, *network_, loop::LoopOptions{os::now, nullptr});
    ASSERT_TRUE(loop_->start());
    const auto port = network_->serve_http("127.0.0.1", 0);
    ASSERT_TRUE(port) << port.error().where;
    port_ = *port;
    caller_ = std::make_unique<net::Network>(entropy_, limits);
  }
  std::string url(const std::string& target) const { return "http://127.0.0.1:" + std::to_string(port_) + target; }

  /// Turns both sides until `done`; false after five seconds.
  template <class Done>
  bool turn_until(const Done& done) {
    const std::uint64_t start_ms = os::monotonic_ms();
    while (!done()) {
      if (os::monotonic_ms() - start_ms > 5000) return false;
      loop_->step(1);
      for (proto::Input& input : caller_->take({1000, 1, 1})) heard_.push_back(std::move(input));
    }
    return true;
  }
  void turn_for(std::uint64_t ms) {
    const std::uint64_t start_ms = os::monotonic_ms();
    turn_until([&] { return os::monotonic_ms() - start_ms >= ms; });
  }

  /// Sends a call and waits for its end.
  Result<proto::CallReply> call(proto::Method method, const std::string& address, Bytes body = {},
                                std::uint32_t timeout_ms = 4000) {
    const proto::CallId id{next_call_++};
    caller_->perform(proto::Call{id, method, address, "", std::move(body), timeout_ms});
    Result<proto::CallReply> reply = fail(ErrorCode::internal, "no CallDone");
    turn_until([&] {
      for (auto input = heard_.begin(); input != heard_.end(); ++input) {
        auto* ended = std::get_if<proto::CallDone>(&*input);
        if (ended == nullptr || ended->id != id) continue;
        reply = std::move(ended->reply);
        heard_.erase(input);
        return true;
      }
      return false;
    });
    return reply;
  }

  /// How many inputs of a kind there are.
  template <class Kind>
  static std::size_t count(const std::vector<proto::Input>& inputs) {
    return static_cast<std::size_t>(std::count_if(
        inputs.begin(), inputs.end(), [](const proto::Input& input) { return std::holds_alternative<Kind>(input); }));
  }
  template <class Kind>
  static const Kind* last(const std::vector<proto::Input>& inputs) {
    for (auto input = inputs.rbegin(); input != inputs.rend(); ++input) {
      if (const auto* found = std::get_if<Kind>(&*input)) return found;
    }
    return nullptr;
  }

  EchoMind mind_;
  store::MemoryStore store_;
  SeededEntropy entropy_{1};
  std::unique_ptr<FaultyStore> faulty_;
  std::unique_ptr<net::Network> network_;
  std::unique_ptr<loop::Loop> loop_;
  std::unique_ptr<net::Network> caller_;
  std::vector<proto::Input> heard_;  // by the caller
  std::uint16_t port_ = 0;
  std::uint64_t next_call_ = 1;
};

}  // namespace cairn::testing
