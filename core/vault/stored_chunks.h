// Chunks out of packs that somebody else fetches (docs/spec/backup.md s.3).
#pragma once

#include <deque>
#include <set>

#include "core/vault/chunk_index.h"
#include "core/vault/tree.h"

namespace cairn::vault {

/// Keeps the last few packs, opens chunks from them, and says which pack it lacks. Keys and index must outlive it.
class StoredChunks : public ChunkSource {
 public:
  StoredChunks(const VaultKeys& keys, const ChunkIndex& index) : keys_(&keys), index_(&index) {}

  /// Tries every place of the chunk before it calls it damaged.
  Got fetch(const Reference& reference, SecretBytes& out) override;
  /// After `wanted`: the pack that give() or missing() must answer.
  const ObjectId& wanted() const { return wanted_; }
  void give(const ObjectId& pack, Bytes bytes);
  void missing(const ObjectId& pack);

  /// Whether a place of the chunk is known that was not found bad; reads nothing.
  bool is_listed(const Reference& reference) const;
  void mark_bad(ChunkIndex::PlaceNumber place) { bad_.insert(place); }

 private:
  static constexpr std::size_t kCachedPacks = 4;
  struct CachedPack {
    ChunkIndex::PackNumber number;
    Bytes bytes;
    SealKey chunk_key;
  };
  const CachedPack* find(ChunkIndex::PackNumber pack);
  bool is_usable(const ChunkIndex::Place& place, const Reference& reference) const;

  const VaultKeys* keys_;
  const ChunkIndex* index_;
  ChunkOpener opener_;
  std::deque<CachedPack> cache_;  ///< the last used first
  std::set<ChunkIndex::PackNumber> missing_;
  std::set<ChunkIndex::PlaceNumber> bad_;
  ObjectId wanted_;
};

}  // namespace cairn::vault
