#include "core/vault/keys.h"

#include "core/crypto/blake2b.h"
#include "core/crypto/kdf.h"
#include "core/vault/internal/seal.h"
#include "core/vault/labels.h"
#include "core/wire/writer.h"

namespace cairn::vault {
namespace {

template <class Id>
Id derive_id(ByteView secret, std::string_view label, const StorageIdentity& storage) {
  Id out;
  crypto::kdf(secret, label, storage.bytes, out.mutable_view());
  return out;
}

crypto::SigningKey derive_signing_key(ByteView secret, std::string_view label, const StorageIdentity& storage) {
  return crypto::SigningKey::from_seed(crypto::kdf<crypto::Ed25519Seed>(secret, label, storage.bytes));
}

SealKey wrapping_key(const BackupRoot& root, const BackupToken& token) {
  const SecretBytes both(concat({root.expose(), token.expose()}));
  return crypto::kdf<SealKey>(both.expose(), kDeriveDataKeyWrap, {});
}

Bytes encode_generation(std::uint32_t generation) {
  wire::Writer writer;
  writer.u32(generation);
  return writer.take();
}

}  // namespace

VaultId vault_id(const BackupRoot& root, const StorageIdentity& storage) {
  return derive_id<VaultId>(root.expose(), kDeriveVaultId, storage);
}
crypto::SigningKey vault_write_key(const BackupRoot& root, const StorageIdentity& storage) {
  return derive_signing_key(root.expose(), kDeriveVaultWriteKey, storage);
}

WrappedDataKey wrap_data_key(const BackupRoot& root, const BackupToken& token, std::uint32_t generation,
                             const DataKey& key, Entropy& entropy) {
  WrappedDataKey out;
  internal::seal_into(wrapping_key(root, token), encode_generation(generation), key.expose(), entropy,
                      out.mutable_view());
  return out;
}

Result<DataKey> unwrap_data_key(const BackupRoot& root, const BackupToken& token, std::uint32_t generation,
                                const WrappedDataKey& wrapped) {
  const SecretBytes key = TRY(internal::open(wrapping_key(root, token), encode_generation(generation), wrapped));
  return DataKey::from(key.expose());
}

KeyBoxAddress key_box_address(ByteView opener_secret, const StorageIdentity& storage) {
  return {derive_id<KeyBoxId>(opener_secret, kDeriveKeyBoxId, storage),
          derive_signing_key(opener_secret, kDeriveKeyBoxWriteKey, storage)};
}

GearTable::GearTable(const DataKey& key) {
  Secret<struct GearBytesTag, 8 * 256> bytes;
  crypto::kdf(key.expose(), kDeriveGearTable, {}, bytes.expose_mutable());
  for (std::size_t i = 0; i < numbers_.size(); ++i) {
    std::uint64_t number = 0;
    for (const std::uint8_t byte : bytes.expose().subspan(8 * i, 8)) number = number << 8 | byte;
    numbers_[i] = number;
  }
}

VaultKeys::VaultKeys(DataKey key)
    : key_(std::move(key)),
      chunk_id_key_(crypto::kdf<decltype(chunk_id_key_)>(key_.expose(), kDeriveChunkIdKey, {})),
      gear_(key_) {}

ChunkId VaultKeys::chunk_id(ByteView plain) const {
  ChunkId out;
  crypto::blake2b(chunk_id_key_.expose(), plain, out.mutable_view());
  return out;
}

SealKey VaultKeys::object_key(std::string_view label, const ObjectId& id) const {
  return crypto::kdf<SealKey>(key_.expose(), label, id);
}

}  // namespace cairn::vault
