// Which index objects a new snapshot needs, and what stands in new ones (docs/spec/backup.md s.3, 4).
#pragma once

#include <algorithm>

#include "core/vault/chunk_index.h"

namespace cairn::vault::internal {

struct IndexPlan {
  std::vector<IndexReference> kept;  ///< stored already
  std::vector<Listing> listings;     ///< to be stored in new ones
};

/// From what the snapshot used: new packs are listed, unused ones left out. An index object of which less than half is
/// used, or that lists a pack that is lost or sparse, is made anew with what is used; of more than kMaxSmallIndexes
/// small ones one is made.
IndexPlan plan_indexes(const ChunkIndex& index);

/// Numbers of the places in each pack that `wanted` asks for, by pack and offset.
template <class Wanted>
std::vector<ChunkIndex::PlaceNumber> sorted_places(const ChunkIndex& index, Wanted&& wanted) {
  const auto& places = index.places();
  std::vector<ChunkIndex::PlaceNumber> out;
  for (std::size_t i = 0; i < places.size(); ++i) {
    if (wanted(places[i])) out.push_back(static_cast<ChunkIndex::PlaceNumber>(i));
  }
  std::sort(out.begin(), out.end(), [&](auto a, auto b) {
    return std::pair(places[a].pack, places[a].offset) < std::pair(places[b].pack, places[b].offset);
  });
  return out;
}

}  // namespace cairn::vault::internal
