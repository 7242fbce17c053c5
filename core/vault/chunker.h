// Cuts a stream where its content says, so that what did not change is cut as before (docs/spec/backup.md s.3).
#pragma once

#include <optional>

#include "core/vault/keys.h"
#include "core/vault/limits.h"

namespace cairn::vault {

/// A chunk ends within [min, max]; most near `average` = 2^bits. min > 64.
struct ChunkSizes {
  std::size_t min;
  std::size_t average;
  std::size_t max;
  unsigned bits;
};
constexpr ChunkSizes kContentSizes{16 * kKiB, 128 * kKiB, kMaxChunkSize, 17};
constexpr ChunkSizes kListSizes{4 * kKiB, 16 * kKiB, 64 * kKiB, 14};

/// Takes a stream in pieces of any size, and gives its chunks; where the pieces end does not matter. The table must
/// outlive it.
class Chunker {
 public:
  Chunker(const GearTable& gear, const ChunkSizes& sizes) : gear_(&gear), sizes_(sizes) {}

  /// Takes bytes from the front of `rest` up to the end of the next chunk, which it gives, or all of them. The chunk
  /// lies in `rest` or in this object: it is good until the next call.
  std::optional<ByteView> next(ByteView& rest);
  /// What is left, as the last chunk, if anything is. The next byte begins a stream anew.
  std::optional<ByteView> flush();

  /// Whether nothing waits for the end of a chunk.
  bool empty() const { return size_ == 0; }

 private:
  struct Scan {
    std::size_t taken;
    bool is_end;
  };
  Scan scan(ByteView data);

  const GearTable* gear_;
  ChunkSizes sizes_;
  SecretBytes pending_;     ///< room for one chunk, taken when a piece ends within one
  std::size_t held_ = 0;    ///< how much of it waits
  std::size_t size_ = 0;    ///< of the chunk so far
  std::uint64_t hash_ = 0;  ///< rolling
};

}  // namespace cairn::vault
