// Packs: chunks, the table of them, padding; at most 4 MiB (docs/spec/backup.md s.3).
#pragma once

#include <vector>

#include "core/vault/chunk.h"

namespace cairn::vault {

/// A pack that is being filled. `keys` must outlive it.
class PackBuilder {
 public:
  PackBuilder(const VaultKeys& keys, Entropy& entropy);

  const ObjectId& id() const { return id_; }
  bool empty() const { return chunks_.empty(); }
  /// Whether a chunk of so many plain bytes certainly has room.
  bool fits(std::size_t plain_size) const;
  /// Adds one that fits, and that is not in this pack yet (the caller sees to both).
  Chunk add(ChunkSealer& sealer, const ChunkId& id, ByteView plain);
  /// The pack, ready to be put; the builder is spent. At least one chunk was added (CHECKed).
  Bytes finish(Entropy& entropy);

 private:
  const VaultKeys* keys_;
  ObjectId id_;
  SealKey chunk_key_;
  Bytes bytes_;
  std::size_t size_ = 0;
  std::vector<Chunk> chunks_;
};

/// The end of a pack, from which the size of its table is read: so many bytes.
constexpr std::size_t kTrailerSize = 68;

/// How many of the pack's last bytes open_table needs. `trailer` are the last kTrailerSize bytes of a pack of
/// `pack_size` bytes. `crypto_failed` if it is another pack's or damaged.
Result<std::size_t> tail_size(const VaultKeys& keys, const ObjectId& pack, std::size_t pack_size, ByteView trailer);

/// The chunks of a pack of `pack_size` bytes, from its last `tail_size` bytes or more of them. Every rule of a table is
/// checked; `crypto_failed`, `malformed` or `over_limit`.
Result<std::vector<Chunk>> open_table(const VaultKeys& keys, const ObjectId& pack, std::size_t pack_size,
                                      ByteView tail);

/// `malformed` or `over_limit` unless a pack can have so many bytes.
Status check_pack_size(std::size_t size);

}  // namespace cairn::vault
