// What survives when the power goes at any write, and how a full disk is lived through.
#include <filesystem>

#include "shell/store/sqlite/sqlite_store.h"
#include "tests/support/crash_disk.h"
#include "tests/support/scratch_folder.h"
#include "tests/support/store_rows.h"

namespace cairn::testing {
namespace {

store::SqliteOptions options(const ScratchFolder& folder, const CrashDisk& disk) {
  store::SqliteOptions out;
  out.path = folder.file("store.db");
  out.application_id = 0x43524e74;
  out.reserve_bytes = 0;
  out.max_log_pages = 16;  // so that a short run has many checkpoints
  out.vfs = disk.name();
  return out;
}

MemoryView rows_of(const StoreView& store) {
  MemoryView out;
  for (const Table table : {kFirstTable, kLastTable}) {
    for (Row& row : store.scan(table, {}, {}, kAll)) out.apply({{table, std::move(row.key), std::move(row.value)}});
  }
  return out;
}

/// What a run of the store was told is durable, and that with the batch whose answer never came.
struct Told {
  MemoryView durable;
  MemoryView perhaps;
};

/// Commits random batches until the power goes, or all are done; every other one only if it follows the one before.
Told run(const store::SqliteOptions& options, std::uint64_t seed) {
  Told told;
  auto store = store::SqliteStore::open(options);
  if (!store) return told;
  SeededEntropy random(seed);
  for (int batch = 0; batch < 25; ++batch) {
    std::vector<Write> writes = random_writes(random);
    std::vector<store::Condition> conditions;
    if (batch % 2 == 1) {
      conditions.push_back({kLastTable, to_bytes("batch"), told.durable.get(kLastTable, as_bytes("batch"))});
      writes.push_back(put(kLastTable, "batch", std::to_string(batch)));
      CHECK(!(*store)->commit_if({{kLastTable, to_bytes("batch"), Bytes{1}}}, writes));  // and nothing of it is found
    }
    told.perhaps.apply(writes);
    if (!(*store)->commit_if(conditions, writes)) return told;
    told.durable.apply(writes);
  }
  return told;
}

TEST(SqliteCrash, KeepsWhatWasAnsweredAndNothingPartialWhereverThePowerGoes) {
  const ScratchFolder folder;
  std::size_t cuts = 0;
  std::size_t unanswered_but_kept = 0;
  for (std::uint64_t seed = 1; seed <= 3; ++seed) {
    for (std::size_t cut = 1;; ++cut) {
      SCOPED_TRACE("seed " + std::to_string(seed) + ", power off at change " + std::to_string(cut));
      CrashDisk disk;
      disk.power_off_after(cut);
      const Told told = run(options(folder, disk), seed);
      if (!disk.power_is_off()) break;  // the whole run fits
      SeededEntropy random(seed * 1'000'003 + cut);
      disk.restart(random);
      auto store = store::SqliteStore::open(options(folder, disk));
      ASSERT_TRUE(store) << store.error().where;
      ASSERT_TRUE((*store)->verify());
      const MemoryView found = rows_of(**store);
      ASSERT_TRUE(found == told.durable || found == told.perhaps);
      unanswered_but_kept += found == told.durable ? 0 : 1;
      ASSERT_TRUE((*store)->commit({put(kFirstTable, "after", "all is well")}));
      ++cuts;
    }
  }
  // The test means nothing unless it cut often and met both outcomes.
  EXPECT_GT(cuts, 300u);
  EXPECT_GT(unanswered_but_kept, 0u);
}

class FullDisk : public ::testing::Test {
 protected:
  FullDisk() {
    disk_.set_held_by_others([this]() -> std::uint64_t {
      std::error_code error;
      const auto size = std::filesystem::file_size(folder_.file("store.db-reserve"), error);
      return error ? 0 : size;
    });
    disk_.set_capacity(4 << 20);
    auto settings = options(folder_, disk_);
    settings.reserve_bytes = 512 << 10;
    settings.free_bytes = [this] { return disk_.free_bytes(); };
    auto opened = store::SqliteStore::open(settings);
    CHECK(opened.has_value());
    store_ = std::move(*opened);
  }

  Status add() {
    const Bytes key = {static_cast<std::uint8_t>(rows_ >> 8), static_cast<std::uint8_t>(rows_)};
    return store_->commit({{kFirstTable, key, Bytes(5000, 1)}});
  }

  /// Rows of 5,000 bytes until the disk is full.
  void fill() {
    for (; rows_ < 2000; ++rows_) {
      if (const Status added = add(); !added) {
        EXPECT_EQ(added.error().code, ErrorCode::storage_full);
        return;
      }
    }
    FAIL() << "the disk never filled";
  }
  Status erase_first() {
    const auto rows = store_->scan(kFirstTable, {}, {}, 1);
    return store_->commit({{kFirstTable, rows.at(0).key, std::nullopt}, put(kLastTable, "acknowledged", "0001")});
  }

  ScratchFolder folder_;
  CrashDisk disk_;
  std::unique_ptr<store::SqliteStore> store_;
  std::size_t rows_ = 0;
};

TEST_F(FullDisk, RefusesWhatGrowsAndKeepsWhatWasStored) {
  EXPECT_FALSE(store_->full());
  fill();
  EXPECT_TRUE(store_->full());
  EXPECT_GT(rows_, 300u);
  EXPECT_EQ(store_->scan(kFirstTable, {}, {}, kAll).size(), rows_);
  EXPECT_FALSE(add());
  EXPECT_FALSE(std::filesystem::exists(folder_.file("store.db-reserve")));
}

TEST_F(FullDisk, GoesOnAcknowledgingUntilAllIsDrained) {
  fill();
  for (std::size_t left = rows_; left > 0; --left) ASSERT_TRUE(erase_first()) << left;
  EXPECT_TRUE(store_->scan(kFirstTable, {}, {}, 1).empty());
  ASSERT_TRUE(store_->verify());
}

TEST_F(FullDisk, GoesOnReplacingRowsByNoLargerOnes) {
  fill();
  const auto first = store_->scan(kFirstTable, {}, {}, 1).at(0);
  for (int i = 0; i < 200; ++i) ASSERT_TRUE(store_->commit({{kFirstTable, first.key, Bytes(5000, 9)}}));
}

TEST_F(FullDisk, TakesTriflesUntilTheyAddUp) {
  fill();
  std::size_t taken = 0;
  while (taken < 5000) {
    const Bytes key = {static_cast<std::uint8_t>(taken >> 8), static_cast<std::uint8_t>(taken)};
    if (!store_->commit({{kLastTable, key, Bytes(60)}})) break;
    ++taken;
  }
  EXPECT_GT(taken, 1000u);
  EXPECT_LT(taken, 2000u);
}

TEST_F(FullDisk, TakesNewRowsAgainWhenEnoughWasDeleted) {
  fill();
  const std::size_t most = rows_;
  for (std::size_t i = 0; store_->full(); ++i) {
    ASSERT_LT(i, most) << "deleting gave nothing back";
    ASSERT_TRUE(erase_first());
  }
  EXPECT_TRUE(std::filesystem::exists(folder_.file("store.db-reserve")));
  ++rows_;
  EXPECT_TRUE(add());
}

TEST_F(FullDisk, TakesNewRowsAgainWhenTheDiskGrows) {
  fill();
  disk_.set_capacity(8 << 20);
  EXPECT_TRUE(store_->full());
  EXPECT_TRUE(store_->commit({}));
  EXPECT_FALSE(store_->full());
  EXPECT_TRUE(add());
}

}  // namespace
}  // namespace cairn::testing
