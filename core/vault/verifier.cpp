#include "core/vault/verifier.h"

#include <algorithm>

#include "core/vault/labels.h"
#include "core/vault/pack.h"

namespace cairn::vault {
namespace {

/// Whether the table, by offset, has exactly this chunk.
bool is_in(const std::vector<Chunk>& table, const Chunk& chunk) {
  const auto at = std::lower_bound(table.begin(), table.end(), chunk.offset,
                                   [](const Chunk& one, std::uint32_t offset) { return one.offset < offset; });
  return at != table.end() && *at == chunk;
}

}  // namespace

PackFault check_pack(const VaultKeys& keys, const ChunkIndex& index, ChunkIndex::PackNumber pack, ByteView bytes,
                     StoredChunks& chunks) {
  const ChunkIndex::Pack& listed = index.packs()[pack];
  if (bytes.size() != listed.size) {
    chunks.missing(listed.id);
    return PackFault::missing;
  }
  const SealKey key = keys.object_key(kSealChunks, listed.id);
  ChunkOpener opener;
  SecretBytes plain;
  const auto is_sound = [&](const Chunk& chunk) {
    return opener.open(keys, key, chunk, bytes.subspan(chunk.offset, chunk.stored_size), plain).has_value();
  };
  const auto table = open_table(keys, listed.id, bytes.size(), bytes);
  std::set<std::uint32_t> bad;
  for (const Chunk& chunk : table ? *table : std::vector<Chunk>()) {
    if (!is_sound(chunk)) bad.insert(chunk.offset);
  }
  bool all_sound = bad.empty();
  for (std::size_t i = 0; i < index.places().size(); ++i) {
    const ChunkIndex::Place& place = index.places()[i];
    if (place.pack != pack) continue;
    const bool sound = table ? is_in(*table, place.chunk()) && !bad.contains(place.offset) : is_sound(place.chunk());
    if (!sound) chunks.mark_bad(static_cast<ChunkIndex::PlaceNumber>(i));
    all_sound = all_sound && sound;
  }
  if (!table) return PackFault::table;
  return all_sound ? PackFault::none : PackFault::chunks;
}

std::vector<ChunkIndex::PackNumber> all_packs(const ChunkIndex& index) {
  std::vector<ChunkIndex::PackNumber> out(index.packs().size());
  for (std::size_t i = 0; i < out.size(); ++i) out[i] = static_cast<ChunkIndex::PackNumber>(i);
  return out;
}

std::vector<ChunkIndex::PackNumber> sample_packs(const ChunkIndex& index, std::uint32_t share, Entropy& entropy) {
  const auto draw = [&](std::uint64_t bound) {
    std::array<std::uint8_t, 8> bytes;
    entropy.fill(bytes);
    std::uint64_t number = 0;
    for (const std::uint8_t byte : bytes) number = number << 8 | byte;
    return number % bound;
  };
  std::vector<ChunkIndex::PackNumber> out = all_packs(index);
  if (out.empty()) return out;
  const ChunkIndex::PackNumber one = out[draw(out.size())];
  std::erase_if(out, [&](ChunkIndex::PackNumber pack) { return pack != one && draw(1000) >= share; });
  return out;
}

SnapshotVerifier::SnapshotVerifier(const VaultKeys& keys, const ChunkIndex& index, const ManifestContent& manifest,
                                   std::vector<ChunkIndex::PackNumber> packs)
    : keys_(&keys),
      index_(&index),
      packs_(std::move(packs)),
      chunks_(keys, index),
      reader_(manifest, chunks_, ReadMode::places) {}

VerifyStep SnapshotVerifier::next() {
  if (!std::exchange(told_, true)) return VerifyStep::bad_pack;
  if (at_ == packs_.size()) return next_entry();
  wanted_ = index_->packs()[packs_[at_]].id;
  return VerifyStep::want_pack;
}

void SnapshotVerifier::give(const ObjectId& pack, Bytes bytes) {
  if (at_ == packs_.size()) return chunks_.give(pack, std::move(bytes));
  if (pack != wanted_) return;
  fault_ = check_pack(*keys_, *index_, packs_[at_++], bytes, chunks_);
  told_ = fault_ == PackFault::none;
}

void SnapshotVerifier::missing(const ObjectId& pack) {
  chunks_.missing(pack);
  if (at_ == packs_.size() || pack != wanted_) return;
  ++at_;
  fault_ = PackFault::missing;
  told_ = false;
}

VerifyStep SnapshotVerifier::next_entry() {
  for (;;) {
    switch (reader_.next()) {
      case ReadStep::want_pack: wanted_ = chunks_.wanted(); return VerifyStep::want_pack;
      case ReadStep::damage: return VerifyStep::damage;
      case ReadStep::lost_entries: return VerifyStep::lost_entries;
      case ReadStep::end: return VerifyStep::end;
      default: break;
    }
  }
}

}  // namespace cairn::vault
