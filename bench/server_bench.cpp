// Envelopes a second that the server accepts durably: HTTP, loop, mind, SQLite with fsync, over loopback. Requests are
// signed beforehand; the callers are another thread of this process. The floor beside it is a mind that only stores as
// many bytes. On the disk of the working folder: /tmp may be memory.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <thread>

#include "bench/clock.h"
#include "shell/loop/loop.h"
#include "shell/net/network.h"
#include "shell/os/clock.h"
#include "shell/store/sqlite/sqlite_store.h"
#include "tests/support/echo_mind.h"
#include "tests/support/relay_people.h"

namespace cairn {
namespace {

constexpr const char* kFolder = "server-bench";
constexpr std::size_t kEnvelopeSize = 200;
constexpr std::uint8_t kMaxTable = 63;

/// A mind behind HTTP and SQLite, in a thread of its own.
class Server {
 public:
  /// `rows` is what its store begins with.
  Server(proto::Mind& mind, const StoreView& rows, std::function<void()> after_step) {
    std::filesystem::remove_all(kFolder);
    std::filesystem::create_directory(kFolder);
    store::SqliteOptions options;
    options.path = std::string(kFolder) + "/store.db";
    options.application_id = 1;
    store_ = *store::SqliteStore::open(options);
    for (std::uint8_t table = 1; table <= kMaxTable; ++table) copy(rows, Table{table});
    loop_ = std::make_unique<loop::Loop>(mind, *store_, entropy_, network_, loop::LoopOptions{os::now, nullptr});
    CHECK(loop_->start().has_value());
    port = *network_.serve_http("127.0.0.1", 0);
    thread_ = std::thread([this, after_step = std::move(after_step)] {
      while (!stop_) {
        loop_->step(10);
        after_step();
      }
    });
  }
  ~Server() {
    stop_ = true;
    thread_.join();
    store_.reset();
    std::filesystem::remove_all(kFolder);
  }
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  std::string url(std::string_view path) const {
    return "http://127.0.0.1:" + std::to_string(port) + std::string(path);
  }

  std::uint16_t port = 0;

 private:
  void copy(const StoreView& rows, Table table) {
    std::vector<Write> writes;
    for (Row& row : rows.scan(table, {}, {}, SIZE_MAX)) {
      writes.push_back({table, std::move(row.key), std::move(row.value)});
    }
    CHECK(store_->commit(writes).has_value());
  }

  testing::SeededEntropy entropy_{1};
  std::unique_ptr<store::SqliteStore> store_;
  net::Network network_{entropy_};
  std::unique_ptr<loop::Loop> loop_;
  std::thread thread_;
  std::atomic<bool> stop_ = false;
};

/// Calls that go out over `at_once` connections, and how long each took.
class Callers {
 public:
  explicit Callers(std::size_t at_once) : network_(entropy_, limits(at_once)) {}

  void call(std::string url, Bytes body) {
    started_.push_back(bench::now_us());
    network_.perform(
        proto::Call{{started_.size() - 1}, proto::Method::post, std::move(url), "", std::move(body), 60'000});
  }
  /// Hears what has been answered; waits for something at most so long.
  void hear(std::uint64_t wait_ms) {
    for (const proto::Input& input : network_.take({1000, 0, wait_ms})) {
      const auto* done = std::get_if<proto::CallDone>(&input);
      CHECK(done != nullptr && done->reply && done->reply->status / 100 == 2);
      took_us.push_back(bench::now_us() - started_[done->id.value]);
    }
  }
  std::size_t waiting() const { return started_.size() - took_us.size(); }

  std::vector<std::uint64_t> took_us;  ///< of those that were answered

 private:
  static net::NetworkLimits limits(std::size_t at_once) {
    net::NetworkLimits out;
    out.client.connections_per_host = at_once;
    return out;
  }

  testing::SeededEntropy entropy_{2};
  net::Network network_;
  std::vector<std::uint64_t> started_;
};

double percentile_ms(std::vector<std::uint64_t> all, double part) {
  std::sort(all.begin(), all.end());
  return static_cast<double>(all[static_cast<std::size_t>(static_cast<double>(all.size() - 1) * part)]) / 1000;
}

/// One channel with one recipient, whose mailbox holds whatever comes.
relay::RelayConfig config() {
  relay::RelayConfig out = testing::open_config();
  out.limits.mailbox_envelopes = SIZE_MAX;
  return out;
}

struct Relay {
  Relay() {
    server = std::make_unique<Server>(mind, driver.store, [] {});
    for (Bytes& one : bodies) one = next_body();
  }
  Bytes next_body() {
    Bytes text(kEnvelopeSize);
    driver.entropy.fill(text);
    return wire::encode(channel.make_send(std::move(text), channel.key, 0));
  }
  Bytes take_body() {
    CHECK(used < bodies.size());
    return std::move(bodies[used++]);
  }

  testing::RelayDriver driver{config()};
  testing::Member alice{driver, "alice@example.org", 1};
  testing::TestChannel channel{driver, alice, 4};
  relay::Relay mind{config()};
  std::unique_ptr<Server> server;
  std::vector<Bytes> bodies = std::vector<Bytes>(40'000);
  std::size_t used = 0;
};

/// `state.range(0)` connections, each of which calls again as soon as it was answered.
template <class Url, class Body>
void accept(benchmark::State& state, Url&& url, Body&& body) {
  const auto at_once = static_cast<std::size_t>(state.range(0));
  Callers callers(at_once);
  for (auto _ : state) {
    while (callers.waiting() < at_once) callers.call(url(), body());
    const std::size_t before = callers.took_us.size();
    while (callers.took_us.size() == before) callers.hear(1000);
  }
  const auto measured = static_cast<std::int64_t>(callers.took_us.size());
  state.SetItemsProcessed(measured);
  state.counters["p50_ms"] = percentile_ms(callers.took_us, 0.5);
  state.counters["p99_ms"] = percentile_ms(callers.took_us, 0.99);
  while (callers.waiting() != 0) callers.hear(1000);
}

void accept_envelopes(benchmark::State& state) {
  Relay relay;
  const std::string url = relay.server->url(proto::kPathChannelSend);
  accept(
      state, [&] { return url; }, [&] { return relay.take_body(); });
}
BENCHMARK(accept_envelopes)->ArgName("connections")->Arg(1)->Arg(8)->Arg(64)->Arg(256)->UseRealTime()->Iterations(1000);

void floor_store_bytes(benchmark::State& state) {
  testing::EchoMind mind;
  Server server(mind, MemoryView(), [&mind] { mind.seen.clear(); });
  testing::SeededEntropy entropy(3);
  accept(
      state, [&] { return server.url("/put/" + std::to_string(entropy.next())); },
      [] { return Bytes(kEnvelopeSize + 100); });
}
BENCHMARK(floor_store_bytes)
    ->ArgName("connections")
    ->Arg(1)
    ->Arg(8)
    ->Arg(64)
    ->Arg(256)
    ->UseRealTime()
    ->Iterations(1000);

/// 5,000 a second come evenly, whether or not those before are answered: half of what must be accepted.
void accept_at_half_load(benchmark::State& state) {
  constexpr std::uint64_t kEveryUs = 200;
  Relay relay;
  const std::string url = relay.server->url(proto::kPathChannelSend);
  Callers callers(64);
  const std::uint64_t start = bench::now_us();
  std::uint64_t sent = 0;
  for (auto _ : state) {
    while (bench::now_us() < start + sent * kEveryUs) callers.hear(0);
    callers.call(url, relay.take_body());
    ++sent;
    callers.hear(0);
  }
  while (callers.waiting() != 0) callers.hear(1000);
  state.SetItemsProcessed(static_cast<std::int64_t>(sent));
  state.counters["p50_ms"] = percentile_ms(callers.took_us, 0.5);
  state.counters["p99_ms"] = percentile_ms(callers.took_us, 0.99);
}
BENCHMARK(accept_at_half_load)->UseRealTime()->Iterations(10'000);

}  // namespace
}  // namespace cairn
