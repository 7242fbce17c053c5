#include "core/crypto/stream_aead.h"

#include <array>

#include "core/crypto/aead.h"

namespace cairn::crypto {
namespace {

constexpr AeadAlgorithm kAead = AeadAlgorithm::xchacha20_poly1305;
constexpr std::size_t kNonceSize = 24;
constexpr std::uint64_t kMaxChunks = std::uint64_t{1} << 32;
static_assert(StreamNonce::kSize + 4 + 1 == kNonceSize);

std::array<std::uint8_t, kNonceSize> nonce_of(const StreamNonce& prefix, std::uint64_t number, std::uint8_t is_last) {
  std::array<std::uint8_t, kNonceSize> out{};
  std::copy_n(prefix.view().begin(), StreamNonce::kSize, out.begin());
  for (std::size_t i = 0; i < 4; ++i) {
    out[StreamNonce::kSize + i] = static_cast<std::uint8_t>(number >> (24 - 8 * i));
  }
  out.back() = is_last;
  return out;
}

}  // namespace

std::uint64_t stream_chunks(std::uint64_t size) {
  CHECK(size <= kMaxStream);
  return size == 0 ? 1 : (size + kStreamChunk - 1) / kStreamChunk;
}

std::uint64_t stream_sealed_size(std::uint64_t size) { return size + stream_chunks(size) * kStreamTag; }

void StreamSealer::append_sealed(ByteView chunk, std::uint8_t is_last, Bytes& out) {
  CHECK(!ended_ && next_ < kMaxChunks);
  const auto nonce = nonce_of(nonce_, next_, is_last);
  const std::size_t at = out.size();
  out.resize(at + chunk.size() + kStreamTag);
  aead_seal_into(kAead, key_.expose(), nonce, {}, chunk, MutableByteView(out).subspan(at));
  ++next_;
  ended_ = is_last != 0;
}

void StreamSealer::seal(ByteView chunk, Bytes& out) {
  CHECK(chunk.size() == kStreamChunk);
  append_sealed(chunk, 0, out);
}

void StreamSealer::seal_last(ByteView chunk, Bytes& out) {
  CHECK(chunk.size() <= kStreamChunk && (!chunk.empty() || next_ == 0));
  append_sealed(chunk, 1, out);
}

Status StreamOpener::append_opened(ByteView sealed, std::uint8_t is_last, Bytes& out) {
  REQUIRE(!whole_ && next_ < kMaxChunks, ErrorCode::crypto_failed, "a chunk behind the end of a stream");
  const auto nonce = nonce_of(nonce_, next_, is_last);
  const std::size_t at = out.size();
  out.resize(at + sealed.size() - kStreamTag);
  const Status opened = aead_open_into(kAead, key_.expose(), nonce, {}, sealed, MutableByteView(out).subspan(at));
  if (!opened) {
    out.resize(at);
    return opened;
  }
  ++next_;
  whole_ = is_last != 0;
  return ok();
}

Status StreamOpener::open(ByteView sealed, Bytes& out) {
  REQUIRE(sealed.size() == kStreamSealedChunk, ErrorCode::crypto_failed, "size of a chunk");
  return append_opened(sealed, 0, out);
}

Status StreamOpener::open_last(ByteView sealed, Bytes& out) {
  REQUIRE(sealed.size() >= kStreamTag && sealed.size() <= kStreamSealedChunk, ErrorCode::crypto_failed,
          "size of a chunk");
  // One content has one form: an empty last chunk behind others would be another one.
  REQUIRE(sealed.size() > kStreamTag || next_ == 0, ErrorCode::crypto_failed, "an empty chunk at the end");
  return append_opened(sealed, 1, out);
}

}  // namespace cairn::crypto
