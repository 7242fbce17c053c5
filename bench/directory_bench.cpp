// The directory of a large domain on a real disk: start, epochs, look-ups. What needs no disk is measured beside
// core/directory. Domains of more than a million names are made with CAIRN_BENCH_LARGE set: they take gigabytes, and
// minutes to fill.
#include <benchmark/benchmark.h>

#include <cstdio>
#include <cstdlib>
#include <ctime>

#include "bench/clock.h"
#include "bench/large_domain.h"
#include "core/directory/lookup.h"

namespace cairn::bench {
namespace {

constexpr std::size_t kEpochs = 1'000'000;
constexpr std::size_t kMembers = 100'000;
constexpr std::size_t kEpochsADay = 86'400;

/// One at a time: the benchmarks of one size follow each other.
LargeDomain& domain_of(std::int64_t names) {
  static std::unique_ptr<LargeDomain> one;
  const auto count = static_cast<std::size_t>(names);
  if (one == nullptr || one->names != count) {
    one.reset();
    const std::uint64_t start_us = now_us();
    one = std::make_unique<LargeDomain>("directory-bench", count, std::min(count, kMembers), kEpochs);
    std::fprintf(stderr, "a domain of %zu names, filled in %.0f s: %.0f MiB\n", count,
                 static_cast<double>(now_us() - start_us) / 1e6, static_cast<double>(one->file_bytes()) / (1 << 20));
  }
  return *one;
}

double processor_ms() {
  timespec time = {};
  CHECK(clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time) == 0);
  return static_cast<double>(time.tv_sec) * 1e3 + static_cast<double>(time.tv_nsec) / 1e6;
}

/// From the program's start until it answers. Cold: nothing of its file is in memory.
enum class File : std::uint8_t { in_memory, forgotten };
void restart(benchmark::State& state, File file) {
  LargeDomain& domain = domain_of(state.range(0));
  double busy_ms = 0;
  for (auto _ : state) {
    state.PauseTiming();
    domain.stop();
    if (file == File::forgotten) domain.forget_file();
    const double before = processor_ms();
    state.ResumeTiming();
    domain.start();
    busy_ms += processor_ms() - before;
  }
  state.counters["processor_ms"] = busy_ms / static_cast<double>(state.iterations());
  state.counters["file_MiB"] = static_cast<double>(domain.file_bytes()) / (1 << 20);
}

/// Statements that were accepted become an epoch, which is served: one transaction. Or, with the limits that ship, as
/// many as that takes.
void publish_durably(benchmark::State& state, EpochLimits limits) {
  LargeDomain& domain = domain_of(state.range(0));
  domain.limit_epochs(limits);
  const auto updates = static_cast<std::size_t>(state.range(1));
  double busy_ms = 0;
  for (auto _ : state) {
    state.PauseTiming();
    domain.accept(domain.make_updates(updates));
    const double before = processor_ms();
    state.ResumeTiming();
    domain.publish();
    busy_ms += processor_ms() - before;
  }
  domain.limit_epochs(EpochLimits::most);
  state.SetItemsProcessed(state.iterations() * state.range(1));
  state.counters["processor_ms"] = busy_ms / static_cast<double>(state.iterations());
}

/// Statements taken in, in batches of 256, each of which is one transaction: two signatures each.
void accept_statements(benchmark::State& state) {
  LargeDomain& domain = domain_of(state.range(0));
  const std::size_t count = std::min<std::size_t>(domain.members.size(), 2'000);
  double busy_ms = 0;
  for (auto _ : state) {
    state.PauseTiming();
    auto statements = domain.make_updates(count);
    const double before = processor_ms();
    state.ResumeTiming();
    domain.accept(std::move(statements));
    busy_ms += processor_ms() - before;
    state.PauseTiming();
    domain.publish();
    state.ResumeTiming();
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(count));
  state.counters["processor_ms"] = busy_ms / static_cast<double>(state.iterations());
}

/// What a client asks that knows nothing, or all of the name and a day-old log.
void serve_look_ups(benchmark::State& state) {
  LargeDomain& domain = domain_of(state.range(0));
  const bool known = state.range(1) != 0;
  testing::SeededEntropy entropy(3);
  std::vector<proto::Input> requests;
  for (std::size_t i = 0; i < 4096; ++i) {
    const Member& member = domain.members[entropy.below(domain.members.size())];
    directory::LookupRequest request{member.name, 0, {}, 0};
    if (known) request = {member.name, member.count, member.head, kEpochs - kEpochsADay};
    requests.emplace_back(domain.post(proto::kPathLookup, wire::encode(request)));
  }
  std::size_t next = 0;
  std::size_t bytes = 0;
  for (auto _ : state) {
    const auto answers = domain.batch({requests[next++ % requests.size()]});
    CHECK(answers.size() == 1 && answers[0].status == 200);
    bytes += answers[0].body.size();
  }
  state.SetItemsProcessed(state.iterations());
  state.counters["bytes"] = static_cast<double>(bytes) / static_cast<double>(state.iterations());
}

const bool kRegistered = [] {
  std::vector<std::int64_t> sizes = {10'000, 100'000, 1'000'000};
  if (std::getenv("CAIRN_BENCH_LARGE") != nullptr) sizes.push_back(10'000'000);
  using benchmark::RegisterBenchmark;
  for (const std::int64_t names : sizes) {
    const std::int64_t most = std::min<std::int64_t>(names, kMembers);
    RegisterBenchmark("restart", restart, File::in_memory)
        ->ArgName("names")
        ->Arg(names)
        ->UseRealTime()
        ->Iterations(1)
        ->Unit(benchmark::kMillisecond);
    RegisterBenchmark("restart_cold", restart, File::forgotten)
        ->ArgName("names")
        ->Arg(names)
        ->UseRealTime()
        ->Iterations(1)
        ->Unit(benchmark::kMillisecond);
    RegisterBenchmark("serve_look_ups", serve_look_ups)
        ->ArgNames({"names", "known"})
        ->Args({names, 0})
        ->Args({names, 1})
        ->Unit(benchmark::kMicrosecond);
    RegisterBenchmark("accept_statements", accept_statements)
        ->ArgName("names")
        ->Arg(names)
        ->UseRealTime()
        ->Iterations(1)
        ->Unit(benchmark::kMillisecond);
    for (const std::int64_t updates : {std::int64_t{10'000}, std::int64_t{100'000}}) {
      if (updates > most) continue;
      RegisterBenchmark("publish_durably", publish_durably, EpochLimits::most)
          ->ArgNames({"names", "updates"})
          ->Args({names, updates})
          ->UseRealTime()
          ->Iterations(1)
          ->Unit(benchmark::kMillisecond);
    }
    if (most <= std::int64_t{10'000}) continue;  // one epoch either way
    RegisterBenchmark("publish_durably_as_shipped", publish_durably, EpochLimits::shipped)
        ->ArgNames({"names", "updates"})
        ->Args({names, most})
        ->UseRealTime()
        ->Iterations(1)
        ->Repetitions(1)  // making the statements takes most of the time
        ->Unit(benchmark::kMillisecond);
  }
  return true;
}();

}  // namespace
}  // namespace cairn::bench
