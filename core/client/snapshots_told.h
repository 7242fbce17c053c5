// How new the newest snapshot of each vault is, as the devices of one name tell each other: so a storage that was set
// back is seen by a device that has not looked at it since (docs/spec/client.md s.9, s.16).
#pragma once

#include <vector>

#include "core/base/store.h"
#include "core/client/room.h"
#include "core/directory/chain.h"
#include "core/vault/types.h"

namespace cairn::client {

struct Context;

struct SnapshotsTold {
  static constexpr std::uint8_t kTag = 23;      ///< among SelfWords
  static constexpr std::size_t kMostTold = 16;  ///< vaults
  struct One {
    vault::VaultId vault;
    std::uint64_t counter = 0;

    void write(wire::Writer&) const;
    static Result<One> read(wire::Reader&);
    friend bool operator==(const One&, const One&) = default;
  };
  std::vector<One> all;

  void write(wire::Writer&) const;
  static Result<SnapshotsTold> read(wire::Reader&);
  friend bool operator==(const SnapshotsTold&, const SnapshotsTold&) = default;
};

/// What this device has to say: of each of its backups the newest snapshot that it knows.
SnapshotsTold own_snapshots(const StoreView& store);

/// tables::kSnapshotsTold, under "": SHA-256 of what was said last, and of who could hear it. Nothing: nothing was
/// said.
std::optional<Hash> said_of_snapshots(const StoreView& store);
void note_said_of_snapshots(Context& context, const Hash& said);

/// tables::kSnapshotsTold, under the id of the device that has said it: its last word.
void keep_snapshots_told(Context& context, const DeviceId& by, const SnapshotsTold& told);
/// The highest counter that a device which is the name's now has told of this vault; 0: none has.
std::uint64_t told_counter(const StoreView& store, const directory::NameState& state, const vault::VaultId& vault);

}  // namespace cairn::client
