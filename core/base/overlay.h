// Pending writes over a StoreView: what a batch, or a mind within one input, sees before anything is committed.
#pragma once

#include <map>

#include "core/base/store.h"

namespace cairn {

/// Reads show `below` with the writes put here on top. `below` must outlive it and stay as it is meanwhile.
class Overlay : public StoreView {
 public:
  explicit Overlay(const StoreView& below) : below_(below) {}

  void put(Table table, Bytes key, Bytes value);
  void erase(Table table, Bytes key);
  void apply(Write write);
  void apply(std::vector<Write> writes);

  std::optional<Bytes> get(Table table, ByteView key) const override;
  std::vector<Row> scan(Table table, ByteView first, ByteView end, std::size_t limit,
                        Order order = Order::ascending) const override;
  bool full() const override { return below_.full(); }

  /// The last write of each row, in the order of (table, key); the overlay is empty afterwards.
  std::vector<Write> take_writes();
  bool empty() const { return tables_.empty(); }

 private:
  using Pending = std::map<Bytes, std::optional<Bytes>, BytesLess>;

  const StoreView& below_;
  std::map<Table, Pending> tables_;
};

}  // namespace cairn
