#include "core/vault/chunk_index.h"

#include <algorithm>

#include "core/base/padding.h"
#include "core/crypto/hash.h"
#include "core/vault/internal/seal.h"
#include "core/vault/labels.h"
#include "core/vault/pack.h"

namespace cairn::vault {
namespace {

constexpr std::uint8_t kIndexFormat = 1;
/// Of plain bytes in one index object: what is padded and sealed stays below kMaxIndexSize.
constexpr std::size_t kFullIndex = 512 * kKiB;
constexpr std::size_t kLeastSlots = 1024;
/// Of a pack, what is neither chunks nor their rows.
constexpr std::size_t kPackOverhead = kTrailerSize + internal::kSealOverhead + 4;

std::size_t encoded_size(const Listing& listing) { return 16 + 4 + 4 + listing.chunks.size() * Chunk::kEncodedSize; }

Object seal_index(const VaultKeys& keys, std::span<const Listing> listings, Entropy& entropy) {
  wire::Writer writer;
  writer.u8(kIndexFormat);
  writer.vector(listings);
  writer.raw(Bytes(padme(std::max(writer.size(), kLeastPaddedSize)) - writer.size()));
  const ObjectId id = new_object_id(ObjectKind::index, entropy);
  return {id, internal::seal(keys.object_key(kSealIndex, id), {}, writer.view(), entropy)};
}

}  // namespace

void Listing::write(wire::Writer& writer) const {
  writer.raw(pack);
  writer.u32(size);
  writer.vector(chunks);
}

Result<Listing> Listing::read(wire::Reader& reader) {
  Listing out;
  out.pack = TRY(reader.fixed<ObjectId>());
  REQUIRE(is_kind(out.pack, ObjectKind::pack), ErrorCode::malformed, "index: kind of object");
  out.size = TRY(reader.u32());
  TRY(check_pack_size(out.size));
  out.chunks = TRY(reader.vector<Chunk>(kMaxChunksInPack * Chunk::kEncodedSize, kMaxChunksInPack));
  REQUIRE(!out.chunks.empty(), ErrorCode::malformed, "index: no chunks");
  std::size_t end = 0;
  for (const Chunk& chunk : out.chunks) {
    REQUIRE(chunk.offset >= end, ErrorCode::malformed, "index: chunks overlap");
    end = std::size_t{chunk.offset} + chunk.stored_size;
  }
  REQUIRE(end <= out.size, ErrorCode::malformed, "index: beyond the pack");
  return out;
}

IndexReference IndexReference::to(const Object& object) {
  return {object.id, static_cast<std::uint32_t>(object.bytes.size()), crypto::sha256(object.bytes)};
}

void IndexReference::write(wire::Writer& writer) const {
  writer.raw(id);
  writer.u32(size);
  writer.raw(digest);
}

Result<IndexReference> IndexReference::read(wire::Reader& reader) {
  IndexReference out;
  out.id = TRY(reader.fixed<ObjectId>());
  REQUIRE(is_kind(out.id, ObjectKind::index), ErrorCode::malformed, "index: kind of object");
  out.size = TRY(reader.u32());
  REQUIRE(out.size <= kMaxIndexSize, ErrorCode::over_limit, "index: size");
  REQUIRE(out.size >= kLeastPaddedSize + internal::kSealOverhead &&
              padme(out.size - internal::kSealOverhead) == out.size - internal::kSealOverhead,
          ErrorCode::malformed, "index: size");
  out.digest = TRY(reader.fixed<Hash>());
  return out;
}

Result<std::vector<Listing>> open_index(const VaultKeys& keys, const IndexReference& named, ByteView sealed) {
  REQUIRE(is_kind(named.id, ObjectKind::index), ErrorCode::malformed, "index: kind of object");
  REQUIRE(sealed.size() <= kMaxIndexSize, ErrorCode::over_limit, "index: size");
  REQUIRE(sealed.size() == named.size && crypto::sha256(sealed) == named.digest, ErrorCode::crypto_failed,
          "index: not the one that the manifest names");
  const SecretBytes opened = TRY(internal::open(keys.object_key(kSealIndex, named.id), {}, sealed));
  wire::Reader reader(opened.expose());
  REQUIRE(TRY(reader.u8()) == kIndexFormat, ErrorCode::unsupported, "index: format");
  auto listings = TRY(reader.vector<Listing>(kMaxIndexSize, kMaxIndexSize));
  const std::size_t size = opened.size() - reader.left();
  REQUIRE(padme(std::max(size, kLeastPaddedSize)) == opened.size(), ErrorCode::malformed, "index: padding");
  TRY(internal::check_zeros(reader.rest()));
  return listings;
}

std::vector<Object> seal_indexes(const VaultKeys& keys, const std::vector<Listing>& listings, Entropy& entropy) {
  std::vector<Object> out;
  for (std::size_t begin = 0; begin < listings.size();) {
    std::size_t size = 0;
    std::size_t end = begin;
    while (end < listings.size() && (end == begin || size + encoded_size(listings[end]) <= kFullIndex)) {
      size += encoded_size(listings[end++]);
    }
    out.push_back(seal_index(keys, std::span(listings).subspan(begin, end - begin), entropy));
    begin = end;
  }
  return out;
}

ChunkIndex::Source ChunkIndex::add_index(const IndexReference& index, const std::vector<Listing>& listings) {
  const auto source = static_cast<Source>(indexes_.size());
  indexes_.push_back(index);
  for (const Listing& listing : listings) add_listing(listing, source);
  return source;
}

void ChunkIndex::add_listing(const Listing& listing, Source source) {
  if (find_pack(listing.pack)) return;
  const PackNumber pack = begin_pack(listing.pack);
  packs_[pack].source = source;
  for (const Chunk& chunk : listing.chunks) add_chunk(pack, chunk);
  end_pack(pack, listing.size);
}

ChunkIndex::PackNumber ChunkIndex::begin_pack(const ObjectId& id) {
  const auto number = static_cast<PackNumber>(packs_.size());
  packs_.push_back({});
  packs_.back().id = id;
  pack_numbers_.emplace(id, number);
  return number;
}

void ChunkIndex::add_chunk(PackNumber pack, const Chunk& chunk) {
  places_.push_back(
      {chunk.id, pack, chunk.offset, chunk.stored_size, chunk.plain_size, chunk.encoding, /*used=*/false});
  packs_[pack].listed += chunk.stored_size + static_cast<std::uint32_t>(Chunk::kEncodedSize);
  if (2 * places_.size() > slots_.size()) {
    grow();
  } else {
    enter(static_cast<PlaceNumber>(places_.size() - 1));
  }
}

void ChunkIndex::mark_sparse() {
  for (Pack& pack : packs_) pack.sparse = pack.listed + kPackOverhead < pack.size / 2;
}

void ChunkIndex::mark_lost(const StoredObjects& stored) {
  for (Pack& pack : packs_) {
    const auto at = stored.find(pack.id);
    pack.lost = at == stored.end() || at->second != pack.size;
  }
}

std::size_t ChunkIndex::use(const ChunkId& id, std::size_t plain_size, SparsePacks sparse) {
  std::size_t found = 0;
  for_each_place(id, [&](const Place& place) {
    Pack& pack = packs_[place.pack];
    const bool is_left = pack.lost || (pack.sparse && sparse == SparsePacks::are_left);
    if (is_left || place.plain_size != plain_size) return;
    ++found;
    pack.used = true;
    places_[static_cast<std::size_t>(&place - places_.data())].used = true;
  });
  return found;
}

std::optional<ChunkIndex::PackNumber> ChunkIndex::find_pack(const ObjectId& id) const {
  const auto at = pack_numbers_.find(id);
  if (at == pack_numbers_.end()) return std::nullopt;
  return at->second;
}

void ChunkIndex::grow() {
  slots_.assign(std::max(kLeastSlots, 2 * slots_.size()), 0);
  for (std::size_t i = 0; i < places_.size(); ++i) enter(static_cast<PlaceNumber>(i));
}

std::size_t ChunkIndex::slot_of(const ChunkId& id) const {
  std::uint64_t hash = 0;
  std::memcpy(&hash, id.data(), sizeof hash);
  return hash & (slots_.size() - 1);
}

void ChunkIndex::enter(PlaceNumber place) {
  std::size_t slot = slot_of(places_[place].id);
  while (slots_[slot] != 0) slot = (slot + 1) & (slots_.size() - 1);
  slots_[slot] = place + 1;
}

}  // namespace cairn::vault
