// A mind's store, with what may happen to a disk.
#pragma once

#include <functional>
#include <optional>

#include "core/base/memory_view.h"
#include "shell/store/store.h"

namespace cairn::sim {

/// Rows outlive the processes that use them. Fails as told: a commit that failed has changed nothing.
class Disk final : public store::Store {
 public:
  std::optional<Bytes> get(Table table, ByteView key) const override { return rows_.get(table, key); }
  std::vector<Row> scan(Table table, ByteView first, ByteView end, std::size_t limit,
                        Order order = Order::ascending) const override {
    return rows_.scan(table, first, end, limit, order);
  }
  bool full() const override { return full_; }

  Status commit_if(const std::vector<store::Condition>& conditions, const std::vector<Write>& writes) override {
    REQUIRE(store::all_hold(rows_, conditions), ErrorCode::conflict, store::kChanged);
    if (writes.empty()) return ok();
    ++commits_;
    if (fails_after_ && (*fails_after_)-- == 0) {
      fails_after_.reset();
      return fail(ErrorCode::storage_failed, "commit failed on purpose");
    }
    if (full_ && growth(writes) > kTrifle) return fail(ErrorCode::storage_full, "disk full on purpose");
    rows_.apply(writes);
    ++version_;
    if (on_commit_) on_commit_(writes);
    return ok();
  }

  /// Told of every commit that succeeded.
  void on_commit(std::function<void(const std::vector<Write>&)> told) { on_commit_ = std::move(told); }
  void set_full(bool full) { full_ = full; }
  /// One more commit fails after this many that do not. Nothing: none does.
  void fail_after(std::optional<std::uint64_t> commits) { fails_after_ = commits; }
  /// Commits with writes that were tried so far.
  std::uint64_t commits() const { return commits_; }
  const MemoryView& rows() const { return rows_; }
  /// A copy takes the place of what is there; a row is lost. Only while no process runs on it.
  void put_back(MemoryView rows) {
    rows_ = std::move(rows);
    ++version_;
  }
  void lose(Table table, const Bytes& key) {
    rows_.apply({{table, key, std::nullopt}});
    ++version_;
  }
  /// Another one whenever a row may be another.
  std::uint64_t version() const { return version_; }

 private:
  /// As shell/store/sqlite: so little must be possible for devices to log in and acknowledge.
  static constexpr std::int64_t kTrifle = 128;
  static constexpr std::int64_t kRowOverhead = 16;

  std::int64_t growth(const std::vector<Write>& writes) const {
    std::int64_t sum = 0;
    for (const Write& write : writes) {
      const auto row = static_cast<std::int64_t>(write.key.size()) + kRowOverhead;
      if (const auto old = rows_.get(write.table, write.key)) sum -= row + static_cast<std::int64_t>(old->size());
      if (write.value) sum += row + static_cast<std::int64_t>(write.value->size());
    }
    return sum;
  }

  MemoryView rows_;
  bool full_ = false;
  std::optional<std::uint64_t> fails_after_;
  std::uint64_t commits_ = 0;
  std::uint64_t version_ = 0;
  std::function<void(const std::vector<Write>&)> on_commit_;
};

}  // namespace cairn::sim
