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
  virtual Status commit(const std::vector<Write>& writes) = 0;

  /// While true, only commits that do not make the stored rows larger are taken (deletions, acknowledgements), so
  /// that a full disk still drains. A batch should then be one input, lest a refused neighbour holds it up.
  virtual bool full() const { return false; }
};

}  // namespace cairn::store
