#include "core/vault/internal/seal.h"

#include <algorithm>

#include "core/crypto/blake2b.h"
#include "core/crypto/kdf.h"
#include "core/vault/labels.h"
#include "core/wire/writer.h"

namespace cairn::vault::internal {
namespace {

using NonceKey = Secret<struct VaultNonceKeyTag, 32>;

/// Of fresh random bytes and of the text: should the random bytes come twice, because a machine was set back, nonces
/// still differ where texts do.
void make_nonce(const SealKey& key, ByteView ad, ByteView text, Entropy& entropy, MutableByteView out) {
  const auto nonce_key = crypto::kdf<NonceKey>(key.expose(), kDeriveNonce, {});
  std::array<std::uint8_t, kNonceSize> random;
  entropy.fill(random);
  wire::Writer data(wire::Sensitivity::is_secret);
  data.raw(random);
  data.opaque(ad);
  data.raw(text);
  crypto::blake2b(nonce_key.expose(), data.view(), out);
}

}  // namespace

void seal_into(const SealKey& key, ByteView ad, ByteView text, Entropy& entropy, MutableByteView out) {
  CHECK(out.size() == text.size() + kSealOverhead);
  const MutableByteView nonce = out.first(kNonceSize);
  make_nonce(key, ad, text, entropy, nonce);
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
