#include "core/vault/internal/seal.h"

#include <algorithm>

namespace cairn::vault::internal {

void seal_into(const SealKey& key, ByteView ad, ByteView text, Entropy& entropy, MutableByteView out) {
  CHECK(out.size() == text.size() + kSealOverhead);
  const MutableByteView nonce = out.first(kNonceSize);
  entropy.fill(nonce);
  crypto::aead_seal_into(kAead, key.expose(), nonce, ad, text, out.subspan(kNonceSize));
}

Bytes seal(const SealKey& key, ByteView ad, ByteView text, Entropy& entropy) {
  Bytes out(text.size() + kSealOverhead);
  seal_into(key, ad, text, entropy, out);
  return out;
}

Result<SecretBytes> open(const SealKey& key, ByteView ad, ByteView sealed) {
  REQUIRE(sealed.size() >= kSealOverhead, ErrorCode::crypto_failed, "vault: open");
  return crypto::aead_open(kAead, key.expose(), sealed.first(kNonceSize), ad, sealed.subspan(kNonceSize));
}

Status check_zeros(ByteView rest) {
  REQUIRE(std::all_of(rest.begin(), rest.end(), [](std::uint8_t byte) { return byte == 0; }), ErrorCode::malformed,
          "vault: padding");
  return ok();
}

}  // namespace cairn::vault::internal
