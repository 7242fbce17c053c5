#include <gtest/gtest.h>

#include "core/base/encoding.h"
#include "tests/support/naive_log.h"

namespace cairn::tlog {
namespace {

using testing::NaiveLog;

// RFC 6962 s.2.1: MTH({}) = SHA-256(), MTH({d(0)}) = SHA-256(0x00 || d(0)).
TEST(Merkle, HashesTheEmptyTreeAndAnEmptyEntryDifferently) {
  EXPECT_EQ(to_hex(empty_root()), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(to_hex(leaf_hash({})), "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d");
}

TEST(RightEdge, HasTheRootOfTheModelAtEverySize) {
  const NaiveLog log(300);
  RightEdge edge;
  EXPECT_EQ(edge.root(), empty_root());
  for (std::uint64_t size = 1; size <= log.size(); ++size) {
    edge.append(leaf_hash(log.entries[size - 1]));
    EXPECT_EQ(edge.size(), size);
    EXPECT_EQ(edge.root(), log.head(size).root) << size;
  }
}

TEST(RightEdge, GoesOnWhereItWasStored) {
  const NaiveLog log(70);
  RightEdge edge;
  for (const Bytes& entry : log.entries) {
    edge = *wire::decode<RightEdge>(wire::encode(edge));
    edge.append(leaf_hash(entry));
  }
  EXPECT_EQ(edge.root(), log.head(70).root);
}

TEST(RightEdge, IsRefusedWithMoreOrFewerHashesThanItsSizeHasBits) {
  RightEdge edge;
  for (int i = 0; i < 5; ++i) edge.append(leaf_hash({}));
  EXPECT_FALSE(RightEdge::from_hashes(4, edge.hashes()));
  EXPECT_FALSE(RightEdge::from_hashes(7, edge.hashes()));
  EXPECT_TRUE(RightEdge::from_hashes(6, edge.hashes()));
  EXPECT_EQ(RightEdge::from_hashes(kMaxTreeSize + 1, {Hash{}}).error().code, ErrorCode::over_limit);
  Bytes bytes = wire::encode(edge);
  bytes[7] = 8;  // the size's last byte
  EXPECT_FALSE(wire::decode<RightEdge>(bytes));
}

TEST(RightEdge, HoldsTheLargestTree) {
  std::vector<Hash> hashes(kMaxEdgeHashes);
  const auto edge = RightEdge::from_hashes(kMaxTreeSize, hashes);
  ASSERT_TRUE(edge);
  EXPECT_EQ(*wire::decode<RightEdge>(wire::encode(*edge)), *edge);
}

}  // namespace
}  // namespace cairn::tlog
