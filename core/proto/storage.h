// What a storage is asked for vaults and key boxes (docs/spec/relay.md s.5, which governs). Two answer it: the server
// of a domain and a folder.
//
// All requests are POST; bodies are these structs. Signatures are by the write key of the vault or key box, under the
// label that the specification names, over content(). The server wants a login of its owner beside it.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "core/base/types.h"
#include "core/proto/limits.h"
#include "core/wire/reader.h"
#include "core/wire/writer.h"

namespace cairn::proto {

inline constexpr std::string_view kPathVaultCreate = "/v1/vault/create";
inline constexpr std::string_view kPathVaultPut = "/v1/vault/put";
inline constexpr std::string_view kPathVaultGet = "/v1/vault/get";
inline constexpr std::string_view kPathVaultList = "/v1/vault/list";
inline constexpr std::string_view kPathVaultPrune = "/v1/vault/prune";
inline constexpr std::string_view kPathVaultDelete = "/v1/vault/delete";
inline constexpr std::string_view kPathKeyBoxPut = "/v1/key-box/put";
inline constexpr std::string_view kPathKeyBoxGet = "/v1/key-box/get";
inline constexpr std::string_view kPathKeyBoxDelete = "/v1/key-box/delete";

using VaultId = FixedBytes<struct VaultIdTag, 16>;
using ObjectId = FixedBytes<struct ObjectIdTag, 16>;
using KeyBoxId = FixedBytes<struct KeyBoxIdTag, 16>;

// ---- vaults ----

/// Makes a vault, charged to the name that is logged in. A repeat with the same key is accepted.
struct VaultCreate {
  VaultId vault;
  PublicKey write_key;
  Signature signature;

  Bytes content() const;
  void write(wire::Writer&) const;
  static Result<VaultCreate> read(wire::Reader&);
};

/// How many bytes may still be put.
struct VaultRoom {
  std::uint64_t left = 0;

  void write(wire::Writer&) const;
  static Result<VaultRoom> read(wire::Reader&);
};

/// One part of an object.
struct VaultPut {
  VaultId vault;
  ObjectId object;
  std::uint64_t size = 0;  ///< of the whole object, 1 to kMaxVaultObject
  Hash digest;             ///< SHA-256 of the whole object
  std::uint64_t offset = 0;
  Bytes data;  ///< kVaultPart bytes, or what is left; or nothing: to ask how far the object is there
  Signature signature;

  /// `data_hash` is SHA-256 of `data`.
  Bytes content(const Hash& data_hash) const;
  void write(wire::Writer&) const;
  static Result<VaultPut> read(wire::Reader&);
};

/// How many bytes a part at `offset` has of an object of `size` bytes; 0 unless a part begins there.
std::size_t vault_part_size(std::uint64_t size, std::uint64_t offset);

struct VaultPutAnswer {
  std::uint64_t have = 0;  ///< the next part begins here; size of the object: it is whole, and durable
  std::uint64_t left = 0;  ///< as in VaultRoom

  void write(wire::Writer&) const;
  static Result<VaultPutAnswer> read(wire::Reader&);
};

struct VaultGet {
  VaultId vault;
  ObjectId object;
  std::uint64_t offset = 0;  ///< less than the object's size
  std::uint32_t length = 0;  ///< at most kVaultPart

  void write(wire::Writer&) const;
  static Result<VaultGet> read(wire::Reader&);
};

struct VaultPart {
  std::uint64_t size = 0;  ///< of the whole object
  Bytes data;              ///< from the offset on; shorter than asked for only at the object's end

  void write(wire::Writer&) const;
  static Result<VaultPart> read(wire::Reader&);
};

struct VaultList {
  VaultId vault;
  std::optional<ObjectId> after;  ///< begin behind it

  void write(wire::Writer&) const;
  static Result<VaultList> read(wire::Reader&);
};

struct VaultItem {
  ObjectId object;
  std::uint64_t size = 0;

  void write(wire::Writer&) const;
  static Result<VaultItem> read(wire::Reader&);
  friend bool operator==(const VaultItem&, const VaultItem&) = default;
};

struct VaultListAnswer {
  std::vector<VaultItem> items;  ///< whole objects alone, sorted
  std::optional<ObjectId> next;  ///< there may be more: list after it

  void write(wire::Writer&) const;
  static Result<VaultListAnswer> read(wire::Reader&);
};

/// Deletes objects. Those that are not there are passed over.
struct VaultPrune {
  VaultId vault;
  std::vector<ObjectId> objects;  ///< sorted, no two the same, at most kMaxVaultPrune
  Signature signature;

  Bytes content() const;
  void write(wire::Writer&) const;
  static Result<VaultPrune> read(wire::Reader&);
};

/// Deletes the vault and all that is in it.
struct VaultDelete {
  VaultId vault;
  Signature signature;

  Bytes content() const;
  void write(wire::Writer&) const;
  static Result<VaultDelete> read(wire::Reader&);
};

// ---- key boxes ----

/// Version 1 makes the key box, n + 1 replaces n. Also the answer to KeyBoxGet: the last one that was put.
struct KeyBoxPut {
  KeyBoxId id;
  PublicKey write_key;
  std::uint64_t version = 0;
  Bytes body;  ///< at most kMaxKeyBox
  Signature signature;

  Bytes content() const;
  void write(wire::Writer&) const;
  static Result<KeyBoxPut> read(wire::Reader&);
};

struct KeyBoxGet {
  KeyBoxId id;

  void write(wire::Writer&) const;
  static Result<KeyBoxGet> read(wire::Reader&);
};

struct KeyBoxDelete {
  KeyBoxId id;
  std::uint64_t version = 0;  ///< the one that stands
  Signature signature;

  Bytes content() const;
  void write(wire::Writer&) const;
  static Result<KeyBoxDelete> read(wire::Reader&);
};

}  // namespace cairn::proto
