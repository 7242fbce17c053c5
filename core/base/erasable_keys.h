// Keys that can be made to be gone, which a row of a database cannot: what a realm asks of the world beside its store.
#pragma once

#include <optional>

#include "core/base/secret.h"

namespace cairn {

/// Whose slot it is (16 bytes), and a key (32 bytes).
using SlotKey = Secret<struct SlotKeyTag, 48>;
constexpr std::uint32_t kMaxSlots = std::uint32_t{1} << 24;

/// Numbered slots below kMaxSlots, each with a key or blank. A change is on the disk, in the place of what stood there,
/// when the call returns: nothing of an erased key is left where this writes. It is no part of a batch, so a commit
/// that fails takes nothing back. Errors: storage_full, storage_failed.
class ErasableKeys {
 public:
  virtual ~ErasableKeys() = default;
  /// Nothing for a slot that is blank or was never written.
  virtual Result<std::optional<SlotKey>> read(std::uint32_t slot) const = 0;
  virtual Status write(std::uint32_t slot, const SlotKey& key) = 0;
  virtual Status erase(std::uint32_t slot) = 0;
};

}  // namespace cairn
