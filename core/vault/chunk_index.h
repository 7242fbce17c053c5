// Which chunks are stored, and where (docs/spec/backup.md s.3). In memory about 100 bytes a chunk.
#pragma once

#include <map>
#include <optional>
#include <vector>

#include "core/vault/chunk.h"

namespace cairn::vault {

/// What an index object, or a pack's own table, says of one pack.
struct Listing {
  ObjectId pack;
  std::uint32_t size = 0;  ///< of the pack
  std::vector<Chunk> chunks;

  void write(wire::Writer& writer) const;
  static Result<Listing> read(wire::Reader& reader);
};

/// How a signed manifest names an index object: these bytes, and no others that somebody with the data key sealed
/// under the same id.
struct IndexReference {
  ObjectId id;
  std::uint32_t size = 0;  ///< of the sealed bytes
  Hash digest;             ///< SHA-256 of them

  static constexpr std::size_t kEncodedSize = 52;
  static IndexReference to(const Object& object);
  void write(wire::Writer& writer) const;
  /// Refuses kinds and sizes that no index object has.
  static Result<IndexReference> read(wire::Reader& reader);
  friend bool operator==(const IndexReference&, const IndexReference&) = default;
};

/// The listings of one index object, opened. `crypto_failed` unless `sealed` is exactly what the manifest names.
Result<std::vector<Listing>> open_index(const VaultKeys& keys, const IndexReference& named, ByteView sealed);
/// As few index objects as hold all these listings.
std::vector<Object> seal_indexes(const VaultKeys& keys, const std::vector<Listing>& listings, Entropy& entropy);

/// Chunks by their id. A chunk may be in two packs; of a pack that is listed twice the first listing counts.
class ChunkIndex {
 public:
  /// Numbers are dense and grow in the order of adding.
  using PackNumber = std::uint32_t;
  using PlaceNumber = std::uint32_t;
  /// The index object that lists a pack, in the order in which the caller added them.
  using Source = std::uint32_t;
  static constexpr Source kNoSource = ~Source{0};

  struct Pack {
    ObjectId id;
    std::uint32_t size = 0;    ///< 0 while it is being filled
    std::uint32_t listed = 0;  ///< bytes of its chunks, and of their rows in its table
    Source source = kNoSource;
    bool used = false;    ///< by the snapshot that is being written
    bool sparse = false;  ///< hardly needed any more: nothing is written against it
    bool lost = false;    ///< not stored as it was put: nothing is written against it
  };
  struct Place {
    ChunkId id;
    PackNumber pack = 0;
    std::uint32_t offset = 0;
    std::uint32_t stored_size = 0;
    std::uint32_t plain_size = 0;
    Encoding encoding = Encoding::raw;
    bool used = false;

    Chunk chunk() const { return {id, encoding, offset, stored_size, plain_size}; }
  };

  /// Takes what an index object lists, and says its number.
  Source add_index(const IndexReference& index, const std::vector<Listing>& listings);
  /// Takes a pack that no index lists, from its own table.
  void add_stored_pack(const Listing& listing) { add_listing(listing, kNoSource); }

  /// For a writer: a pack to come, and what is put in it.
  PackNumber begin_pack(const ObjectId& id);
  void add_chunk(PackNumber pack, const Chunk& chunk);
  void end_pack(PackNumber pack, std::size_t size) { packs_[pack].size = static_cast<std::uint32_t>(size); }
  /// Marks packs of which less than half is listed.
  void mark_sparse();
  /// Marks packs that the storage does not list with their size.
  void mark_lost(const StoredObjects& stored);
  enum class SparsePacks : std::uint8_t { are_left, are_used };
  /// Marks all places of a chunk as used but those in lost packs and, unless they are used, sparse ones; how many there
  /// are.
  std::size_t use(const ChunkId& id, std::size_t plain_size, SparsePacks sparse = SparsePacks::are_left);

  /// The places of a chunk, none or more, in the order of adding.
  template <class Visit>
  void for_each_place(const ChunkId& id, Visit&& visit) const {
    if (slots_.empty()) return;
    for (std::size_t slot = slot_of(id);; slot = (slot + 1) & (slots_.size() - 1)) {
      if (slots_[slot] == 0) return;
      const Place& place = places_[slots_[slot] - 1];
      if (place.id == id) visit(place);
    }
  }

  const std::vector<Pack>& packs() const { return packs_; }
  const std::vector<Place>& places() const { return places_; }
  const std::vector<IndexReference>& indexes() const { return indexes_; }
  std::optional<PackNumber> find_pack(const ObjectId& id) const;

 private:
  void add_listing(const Listing& listing, Source source);
  void grow();
  std::size_t slot_of(const ChunkId& id) const;
  void enter(PlaceNumber place);

  std::vector<Pack> packs_;
  std::vector<Place> places_;
  std::vector<IndexReference> indexes_;
  /// Open addressing, at most half full; 0 is free, else the place's number and 1. Ids are pseudo-random, so their
  /// first bytes are the hash.
  std::vector<std::uint32_t> slots_;
  std::map<ObjectId, PackNumber> pack_numbers_;
};

}  // namespace cairn::vault
