// The targets of the directory: updates, proofs, audits and lookups at 10,000 to a million names and a million epochs;
// at ten million too with CAIRN_BENCH_LARGE set. With a disk: bench/directory_bench.cpp.
#include <benchmark/benchmark.h>

#include <cstdlib>
#include <map>

#include "core/directory/internal/tree_node.h"
#include "core/directory/verifier.h"
#include "tests/support/test_domain.h"

namespace cairn::directory {
namespace {

using cairn::testing::SeededEntropy;
using cairn::testing::TestDomain;
using cairn::testing::TestPerson;

constexpr std::size_t kEpochs = 1'000'000;
constexpr std::size_t kMostUpdates = 100'000;

void sort_by_key(std::vector<LeafChange>& changes) {
  std::sort(changes.begin(), changes.end(), [](const auto& a, const auto& b) { return a.key < b.key; });
}

std::vector<LeafChange> random_leaves(SeededEntropy& entropy, std::size_t count) {
  std::vector<LeafChange> out(count);
  for (LeafChange& change : out) change = {random_value<Hash>(entropy), {1, random_value<Hash>(entropy), {}, {}}};
  sort_by_key(out);
  return out;
}

DirectoryConfig some_config() { return {"example.org/cairn", {}, {}, kMinResetDelayS}; }

/// A map of so many names, its keys in order, and the newest record.
struct Names {
  Map map;
  std::vector<Hash> keys;
  EpochRecord record;

  explicit Names(std::size_t count) {
    SeededEntropy entropy(1);
    const auto leaves = random_leaves(entropy, count);
    map.update(leaves);
    keys.reserve(count);
    for (const LeafChange& leaf : leaves) keys.push_back(leaf.key);
    record = {kEpochs - 1, 1'750'000'000'000, map.root(), count, some_config().hash(), notices_hash({})};
  }
  /// One statement for each of `count` names that are there, spread evenly.
  std::vector<NameChange> changes(std::size_t count) const {
    std::vector<NameChange> out;
    for (std::size_t i = 0; i < count; ++i) {
      const Hash& key = keys[i * (keys.size() / count)];
      out.push_back({key, {key}, {}});
    }
    return out;
  }
  NextEpoch publish(std::vector<NameChange> some) const {
    auto next = directory::publish(map, record, some_config(), std::move(some), record.time_ms);
    CHECK(next.has_value());
    return std::move(*next);
  }
};

/// Made once, as all benchmarks of a size use it.
Names& names_of(std::int64_t count) {
  static std::map<std::int64_t, Names> all;
  return all.try_emplace(count, static_cast<std::size_t>(count)).first->second;
}

/// Nodes of the tree on the paths to the updates: to get one root each is hashed once.
std::size_t nodes_on_paths(const Bytes& audit) {
  const EpochAudit epoch = *EpochAudit::decode(audit);
  wire::Reader reader(epoch.proof.nodes);
  std::size_t nodes = 0;
  while (!reader.done()) {
    const auto kind = static_cast<internal::TreeNodeKind>(*reader.u8());
    if (kind == internal::TreeNodeKind::node) ++nodes;
    if (kind == internal::TreeNodeKind::pruned) CHECK(reader.fixed<Hash>().has_value());
    CHECK(kind != internal::TreeNodeKind::other);  // no new names here
  }
  return nodes;
}

/// Domains of ten million names take gigabytes, and a while to fill: only where they are asked for.
void sizes(benchmark::internal::Benchmark* bench) {
  bench->ArgName("names")->Unit(benchmark::kMillisecond);
  for (const std::int64_t names : {10'000, 100'000, 1'000'000}) bench->Arg(names);
  if (std::getenv("CAIRN_BENCH_LARGE") != nullptr) bench->Arg(10'000'000);
}

/// The floor of everything below: one node, one leaf.
void BM_HashNode(benchmark::State& state) {
  Hash left = names_of(10'000).keys[0];
  const Hash right = names_of(10'000).keys[1];
  for (auto _ : state) left = map_node_hash(left, right);
  benchmark::DoNotOptimize(left);
}
BENCHMARK(BM_HashNode);

void BM_HashLeaf(benchmark::State& state) {
  NameLeaf leaf{1, names_of(10'000).keys[0], {}, {}};
  for (auto _ : state) leaf.head = map_leaf_hash(leaf.head, leaf);
  benchmark::DoNotOptimize(leaf);
}
BENCHMARK(BM_HashLeaf);

void BM_Fill(benchmark::State& state) {
  SeededEntropy entropy(1);
  const auto leaves = random_leaves(entropy, static_cast<std::size_t>(state.range(0)));
  std::size_t bytes = 0;
  for (auto _ : state) {
    Map map;
    map.update(leaves);
    bytes = map.memory_bytes();
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
  state.counters["bytes_a_name"] = static_cast<double>(bytes) / static_cast<double>(state.range(0));
}
BENCHMARK(BM_Fill)->Apply(sizes);

/// The map alone, moved on by as many names as an epoch has at most.
void BM_Update(benchmark::State& state) {
  Names& names = names_of(state.range(0));
  std::vector<LeafChange> changes;
  for (const NameChange& change : names.changes(std::min(kMostUpdates, names.keys.size()))) {
    changes.push_back({change.key, {2, change.key, {}, {}}});
  }
  for (auto _ : state) {
    for (LeafChange& change : changes) ++change.leaf.count;
    names.map.update(changes);
    names.record.map_root = names.map.root();
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(changes.size()));
}
BENCHMARK(BM_Update)->Apply(sizes);

/// The whole of an epoch without the disk: record, audit, and the map moved on.
void BM_Publish(benchmark::State& state) {
  Names& names = names_of(state.range(0));
  const std::size_t updates = std::min(kMostUpdates, names.keys.size());
  Bytes audit;
  for (auto _ : state) {
    state.PauseTiming();
    auto changes = names.changes(updates);
    state.ResumeTiming();
    NextEpoch next = names.publish(std::move(changes));
    names.map.update(next.leaves);
    names.record = next.record;
    audit = std::move(next.audit);
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(updates));
  state.counters["audit_MiB"] = static_cast<double>(audit.size()) / (1 << 20);
  state.counters["nodes_an_update"] = static_cast<double>(nodes_on_paths(audit)) / static_cast<double>(updates);
}
BENCHMARK(BM_Publish)->Apply(sizes);

void BM_Prove(benchmark::State& state) {
  const Names& names = names_of(state.range(0));
  std::size_t i = 0;
  for (auto _ : state) benchmark::DoNotOptimize(names.map.prove(names.keys[i = (i + 7919) % names.keys.size()]));
}
BENCHMARK(BM_Prove)->Apply(sizes)->Unit(benchmark::kMicrosecond);

/// As an auditor does it: read, check, compute both roots.
void BM_Audit(benchmark::State& state) {
  constexpr std::size_t kUpdates = 10'000;
  const Names& names = names_of(state.range(0));
  const NextEpoch next = names.publish(names.changes(kUpdates));
  for (auto _ : state) {
    const auto epoch = EpochAudit::decode(next.audit);
    CHECK(epoch.has_value());
    const auto leaves =
        next_leaves(epoch->updates, epoch->notices, epoch->record.time_ms, some_config().min_reset_delay_s);
    const auto roots = epoch->proof.evaluate(*leaves);
    CHECK(roots && roots->before == names.map.root() && roots->after == next.record.map_root);
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(kUpdates));
  state.counters["bytes_an_update"] = static_cast<double>(next.audit.size()) / kUpdates;
  state.counters["nodes_an_update"] = static_cast<double>(nodes_on_paths(next.audit)) / kUpdates;
}
BENCHMARK(BM_Audit)->Apply(sizes);

/// A log of records in memory, every level of it.
class Levels : public tlog::HashReader {
 public:
  explicit Levels(std::vector<Hash> leaves) {
    for (levels_.push_back(std::move(leaves)); levels_.back().size() > 1;) {
      const std::vector<Hash>& below = levels_.back();
      std::vector<Hash> next;
      for (std::size_t i = 0; i + 1 < below.size(); i += 2) next.push_back(tlog::node_hash(below[i], below[i + 1]));
      levels_.push_back(std::move(next));
    }
  }
  Result<Hash> hash(tlog::Node node) const override { return levels_[node.level][node.index]; }

 private:
  std::vector<std::vector<Hash>> levels_;
};

/// alice of one device, under four cosigners, at `names` names and `size` epochs.
struct LookupCase {
  TestDomain domain;
  TestPerson alice{"alice@example.org"};
  LookupResponse response;
  std::optional<DomainState> known;
  std::optional<VerifiedView> pinned;

  LookupCase(std::size_t names, std::uint64_t size, std::uint64_t known_size) {
    alice.take(alice.genesis(alice.new_device()));
    const auto vrf = domain.vrf(alice.name());
    SeededEntropy entropy(1);
    auto leaves = random_leaves(entropy, names);
    leaves.push_back({map_key(vrf.output), {1, alice.state.head(), {}, {}}});
    sort_by_key(leaves);
    Map map;
    map.update(leaves);
    const auto record_at = [&](std::uint64_t at) {
      return EpochRecord{at - 1, domain.now.ms, map.root(), map.size(), domain.config.hash(), notices_hash({})};
    };
    std::vector<Hash> entries(size);
    for (Hash& entry : entries) entry = random_value<Hash>(entropy);
    entries[size - 1] = record_at(size).log_leaf();
    if (known_size != 0) entries[known_size - 1] = record_at(known_size).log_leaf();
    const Levels log(std::move(entries));
    const auto answer = [&](std::uint64_t at) {
      LookupResponse out;
      const tlog::Checkpoint head{domain.config.origin, {at, *tlog::root_of(log, at)}, {}};
      out.checkpoint = domain.cosign(tlog::SignedCheckpoint::sign(head, domain.log_key));
      out.record = record_at(at);
      out.growth = *tlog::prove_growth(log, 0, at);
      out.config = domain.config;
      out.vrf_proof = vrf.proof;
      out.map_proof = map.prove(map_key(vrf.output));
      out.statements = alice.statements;
      return out;
    };
    response = answer(size);
    if (known_size == 0) return;
    auto before = verify_lookup(alice.name(), {}, *domain.policy, answer(known_size), domain.now);
    CHECK(before.has_value());
    known = before->domain;
    pinned.emplace(before->view);
    response.config.reset();
    response.statements.clear();
    response.growth = *tlog::prove_growth(log, known_size, size);
  }
};

void verify_case(benchmark::State& state, std::uint64_t size, std::uint64_t known_size) {
  static std::map<std::array<std::uint64_t, 3>, LookupCase> all;
  const auto names = static_cast<std::size_t>(state.range(0));
  const LookupCase& one = all.try_emplace({names, size, known_size}, names, size, known_size).first->second;
  const Known known{one.known ? &*one.known : nullptr, one.pinned ? &*one.pinned : nullptr, {}};
  const Bytes bytes = wire::encode(one.response);
  for (auto _ : state) {
    const auto response = wire::decode<LookupResponse>(bytes);
    const auto lookup = verify_lookup(one.alice.name(), known, *one.domain.policy, *response, one.domain.now);
    CHECK(lookup.has_value());
  }
  const auto size_of = [](const auto& part) { return static_cast<double>(wire::encode(part).size()); };
  const auto count = [&](const std::string& part, double value) { state.counters[part + "_bytes"] = value; };
  count("answer", static_cast<double>(bytes.size()));
  count("checkpoint", static_cast<double>(one.response.checkpoint.size()));
  count("record", size_of(one.response.record));
  count("config", one.response.config ? size_of(*one.response.config) : 0);
  count("growth", size_of(one.response.growth));
  count("vrf_proof", static_cast<double>(one.response.vrf_proof.view().size()));
  count("map_proof", size_of(one.response.map_proof));
  count("statements", one.response.statements.empty() ? 0 : size_of(one.response.statements[0]));
}

void BM_VerifyFirstContact(benchmark::State& state) { verify_case(state, kEpochs, 0); }
BENCHMARK(BM_VerifyFirstContact)->Apply(sizes)->Unit(benchmark::kMicrosecond);

/// A day of one epoch a second later, nothing new of the name.
void BM_VerifyKnownContact(benchmark::State& state) { verify_case(state, kEpochs, kEpochs - 86'400); }
BENCHMARK(BM_VerifyKnownContact)->Apply(sizes)->Unit(benchmark::kMicrosecond);

/// Known one epoch before: the smallest answer.
void BM_VerifyKnownContactJustBefore(benchmark::State& state) {
  constexpr std::uint64_t kSize = std::uint64_t{1} << 20;
  verify_case(state, kSize, kSize - 1);
}
BENCHMARK(BM_VerifyKnownContactJustBefore)->Apply(sizes)->Unit(benchmark::kMicrosecond);

void BM_ApplyAddDevice(benchmark::State& state) {
  TestPerson alice("alice@example.org");
  const auto first = alice.new_device();
  alice.take(alice.genesis(first));
  const Statement statement = alice.add(alice.new_device(), first);
  for (auto _ : state) CHECK(apply(alice.state, statement).has_value());
}
BENCHMARK(BM_ApplyAddDevice)->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace cairn::directory
