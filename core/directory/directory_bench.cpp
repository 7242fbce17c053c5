// The targets of the directory: updates, proofs, audits and lookups at a million names and a million epochs.
#include <benchmark/benchmark.h>

#include "core/directory/verifier.h"
#include "tests/support/test_domain.h"

namespace cairn::directory {
namespace {

using cairn::testing::SeededEntropy;
using cairn::testing::TestDomain;
using cairn::testing::TestPerson;

constexpr std::size_t kNames = 1'000'000;
constexpr std::size_t kEpochs = 1'000'000;

void sort_by_key(std::vector<LeafChange>& changes) {
  std::sort(changes.begin(), changes.end(), [](const auto& a, const auto& b) { return a.key < b.key; });
}

std::vector<LeafChange> random_leaves(SeededEntropy& entropy, std::size_t count) {
  std::vector<LeafChange> out(count);
  for (LeafChange& change : out) change = {random_value<Hash>(entropy), {1, random_value<Hash>(entropy), {}, {}}};
  sort_by_key(out);
  return out;
}

/// A map of kNames, and its keys in order.
struct Million {
  Map map;
  std::vector<Hash> keys;

  Million() {
    SeededEntropy entropy(1);
    const auto leaves = random_leaves(entropy, kNames);
    map.update(leaves);
    for (const LeafChange& leaf : leaves) keys.push_back(leaf.key);
  }
  /// One statement for each of `count` names that are there, spread evenly.
  std::vector<NameChange> changes(std::size_t count) const {
    std::vector<NameChange> out;
    for (std::size_t i = 0; i < count; ++i) {
      const Hash& key = keys[i * (kNames / count)];
      out.push_back({key, {key}, {}});
    }
    return out;
  }
  EpochRecord record() const { return {kEpochs - 1, 1'750'000'000'000, map.root(), kNames, Hash{}, notices_hash({})}; }
};

const Million& million() {
  static const Million* const one = new Million;
  return *one;
}

DirectoryConfig some_config() { return {"example.org/cairn", {}, {}, kMinResetDelayS}; }

void BM_MapUpdate100kOf1M(benchmark::State& state) {
  SeededEntropy entropy(1);
  Map map;
  map.update(random_leaves(entropy, kNames));
  std::vector<LeafChange> changes;
  for (const NameChange& change : million().changes(100'000)) changes.push_back({change.key, {2, change.key, {}, {}}});
  for (auto _ : state) {
    for (LeafChange& change : changes) ++change.leaf.count;
    map.update(changes);
    benchmark::DoNotOptimize(map.root());
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(changes.size()));
  state.counters["bytes_a_name"] = static_cast<double>(map.memory_bytes()) / kNames;
}
BENCHMARK(BM_MapUpdate100kOf1M)->Unit(benchmark::kMillisecond);

void BM_MapFill1M(benchmark::State& state) {
  SeededEntropy entropy(1);
  const auto leaves = random_leaves(entropy, kNames);
  for (auto _ : state) {
    Map map;
    map.update(leaves);
    benchmark::DoNotOptimize(map.root());
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(kNames));
}
BENCHMARK(BM_MapFill1M)->Unit(benchmark::kMillisecond);

/// The whole of an epoch without the disk: record, audit, and the map moved on.
void BM_Publish100kOf1M(benchmark::State& state) {
  SeededEntropy entropy(1);
  Map map;
  map.update(random_leaves(entropy, kNames));
  EpochRecord previous = million().record();
  std::size_t audit_bytes = 0;
  for (auto _ : state) {
    state.PauseTiming();
    auto changes = million().changes(100'000);
    state.ResumeTiming();
    const auto next = publish(map, previous, some_config(), std::move(changes), previous.time_ms);
    CHECK(next.has_value());
    map.update(next->leaves);
    previous = next->record;
    audit_bytes = next->audit.size();
  }
  state.SetItemsProcessed(state.iterations() * 100'000);
  state.counters["audit_MiB"] = static_cast<double>(audit_bytes) / (1 << 20);
}
BENCHMARK(BM_Publish100kOf1M)->Unit(benchmark::kMillisecond);

void BM_MapProve(benchmark::State& state) {
  const Million& names = million();
  std::size_t i = 0;
  for (auto _ : state) benchmark::DoNotOptimize(names.map.prove(names.keys[i = (i + 7919) % kNames]));
}
BENCHMARK(BM_MapProve);

/// As an auditor does it: read, check, compute both roots.
void BM_Audit10kOf1M(benchmark::State& state) {
  const auto next =
      publish(million().map, million().record(), some_config(), million().changes(10'000), million().record().time_ms);
  CHECK(next.has_value());
  for (auto _ : state) {
    const auto epoch = EpochAudit::decode(next->audit);
    CHECK(epoch.has_value());
    const auto leaves =
        next_leaves(epoch->updates, epoch->notices, epoch->record.time_ms, some_config().min_reset_delay_s);
    const auto roots = epoch->proof.evaluate(*leaves);
    CHECK(roots && roots->before == million().map.root() && roots->after == next->record.map_root);
  }
  state.SetItemsProcessed(state.iterations() * 10'000);
  state.counters["bytes_an_update"] = static_cast<double>(next->audit.size()) / 10'000;
}
BENCHMARK(BM_Audit10kOf1M)->Unit(benchmark::kMillisecond);

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

/// alice of one device, under four cosigners, at kNames names and `size` epochs.
struct LookupCase {
  TestDomain domain;
  TestPerson alice{"alice@example.org"};
  LookupResponse response;
  std::optional<DomainState> known;
  std::optional<VerifiedView> pinned;

  explicit LookupCase(std::uint64_t size, std::uint64_t known_size = 0) {
    alice.take(alice.genesis(alice.new_device()));
    const auto vrf = domain.vrf(alice.name());
    SeededEntropy entropy(1);
    auto leaves = random_leaves(entropy, kNames);
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

void verify_case(benchmark::State& state, const LookupCase& one) {
  const Known known{one.known ? &*one.known : nullptr, one.pinned ? &*one.pinned : nullptr, {}};
  const Bytes bytes = wire::encode(one.response);
  for (auto _ : state) {
    const auto response = wire::decode<LookupResponse>(bytes);
    const auto lookup = verify_lookup(one.alice.name(), known, *one.domain.policy, *response, one.domain.now);
    CHECK(lookup.has_value());
  }
  const auto size_of = [](const auto& part) { return static_cast<double>(wire::encode(part).size()); };
  state.counters["bytes"] = static_cast<double>(bytes.size());
  state.counters["checkpoint"] = static_cast<double>(one.response.checkpoint.size());
  state.counters["record"] = size_of(one.response.record);
  state.counters["growth"] = size_of(one.response.growth);
  state.counters["map_proof"] = size_of(one.response.map_proof);
  state.counters["statements"] = one.response.statements.empty() ? 0 : size_of(one.response.statements[0]);
}

void BM_VerifyFirstContact(benchmark::State& state) {
  static const LookupCase* const one = new LookupCase(kEpochs);
  verify_case(state, *one);
}
BENCHMARK(BM_VerifyFirstContact)->Unit(benchmark::kMicrosecond);

/// A day of one epoch a second later, nothing new of the name.
void BM_VerifyKnownContact(benchmark::State& state) {
  static const LookupCase* const one = new LookupCase(kEpochs, kEpochs - 86'400);
  verify_case(state, *one);
}
BENCHMARK(BM_VerifyKnownContact)->Unit(benchmark::kMicrosecond);

/// Known one epoch before: the smallest answer.
void BM_VerifyKnownContactJustBefore(benchmark::State& state) {
  static const LookupCase* const one = new LookupCase(std::uint64_t{1} << 20, (std::uint64_t{1} << 20) - 1);
  verify_case(state, *one);
}
BENCHMARK(BM_VerifyKnownContactJustBefore)->Unit(benchmark::kMicrosecond);

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
