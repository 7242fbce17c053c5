// Ordered tables in memory: what a StoreView means, in the fewest words.
#pragma once

#include <map>

#include "core/base/store.h"

namespace cairn {

/// A StoreView whose rows live as long as the object. For the memory backend, the simulator and the tests of minds.
class MemoryView final : public StoreView {
 public:
  std::optional<Bytes> get(Table table, ByteView key) const override;
  std::vector<Row> scan(Table table, ByteView first, ByteView end, std::size_t limit,
                        Order order = Order::ascending) const override;

  /// Does the writes in their order.
  void apply(const std::vector<Write>& writes);

  friend bool operator==(const MemoryView& a, const MemoryView& b) { return a.tables_ == b.tables_; }

 private:
  using Rows = std::map<Bytes, Bytes, BytesLess>;
  std::map<Table, Rows> tables_;  // no empty ones, so that == compares what can be read
};

}  // namespace cairn
