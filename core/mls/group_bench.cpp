// What groups of different sizes cost; the targets stand in docs (messages, groups of 100 and 1,000).
#include <benchmark/benchmark.h>

#include "core/mls/group_fixture.h"

namespace cairn::mls {
namespace {

using namespace fixture;

constexpr auto kClassical = SuiteId::x25519_aes128;

// The first and the last member of a group whose others were added by one commit; most nodes above them are blank.
struct Pair {
  Pair(SuiteId suite, std::size_t members) : world(suite, 1), groups() {
    groups.push_back(world.create("member 0"));
    CommitRequest request;
    for (std::size_t i = 1; i + 1 < members; ++i) {
      request.adds.push_back(world.key_package("member " + std::to_string(i)).package());
    }
    if (!request.adds.empty()) {
      world.stage(groups[0], request);
      must(groups[0].merge_pending());
    }
    const PrivateKeyPackage last = world.key_package("last");
    CommitRequest add_last;
    add_last.adds = {last.package()};
    welcome = world.stage(groups[0], add_last).welcomes()[0].message;
    package = std::make_unique<PrivateKeyPackage>(must(PrivateKeyPackage::restore(last.serialise().expose())));
    groups.push_back(world.join(welcome, *package));
    must(groups[0].merge_pending());
  }
  World world;
  std::vector<Group> groups;
  Bytes welcome;
  std::unique_ptr<PrivateKeyPackage> package;
};

// One for all rounds of the benchmark `what`.
Pair& pair_of(const benchmark::State& state, const std::string& what) {
  static std::map<std::string, std::unique_ptr<Pair>> pairs;
  auto& found = pairs[what + std::to_string(state.range(0)) + " " + std::to_string(state.range(1))];
  const auto suite = static_cast<SuiteId>(state.range(0));
  if (!found) found = std::make_unique<Pair>(suite, static_cast<std::size_t>(state.range(1)));
  return *found;
}

void Protect(benchmark::State& state) {
  Pair pair(static_cast<SuiteId>(state.range(0)), 2);
  const Bytes text(200);
  for (auto _ : state) benchmark::DoNotOptimize(must(pair.groups[0].protect(text, {}, pair.world.entropy)));
}
BENCHMARK(Protect)->Arg(0x0001)->Arg(0xF102)->Unit(benchmark::kMicrosecond);

void Unprotect(benchmark::State& state) {
  Pair pair(static_cast<SuiteId>(state.range(0)), 2);
  const Bytes text(200);
  for (auto _ : state) {
    state.PauseTiming();
    const Bytes message = must(pair.groups[0].protect(text, {}, pair.world.entropy));
    state.ResumeTiming();
    benchmark::DoNotOptimize(must(pair.world.process(pair.groups[1], message)));
  }
}
BENCHMARK(Unprotect)->Arg(0x0001)->Arg(0xF102)->Unit(benchmark::kMicrosecond);

// An Add without a path, created.
void CreateAdd(benchmark::State& state) {
  Pair& pair = pair_of(state, "CreateAdd");
  CommitRequest request;
  request.adds = {pair.world.key_package("one more").package()};
  request.path = PathUse::when_required;
  request.tree = TreePlacement::beside;
  for (auto _ : state) {
    benchmark::DoNotOptimize(pair.world.stage(pair.groups[0], request));
    pair.groups[0].discard_pending();
  }
}
BENCHMARK(CreateAdd)->Args({0x0001, 100})->Args({0x0001, 1000})->Args({0xF102, 1000})->Unit(benchmark::kMicrosecond);

void ProcessAdd(benchmark::State& state) {
  Pair& pair = pair_of(state, "ProcessAdd");
  CommitRequest request;
  request.adds = {pair.world.key_package("one more").package()};
  request.path = PathUse::when_required;
  const Bytes commit = pair.world.stage(pair.groups[0], request).commit();
  pair.groups[0].discard_pending();
  for (auto _ : state) benchmark::DoNotOptimize(must(pair.world.process(pair.groups[1], commit)));
}
BENCHMARK(ProcessAdd)->Args({0x0001, 100})->Args({0x0001, 1000})->Args({0xF102, 1000})->Unit(benchmark::kMicrosecond);

void Join(benchmark::State& state) {
  Pair& pair = pair_of(state, "Join");
  for (auto _ : state) benchmark::DoNotOptimize(pair.world.join(pair.welcome, *pair.package));
}
BENCHMARK(Join)->Args({0x0001, 1000})->Args({0xF102, 1000})->Unit(benchmark::kMillisecond);

void Serialise(benchmark::State& state) {
  Pair& pair = pair_of(state, "Serialise");
  for (auto _ : state) benchmark::DoNotOptimize(pair.groups[1].serialise());
  state.counters["bytes"] = static_cast<double>(pair.groups[1].serialise().size());
}
BENCHMARK(Serialise)->Args({0x0001, 1000})->Args({0xF102, 1000})->Unit(benchmark::kMicrosecond);

// Each member adds the next one, who goes on from there: so every path was set, and no node is blank.
Group last_of_full_tree(World& world, std::size_t members) {
  Group out = world.create("member 0");
  for (std::size_t i = 1; i < members; ++i) {
    const PrivateKeyPackage next = world.key_package("member " + std::to_string(i));
    CommitRequest request;
    request.adds = {next.package()};
    out = world.join(world.stage(out, request).welcomes()[0].message, next);
  }
  return out;
}

void UpdateCommitInAFullTree(benchmark::State& state) {
  World world(static_cast<SuiteId>(state.range(0)), 2);
  Group group = last_of_full_tree(world, static_cast<std::size_t>(state.range(1)));
  for (auto _ : state) {
    benchmark::DoNotOptimize(world.stage(group));
    group.discard_pending();
  }
}
BENCHMARK(UpdateCommitInAFullTree)->Args({0x0001, 256})->Args({0xF102, 256})->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace cairn::mls
