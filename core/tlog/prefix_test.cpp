#include <gtest/gtest.h>

#include "core/tlog/proof.h"
#include "tests/support/naive_log.h"
#include "tests/support/seeded_entropy.h"

namespace cairn::tlog {
namespace {

using testing::NaiveLog;

TEST(PrefixProof, GivesBothRootsForEveryPairOfSizes) {
  constexpr std::uint64_t kSizes = 70;
  const NaiveLog log(kSizes);
  for (std::uint64_t size = 2; size <= kSizes; ++size) {
    for (std::uint64_t old = 1; old < size; ++old) {
      const auto roots = prefix_roots(*prove_prefix(log, old, size), old, size);
      ASSERT_TRUE(roots) << old << " of " << size;
      EXPECT_EQ(roots->older, log.head(old).root) << old << " of " << size;
      EXPECT_EQ(roots->newer, log.head(size).root) << old << " of " << size;
    }
  }
}

TEST(PrefixProof, WithAnyHashChangedGivesAnotherNewerRoot) {
  const NaiveLog log(40);
  for (std::uint64_t size = 2; size <= log.size(); ++size) {
    for (std::uint64_t old = 1; old < size; ++old) {
      const PrefixProof proof = *prove_prefix(log, old, size);
      for (std::size_t i = 0; i < proof.older.size() + proof.rest.size(); ++i) {
        PrefixProof bad = proof;
        Hash& hash = i < bad.older.size() ? bad.older[i] : bad.rest[i - bad.older.size()];
        hash.mutable_view()[i % 32] ^= 0x10;
        EXPECT_NE(prefix_roots(bad, old, size)->newer, log.head(size).root);
      }
    }
  }
}

TEST(PrefixProof, FailsWithAHashTooManyOrTooFewOrForOtherSizes) {
  const NaiveLog log(24);
  for (std::uint64_t size = 2; size <= log.size(); ++size) {
    for (std::uint64_t old = 1; old < size; ++old) {
      const PrefixProof proof = *prove_prefix(log, old, size);
      PrefixProof bad = proof;
      bad.rest.emplace_back();
      EXPECT_FALSE(prefix_roots(bad, old, size));
      bad = proof;
      bad.rest.pop_back();
      EXPECT_FALSE(prefix_roots(bad, old, size));
      bad = proof;
      bad.older.emplace_back();
      EXPECT_FALSE(prefix_roots(bad, old, size));
      bad = proof;
      bad.older.pop_back();
      EXPECT_FALSE(prefix_roots(bad, old, size));
      EXPECT_FALSE(prefix_roots(proof, old, old));
      EXPECT_FALSE(prefix_roots(proof, 0, size));
      EXPECT_FALSE(prefix_roots(proof, old, kMaxTreeSize + 1));
    }
  }
  EXPECT_EQ(prove_prefix(log, 0, 3).error().code, ErrorCode::malformed);
  EXPECT_EQ(prove_prefix(log, 3, 3).error().code, ErrorCode::malformed);
  EXPECT_EQ(prove_prefix(log, 3, kMaxTreeSize + 1).error().code, ErrorCode::malformed);
}

TEST(PrefixProof, OfAForkGivesTheForksRoots) {
  const NaiveLog log(20);
  NaiveLog fork(20);
  fork.entries[4] = to_bytes("other");
  const auto roots = prefix_roots(*prove_prefix(fork, 8, 20), 8, 20);
  ASSERT_TRUE(roots);
  EXPECT_NE(roots->older, log.head(8).root);
  EXPECT_NE(roots->newer, log.head(20).root);
}

TEST(PrefixProof, WorksInTheLargestTreesAndTravels) {
  const testing::EndlessLog log;
  testing::SeededEntropy entropy(11);
  for (int round = 0; round < 200; ++round) {
    const std::uint64_t size = 2 + (round == 0 ? kMaxTreeSize - 2 : entropy.below(kMaxTreeSize - 1));
    const std::uint64_t old = 1 + (round == 0 ? 0 : entropy.below(size - 1));
    const PrefixProof proof = *prove_prefix(log, old, size);
    const auto roots = prefix_roots(proof, old, size);
    ASSERT_TRUE(roots) << old << " of " << size;
    EXPECT_EQ(roots->older, *root_of(log, old));
    EXPECT_EQ(roots->newer, *root_of(log, size));
    EXPECT_EQ(*wire::decode<PrefixProof>(wire::encode(proof)), proof);
  }
  PrefixProof proof{std::vector<Hash>(kMaxEdgeHashes), std::vector<Hash>(kMaxGrowthHashes)};
  EXPECT_EQ(*wire::decode<PrefixProof>(wire::encode(proof)), proof);
  proof.older.emplace_back();
  EXPECT_EQ(wire::decode<PrefixProof>(wire::encode(proof)).error().code, ErrorCode::over_limit);
}

}  // namespace
}  // namespace cairn::tlog
