// What follows from which key, where content is cut, and how chunks are sealed.
#include "core/base/padding.h"
#include "core/crypto/aead.h"
#include "core/crypto/hash.h"
#include "core/vault/chunker.h"
#include "core/vault/labels.h"
#include "core/vault/pack.h"
#include "tests/vectors/make_vault/maker.h"

namespace cairn::testing {
namespace {

using namespace vault;

Json opener_addresses(const StorageIdentity& storage, SeededEntropy& entropy) {
  Json out = Json::array();
  for (const std::size_t size : {20U, 32U}) {
    const Bytes secret = random_bytes(entropy, size);
    const KeyBoxAddress address = key_box_address(secret, storage);
    out.push_back({{"opener_secret", hex(secret)},
                   {"id", hex(address.id)},
                   {"write_public_key", hex(address.write_key.public_key())}});
  }
  return out;
}

Bytes gear_bytes(const GearTable& gear) {
  wire::Writer writer;
  for (std::size_t i = 0; i < 256; ++i) writer.u64(gear.numbers()[i]);
  return writer.take();
}

Json sizes_of(const GearTable& gear, const ChunkSizes& sizes, ByteView data) {
  Chunker chunker(gear, sizes);
  Json out = Json::array();
  while (!data.empty()) {
    if (const auto chunk = chunker.next(data)) out.push_back(chunk->size());
  }
  if (const auto chunk = chunker.flush()) out.push_back(chunk->size());
  return out;
}

/// A zstd frame of one run of `size` < 256 equal bytes, by hand (RFC 8878 s.3.1.1): what a compressor makes is its own
/// affair.
Bytes run_frame(std::uint8_t byte, std::uint8_t size) {
  const unsigned block = unsigned{size} << 3 | 1U << 1 | 1U;
  return {0x28,
          0xB5,
          0x2F,
          0xFD,
          0x20,
          size,
          static_cast<std::uint8_t>(block),
          static_cast<std::uint8_t>(block >> 8),
          static_cast<std::uint8_t>(block >> 16),
          byte};
}

Json chunk_case(const VaultKeys& keys, const ObjectId& pack, Encoding encoding, ByteView plain, ByteView text) {
  const ChunkId id = keys.chunk_id(plain);
  wire::Writer ad;
  ad.u8(static_cast<std::uint8_t>(encoding));
  ad.u32(static_cast<std::uint32_t>(plain.size()));
  const SealKey key = keys.object_key(kSealChunks, pack);
  const Bytes stored = crypto::aead_seal(crypto::AeadAlgorithm::aegis_256, key.expose(), id, ad.view(), text);
  const Chunk chunk{id, encoding, 0, static_cast<std::uint32_t>(stored.size()),
                    static_cast<std::uint32_t>(plain.size())};
  ChunkOpener opener;
  SecretBytes opened;
  hold(opener.open(keys, key, chunk, stored, opened).has_value() && equal(opened.expose(), plain), "a chunk");
  return {{"pack", hex(pack)},   {"key", hex(key.expose())},
          {"id", hex(id)},       {"encoding", encoding == Encoding::zstd ? "zstd" : "raw"},
          {"plain", hex(plain)}, {"stored", hex(stored)}};
}

}  // namespace

Json make_keys() {
  SeededEntropy entropy(71);
  const auto root = random_secret<BackupRoot>(entropy);
  const auto token = random_secret<BackupToken>(entropy);
  const auto key = random_secret<DataKey>(entropy);
  const WrappedDataKey wrapped = wrap_data_key(root, token, 3, key, entropy);
  hold(unwrap_data_key(root, token, 3, wrapped).has_value(), "a wrapped data key");
  hold(!unwrap_data_key(root, token, 4, wrapped), "a data key of another generation");
  const VaultKeys keys(key.clone());
  Json storages = Json::array();
  for (const StorageIdentity& storage :
       {StorageIdentity::of_server("example.org"), StorageIdentity::of_folder(random_value<FolderId>(entropy))}) {
    storages.push_back({{"storage", hex(storage.bytes)},
                        {"vault_id", hex(vault_id(root, storage))},
                        {"vault_write_public_key", hex(vault_write_key(root, storage).public_key())},
                        {"key_boxes", opener_addresses(storage, entropy)}});
  }
  Json objects = Json::array();
  for (const std::string_view label : {kSealChunks, kSealTable, kSealIndex, kSealManifest}) {
    const ObjectId id = new_object_id(ObjectKind::pack, entropy);
    objects.push_back({{"label", label}, {"object", hex(id)}, {"key", hex(keys.object_key(label, id).expose())}});
  }
  Json padme_sizes = Json::array();
  for (const std::size_t size : {2U, 9U, 100U, 1'025U, 65'537U, 4'194'303U})
    padme_sizes.push_back({{"size", size}, {"padded", padme(size)}});
  return {{"backup_root", hex(root.expose())},
          {"token", hex(token.expose())},
          {"data_key", hex(key.expose())},
          {"generation", 3},
          {"wrapped_data_key", hex(wrapped)},
          {"storages", storages},
          {"object_keys", objects},
          {"padme", padme_sizes}};
}

Json make_chunks() {
  SeededEntropy entropy(72);
  const auto key = random_secret<DataKey>(entropy);
  const VaultKeys keys(key.clone());
  // The low byte of x = 1103515245 x + 12345 mod 2^31, shifted by 16, from 1: anybody can make it.
  Bytes data(1'500'000);
  std::uint32_t x = 1;
  for (std::uint8_t& byte : data) {
    x = (1103515245U * x + 12345U) & 0x7FFFFFFFU;
    byte = static_cast<std::uint8_t>(x >> 16);
  }
  const ObjectId pack = new_object_id(ObjectKind::pack, entropy);
  Json cases = Json::array();
  const Bytes run(200, 0x7A);
  cases.push_back(chunk_case(keys, pack, Encoding::raw, as_bytes("a chunk"), as_bytes("a chunk")));
  cases.push_back(chunk_case(keys, pack, Encoding::zstd, run, run_frame(0x7A, 200)));
  return {{"data_key", hex(key.expose())},
          {"gear_table_sha256", hex(crypto::sha256(gear_bytes(keys.gear())))},
          {"gear_table_begins", hex(ByteView(gear_bytes(keys.gear())).first(16))},
          {"data_sha256", hex(crypto::sha256(data))},
          {"content_sizes", sizes_of(keys.gear(), kContentSizes, data)},
          {"list_sizes", sizes_of(keys.gear(), kListSizes, ByteView(data).first(200'000))},
          {"chunks", cases}};
}

}  // namespace cairn::testing
