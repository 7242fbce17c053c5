// What a backup's storage names: vaults, objects, chunks (docs/spec/backup.md s.3).
#pragma once

#include <map>

#include "core/base/environment.h"
#include "core/base/types.h"

namespace cairn::vault {

/// One generation of one backup at its storage.
using VaultId = FixedBytes<struct VaultIdTag, 16>;
/// Where a key box lies for one of its openers.
using KeyBoxId = FixedBytes<struct KeyBoxIdTag, 16>;
/// An immutable object in a vault: its kind and 15 random bytes.
using ObjectId = FixedBytes<struct VaultObjectIdTag, 16>;
/// Keyed BLAKE2b-256 of a chunk's plain bytes.
using ChunkId = FixedBytes<struct ChunkIdTag, 32>;

enum class ObjectKind : std::uint8_t { pack = 1, index = 2, manifest = 3 };

inline ObjectId new_object_id(ObjectKind kind, Entropy& entropy) {
  auto id = random_value<ObjectId>(entropy);
  id.mutable_view()[0] = static_cast<std::uint8_t>(kind);
  return id;
}

inline bool is_kind(const ObjectId& id, ObjectKind kind) { return id.view()[0] == static_cast<std::uint8_t>(kind); }

/// How a chunk's bytes are kept.
enum class Encoding : std::uint8_t { raw = 1, zstd = 2 };

/// The random id that lies in a folder with backups, in the place of the name that a server has.
using FolderId = FixedBytes<struct FolderIdTag, 32>;

/// What tells one storage from others. Ids and write keys are derived with it, so that what was signed for one storage
/// is no request at another.
struct StorageIdentity {
  Bytes bytes;  ///< 1 || domain's name, or 2 || id of the folder

  static StorageIdentity of_server(std::string_view domain) { return {concat({Bytes{1}, as_bytes(domain)})}; }
  static StorageIdentity of_folder(const FolderId& id) { return {concat({Bytes{2}, id})}; }
  friend bool operator==(const StorageIdentity&, const StorageIdentity&) = default;
};

/// What a storage lists of a vault: its objects, and the size of each.
using StoredObjects = std::map<ObjectId, std::uint64_t>;

/// Bytes that the storage is to keep under an id.
struct Object {
  ObjectId id;
  Bytes bytes;
};

}  // namespace cairn::vault
