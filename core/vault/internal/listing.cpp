#include "core/vault/internal/listing.h"

namespace cairn::vault::internal {
namespace {

/// An index object with fewer chunks than this is small.
constexpr std::size_t kSmallIndex = 4096;
constexpr std::size_t kMaxSmallIndexes = 16;

enum class Fate : std::uint8_t { dropped, kept, merged };

std::vector<Fate> fates(const ChunkIndex& index) {
  std::vector<std::size_t> chunks(index.indexes().size());
  std::vector<std::size_t> used(chunks.size());
  std::vector<Fate> out(chunks.size(), Fate::dropped);
  for (const ChunkIndex::Place& place : index.places()) {
    const auto source = index.packs()[place.pack].source;
    if (source == ChunkIndex::kNoSource) continue;
    ++chunks[source];
    used[source] += place.used ? 1 : 0;
  }
  for (std::size_t i = 0; i < out.size(); ++i) {
    if (used[i] != 0) out[i] = 2 * used[i] < chunks[i] ? Fate::merged : Fate::kept;
  }
  // An index that lists what nothing is written against is made anew without it, so that the pack can go.
  for (const ChunkIndex::Pack& pack : index.packs()) {
    if ((pack.lost || pack.sparse) && pack.source != ChunkIndex::kNoSource && out[pack.source] == Fate::kept) {
      out[pack.source] = Fate::merged;
    }
  }
  std::size_t small = 0;
  for (std::size_t i = 0; i < out.size(); ++i) small += out[i] == Fate::kept && chunks[i] < kSmallIndex ? 1 : 0;
  if (small <= kMaxSmallIndexes) return out;
  for (std::size_t i = 0; i < out.size(); ++i) {
    if (out[i] == Fate::kept && chunks[i] < kSmallIndex) out[i] = Fate::merged;
  }
  return out;
}

}  // namespace

IndexPlan plan_indexes(const ChunkIndex& index) {
  IndexPlan out;
  const std::vector<Fate> fate = fates(index);
  for (std::size_t i = 0; i < fate.size(); ++i) {
    if (fate[i] == Fate::kept) out.kept.push_back(index.indexes()[i]);
  }
  const auto listed_anew = [&](const ChunkIndex::Place& place) {
    const auto source = index.packs()[place.pack].source;
    return place.used && (source == ChunkIndex::kNoSource || fate[source] == Fate::merged);
  };
  const ChunkIndex::Pack* last = nullptr;
  for (const auto number : sorted_places(index, listed_anew)) {
    const ChunkIndex::Place& place = index.places()[number];
    const ChunkIndex::Pack& pack = index.packs()[place.pack];
    if (last != &pack) out.listings.push_back({pack.id, pack.size, {}});
    last = &pack;
    out.listings.back().chunks.push_back(place.chunk());
  }
  return out;
}

}  // namespace cairn::vault::internal
