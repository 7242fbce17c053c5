// Requests a second that are answered from disk: HTTP, loop, SQLite with fsync; a mind that stores 300 bytes a request.
// The callers are another thread of this process. On the disk of the working folder: /tmp may be memory.
#include <benchmark/benchmark.h>

#include <atomic>
#include <filesystem>
#include <thread>

#include "shell/loop/loop.h"
#include "shell/net/network.h"
#include "shell/os/clock.h"
#include "shell/store/sqlite/sqlite_store.h"
#include "tests/support/echo_mind.h"
#include "tests/support/seeded_entropy.h"

namespace cairn {
namespace {

constexpr const char* kFolder = "durable-requests";

class DurableServer {
 public:
  DurableServer() {
    std::filesystem::remove_all(kFolder);
    std::filesystem::create_directory(kFolder);
    store::SqliteOptions options;
    options.path = std::string(kFolder) + "/store.db";
    options.application_id = 1;
    auto opened = store::SqliteStore::open(options);
    CHECK(opened.has_value());
    store_ = std::move(*opened);
    loop_ = std::make_unique<loop::Loop>(mind_, *store_, entropy_, network_, loop::LoopOptions{os::now, nullptr});
    CHECK(loop_->start().has_value());
    port = *network_.serve_http("127.0.0.1", 0);
    thread_ = std::thread([this] {
      while (!stop_) {
        loop_->step(10);
        mind_.seen.clear();
      }
    });
  }
  ~DurableServer() {
    stop_ = true;
    thread_.join();
    store_.reset();
    std::filesystem::remove_all(kFolder);
  }

  /// Only when no request is under way.
  const loop::LoopCounts& counts() const { return loop_->counts(); }

  std::uint16_t port = 0;

 private:
  testing::SeededEntropy entropy_{1};
  testing::EchoMind mind_;
  std::unique_ptr<store::SqliteStore> store_;
  net::Network network_{entropy_};
  std::unique_ptr<loop::Loop> loop_;
  std::thread thread_;
  std::atomic<bool> stop_ = false;
};

void durable_requests(benchmark::State& state) {
  DurableServer server;
  testing::SeededEntropy entropy(2);
  net::NetworkLimits limits;
  const auto at_once = static_cast<std::uint64_t>(state.range(0));
  limits.client.connections_per_host = at_once;
  net::Network caller(entropy, limits);
  std::uint64_t next = 0;
  const auto call = [&] {
    const std::string target = "/put/" + std::to_string(entropy.next());
    const std::string url = "http://127.0.0.1:" + std::to_string(server.port) + target;
    caller.perform(proto::Call{{next++}, proto::Method::put, url, "", Bytes(300), 60'000});
  };
  for (std::uint64_t i = 0; i < at_once; ++i) call();
  std::uint64_t answered = 0;
  const auto hear = [&] {
    for (const proto::Input& input : caller.take({1000, 0, 1000})) {
      const auto* done = std::get_if<proto::CallDone>(&input);
      CHECK(done != nullptr && done->reply && done->reply->status == 201);
      ++answered;
    }
  };
  for (auto _ : state) {
    const std::uint64_t before = answered;
    while (answered == before) hear();
    for (std::uint64_t i = before; i < answered; ++i) call();
  }
  const std::uint64_t measured = answered;
  while (answered < next) hear();
  state.SetItemsProcessed(static_cast<std::int64_t>(measured));
  state.counters["requests_a_commit"] =
      static_cast<double>(server.counts().inputs) / static_cast<double>(server.counts().commits);
}
BENCHMARK(durable_requests)->Arg(1)->Arg(16)->Arg(64)->Arg(256)->UseRealTime()->MinTime(3);

}  // namespace
}  // namespace cairn
