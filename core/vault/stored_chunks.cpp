#include "core/vault/stored_chunks.h"

#include <algorithm>

#include "core/vault/labels.h"

namespace cairn::vault {

bool StoredChunks::is_usable(const ChunkIndex::Place& place, const Reference& reference) const {
  return place.plain_size == reference.plain_size && !missing_.contains(place.pack) &&
         !bad_.contains(static_cast<ChunkIndex::PlaceNumber>(&place - index_->places().data()));
}

bool StoredChunks::is_listed(const Reference& reference) const {
  bool found = false;
  index_->for_each_place(reference.id, [&](const auto& place) { found = found || is_usable(place, reference); });
  return found;
}

const StoredChunks::CachedPack* StoredChunks::find(ChunkIndex::PackNumber pack) {
  const auto at = std::find_if(cache_.begin(), cache_.end(), [&](const auto& one) { return one.number == pack; });
  if (at == cache_.end()) return nullptr;
  if (at != cache_.begin()) std::rotate(cache_.begin(), at, at + 1);
  return &cache_.front();
}

Got StoredChunks::fetch(const Reference& reference, SecretBytes& out) {
  std::optional<ChunkIndex::PackNumber> lacking;
  bool ready = false;
  index_->for_each_place(reference.id, [&](const ChunkIndex::Place& place) {
    if (ready || !is_usable(place, reference)) return;
    const CachedPack* const pack = find(place.pack);
    if (pack == nullptr) {
      if (!lacking) lacking = place.pack;
      return;
    }
    const ByteView stored = ByteView(pack->bytes).subspan(place.offset, place.stored_size);
    ready = opener_.open(*keys_, pack->chunk_key, place.chunk(), stored, out).has_value();
    if (!ready) mark_bad(static_cast<ChunkIndex::PlaceNumber>(&place - index_->places().data()));
  });
  if (ready) return Got::ready;
  if (!lacking) return Got::damaged;
  wanted_ = index_->packs()[*lacking].id;
  return Got::wanted;
}

void StoredChunks::give(const ObjectId& pack, Bytes bytes) {
  const auto number = index_->find_pack(pack);
  if (!number || find(*number) != nullptr) return;
  if (bytes.size() != index_->packs()[*number].size) return missing(pack);
  if (cache_.size() == kCachedPacks) cache_.pop_back();
  cache_.push_front({*number, std::move(bytes), keys_->object_key(kSealChunks, pack)});
}

void StoredChunks::missing(const ObjectId& pack) {
  if (const auto number = index_->find_pack(pack)) missing_.insert(*number);
}

}  // namespace cairn::vault
