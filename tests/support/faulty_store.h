// A store whose commits fail when the test says so.
#pragma once

#include <set>

#include "shell/store/store.h"

namespace cairn::testing {

/// Passes everything through, but for the commits named in `failing`.
class FaultyStore final : public store::Store {
 public:
  /// `below` must outlive this. `failing` counts commits with writes from 0.
  FaultyStore(store::Store& below, std::set<std::size_t> failing, ErrorCode code = ErrorCode::storage_failed)
      : below_(below), failing_(std::move(failing)), code_(code) {}

  std::optional<Bytes> get(Table table, ByteView key) const override { return below_.get(table, key); }
  std::vector<Row> scan(Table table, ByteView first, ByteView end, std::size_t limit,
                        Order order = Order::ascending) const override {
    return below_.scan(table, first, end, limit, order);
  }
  Status commit_if(const std::vector<store::Condition>& conditions, const std::vector<Write>& writes) override {
    if (!writes.empty() && failing_.contains(commits_++)) return fail(code_, "commit failed on purpose");
    return below_.commit_if(conditions, writes);
  }
  bool full() const override { return below_.full(); }

  /// How many commits with writes were tried.
  std::size_t commits() const { return commits_; }

 private:
  store::Store& below_;
  std::set<std::size_t> failing_;
  ErrorCode code_;
  std::size_t commits_ = 0;
};

}  // namespace cairn::testing
