// The store without a disk: for tests, the simulator and the lab.
#pragma once

#include "core/base/memory_view.h"
#include "shell/store/store.h"

namespace cairn::store {

/// Rows live as long as the object; a commit fails by its conditions alone.
class MemoryStore final : public Store {
 public:
  std::optional<Bytes> get(Table table, ByteView key) const override { return rows_.get(table, key); }
  std::vector<Row> scan(Table table, ByteView first, ByteView end, std::size_t limit,
                        Order order = Order::ascending) const override {
    return rows_.scan(table, first, end, limit, order);
  }
  Status commit_if(const std::vector<Condition>& conditions, const std::vector<Write>& writes) override {
    REQUIRE(all_hold(rows_, conditions), ErrorCode::conflict, kChanged);
    rows_.apply(writes);
    return ok();
  }

  /// All rows, to compare or to keep.
  const MemoryView& rows() const { return rows_; }

 private:
  MemoryView rows_;
};

}  // namespace cairn::store
