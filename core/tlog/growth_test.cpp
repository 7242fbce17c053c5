#include <gtest/gtest.h>

#include "core/tlog/proof.h"
#include "tests/support/naive_log.h"
#include "tests/support/seeded_entropy.h"

namespace cairn::tlog {
namespace {

using testing::NaiveLog;

RightEdge edge_of(const NaiveLog& log, std::uint64_t size) {
  RightEdge edge;
  for (std::uint64_t i = 0; i < size; ++i) edge.append(log.leaf(i));
  return edge;
}

bool grows(const GrowthProof& proof, const RightEdge& older, const Hash& newest, const TreeHead& newer) {
  return verify_growth(proof, older, newest, newer).has_value();
}

TEST(GrowthProof, LeadsFromEverySizeToEveryLargerOne) {
  constexpr std::uint64_t kSizes = 130;
  const NaiveLog log(kSizes);
  for (std::uint64_t old = 0; old < kSizes; ++old) {
    const RightEdge older = edge_of(log, old);
    for (std::uint64_t size = old + 1; size <= kSizes; ++size) {
      const auto edge = verify_growth(*prove_growth(log, old, size), older, log.leaf(size - 1), log.head(size));
      ASSERT_TRUE(edge) << old << " to " << size;
      EXPECT_EQ(*edge, edge_of(log, size));
    }
  }
}

TEST(GrowthProof, FromNothingIsThePathOfTheNewestLeafFromTheRootDown) {
  const NaiveLog log(130);
  for (std::uint64_t size = 1; size <= log.size(); ++size) {
    auto path = prove_inclusion(log, size - 1, size)->hashes;
    std::reverse(path.begin(), path.end());
    EXPECT_EQ(prove_growth(log, 0, size)->hashes, path);
  }
}

TEST(GrowthProof, FailsForAnotherNewestLeafEdgeRootOrSize) {
  const NaiveLog log(24);
  for (std::uint64_t old = 0; old < log.size(); ++old) {
    const RightEdge older = edge_of(log, old);
    for (std::uint64_t size = old + 1; size <= log.size(); ++size) {
      const GrowthProof proof = *prove_growth(log, old, size);
      const Hash newest = log.leaf(size - 1);
      Hash wrong = newest;
      wrong.mutable_view()[31] ^= 1;
      EXPECT_FALSE(grows(proof, older, wrong, log.head(size)));
      EXPECT_FALSE(grows(proof, older, newest, {size, wrong}));
      for (std::uint64_t other = 0; other <= log.size(); ++other) {
        EXPECT_EQ(grows(proof, older, newest, log.head(other)), other == size);
        EXPECT_EQ(grows(proof, edge_of(log, other), newest, log.head(size)), other == old);
      }
      for (std::size_t i = 0; i < older.hashes().size(); ++i) {
        auto hashes = older.hashes();
        hashes[i].mutable_view()[0] ^= 1;
        EXPECT_FALSE(grows(proof, *RightEdge::from_hashes(old, hashes), newest, log.head(size)));
      }
    }
  }
}

TEST(GrowthProof, FailsWithAnyHashChangedLeftOutAddedOrSwapped) {
  const NaiveLog log(60);
  for (std::uint64_t old = 0; old < log.size(); ++old) {
    const RightEdge older = edge_of(log, old);
    for (std::uint64_t size = old + 1; size <= log.size(); ++size) {
      const GrowthProof proof = *prove_growth(log, old, size);
      const auto accepted = [&](const GrowthProof& it) { return grows(it, older, log.leaf(size - 1), log.head(size)); };
      for (std::size_t i = 0; i < proof.hashes.size(); ++i) {
        GrowthProof bad = proof;
        bad.hashes[i].mutable_view()[i % 32] ^= 0x80;
        EXPECT_FALSE(accepted(bad));
        bad = proof;
        bad.hashes.erase(bad.hashes.begin() + static_cast<std::ptrdiff_t>(i));
        EXPECT_FALSE(accepted(bad));
        bad = proof;
        bad.hashes.insert(bad.hashes.begin() + static_cast<std::ptrdiff_t>(i), proof.hashes[i]);
        EXPECT_FALSE(accepted(bad));
        bad = proof;
        std::swap(bad.hashes[i], bad.hashes[0]);
        EXPECT_EQ(accepted(bad), i == 0);
      }
      GrowthProof more = proof;
      more.hashes.emplace_back();
      EXPECT_FALSE(accepted(more));
    }
  }
}

TEST(GrowthProof, OfAnotherHistoryFails) {
  const NaiveLog log(60);
  NaiveLog fork(60);
  fork.entries[20] = to_bytes("other");
  for (std::uint64_t size = 22; size <= 60; ++size) {
    for (std::uint64_t old = 21; old < size; ++old) {
      const RightEdge older = edge_of(log, old);
      EXPECT_FALSE(grows(*prove_growth(fork, old, size), older, fork.leaf(size - 1), fork.head(size)));
      EXPECT_FALSE(grows(*prove_growth(log, old, size), older, fork.leaf(size - 1), fork.head(size)));
    }
  }
}

TEST(GrowthProof, IsNeitherMadeNorAcceptedWhereNothingGrew) {
  const NaiveLog log(5);
  for (const std::uint64_t old : {std::uint64_t{5}, std::uint64_t{6}}) {
    EXPECT_EQ(prove_growth(log, old, 5).error().code, ErrorCode::malformed);
  }
  EXPECT_EQ(prove_growth(log, 0, 0).error().code, ErrorCode::malformed);
  EXPECT_EQ(prove_growth(log, 0, kMaxTreeSize + 1).error().code, ErrorCode::malformed);
  EXPECT_FALSE(grows({}, edge_of(log, 5), log.leaf(4), log.head(5)));
  EXPECT_FALSE(grows({}, edge_of(log, 5), log.leaf(3), log.head(4)));
  EXPECT_FALSE(grows({}, {}, log.leaf(0), {0, log.leaf(0)}));
  EXPECT_FALSE(grows({}, {}, log.leaf(0), {kMaxTreeSize + 1, log.leaf(0)}));
}

TEST(GrowthProof, WorksInTheLargestTrees) {
  const testing::EndlessLog log;
  testing::SeededEntropy entropy(7);
  std::size_t longest = 0;
  for (int round = 0; round < 300; ++round) {
    const std::uint64_t size = 1 + (round < 2 ? kMaxTreeSize - 1 : entropy.below(kMaxTreeSize) >> entropy.below(62));
    const std::uint64_t old = round == 0 ? 1 : entropy.below(size);
    RightEdge older;
    for (unsigned level = 63; level-- > 0;) {
      if ((old >> level & 1) != 0) older.append(level, *log.hash({level, 0}));
    }
    ASSERT_EQ(older.size(), old);
    const GrowthProof proof = *prove_growth(log, old, size);
    longest = std::max(longest, proof.hashes.size());
    EXPECT_TRUE(grows(proof, older, leaf_hash({}), {size, *root_of(log, size)})) << old << " to " << size;
    EXPECT_EQ(*wire::decode<GrowthProof>(wire::encode(proof)), proof);
  }
  EXPECT_GT(longest, kMaxProofHashes);
  EXPECT_LE(longest, kMaxGrowthHashes);
}

TEST(GrowthProof, TravelsAsAVectorOfBoundedLength) {
  GrowthProof proof{std::vector<Hash>(kMaxGrowthHashes)};
  EXPECT_EQ(*wire::decode<GrowthProof>(wire::encode(proof)), proof);
  proof.hashes.emplace_back();
  EXPECT_EQ(wire::decode<GrowthProof>(wire::encode(proof)).error().code, ErrorCode::over_limit);
}

}  // namespace
}  // namespace cairn::tlog
