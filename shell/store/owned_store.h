// A store that one process alone writes, by compare and swap on a row of its own (docs/adr/0040).
#pragma once

#include <memory>

#include "core/base/environment.h"
#include "shell/store/store.h"

namespace cairn::store {

/// Who claimed a store last owns it. From then on every commit of whoever had it before is `conflict`, one without
/// writes too: nothing that it read or concluded since gets out. A commit that fails for anything else than that
/// or its conditions is storage_failed, also where the backend calls it a conflict. No lock is needed for that, and no
/// clock; a backend that lets nobody else open the store while it is open has this beside its lock.
class OwnedStore final : public Store {
 public:
  /// Takes `below` over; durable on success. It must outlive this. Errors as those of commit().
  static Result<std::unique_ptr<OwnedStore>> claim(Store& below, Entropy& entropy);

  std::optional<Bytes> get(Table table, ByteView key) const override { return below_.get(table, key); }
  std::vector<Row> scan(Table table, ByteView first, ByteView end, std::size_t limit,
                        Order order = Order::ascending) const override {
    return below_.scan(table, first, end, limit, order);
  }
  Status commit_if(const std::vector<Condition>& conditions, const std::vector<Write>& writes) override;
  bool full() const override { return below_.full(); }

 private:
  OwnedStore(Store& below, Bytes mark) : below_(below), mark_(std::move(mark)) {}

  Store& below_;
  Bytes mark_;  // of this claim; no other has it
};

}  // namespace cairn::store
