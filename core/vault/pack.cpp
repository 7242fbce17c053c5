#include "core/vault/pack.h"

#include <set>

#include "core/base/padding.h"
#include "core/vault/internal/seal.h"
#include "core/vault/labels.h"

namespace cairn::vault {
namespace {

using internal::kSealOverhead;

static_assert(kTrailerSize == 4 + kSealOverhead);
/// Of the vector's length: the least that can head a table.
constexpr std::size_t kMostLengthBytes = 4;
constexpr std::size_t kLeastTableSize = kSealOverhead + 1 + Chunk::kEncodedSize;

/// What a pack is when all but the zeros are counted.
std::size_t size_without_zeros(std::size_t chunk_bytes, std::size_t table_size) {
  return chunk_bytes + table_size + kSealOverhead + kTrailerSize;
}

}  // namespace

PackBuilder::PackBuilder(const VaultKeys& keys, Entropy& entropy)
    : keys_(&keys),
      id_(new_object_id(ObjectKind::pack, entropy)),
      chunk_key_(keys.object_key(kSealChunks, id_)),
      bytes_(kMaxPackSize) {}

bool PackBuilder::fits(std::size_t plain_size) const {
  const std::size_t table = kMostLengthBytes + (chunks_.size() + 1) * Chunk::kEncodedSize;
  return chunks_.size() < kMaxChunksInPack &&
         size_without_zeros(size_ + plain_size + kChunkOverhead, table) <= kMaxPackSize;
}

Chunk PackBuilder::add(ChunkSealer& sealer, const ChunkId& id, ByteView plain) {
  CHECK(fits(plain.size()));
  const auto sealed = sealer.seal(chunk_key_, id, plain, MutableByteView(bytes_).subspan(size_));
  const Chunk chunk{id, sealed.encoding, static_cast<std::uint32_t>(size_), static_cast<std::uint32_t>(sealed.size),
                    static_cast<std::uint32_t>(plain.size())};
  chunks_.push_back(chunk);
  size_ += sealed.size;
  return chunk;
}

Bytes PackBuilder::finish(Entropy& entropy) {
  CHECK(!chunks_.empty());
  wire::Writer table;
  table.vector(chunks_);
  const std::size_t unpadded = size_without_zeros(size_, table.size());
  const std::size_t pack_size = padme(unpadded);
  CHECK(pack_size <= kMaxPackSize);
  table.raw(Bytes(pack_size - unpadded));
  wire::Writer trailer;
  trailer.u32(static_cast<std::uint32_t>(table.size() + kSealOverhead));

  bytes_.resize(pack_size);
  const MutableByteView rest = MutableByteView(bytes_).subspan(size_);
  const SealKey key = keys_->object_key(kSealTable, id_);
  internal::seal_into(key, {}, table.view(), entropy, rest.first(rest.size() - kTrailerSize));
  internal::seal_into(key, as_bytes(kTrailer), trailer.view(), entropy, rest.last(kTrailerSize));
  chunks_.clear();
  return std::move(bytes_);
}

Status check_pack_size(std::size_t size) {
  REQUIRE(size <= kMaxPackSize, ErrorCode::over_limit, "pack: size");
  REQUIRE(size > kTrailerSize + kLeastTableSize + kChunkOverhead && padme(size) == size, ErrorCode::malformed,
          "pack: size");
  return ok();
}

Result<std::size_t> tail_size(const VaultKeys& keys, const ObjectId& pack, std::size_t pack_size, ByteView trailer) {
  TRY(check_pack_size(pack_size));
  const SecretBytes opened = TRY(internal::open(keys.object_key(kSealTable, pack), as_bytes(kTrailer), trailer));
  wire::Reader reader(opened.expose());
  const std::size_t table_size = TRY(reader.u32());
  TRY(reader.finish());
  REQUIRE(table_size >= kLeastTableSize && table_size < pack_size - kTrailerSize, ErrorCode::malformed,
          "pack: table size");
  return table_size + kTrailerSize;
}

Result<std::vector<Chunk>> open_table(const VaultKeys& keys, const ObjectId& pack, std::size_t pack_size,
                                      ByteView tail) {
  REQUIRE(tail.size() >= kTrailerSize, ErrorCode::crypto_failed, "pack: trailer");
  const std::size_t needed = TRY(tail_size(keys, pack, pack_size, tail.last(kTrailerSize)));
  REQUIRE(tail.size() >= needed, ErrorCode::crypto_failed, "pack: table");
  const ByteView sealed = tail.last(needed).first(needed - kTrailerSize);
  const SecretBytes opened = TRY(internal::open(keys.object_key(kSealTable, pack), {}, sealed));
  wire::Reader reader(opened.expose());
  auto chunks = TRY(reader.vector<Chunk>(kMaxChunksInPack * Chunk::kEncodedSize, kMaxChunksInPack));
  REQUIRE(!chunks.empty(), ErrorCode::malformed, "pack: no chunks");
  std::size_t end = 0;
  std::set<ChunkId> ids;
  for (const Chunk& chunk : chunks) {
    REQUIRE(chunk.offset == end, ErrorCode::malformed, "pack: a gap between chunks");
    REQUIRE(ids.insert(chunk.id).second, ErrorCode::malformed, "pack: a chunk twice");
    end += chunk.stored_size;
  }
  REQUIRE(end == pack_size - needed, ErrorCode::malformed, "pack: a gap before the table");
  const std::size_t unpadded = size_without_zeros(end, opened.size() - reader.left());
  REQUIRE(padme(unpadded) == pack_size, ErrorCode::malformed, "pack: padding");
  TRY(internal::check_zeros(reader.rest()));
  return chunks;
}

}  // namespace cairn::vault
