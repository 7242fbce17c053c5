#include "core/vault/chunker.h"

#include <gtest/gtest.h>

#include <set>

#include "tests/support/test_vault.h"

namespace cairn::vault {
namespace {

using cairn::testing::random_bytes;
using cairn::testing::SeededEntropy;

GearTable gear_of(std::uint64_t seed) {
  SeededEntropy entropy(seed);
  return GearTable(random_secret<DataKey>(entropy));
}

std::vector<Bytes> cut(const GearTable& gear, const ChunkSizes& sizes, ByteView data, std::size_t piece) {
  Chunker chunker(gear, sizes);
  std::vector<Bytes> out;
  while (!data.empty()) {
    ByteView part = data.first(std::min(piece, data.size()));
    data = data.subspan(part.size());
    while (!part.empty()) {
      if (const auto chunk = chunker.next(part)) out.push_back(to_bytes(*chunk));
    }
  }
  if (const auto chunk = chunker.flush()) out.push_back(to_bytes(*chunk));
  EXPECT_TRUE(chunker.empty());
  return out;
}

/// As docs/spec/backup.md s.3 says it, byte by byte.
std::vector<Bytes> cut_naively(const GearTable& gear, const ChunkSizes& sizes, ByteView data) {
  std::vector<Bytes> out;
  Bytes chunk;
  std::uint64_t hash = 0;
  for (const std::uint8_t byte : data) {
    if (chunk.size() >= sizes.min - 64) hash = 2 * hash + gear.numbers()[byte];
    chunk.push_back(byte);
    const std::size_t n = chunk.size();
    const unsigned zeros = n < sizes.average ? sizes.bits + 2 : sizes.bits - 2;
    const bool ends = n == sizes.max || (n >= sizes.min && hash >> (64 - zeros) == 0);
    if (!ends) continue;
    out.push_back(std::exchange(chunk, {}));
    hash = 0;
  }
  if (!chunk.empty()) out.push_back(chunk);
  return out;
}

TEST(Chunker, CutsAsTheSpecificationSaysWhateverThePieces) {
  SeededEntropy entropy(1);
  const GearTable gear = gear_of(2);
  const Bytes data = random_bytes(entropy, 3'000'000);
  const auto expected = cut_naively(gear, kContentSizes, data);
  EXPECT_GT(expected.size(), 10U);
  for (const std::size_t piece : {std::size_t{777}, std::size_t{65'536}, std::size_t{3'000'000}}) {
    EXPECT_EQ(cut(gear, kContentSizes, data, piece), expected) << piece;
  }
  EXPECT_EQ(cut(gear, kListSizes, data, 1'000), cut_naively(gear, kListSizes, data));
}

TEST(Chunker, KeepsToItsSizes) {
  SeededEntropy entropy(3);
  const GearTable gear = gear_of(4);
  const auto chunks = cut(gear, kContentSizes, random_bytes(entropy, 40'000'000), kMaxPiece);
  for (std::size_t i = 0; i + 1 < chunks.size(); ++i) {
    EXPECT_GE(chunks[i].size(), kContentSizes.min);
    EXPECT_LE(chunks[i].size(), kContentSizes.max);
  }
  const std::size_t average = 40'000'000 / chunks.size();
  EXPECT_GT(average, 100'000U);
  EXPECT_LT(average, 180'000U);
}

TEST(Chunker, CutsAtTheMaximumWhatHasNoEnds) {
  const auto chunks = cut(gear_of(5), kContentSizes, Bytes(2 * kMaxChunkSize + 5), 100'000);
  ASSERT_EQ(chunks.size(), 3U);
  EXPECT_EQ(chunks[0].size(), kMaxChunkSize);
  EXPECT_EQ(chunks[2].size(), 5U);
}

TEST(Chunker, FindsItsEndsAgainBehindAChange) {
  SeededEntropy entropy(6);
  const GearTable gear = gear_of(7);
  const Bytes data = random_bytes(entropy, 8'000'000);
  Bytes changed = data;
  changed.insert(changed.begin() + 3'000'000, 17, 0x55);
  const auto before = cut(gear, kContentSizes, data, kMaxPiece);
  const std::set<Bytes> known(before.begin(), before.end());
  std::size_t fresh = 0;
  for (const Bytes& chunk : cut(gear, kContentSizes, changed, kMaxPiece)) fresh += known.contains(chunk) ? 0 : 1;
  EXPECT_GE(fresh, 1U);
  EXPECT_LE(fresh, 4U);
}

TEST(Chunker, CutsElsewhereUnderAnotherKey) {
  SeededEntropy entropy(8);
  const Bytes data = random_bytes(entropy, 2'000'000);
  EXPECT_NE(cut(gear_of(9), kContentSizes, data, kMaxPiece), cut(gear_of(10), kContentSizes, data, kMaxPiece));
}

}  // namespace
}  // namespace cairn::vault
