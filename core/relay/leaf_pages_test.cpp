// Pages of leaves against a plain map: whatever epochs change, a start finds the leaves as they are.
#include "core/relay/leaf_pages.h"

#include <gtest/gtest.h>

#include "core/base/memory_view.h"
#include "core/relay/tables.h"
#include "tests/support/seeded_entropy.h"
#include "tests/support/test_directory.h"

namespace cairn::relay {
namespace {

using directory::LeafChange;
using testing::SeededEntropy;
using testing::TestDirectory;

constexpr std::uint32_t kDelayS = directory::kMinResetDelayS;

/// A log whose epochs are served one by one.
struct Domain {
  TestDirectory log{"example.org"};
  MemoryView store;
  directory::Map map;
  std::map<Hash, directory::NameLeaf> leaves;
  LeafPages pages;
  SeededEntropy entropy{3};
  Time now{1'750'000'000'000};

  /// An epoch that changes these.
  void serve(std::vector<Hash> keys) {
    std::sort(keys.begin(), keys.end());
    keys.erase(std::unique(keys.begin(), keys.end()), keys.end());
    std::vector<directory::NameChange> changes;
    for (const Hash& key : keys) changes.push_back({key, {random_value<Hash>(entropy)}, {}});
    log.publish(now, std::move(changes));
    std::vector<LeafChange> moved;
    for (const Hash& key : keys) moved.push_back({key, leaves[key] = *log.leaf(key)});
    map.update(moved);
    Overlay rows(store);
    rows.put(table::kAudits, u64_key(log.size() - 1), log.audits.back());
    pages.write_some(rows, map, log.size(), moved.size());
    store.apply(rows.take_writes());
  }
  std::vector<Hash> some(std::size_t fresh, std::size_t old) {
    std::vector<Hash> keys;
    for (std::size_t i = 0; i < fresh; ++i) keys.push_back(random_value<Hash>(entropy));
    for (std::size_t i = 0; i < old && !leaves.empty(); ++i) {
      keys.push_back(std::next(leaves.begin(), static_cast<std::ptrdiff_t>(entropy.below(leaves.size())))->first);
    }
    return keys;
  }
  bool is_found() {
    const auto found = load_leaves(store, log.size(), kDelayS);
    if (!found || found->size() != leaves.size()) return false;
    return std::equal(found->begin(), found->end(), leaves.begin(),
                      [](const LeafChange& a, const auto& b) { return a.key == b.first && a.leaf == b.second; });
  }
  /// Pages that are older than the log.
  std::size_t old_pages() const {
    std::size_t count = 0;
    for (const Row& row : store.scan(table::kLeaves, {}, {}, 100'000)) {
      count += wire::decode<LeafPage>(row.value)->size < log.size() ? 1 : 0;
    }
    return count;
  }
};

bool is_unsound(const Result<std::vector<LeafChange>>& leaves) {
  return !leaves && leaves.error().code == ErrorCode::internal;
}

TEST(LeafPages, GiveTheLeavesBackWhateverChanges) {
  Domain domain;
  EXPECT_TRUE(domain.is_found());
  domain.serve({});
  EXPECT_TRUE(domain.is_found());
  for (int epoch = 0; epoch < 60; ++epoch) {
    domain.serve(domain.some(domain.entropy.below(120), domain.entropy.below(20)));
    ASSERT_TRUE(domain.is_found()) << epoch;
  }
  EXPECT_GT(domain.leaves.size(), 2000u);
  for (int epoch = 0; epoch < 60; ++epoch) {
    domain.serve(domain.some(0, 1 + domain.entropy.below(3)));
    ASSERT_TRUE(domain.is_found()) << epoch;
  }
  EXPECT_GT(domain.old_pages(), 2u);
}

TEST(LeafPages, GoOnWhereTheyWereAfterARestart) {
  Domain domain;
  domain.serve(domain.some(5000, 0));
  for (int epoch = 0; epoch < 40; ++epoch) {
    domain.serve(domain.some(1, 2));
    LeafPages again;
    ASSERT_TRUE(again.load(domain.store, domain.log.size(), kDelayS));
    domain.pages = again;
    ASSERT_TRUE(domain.is_found()) << epoch;
  }
  // Several leaves are written for one that changes: after so many changes no page is older than the first of them.
  const std::uint64_t before = domain.log.size();
  for (int epoch = 0; epoch < 300; ++epoch) domain.serve(domain.some(0, 3));
  for (const Row& row : domain.store.scan(table::kLeaves, {}, {}, 1000)) {
    EXPECT_GE(wire::decode<LeafPage>(row.value)->size, before);
  }
}

TEST(LeafPages, StaySmallHoweverManyNamesComeAtOnce) {
  Domain domain;
  domain.serve(domain.some(10'000, 0));
  for (const Row& row : domain.store.scan(table::kLeaves, {}, {}, 1000)) {
    const auto page = wire::decode<LeafPage>(row.value);
    EXPECT_LE(page->leaves.size(), 256u);
    EXPECT_GE(page->leaves.size(), 128u);
  }
  EXPECT_TRUE(domain.is_found());
}

TEST(LeafPages, RefuseAStoreThatIsNotSound) {
  Domain domain;
  domain.serve(domain.some(1000, 0));
  domain.serve(domain.some(0, 1));
  const MemoryView good = domain.store;
  const auto load = [&] { return load_leaves(domain.store, domain.log.size(), kDelayS); };
  ASSERT_TRUE(load());
  EXPECT_TRUE(is_unsound(load_leaves(domain.store, domain.log.size() - 1, kDelayS)));
  domain.store.apply({{table::kAudits, u64_key(1), std::nullopt}});
  EXPECT_TRUE(is_unsound(load()));
  domain.store = good;
  const auto rows = domain.store.scan(table::kLeaves, {}, {}, 2);
  domain.store.apply({{table::kLeaves, rows[1].key, rows[0].value}});
  EXPECT_TRUE(is_unsound(load()));
  domain.store = good;
  Bytes cut = rows[0].value;
  cut.pop_back();
  domain.store.apply({{table::kLeaves, rows[0].key, cut}});
  EXPECT_TRUE(is_unsound(load()));
}

}  // namespace
}  // namespace cairn::relay
