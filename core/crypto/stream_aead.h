// STREAM (Hoang, Reyhanitabar, Rogaway, Vizár, "Online Authenticated-Encryption and its Nonce-Reuse Misuse-Resistance",
// s.7): a long plaintext in chunks, each sealed by itself and bound to its place and to whether it is the last, so that
// chunks can be used before the end has come, and cutting, reordering, repeating or extending is seen.
//
// Here: chunks of 64 KiB, XChaCha20-Poly1305, nonce of a chunk = prefix[19] || uint32 number || uint8 is_last, no
// associated data. Every chunk but the last is full; the last has 0 to 64 KiB, and is empty only if it is the only one.
#pragma once

#include "core/base/secret.h"

namespace cairn::crypto {

constexpr std::size_t kStreamChunk = 64 * 1024;  ///< bytes of plaintext in each chunk but the last
constexpr std::size_t kStreamTag = 16;           ///< bytes that sealing adds to each chunk
constexpr std::size_t kStreamSealedChunk = kStreamChunk + kStreamTag;
constexpr std::uint64_t kMaxStream = (std::uint64_t{1} << 32) * kStreamChunk;  ///< bytes of plaintext

/// Of one stream alone: never again with another plaintext.
using StreamKey = Secret<struct StreamKeyTag, 32>;
using StreamNonce = FixedBytes<struct StreamNonceTag, 19>;

/// How many chunks a plaintext of `size` bytes (at most kMaxStream, CHECKed) has; at least 1.
std::uint64_t stream_chunks(std::uint64_t size);
/// How many bytes it has when it is sealed.
std::uint64_t stream_sealed_size(std::uint64_t size);

/// Seals the chunks of one stream in their order, perhaps from a later one on: what was sealed of it before, by this or
/// another sealer, must have had the same plaintext, for nonces are used again.
class StreamSealer {
 public:
  StreamSealer(StreamKey key, const StreamNonce& nonce, std::uint64_t first_chunk = 0)
      : key_(std::move(key)), nonce_(nonce), next_(first_chunk) {}

  /// Appends the next chunk, sealed, to `out`. All have kStreamChunk bytes but the last (CHECKed).
  void seal(ByteView chunk, Bytes& out);
  /// The last one, of at most kStreamChunk bytes (CHECKed); nothing may follow (CHECKed).
  void seal_last(ByteView chunk, Bytes& out);

 private:
  void append_sealed(ByteView chunk, std::uint8_t is_last, Bytes& out);

  StreamKey key_;
  StreamNonce nonce_;
  std::uint64_t next_;
  bool ended_ = false;
};

/// Opens the chunks of one stream in their order, perhaps from a later one on.
class StreamOpener {
 public:
  StreamOpener(StreamKey key, const StreamNonce& nonce, std::uint64_t first_chunk = 0)
      : key_(std::move(key)), nonce_(nonce), next_(first_chunk) {}

  /// Appends the plaintext of the next chunk, which is not the last, to `out`. `crypto_failed`, and nothing changes,
  /// when it is anything else than that chunk of this stream.
  Status open(ByteView sealed, Bytes& out);
  /// Likewise the last one. Only a stream whose last chunk was opened is whole.
  Status open_last(ByteView sealed, Bytes& out);

  /// The number, from 0, of the chunk that is opened next.
  std::uint64_t next() const { return next_; }
  bool is_whole() const { return whole_; }

 private:
  Status append_opened(ByteView sealed, std::uint8_t is_last, Bytes& out);

  StreamKey key_;
  StreamNonce nonce_;
  std::uint64_t next_;
  bool whole_ = false;
};

}  // namespace cairn::crypto
