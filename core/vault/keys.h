// What a backup's keys are and how one follows from another (docs/spec/backup.md s.1).
#pragma once

#include "core/base/secret.h"
#include "core/crypto/signature.h"
#include "core/vault/types.h"

namespace cairn::vault {

/// BR_g, the root of one generation.
using BackupRoot = Secret<struct BackupRootTag, 32>;
/// T_g, without which a root opens nothing: behind realms, or beside the backup.
using BackupToken = Secret<struct BackupTokenTag, 32>;
/// DK_g: everything in a vault is under it.
using DataKey = Secret<struct BackupDataKeyTag, 32>;
using WrappedDataKey = FixedBytes<struct WrappedDataKeyTag, 96>;

/// Of a generation at one storage.
VaultId vault_id(const BackupRoot& root, const StorageIdentity& storage);
/// Signs what changes a vault at its storage.
crypto::SigningKey vault_write_key(const BackupRoot& root, const StorageIdentity& storage);

WrappedDataKey wrap_data_key(const BackupRoot& root, const BackupToken& token, std::uint32_t generation,
                             const DataKey& key, Entropy& entropy);
/// `crypto_failed` for another root, token or generation.
Result<DataKey> unwrap_data_key(const BackupRoot& root, const BackupToken& token, std::uint32_t generation,
                                const WrappedDataKey& wrapped);

/// Where at a storage a key box lies for the holder of one opener's secret, and the key that replaces it there.
struct KeyBoxAddress {
  KeyBoxId id;
  crypto::SigningKey write_key;
};
KeyBoxAddress key_box_address(ByteView opener_secret, const StorageIdentity& storage);

/// The numbers that decide where content is cut. Move-only; wiped when it goes.
class GearTable {
 public:
  explicit GearTable(const DataKey& key);
  ~GearTable() { wipe(numbers_.data(), sizeof numbers_); }
  GearTable(GearTable&&) = default;
  GearTable& operator=(GearTable&&) = default;
  GearTable(const GearTable&) = delete;
  GearTable& operator=(const GearTable&) = delete;

  const std::uint64_t* numbers() const { return numbers_.data(); }

 private:
  std::array<std::uint64_t, 256> numbers_;
};

using SealKey = Secret<struct VaultSealKeyTag, 32>;

/// All that follows from one data key.
class VaultKeys {
 public:
  explicit VaultKeys(DataKey key);

  ChunkId chunk_id(ByteView plain) const;
  const GearTable& gear() const { return gear_; }
  /// KDF(DK_g, label, object id); `label` is one of labels.h.
  SealKey object_key(std::string_view label, const ObjectId& id) const;

 private:
  DataKey key_;
  Secret<struct ChunkIdKeyTag, 32> chunk_id_key_;
  GearTable gear_;
};

}  // namespace cairn::vault
