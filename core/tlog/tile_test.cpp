#include "core/tlog/tile.h"

#include <gtest/gtest.h>

#include "core/tlog/tile_store.h"
#include "tests/support/memory_store.h"
#include "tests/support/naive_log.h"
#include "tests/support/seeded_entropy.h"

namespace cairn::tlog {
namespace {

using testing::NaiveLog;

// tlog-tiles, "Merkle Tree": index 1234067 is encoded as x001/x234/067.
TEST(TileId, IsSpelledAsTheStandardSays) {
  const std::pair<TileId, const char*> cases[] = {
      {{TileKind::hashes, 0, 1234067, 256}, "tile/0/x001/x234/067"},
      {{TileKind::hashes, 0, 1234, 56}, "tile/0/x001/234.p/56"},
      {{TileKind::hashes, 7, 0, 1}, "tile/7/000.p/1"},
      {{TileKind::hashes, 2, 999, 255}, "tile/2/999.p/255"},
      {{TileKind::hashes, 1, 1000, 256}, "tile/1/x001/000"},
      {{TileKind::entries, 0, 273, 112}, "tile/entries/273.p/112"},
      {{TileKind::hashes, 0, 36028797018963966, 256}, "tile/0/x036/x028/x797/x018/x963/966"},
  };
  for (const auto& [id, path] : cases) {
    EXPECT_EQ(id.path(), path);
    const auto read = TileId::parse(path);
    ASSERT_TRUE(read) << path;
    EXPECT_EQ(*read, id) << path;
  }
}

TEST(TileId, RefusesEveryOtherSpelling) {
  for (const char* path : {"",
                           "tile",
                           "tile/",
                           "tile/0",
                           "tile/0/",
                           "/tile/0/000",
                           "tile/00/000",
                           "tile/8/000",
                           "tile/63/000",
                           "tile/-1/000",
                           "tile/0/0",
                           "tile/0/00",
                           "tile/0/0000",
                           "tile/0/x000/000",
                           "tile/0/x000/x001/000",
                           "tile/0/x001",
                           "tile/0/x001/",
                           "tile/0/001/000",
                           "tile/0/x001/x000",
                           "tile/0/x01/000",
                           "tile/0/X001/000",
                           "tile/0/00a",
                           "tile/0/000/",
                           "tile/0/000 ",
                           "tile/0/000.p",
                           "tile/0/000.p/",
                           "tile/0/000.p/0",
                           "tile/0/000.p/01",
                           "tile/0/000.p/256",
                           "tile/0/000.p/+1",
                           "tile/0/000.p/1/",
                           "tile/0/000.q/1",
                           "tile/entries",
                           "tile/entries/",
                           "tile/entries/0/000",
                           "tile/Entries/000",
                           "tile/data/000",
                           "tile/0/x036/x028/x797/x018/x963/967",
                           "tile/0/x036/x028/x797/x018/x963/968.p/1",
                           "tile/0/x999/x999/x999/x999/x999/999",
                           "tile/0/x001/x000/x000/x000/x000/x000/000",
                           "tile/7/001",
                           "tile/7/000",
                           "tile/7/000.p/128"}) {
    EXPECT_FALSE(TileId::parse(path)) << path;
  }
}

TEST(TileId, ReadsBackWhatItWrote) {
  testing::SeededEntropy entropy(6);
  for (int round = 0; round < 2000; ++round) {
    TileId id;
    id.level = static_cast<std::uint8_t>(entropy.below(8));
    id.index = (kMaxTreeSize >> (8 * (id.level + 1u) - (id.level == 7 ? 1 : 0))) >> entropy.below(56);
    if (id.index != 0) --id.index;
    id.width = static_cast<std::uint16_t>(1 + entropy.below(127));
    if (id.level == 0 && entropy.below(2) == 0) id.kind = TileKind::entries;
    const auto read = TileId::parse(id.path());
    ASSERT_TRUE(read) << id.path();
    EXPECT_EQ(*read, id);
  }
}

std::vector<TileId> written(std::uint64_t old_size, std::uint64_t new_size) {
  return tiles_to_write(old_size, new_size);
}

// tlog-tiles, "Partial Tiles": the examples of sizes 70,000 and 256.
TEST(Tiles, AreThoseOfTheStandardsExamples) {
  const auto tiles = written(0, 70000);
  std::map<std::pair<int, bool>, int> count;
  for (const TileId& id : tiles) ++count[{id.level, id.width == kTileWidth}];
  EXPECT_EQ(count, (std::map<std::pair<int, bool>, int>{
                       {{0, true}, 273}, {{0, false}, 1}, {{1, true}, 1}, {{1, false}, 1}, {{2, false}, 1}}));
  EXPECT_EQ(tile_width(70000, 0, 273), 112);
  EXPECT_EQ(tile_width(70000, 1, 1), 17);
  EXPECT_EQ(tile_width(70000, 2, 0), 1);
  EXPECT_EQ(tile_width(70000, 0, 274), 0);
  EXPECT_EQ(tile_width(70000, 3, 0), 0);
  const std::vector<TileId> expected = {{TileKind::hashes, 0, 0, 256}, {TileKind::hashes, 1, 0, 1}};
  EXPECT_EQ(written(0, 256), expected);
}

TEST(Tiles, ThatAGrowthLeavesAloneAreNotWritten) {
  EXPECT_TRUE(written(300, 300).empty());
  EXPECT_EQ(written(300, 301), (std::vector<TileId>{{TileKind::hashes, 0, 1, 45}}));
  EXPECT_EQ(written(512, 513), (std::vector<TileId>{{TileKind::hashes, 0, 2, 1}}));
  EXPECT_EQ(
      written(511, 513),
      (std::vector<TileId>{{TileKind::hashes, 0, 1, 256}, {TileKind::hashes, 0, 2, 1}, {TileKind::hashes, 1, 0, 2}}));
}

constexpr Table kTiles{1};

/// Grows a stored log in steps and holds every tile against the model.
void grow_and_compare(const NaiveLog& log, const std::vector<std::uint64_t>& steps) {
  testing::MemoryStore store;
  const StoredTiles tiles(store, kTiles);
  std::uint64_t size = 0;
  for (std::uint64_t step : steps) {
    std::vector<Hash> leaves;
    for (std::uint64_t i = size; i < size + step; ++i) leaves.push_back(log.leaf(i));
    auto grown = grow(tiles, size, leaves);
    ASSERT_TRUE(grown);
    std::vector<TileId> ids;
    std::vector<Write> writes;
    for (Tile& tile : *grown) {
      ids.push_back(tile.id);
      ASSERT_EQ(tile.bytes.size(), tile.id.width * Hash::kSize);
      writes.push_back(store_tile(kTiles, std::move(tile)));
    }
    std::sort(ids.begin(), ids.end());
    EXPECT_EQ(ids, tiles_to_write(size, size + step));
    store.apply(writes);
    size += step;
    const TileHashes hashes(tiles, size);
    EXPECT_EQ(*root_of(hashes, size), log.head(size).root) << size;
    EXPECT_EQ(right_edge(tiles, size)->root(), log.head(size).root) << size;
  }
}

TEST(Tiles, GrownInAnyStepsHaveTheRootOfTheModel) {
  const NaiveLog log(1300);
  grow_and_compare(log, {0, 1, 1, 253, 1, 1, 255, 256, 257, 0, 275});
  testing::SeededEntropy entropy(7);
  for (int round = 0; round < 5; ++round) {
    std::vector<std::uint64_t> steps;
    for (std::uint64_t left = log.size(); left != 0; left -= steps.back()) steps.push_back(1 + entropy.below(left));
    grow_and_compare(log, steps);
  }
}

TEST(Tiles, HoldTheHashesThatTheStandardNames) {
  const NaiveLog log(70000);
  testing::MemoryStore store;
  std::vector<Hash> leaves;
  for (std::uint64_t i = 0; i < log.size(); ++i) leaves.push_back(log.leaf(i));
  const auto grown = grow(StoredTiles(store, kTiles), 0, leaves);
  ASSERT_TRUE(grown);
  ASSERT_EQ(grown->size(), 277u);
  for (const Tile& tile : *grown) {
    std::uint64_t leaves_each = 1;
    for (int level = 0; level < tile.id.level; ++level) leaves_each *= 256;
    for (std::uint64_t i = 0; i < tile.id.width; i += 51) {
      const std::uint64_t place = tile.id.index * 256 + i;
      EXPECT_EQ(*Hash::from(ByteView(tile.bytes).subspan(i * 32, 32)),
                log.tree_hash(place * leaves_each, (place + 1) * leaves_each));
    }
  }
}

TEST(Tiles, ServeProofsForEverySizeBeforeTheStoredOne) {
  const NaiveLog log(600);
  testing::MemoryStore store;
  const StoredTiles tiles(store, kTiles);
  std::vector<Hash> leaves;
  for (std::uint64_t i = 0; i < log.size(); ++i) leaves.push_back(log.leaf(i));
  std::vector<Write> writes;
  auto grown = grow(tiles, 0, leaves);
  for (Tile& tile : *grown) writes.push_back(store_tile(kTiles, std::move(tile)));
  store.apply(writes);
  for (std::uint64_t size = 1; size <= log.size(); size += 13) {
    const TileHashes hashes(tiles, size);
    for (std::uint64_t index = 0; index < size; index += 17) {
      EXPECT_EQ(prove_inclusion(hashes, index, size)->hashes, log.path(index, 0, size));
      EXPECT_EQ(prove_consistency(hashes, index + 1, size)->hashes, log.subproof(index + 1, 0, size, true));
    }
  }
}

TEST(Tiles, ThatAreMissingOrTooShortAreAnError) {
  testing::MemoryStore store;
  const StoredTiles tiles(store, kTiles);
  EXPECT_EQ(right_edge(tiles, 3).error().code, ErrorCode::not_found);
  EXPECT_EQ(grow(tiles, 3, std::vector<Hash>(1)).error().code, ErrorCode::not_found);
  store.apply({store_tile(kTiles, {{TileKind::hashes, 0, 0, 2}, Bytes(64)})});
  EXPECT_EQ(right_edge(tiles, 3).error().code, ErrorCode::not_found);
  EXPECT_TRUE(right_edge(tiles, 2));
}

TEST(Bundle, ReadsBackWhatItWroteAndRefusesEveryPrefixAndSuffix) {
  const std::vector<Bytes> entries = {to_bytes("a"), {}, Bytes(300, 7)};
  Bytes bytes = encode_bundle(entries);
  EXPECT_EQ(*parse_bundle(bytes, 3), entries);
  EXPECT_FALSE(parse_bundle(bytes, 2));
  EXPECT_FALSE(parse_bundle(bytes, 4));
  for (std::size_t size = 0; size < bytes.size(); ++size) EXPECT_FALSE(parse_bundle(ByteView(bytes).first(size), 3));
  bytes.push_back(0);
  EXPECT_FALSE(parse_bundle(bytes, 3));
}

}  // namespace
}  // namespace cairn::tlog
