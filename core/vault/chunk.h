// A chunk as tables and indexes list it, and how its bytes are sealed (docs/spec/backup.md s.3).
#pragma once

#include <memory>

#include "core/vault/keys.h"
#include "core/vault/limits.h"
#include "core/wire/reader.h"
#include "core/wire/writer.h"

namespace cairn::vault {

/// Where a chunk lies in its pack.
struct Chunk {
  ChunkId id;
  Encoding encoding = Encoding::raw;
  std::uint32_t offset = 0;
  std::uint32_t stored_size = 0;
  std::uint32_t plain_size = 0;

  static constexpr std::size_t kEncodedSize = 45;
  void write(wire::Writer& writer) const;
  /// Refuses sizes that no chunk has.
  static Result<Chunk> read(wire::Reader& reader);
  friend bool operator==(const Chunk&, const Chunk&) = default;
};

/// How much larger a chunk that was not compressed is in its pack.
constexpr std::size_t kChunkOverhead = 32;

/// Compresses and seals chunks. Has zstd's working memory, so it is made once.
class ChunkSealer {
 public:
  ChunkSealer();
  ~ChunkSealer();
  ChunkSealer(ChunkSealer&&) noexcept;
  ChunkSealer& operator=(ChunkSealer&&) noexcept;

  struct Sealed {
    Encoding encoding;
    std::size_t size;
  };
  /// Into the front of `out`, which has plain.size() + kChunkOverhead bytes at least (CHECKed). 1 to kMaxChunkSize
  /// plain bytes (CHECKed). `key` is the pack's chunk key.
  Sealed seal(const SealKey& key, const ChunkId& id, ByteView plain, MutableByteView out);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// Opens and decompresses chunks.
class ChunkOpener {
 public:
  ChunkOpener();
  ~ChunkOpener();
  ChunkOpener(ChunkOpener&&) noexcept;
  ChunkOpener& operator=(ChunkOpener&&) noexcept;

  /// The plain bytes into `out`, whose size becomes theirs. `crypto_failed` unless `stored` is exactly this chunk,
  /// sealed under this pack's key, and its id that of the bytes.
  Status open(const VaultKeys& keys, const SealKey& key, const Chunk& chunk, ByteView stored, SecretBytes& out);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace cairn::vault
