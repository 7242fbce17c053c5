// What the ratchet tree alone costs in groups of 1,000, all of whose parent nodes are set.
#include <benchmark/benchmark.h>

#include <map>

#include "core/mls/internal/tree_fixture.h"
#include "tests/support/seeded_entropy.h"

namespace cairn::mls::internal {
namespace {

// The sender is leaf 0; the one who processes is the last leaf, across the root.
struct Group {
  Group(const CipherSuite& suite, std::uint32_t size) : random(size), fixture(suite, random), last{size - 1} {
    fixture.add(size - 1);
    std::map<LeafIndex, FixtureMember> all = std::move(fixture.members());
    auto& watched = fixture.members();
    watched.clear();
    watched.emplace(last, std::move(all.at(last)));
    all.erase(last);
    for (std::uint32_t i = 0; i + 1 < size; i += 2) {
      watched.emplace(LeafIndex{i}, std::move(all.at({i})));
      fixture.commit_unsent({i});
      if (i != 0) watched.erase({i});
    }
  }

  testing::SeededEntropy random;
  TreeFixture fixture;
  LeafIndex last;
};

Group& group(const benchmark::State& state) {
  static std::map<std::pair<std::int64_t, std::int64_t>, std::unique_ptr<Group>> made;
  auto& one = made[{state.range(0), state.range(1)}];
  const auto id = static_cast<SuiteId>(state.range(0));
  if (!one) one = std::make_unique<Group>(cipher_suite(id), static_cast<std::uint32_t>(state.range(1)));
  return *one;
}

void both_suites(benchmark::internal::Benchmark* benchmark) {
  benchmark->ArgNames({"suite", "members"});
  for (const SuiteId suite : {SuiteId::x25519_aes128, SuiteId::xwing}) {
    benchmark->Args({static_cast<std::int64_t>(suite), 1000});
  }
}

void snapshot(benchmark::State& state) {
  const RatchetTree& tree = group(state).fixture.tree();
  for (auto _ : state) benchmark::DoNotOptimize(RatchetTree(tree));
}
BENCHMARK(snapshot)->Name("tree_snapshot")->Apply(both_suites);

// Without a path, as a commit that only adds may be.
void add_member(benchmark::State& state) {
  TreeFixture& fixture = group(state).fixture;
  const LeafNode leaf = *fixture.candidate().leaf;
  for (auto _ : state) {
    RatchetTree staged = fixture.tree();
    const auto verified = must(VerifiedLeafNode::from_key_package(fixture.suite(), leaf));
    must(staged.add(verified));
    benchmark::DoNotOptimize(staged.tree_hash());
  }
}
BENCHMARK(add_member)->Name("tree_add_member")->Apply(both_suites)->Unit(benchmark::kMicrosecond);

void create_path(benchmark::State& state) {
  TreeFixture& fixture = group(state).fixture;
  for (auto _ : state) {
    RatchetTree staged = fixture.tree();
    const CreatedPath created = fixture.create(staged, {0});
    benchmark::DoNotOptimize(
        must(created.seal(fixture.suite(), staged, {}, fixture.context(staged), fixture.entropy())));
  }
}
BENCHMARK(create_path)->Name("tree_create_path")->Apply(both_suites)->Unit(benchmark::kMicrosecond);

void process_path(benchmark::State& state) {
  Group& members = group(state);
  TreeFixture& fixture = members.fixture;
  RatchetTree sent = fixture.tree();
  const CreatedPath created = fixture.create(sent, {0});
  const UpdatePath path = must(created.seal(fixture.suite(), sent, {}, fixture.context(sent), fixture.entropy()));
  for (auto _ : state) {
    RatchetTree staged = fixture.tree();
    must(merge_path(fixture.suite(), staged, {0}, path, {}, fixture.group_id()));
    MemberKeys keys = fixture.members().at(members.last).keys.clone();
    benchmark::DoNotOptimize(must(decrypt_path(fixture.suite(), staged, {0}, path, {}, fixture.context(staged), keys)));
  }
}
BENCHMARK(process_path)->Name("tree_process_path")->Apply(both_suites)->Unit(benchmark::kMicrosecond);

// What a newcomer does with the tree of a Welcome.
void read_and_verify(benchmark::State& state) {
  TreeFixture& fixture = group(state).fixture;
  const Bytes bytes = encoded(fixture.tree());
  const TreeHash hash = fixture.tree().tree_hash();
  for (auto _ : state) {
    TreeNodes nodes = must(wire::decode<TreeNodes>(bytes));
    benchmark::DoNotOptimize(must(verify_tree(fixture.suite(), std::move(nodes), fixture.group_id(), hash)));
  }
  state.counters["bytes"] = static_cast<double>(bytes.size());
}
BENCHMARK(read_and_verify)->Name("tree_read_and_verify")->Apply(both_suites)->Unit(benchmark::kMillisecond);

// The same without the signatures, which are the floor.
void read_from_storage(benchmark::State& state) {
  TreeFixture& fixture = group(state).fixture;
  const Bytes bytes = encoded(fixture.tree());
  for (auto _ : state) {
    const RatchetTree tree = RatchetTree::trusted(fixture.suite(), must(wire::decode<TreeNodes>(bytes)));
    benchmark::DoNotOptimize(tree.tree_hash());
    must(verify_parent_hashes(tree));
  }
}
BENCHMARK(read_from_storage)->Name("tree_read_from_storage")->Apply(both_suites)->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace cairn::mls::internal
