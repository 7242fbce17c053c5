// Where a mind's rows are kept. One contract (tests/support/store_contract.h) for every backend.
#pragma once

#include "core/base/store.h"

namespace cairn::store {

/// Committed rows, and the only way to change them. One loop owns it; not thread-safe.
///
/// Reading cannot fail towards a mind: when a backend cannot read, it answers as if there were nothing, remembers
/// it, and the commit() that ends the batch fails. So nothing that was concluded from a failed read gets out, as
/// long as every batch, also one without writes, ends with commit().
class Store : public StoreView {
 public:
  /// Does all writes in their order and in one transaction, or none of them. On success they survive kill -9 and,
  /// in a backend with a disk, power loss. Without writes it costs nothing. Errors: storage_full when the disk has
  /// no room, storage_failed for everything else, and for any failed read since the last commit().
  /// While full() it refuses what makes the rows larger by more than a trifle, and takes the rest.
  virtual Status commit(const std::vector<Write>& writes) = 0;
};

}  // namespace cairn::store
