// seal(key, ad, text) of docs/spec/backup.md: AEGIS-256 under a nonce that stands in front, a keyed hash of random
// bytes, ad and text.
#pragma once

#include "core/base/secret.h"
#include "core/crypto/aead.h"
#include "core/vault/keys.h"

namespace cairn::vault::internal {

constexpr auto kAead = crypto::AeadAlgorithm::aegis_256;
constexpr std::size_t kNonceSize = 32;
constexpr std::size_t kTagSize = 32;
/// How much larger a sealed text is.
constexpr std::size_t kSealOverhead = kNonceSize + kTagSize;

Bytes seal(const SealKey& key, ByteView ad, ByteView text, Entropy& entropy);
/// Into `out`, which is larger than `text` by kSealOverhead (CHECKed).
void seal_into(const SealKey& key, ByteView ad, ByteView text, Entropy& entropy, MutableByteView out);
/// `crypto_failed` for whatever reason.
Result<SecretBytes> open(const SealKey& key, ByteView ad, ByteView sealed);

/// What is left of a padded text must be zeros; `malformed` otherwise.
Status check_zeros(ByteView rest);

}  // namespace cairn::vault::internal
