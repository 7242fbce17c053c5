// What the network costs by itself: requests and frames over loopback (both ends in this process, one thread), and how
// much memory of this process an idle connection holds.
#include <benchmark/benchmark.h>
#include <malloc.h>

#include "shell/loop/loop.h"
#include "shell/net/http.h"
#include "shell/net/network.h"
#include "shell/os/clock.h"
#include "shell/store/memory/memory_store.h"
#include "tests/support/echo_mind.h"
#include "tests/support/many_files.h"
#include "tests/support/raw_client.h"
#include "tests/support/seeded_entropy.h"

namespace cairn::net {
namespace {

/// An echo mind that listens, and a network that calls it.
class House {
 public:
  House() {
    CHECK(loop_.start().has_value());
    port_ = *network_.serve_http("127.0.0.1", 0);
  }
  std::string url(const std::string& target) const { return "http://127.0.0.1:" + std::to_string(port_) + target; }
  void turn() {
    loop_.step(0);
    mind_.seen.clear();
  }

  testing::SeededEntropy entropy_{1};
  testing::EchoMind mind_;
  store::MemoryStore store_;
  Network network_{entropy_};
  loop::Loop loop_{mind_, store_, entropy_, network_, {os::now, nullptr}};
  Network caller_{entropy_};
  std::uint16_t port_ = 0;
};

void requests(benchmark::State& state) {
  House house;
  const auto at_once = static_cast<std::uint64_t>(state.range(0));
  std::uint64_t next = 0;
  for (auto _ : state) {
    for (std::uint64_t i = 0; i < at_once; ++i) {
      house.caller_.perform(proto::Call{{next++}, proto::Method::post, house.url("/echo"), "", Bytes(300), 10'000});
    }
    for (std::uint64_t answered = 0; answered < at_once;) {
      house.turn();
      answered += house.caller_.take({1000, 1, 0}).size();
    }
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(next));
}
BENCHMARK(requests)->ArgName("at_once")->Arg(1)->Arg(16)->UseRealTime();

void frames(benchmark::State& state) {
  House house;
  const proto::SocketId socket{proto::kFirstMindSocket};
  house.caller_.perform(proto::Connect{socket, house.url("/x"), ""});
  while (house.caller_.take({1, 1, 0}).empty()) house.turn();
  const auto at_once = static_cast<std::size_t>(state.range(0));
  for (auto _ : state) {
    for (std::size_t i = 0; i < at_once; ++i) house.caller_.perform(proto::SocketSend{socket, Bytes(300)});
    for (std::size_t echoed = 0; echoed < at_once;) {
      house.turn();
      echoed += house.caller_.take({1000, 1, 0}).size();
    }
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(frames)->ArgName("at_once")->Arg(1)->Arg(64)->UseRealTime();

void idle_connections(benchmark::State& state) {
  const auto count = static_cast<std::size_t>(state.range(0));
  CHECK(testing::may_open_files(2 * count + 100));  // both ends
  for (auto _ : state) {
    House house;
    std::vector<std::unique_ptr<testing::RawClient>> clients;
    clients.reserve(count);
    const std::size_t before = ::mallinfo2().uordblks;
    std::size_t by_clients = 0;
    const Bytes handshake = encode_websocket_request("/x", "a", "", "dGhlIHNhbXBsZSBub25jZQ==");
    while (clients.size() < count) {
      const std::size_t start = ::mallinfo2().uordblks;
      clients.push_back(std::make_unique<testing::RawClient>(house.port_));
      by_clients += ::mallinfo2().uordblks - start;
      clients.back()->send(handshake);
      while (house.network_.connections() + 64 < clients.size()) house.turn();
    }
    while (house.network_.connections() < count) house.turn();
    for (int i = 0; i < 1000; ++i) house.turn();
    state.counters["bytes_each"] =
        static_cast<double>(::mallinfo2().uordblks - before - by_clients) / static_cast<double>(count);
  }
}
BENCHMARK(idle_connections)->ArgName("connections")->Arg(4000)->Iterations(1);

}  // namespace
}  // namespace cairn::net
