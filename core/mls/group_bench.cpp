// What groups of different sizes cost: time, bytes on the wire and in memory; docs/benchmarks.md has the targets.
#include <benchmark/benchmark.h>
#include <malloc.h>

#include "core/mls/forge_fixture.h"

namespace cairn::mls {
namespace {

using namespace fixture;

/// The nodes above the leaves: all blank but the first member's, as after adding everybody; or all set.
enum class Parents : std::uint8_t { blank, set };

/// Devices of one suite that wait to be added; made once.
class Devices {
 public:
  explicit Devices(SuiteId suite) : world(suite, 1) {}

  /// The first `count`.
  std::vector<const PrivateKeyPackage*> first(std::size_t count) {
    while (packages_.size() < count) {
      packages_.push_back(world.key_package("member " + std::to_string(packages_.size() + 1)));
    }
    std::vector<const PrivateKeyPackage*> out;
    for (std::size_t i = 0; i < count; ++i) out.push_back(&packages_[i]);
    return out;
  }
  World world;

 private:
  std::deque<PrivateKeyPackage> packages_;
};

Devices& devices_of(SuiteId suite) {
  static std::map<SuiteId, Devices> all;
  return all.try_emplace(suite, suite).first->second;
}

/// Adds them by as few commits as there may be, without paths.
void add_all(World& world, Group& group, std::span<const PrivateKeyPackage* const> packages) {
  while (!packages.empty()) {
    const std::size_t count = std::min(packages.size(), kMaxProposals);
    CommitRequest request;
    request.path = PathUse::when_required;
    request.tree = TreePlacement::beside;
    for (const PrivateKeyPackage* package : packages.first(count)) request.adds.push_back(package->package());
    world.stage(group, request);
    must(group.merge_pending());
    packages = packages.subspan(count);
  }
}

/// Every second member but the first sets the nodes above, as if each had committed; nobody learns their keys.
Group with_parents_set(World& world, const Group& group, std::span<const PrivateKeyPackage* const> packages) {
  internal::GroupState state = insides_of(group);
  internal::RatchetTree& tree = state.current.tree;
  for (LeafIndex leaf{2}; leaf.value <= packages.size(); leaf.value += 2) {
    const crypto::SignaturePrivateKey& key = packages[leaf.value - 1]->identity().private_key();
    must(internal::CreatedPath::create(*state.suite, tree, leaf, *tree.leaf(leaf), key, group.group_id(),
                                       world.entropy));
  }
  wire::Writer writer;
  state.write(writer);
  writer.u8(0);  // no commit is pending
  return must(Group::restore(writer.view()));
}

/// The first and the last member of a group, and the Welcome by which the last one came.
struct Pair {
  Pair(SuiteId suite, std::size_t members, Parents parents) : world(devices_of(suite).world) {
    const auto packages = devices_of(suite).first(members - 1);
    const std::span others(packages.data(), packages.size() - 1);
    package = packages.back();
    Group group = world.create("member 0");
    add_all(world, group, others);
    if (parents == Parents::set) group = with_parents_set(world, group, others);
    CommitRequest add_last;
    add_last.adds = {package->package()};
    welcome_inside = world.stage(group, add_last).welcomes()[0].message;
    group.discard_pending();
    add_last.tree = TreePlacement::beside;
    const PendingCommit& pending = world.stage(group, add_last);
    welcome_beside = pending.welcomes()[0].message;
    tree = pending.ratchet_tree();
    Group joined = world.join(welcome_beside, *package, ByteView(tree));
    must(group.merge_pending());
    if (parents == Parents::set) {  // above the last one too
      world.follow(group, world.stage(joined).commit());
      must(joined.merge_pending());
    }
    first = state_of(group);
    last = state_of(joined);
  }

  World& world;
  const PrivateKeyPackage* package;
  Bytes welcome_inside;
  Bytes welcome_beside;
  Bytes tree;  // beside the latter
  Bytes first;
  Bytes last;
};

SuiteId suite_of(const benchmark::State& state) { return static_cast<SuiteId>(state.range(0)); }
std::size_t members_of(const benchmark::State& state) { return static_cast<std::size_t>(state.range(1)); }

Pair& pair_of(const benchmark::State& state, Parents parents) {
  static std::map<std::tuple<SuiteId, std::size_t, Parents>, std::unique_ptr<Pair>> pairs;
  auto& found = pairs[{suite_of(state), members_of(state), parents}];
  if (!found) found = std::make_unique<Pair>(suite_of(state), members_of(state), parents);
  return *found;
}

// With X-Wing keys a set tree of 10,000 does not fit into a message.
void all_sizes(benchmark::internal::Benchmark* one) {
  one->ArgNames({"suite", "members"})->Unit(benchmark::kMicrosecond)->MinTime(0.1);
  for (const std::int64_t members : {2, 10, 100, 1000, 10'000}) one->Args({0x0001, members});
  for (const std::int64_t members : {2, 100, 1000}) one->Args({0xF102, members});
}
void one_size(benchmark::internal::Benchmark* one) {
  one->ArgNames({"suite", "members"})->Unit(benchmark::kMicrosecond)->Args({0x0001, 1000})->Args({0xF102, 1000});
}

void protect(benchmark::State& state) {
  Pair& pair = pair_of(state, Parents::set);
  Group group = must(Group::restore(pair.first));
  const Bytes text(200);
  std::size_t size = 0;
  for (auto _ : state) size = must(group.protect(text, {}, pair.world.entropy)).size();
  state.counters["message_bytes"] = static_cast<double>(size);
}
BENCHMARK(protect)->Name("protect_200B")->Apply(one_size);

void unprotect(benchmark::State& state) {
  Pair& pair = pair_of(state, Parents::set);
  Group sender = must(Group::restore(pair.first));
  Group receiver = must(Group::restore(pair.last));
  const Bytes text(200);
  for (auto _ : state) {
    state.PauseTiming();
    const Bytes message = must(sender.protect(text, {}, pair.world.entropy));
    state.ResumeTiming();
    benchmark::DoNotOptimize(must(pair.world.process(receiver, message)));
  }
}
BENCHMARK(unprotect)->Name("unprotect_200B")->Apply(one_size);

CommitRequest add_one_more(World& world) {
  CommitRequest request;
  request.adds = {world.key_package("one more").package()};
  request.path = PathUse::when_required;
  request.tree = TreePlacement::beside;
  return request;
}

// An Add without a path, created.
void create_add(benchmark::State& state) {
  Pair& pair = pair_of(state, Parents::set);
  Group group = must(Group::restore(pair.first));
  const CommitRequest request = add_one_more(pair.world);
  const PendingCommit& staged = pair.world.stage(group, request);
  state.counters["commit_bytes"] = static_cast<double>(staged.commit().size());
  group.discard_pending();
  for (auto _ : state) {
    benchmark::DoNotOptimize(pair.world.stage(group, request));
    group.discard_pending();
  }
}
BENCHMARK(create_add)->Apply(all_sizes);

void process_all(benchmark::State& state, Pair& pair, ByteView commit) {
  Group receiver = must(Group::restore(pair.last));
  benchmark::DoNotOptimize(must(pair.world.process(receiver, commit)));  // tree hashes are not in the store
  for (auto _ : state) benchmark::DoNotOptimize(must(pair.world.process(receiver, commit)));
}

void process_add(benchmark::State& state) {
  Pair& pair = pair_of(state, Parents::set);
  Group sender = must(Group::restore(pair.first));
  process_all(state, pair, pair.world.stage(sender, add_one_more(pair.world)).commit());
}
BENCHMARK(process_add)->Apply(all_sizes);

void create_update(benchmark::State& state, Parents parents) {
  Pair& pair = pair_of(state, parents);
  Group group = must(Group::restore(pair.first));
  state.counters["commit_bytes"] = static_cast<double>(pair.world.stage(group).commit().size());
  group.discard_pending();
  for (auto _ : state) {
    benchmark::DoNotOptimize(pair.world.stage(group));
    group.discard_pending();
  }
}
void create_update_full(benchmark::State& state) { create_update(state, Parents::set); }
BENCHMARK(create_update_full)->Name("create_update_full_tree")->Apply(all_sizes);
void create_update_blank(benchmark::State& state) { create_update(state, Parents::blank); }
BENCHMARK(create_update_blank)->Name("create_update_blank_tree")->Apply(all_sizes);

void process_update(benchmark::State& state, Parents parents) {
  Pair& pair = pair_of(state, parents);
  Group sender = must(Group::restore(pair.first));
  process_all(state, pair, pair.world.stage(sender).commit());
}
void process_update_full(benchmark::State& state) { process_update(state, Parents::set); }
BENCHMARK(process_update_full)->Name("process_update_full_tree")->Apply(all_sizes);
void process_update_blank(benchmark::State& state) { process_update(state, Parents::blank); }
BENCHMARK(process_update_blank)->Name("process_update_blank_tree")->Apply(all_sizes);

void join_inside(benchmark::State& state) {
  Pair& pair = pair_of(state, Parents::set);
  for (auto _ : state) benchmark::DoNotOptimize(pair.world.join(pair.welcome_inside, *pair.package));
  state.counters["welcome_bytes"] = static_cast<double>(pair.welcome_inside.size());
}
BENCHMARK(join_inside)->Name("join_tree_inside")->Apply(all_sizes);

void join_beside(benchmark::State& state) {
  Pair& pair = pair_of(state, Parents::set);
  for (auto _ : state) {
    benchmark::DoNotOptimize(pair.world.join(pair.welcome_beside, *pair.package, ByteView(pair.tree)));
  }
  state.counters["welcome_bytes"] = static_cast<double>(pair.welcome_beside.size());
  state.counters["tree_bytes"] = static_cast<double>(pair.tree.size());
}
BENCHMARK(join_beside)->Name("join_tree_beside")->Apply(all_sizes);

// A group of nobody else, and commits of up to 1,024 Adds until all are in, a Welcome for each of them included.
void create_in_bulk(benchmark::State& state) {
  Devices& devices = devices_of(suite_of(state));
  const auto packages = devices.first(members_of(state) - 1);
  for (auto _ : state) {
    Group group = devices.world.create("member 0");
    add_all(devices.world, group, packages);
  }
}
BENCHMARK(create_in_bulk)->Apply(all_sizes);

void serialise(benchmark::State& state) {
  const Group group = must(Group::restore(pair_of(state, Parents::set).last));
  for (auto _ : state) benchmark::DoNotOptimize(group.serialise());
  state.counters["bytes"] = static_cast<double>(group.serialise().size());
}
BENCHMARK(serialise)->Apply(all_sizes);

std::size_t allocated_bytes() {
  const auto all = mallinfo2();
  return all.uordblks + all.hblkhd;
}

// The time of reading a state from the store; and what a state takes that has lived for kPastEpochs commits since,
// the last of which made it remember its tree hashes.
void restore(benchmark::State& state) {
  Pair& pair = pair_of(state, Parents::set);
  for (auto _ : state) benchmark::DoNotOptimize(must(Group::restore(pair.last)));
  Group sender = must(Group::restore(pair.first));
  std::vector<Bytes> commits;
  for (std::size_t i = 0; i <= kPastEpochs; ++i) {
    commits.push_back(pair.world.stage(sender).commit());
    must(sender.merge_pending());
  }
  const std::size_t before = allocated_bytes();
  Group group = must(Group::restore(pair.last));
  for (const Bytes& commit : commits) pair.world.follow(group, commit);
  pair.world.membership.last.reset();  // it shares leaves
  state.counters["memory_bytes"] = static_cast<double>(allocated_bytes() - before);
}
BENCHMARK(restore)->Apply(all_sizes);

}  // namespace
}  // namespace cairn::mls
