// Vaults: immutable objects under random ids, each vault with a write key of its own (docs/spec/relay.md s.5). What
// they are for is not known here.
//
// An object lies in rows of one part each, in the order in which its parts came. Room for the whole is charged to the
// vault's owner with the first. What is deleted loses its row at once, and with it everybody's way to its parts; the
// sweeper erases these afterwards, in steps, and until then nothing new is put in their room.
#pragma once

#include "core/relay/internal/turn.h"
#include "core/relay/tables.h"

namespace cairn::relay {

struct Vaults {
  std::uint64_t quota;  ///< bytes of all objects of one name

  /// Charged to `owner`. `conflict` when the id is another key's, `unavailable` while a vault of this id is erased.
  Result<Answer> create(Turn& turn, const std::string& owner, const proto::VaultCreate& request) const;
  // Changed is a vault by the name that made it alone, `who`: a device that was removed from it still has the write
  // key.
  /// `unavailable` while an object of this id, or what the room is needed from, is erased.
  Result<Answer> put(Turn& turn, const std::string& who, const proto::VaultPut& request) const;
  Result<Answer> prune(Turn& turn, const std::string& who, const proto::VaultPrune& request) const;
  Status remove(Turn& turn, const std::string& who, const proto::VaultDelete& request) const;

  /// `not_found` unless the object is whole, `over_limit` for a range that begins at or beyond its end.
  static Result<proto::VaultPart> get(const StoreView& rows, const proto::VaultGet& request);
  static Result<proto::VaultListAnswer> list(const StoreView& rows, const proto::VaultList& request);
};

/// Deletes an upload; `key` is a key of kVaultUploads.
void give_up_upload(Turn& turn, ByteView key);

/// All vaults and key boxes of a name, as if it had deleted them.
Status remove_all_of(Turn& turn, const std::string& owner);

/// Erases some parts of what is deleted, at most 8 MiB, and gives the room back. Whether there is more.
bool erase_dying(Turn& turn);

/// What a name has put so far.
Result<VaultOwnerRow> load_vault_owner(const StoreView& rows, const std::string& owner);
void save_vault_owner(Turn& turn, const std::string& owner, const VaultOwnerRow& row);

}  // namespace cairn::relay
