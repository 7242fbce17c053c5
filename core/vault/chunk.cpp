#include "core/vault/chunk.h"

#include <zstd.h>

#include "core/vault/internal/seal.h"

namespace cairn::vault {
namespace {

static_assert(kChunkOverhead == internal::kTagSize);

/// Fast, so that what cannot be compressed costs next to nothing.
constexpr int kLevel = 1;
/// Compression must save a sixteenth.
constexpr std::size_t most_that_pays(std::size_t plain_size) { return plain_size - plain_size / 16; }

using AssociatedData = std::array<std::uint8_t, 5>;

AssociatedData associated_data(Encoding encoding, std::size_t plain_size) {
  AssociatedData out{static_cast<std::uint8_t>(encoding)};
  for (std::size_t i = 0; i < 4; ++i) out[4 - i] = static_cast<std::uint8_t>(plain_size >> (8 * i));
  return out;
}

struct FreeCompressor {
  void operator()(ZSTD_CCtx* context) const { ZSTD_freeCCtx(context); }
};
struct FreeDecompressor {
  void operator()(ZSTD_DCtx* context) const { ZSTD_freeDCtx(context); }
};

}  // namespace

void Chunk::write(wire::Writer& writer) const {
  writer.raw(id);
  writer.u8(static_cast<std::uint8_t>(encoding));
  writer.u32(offset);
  writer.u32(stored_size);
  writer.u32(plain_size);
}

Result<Chunk> Chunk::read(wire::Reader& reader) {
  Chunk out;
  out.id = TRY(reader.fixed<ChunkId>());
  out.encoding = static_cast<Encoding>(TRY(reader.u8()));
  out.offset = TRY(reader.u32());
  out.stored_size = TRY(reader.u32());
  out.plain_size = TRY(reader.u32());
  REQUIRE(out.encoding == Encoding::raw || out.encoding == Encoding::zstd, ErrorCode::unsupported, "chunk: encoding");
  REQUIRE(out.plain_size > 0 && out.plain_size <= kMaxChunkSize, ErrorCode::over_limit, "chunk: plain size");
  const std::size_t size = out.stored_size;
  const bool raw = out.encoding == Encoding::raw;
  REQUIRE(raw ? size == out.plain_size + kChunkOverhead
              : size > kChunkOverhead && size <= most_that_pays(out.plain_size) + kChunkOverhead,
          ErrorCode::malformed, "chunk: stored size");
  REQUIRE(out.offset <= kMaxPackSize - size, ErrorCode::malformed, "chunk: offset");
  return out;
}

struct ChunkSealer::State {
  std::unique_ptr<ZSTD_CCtx, FreeCompressor> context{ZSTD_createCCtx()};
  SecretBytes compressed{kMaxChunkSize};
};

ChunkSealer::ChunkSealer() : state_(std::make_unique<State>()) {
  CHECK(state_->context != nullptr);
  CHECK(ZSTD_isError(ZSTD_CCtx_setParameter(state_->context.get(), ZSTD_c_compressionLevel, kLevel)) == 0);
}
ChunkSealer::~ChunkSealer() = default;
ChunkSealer::ChunkSealer(ChunkSealer&&) noexcept = default;
ChunkSealer& ChunkSealer::operator=(ChunkSealer&&) noexcept = default;

ChunkSealer::Sealed ChunkSealer::seal(const SealKey& key, const ChunkId& id, ByteView plain, MutableByteView out) {
  CHECK(!plain.empty() && plain.size() <= kMaxChunkSize && out.size() >= plain.size() + kChunkOverhead);
  const MutableByteView room = state_->compressed.expose_mutable().first(most_that_pays(plain.size()));
  // Fails when it would need more room.
  const std::size_t size = ZSTD_compress2(state_->context.get(), room.data(), room.size(), plain.data(), plain.size());
  const bool pays = ZSTD_isError(size) == 0;
  const Encoding encoding = pays ? Encoding::zstd : Encoding::raw;
  const ByteView text = pays ? ByteView(room).first(size) : plain;
  const MutableByteView sealed = out.first(text.size() + kChunkOverhead);
  crypto::aead_seal_into(internal::kAead, key.expose(), id, associated_data(encoding, plain.size()), text, sealed);
  return {encoding, sealed.size()};
}

struct ChunkOpener::State {
  std::unique_ptr<ZSTD_DCtx, FreeDecompressor> context{ZSTD_createDCtx()};
  SecretBytes compressed{kMaxChunkSize};
};

ChunkOpener::ChunkOpener() : state_(std::make_unique<State>()) { CHECK(state_->context != nullptr); }
ChunkOpener::~ChunkOpener() = default;
ChunkOpener::ChunkOpener(ChunkOpener&&) noexcept = default;
ChunkOpener& ChunkOpener::operator=(ChunkOpener&&) noexcept = default;

Status ChunkOpener::open(const VaultKeys& keys, const SealKey& key, const Chunk& chunk, ByteView stored,
                         SecretBytes& out) {
  REQUIRE(stored.size() == chunk.stored_size && chunk.plain_size <= kMaxChunkSize && stored.size() > kChunkOverhead &&
              stored.size() <= kMaxChunkSize + kChunkOverhead,
          ErrorCode::crypto_failed, "chunk: open");
  if (out.size() < chunk.plain_size) out = SecretBytes(std::size_t{chunk.plain_size});
  out.truncate(chunk.plain_size);
  const AssociatedData ad = associated_data(chunk.encoding, chunk.plain_size);
  const bool raw = chunk.encoding == Encoding::raw;
  const MutableByteView text =
      raw ? out.expose_mutable() : state_->compressed.expose_mutable().first(stored.size() - kChunkOverhead);
  TRY(crypto::aead_open_into(internal::kAead, key.expose(), chunk.id, ad, stored, text));
  if (!raw) {
    // One frame that states its size, and nothing behind it.
    REQUIRE(ZSTD_findFrameCompressedSize(text.data(), text.size()) == text.size() &&
                ZSTD_getFrameContentSize(text.data(), text.size()) == chunk.plain_size,
            ErrorCode::crypto_failed, "chunk: frame");
    const MutableByteView plain = out.expose_mutable();
    const std::size_t size =
        ZSTD_decompressDCtx(state_->context.get(), plain.data(), plain.size(), text.data(), text.size());
    REQUIRE(size == plain.size(), ErrorCode::crypto_failed, "chunk: decompress");
  }
  REQUIRE(keys.chunk_id(out.expose()) == chunk.id, ErrorCode::crypto_failed, "chunk: id");
  return ok();
}

}  // namespace cairn::vault
