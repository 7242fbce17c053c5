// How many durable commits and rows a second, and what a read costs. On the disk of the working folder: /tmp may be
// memory.
#include <benchmark/benchmark.h>

#include <filesystem>

#include "core/base/overlay.h"
#include "shell/store/sqlite/sqlite_store.h"
#include "tests/support/seeded_entropy.h"

namespace cairn::store {
namespace {

constexpr Table kMailboxes{1};
constexpr Table kQueue{2};
constexpr Table kBodies{3};

class Bench {
 public:
  Bench() {
    std::filesystem::remove_all(kFolder);
    std::filesystem::create_directory(kFolder);
    SqliteOptions options;
    options.path = std::string(kFolder) + "/store.db";
    options.application_id = 1;
    auto opened = SqliteStore::open(options);
    CHECK(opened.has_value());
    store_ = std::move(*opened);
    random_.fill(body_);
  }
  ~Bench() {
    store_.reset();
    std::filesystem::remove_all(kFolder);
  }

  Bytes mailbox() {
    Bytes id(16);
    testing::SeededEntropy(random_.below(5000)).fill(id);
    return id;
  }

  /// What one envelope of 200 bytes costs a relay: its body, a place in a queue, the mailbox's counter.
  void add_envelope(Overlay& overlay) {
    Bytes sequence(8);
    for (std::size_t i = 0; i < 8; ++i) sequence[i] = static_cast<std::uint8_t>(next_ >> (56 - 8 * i));
    ++next_;
    const Bytes id = mailbox();
    overlay.put(kMailboxes, id, Bytes(body_.begin(), body_.begin() + 40));
    overlay.put(kQueue, concat({id, sequence}), sequence);
    overlay.put(kBodies, sequence, body_);
  }

  SqliteStore& store() { return *store_; }

 private:
  static constexpr const char* kFolder = "sqlite-bench";
  std::unique_ptr<SqliteStore> store_;
  testing::SeededEntropy random_{1};
  Bytes body_ = Bytes(260);
  std::uint64_t next_ = 0;
};

void commit_envelopes(benchmark::State& state) {
  Bench bench;
  for (auto _ : state) {
    Overlay overlay(bench.store());
    for (std::int64_t i = 0; i < state.range(0); ++i) bench.add_envelope(overlay);
    CHECK(bench.store().commit(overlay.take_writes()).has_value());
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
  state.counters["commits"] = benchmark::Counter(static_cast<double>(state.iterations()), benchmark::Counter::kIsRate);
}
BENCHMARK(commit_envelopes)->ArgName("a_commit")->Arg(1)->Arg(8)->Arg(64)->Arg(256)->UseRealTime()->MinTime(2);

void get_row(benchmark::State& state) {
  Bench bench;
  Overlay overlay(bench.store());
  for (int i = 0; i < 50'000; ++i) bench.add_envelope(overlay);
  CHECK(bench.store().commit(overlay.take_writes()).has_value());
  for (auto _ : state) benchmark::DoNotOptimize(bench.store().get(kMailboxes, bench.mailbox()));
}
BENCHMARK(get_row);

void scan_queue(benchmark::State& state) {
  Bench bench;
  Overlay overlay(bench.store());
  for (int i = 0; i < 50'000; ++i) bench.add_envelope(overlay);
  CHECK(bench.store().commit(overlay.take_writes()).has_value());
  for (auto _ : state) benchmark::DoNotOptimize(bench.store().scan_prefix(kQueue, bench.mailbox(), 10));
}
BENCHMARK(scan_queue);

}  // namespace
}  // namespace cairn::store
