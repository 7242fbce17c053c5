#include "core/tlog/proof.h"

#include <gtest/gtest.h>

#include "core/tlog/internal/hashes.h"
#include "tests/support/naive_log.h"
#include "tests/support/seeded_entropy.h"

namespace cairn::tlog {
namespace {

using testing::NaiveLog;

constexpr std::uint64_t kSizes = 130;

Hash flip(Hash hash, std::uint64_t bit) {
  hash.mutable_view()[bit / 8] ^= static_cast<std::uint8_t>(1 << (bit % 8));
  return hash;
}

TEST(InclusionProof, IsTheOneOfTheRfcForEveryLeafOfEverySize) {
  const NaiveLog log(kSizes);
  for (std::uint64_t size = 1; size <= kSizes; ++size) {
    EXPECT_EQ(*root_of(log, size), log.head(size).root);
    for (std::uint64_t index = 0; index < size; ++index) {
      const auto proof = prove_inclusion(log, index, size);
      ASSERT_TRUE(proof);
      EXPECT_EQ(proof->hashes, log.path(index, 0, size));
      EXPECT_TRUE(verify_inclusion(*proof, log.leaf(index), index, log.head(size))) << index << " of " << size;
    }
  }
}

TEST(InclusionProof, FailsAtEveryOtherIndexAndSizeWhereItsLengthFits) {
  const NaiveLog log(40);
  for (std::uint64_t size = 1; size <= log.size(); ++size) {
    for (std::uint64_t index = 0; index < size; ++index) {
      const InclusionProof proof = *prove_inclusion(log, index, size);
      for (std::uint64_t other = 0; other < size + 2; ++other) {
        if (other == index) continue;
        EXPECT_FALSE(verify_inclusion(proof, log.leaf(index), other, log.head(size)));
      }
      for (std::uint64_t other = 0; other <= log.size(); ++other) {
        if (other == size) continue;
        EXPECT_FALSE(verify_inclusion(proof, log.leaf(index), index, log.head(other)));
      }
    }
  }
}

TEST(InclusionProof, FailsWithAnyOneBitFlipped) {
  const NaiveLog log(kSizes);
  testing::SeededEntropy entropy(3);
  for (std::uint64_t size = 1; size <= kSizes; ++size) {
    const std::uint64_t index = entropy.below(size);
    const InclusionProof proof = *prove_inclusion(log, index, size);
    const TreeHead head = log.head(size);
    for (std::uint64_t bit = 0; bit < 256; ++bit) {
      EXPECT_FALSE(verify_inclusion(proof, flip(log.leaf(index), bit), index, head));
      EXPECT_FALSE(verify_inclusion(proof, log.leaf(index), index, {size, flip(head.root, bit)}));
    }
    for (std::uint64_t bit = 0; bit < proof.hashes.size() * 256; bit += 7) {
      InclusionProof bad = proof;
      bad.hashes[bit / 256] = flip(bad.hashes[bit / 256], bit % 256);
      EXPECT_FALSE(verify_inclusion(bad, log.leaf(index), index, head));
    }
  }
}

TEST(InclusionProof, FailsTruncatedAndExtended) {
  const NaiveLog log(kSizes);
  for (std::uint64_t size = 1; size <= kSizes; ++size) {
    const InclusionProof proof = *prove_inclusion(log, size / 2, size);
    InclusionProof bad = proof;
    bad.hashes.emplace_back();
    EXPECT_FALSE(verify_inclusion(bad, log.leaf(size / 2), size / 2, log.head(size)));
    if (proof.hashes.empty()) continue;
    bad.hashes.resize(proof.hashes.size() - 1);
    EXPECT_FALSE(verify_inclusion(bad, log.leaf(size / 2), size / 2, log.head(size)));
  }
}

TEST(InclusionProof, IsNotMadeOutsideTheTree) {
  const NaiveLog log(3);
  EXPECT_EQ(prove_inclusion(log, 3, 3).error().code, ErrorCode::malformed);
  EXPECT_EQ(prove_inclusion(log, 0, kMaxTreeSize + 1).error().code, ErrorCode::malformed);
  EXPECT_FALSE(verify_inclusion({}, log.leaf(0), 0, {0, log.leaf(0)}));
  EXPECT_FALSE(verify_inclusion({}, log.leaf(0), 0, {kMaxTreeSize + 1, log.leaf(0)}));
}

TEST(ConsistencyProof, IsTheOneOfTheRfcForEveryPairOfSizes) {
  const NaiveLog log(kSizes);
  std::vector<TreeHead> heads;
  for (std::uint64_t size = 0; size <= kSizes; ++size) heads.push_back(log.head(size));
  for (std::uint64_t size = 0; size <= kSizes; ++size) {
    for (std::uint64_t old = 0; old <= size; ++old) {
      const auto proof = prove_consistency(log, old, size);
      ASSERT_TRUE(proof);
      EXPECT_EQ(proof->hashes, old == 0 ? std::vector<Hash>{} : log.subproof(old, 0, size, true));
      EXPECT_TRUE(verify_consistency(*proof, heads[old], heads[size])) << old << " of " << size;
    }
  }
}

TEST(ConsistencyProof, FailsForEveryOtherPairOfSizes) {
  const NaiveLog log(24);
  for (std::uint64_t size = 1; size <= log.size(); ++size) {
    for (std::uint64_t old = 1; old <= size; ++old) {
      const ConsistencyProof proof = *prove_consistency(log, old, size);
      for (std::uint64_t other_size = 0; other_size <= log.size(); ++other_size) {
        for (std::uint64_t other_old = 0; other_old <= log.size(); ++other_old) {
          if ((other_old == old && other_size == size) || (other_old <= other_size && proof.hashes.empty())) continue;
          EXPECT_FALSE(verify_consistency(proof, log.head(other_old), log.head(other_size)));
        }
      }
    }
  }
}

TEST(ConsistencyProof, FailsWithAnyOneBitFlipped) {
  const NaiveLog log(kSizes);
  testing::SeededEntropy entropy(4);
  for (std::uint64_t size = 1; size <= kSizes; ++size) {
    const std::uint64_t old = 1 + entropy.below(size);
    const ConsistencyProof proof = *prove_consistency(log, old, size);
    const TreeHead older = log.head(old);
    const TreeHead newer = log.head(size);
    for (std::uint64_t bit = 0; bit < 256; ++bit) {
      EXPECT_FALSE(verify_consistency(proof, {old, flip(older.root, bit)}, newer));
      EXPECT_FALSE(verify_consistency(proof, older, {size, flip(newer.root, bit)}));
    }
    for (std::uint64_t bit = 0; bit < proof.hashes.size() * 256; bit += 7) {
      ConsistencyProof bad = proof;
      bad.hashes[bit / 256] = flip(bad.hashes[bit / 256], bit % 256);
      EXPECT_FALSE(verify_consistency(bad, older, newer));
    }
  }
}

TEST(ConsistencyProof, FailsTruncatedExtendedAndBackwards) {
  const NaiveLog log(kSizes);
  for (std::uint64_t size = 0; size <= kSizes; ++size) {
    for (std::uint64_t old : {std::uint64_t{0}, size / 3, size / 2, size}) {
      const ConsistencyProof proof = *prove_consistency(log, old, size);
      ConsistencyProof bad = proof;
      bad.hashes.emplace_back();
      EXPECT_FALSE(verify_consistency(bad, log.head(old), log.head(size)));
      if (old < size) {
        EXPECT_FALSE(verify_consistency(proof, log.head(size), log.head(old)));
      }
      if (proof.hashes.empty()) continue;
      bad.hashes.resize(proof.hashes.size() - 1);
      EXPECT_FALSE(verify_consistency(bad, log.head(old), log.head(size)));
      bad.hashes.clear();
      EXPECT_FALSE(verify_consistency(bad, log.head(old), log.head(size)));
    }
  }
}

// tlog-witness, "add-checkpoint": a checkpoint of size zero has the root hash of the empty tree.
TEST(ConsistencyProof, DemandsTheEmptyRootOfAnEmptyTree) {
  const NaiveLog log(3);
  EXPECT_TRUE(verify_consistency({}, {0, empty_root()}, log.head(3)));
  EXPECT_TRUE(verify_consistency({}, {0, empty_root()}, {0, empty_root()}));
  EXPECT_FALSE(verify_consistency({}, {0, Hash{}}, log.head(3)));
  EXPECT_FALSE(verify_consistency({}, {0, empty_root()}, {0, Hash{}}));
}

TEST(ConsistencyProof, OfAForkFails) {
  const NaiveLog log(60);
  NaiveLog fork(60);
  fork.entries[20] = to_bytes("other");
  for (std::uint64_t size = 22; size <= 60; ++size) {
    for (std::uint64_t old = 21; old < size; ++old) {
      EXPECT_FALSE(verify_consistency(*prove_consistency(fork, old, size), log.head(old), fork.head(size)));
      EXPECT_FALSE(verify_consistency(*prove_consistency(log, old, size), log.head(old), fork.head(size)));
    }
  }
}

TEST(Proof, TravelsAsAVectorOfAtMostSixtyFourHashes) {
  ConsistencyProof proof{std::vector<Hash>(kMaxProofHashes)};
  EXPECT_EQ(*wire::decode<ConsistencyProof>(wire::encode(proof)), proof);
  EXPECT_TRUE(wire::decode<InclusionProof>(wire::encode(proof)));
  proof.hashes.emplace_back();
  EXPECT_EQ(wire::decode<ConsistencyProof>(wire::encode(proof)).error().code, ErrorCode::over_limit);
  wire::Writer writer;
  writer.opaque(Bytes(33));
  EXPECT_EQ(wire::decode<InclusionProof>(writer.view()).error().code, ErrorCode::malformed);
}

TEST(Proof, WorksInTheLargestTrees) {
  const testing::EndlessLog log;
  testing::SeededEntropy entropy(5);
  for (int round = 0; round < 300; ++round) {
    const std::uint64_t size = 1 + (round == 0 ? kMaxTreeSize - 1 : entropy.below(kMaxTreeSize) >> entropy.below(62));
    const std::uint64_t old = 1 + (round < 3 ? size - 1 - static_cast<std::uint64_t>(round) : entropy.below(size));
    const TreeHead head{size, *root_of(log, size)};
    const auto inclusion = prove_inclusion(log, old - 1, size);
    ASSERT_LE(inclusion->hashes.size(), kMaxProofHashes);
    EXPECT_TRUE(verify_inclusion(*inclusion, leaf_hash({}), old - 1, head)) << old << " of " << size;
    const auto consistency = prove_consistency(log, old, size);
    ASSERT_LE(consistency->hashes.size(), kMaxProofHashes);
    EXPECT_TRUE(verify_consistency(*consistency, {old, *root_of(log, old)}, head)) << old << " of " << size;
  }
}

}  // namespace
}  // namespace cairn::tlog
