// Where a mind's rows are kept. One contract (tests/support/store_contract.h) for every backend.
#pragma once

#include "core/base/store.h"

namespace cairn::store {

/// What a row has to be for a commit to be done; without a value: that there is no such row.
struct Condition {
  Table table;
  Bytes key;
  std::optional<Bytes> value;
};

/// Committed rows, and the only way to change them. One loop owns it; not thread-safe.
///
/// Reading cannot fail towards a mind: when a backend cannot read, it answers as if there were nothing, remembers
/// it, and the commit() that ends the batch fails. So nothing that was concluded from a failed read gets out, as
/// long as every batch, also one without writes, ends with commit().
class Store : public StoreView {
 public:
  /// Compare and swap: does all writes in their order and in one transaction, or none of them, and only if every
  /// condition holds in that transaction before the first write. On success they survive kill -9 and, in a backend with
  /// a disk, power loss. Without conditions and writes it costs nothing. Errors: `conflict` when a condition does not
  /// hold, storage_full when the disk has no room, storage_failed for everything else, and for any failed read since
  /// the last commit. While full() it refuses what makes the rows larger by more than a trifle, and takes the rest.
  virtual Status commit_if(const std::vector<Condition>& conditions, const std::vector<Write>& writes) = 0;

  /// The same without conditions.
  Status commit(const std::vector<Write>& writes) { return commit_if({}, writes); }
};

/// Whether all of them hold of what `rows` shows.
bool all_hold(const StoreView& rows, const std::vector<Condition>& conditions);

/// What commit_if() answers when one of them does not.
inline constexpr const char* kChanged = "another process has changed the store meanwhile: read it anew";

}  // namespace cairn::store
