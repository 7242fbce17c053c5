#include "core/crypto/internal/ml_kem.h"

#include "core/crypto/internal/sodium.h"

namespace cairn::crypto::internal {

static_assert(kMlKemPublicKeySize == crypto_kem_mlkem768_PUBLICKEYBYTES);
static_assert(kMlKemCiphertextSize == crypto_kem_mlkem768_CIPHERTEXTBYTES);
static_assert(kMlKemSeedSize == crypto_kem_mlkem768_SEEDBYTES);
static_assert(kMlKemExpandedSize == crypto_kem_mlkem768_SECRETKEYBYTES);
static_assert(kXWingPublicKeySize == crypto_kem_xwing_PUBLICKEYBYTES);
static_assert(kXWingCiphertextSize == crypto_kem_xwing_CIPHERTEXTBYTES);
static_assert(kXWingSeedSize == crypto_kem_xwing_SEEDBYTES);
static_assert(kXWingSeedSize == crypto_kem_xwing_SECRETKEYBYTES);

namespace {

constexpr std::size_t kMlKemSecretSize = 32;
constexpr unsigned kModulus = 3329;
constexpr std::size_t kPackedSize = 3 * 384;  // k polynomials of 256 coefficients of 12 bits; the seed rho follows

}  // namespace

bool ml_kem_is_public_key(ByteView encapsulation_key) {
  CHECK(encapsulation_key.size() == kMlKemPublicKeySize);
  for (std::size_t i = 0; i < kPackedSize; i += 3) {  // ByteDecode_12: two coefficients in three bytes
    const unsigned low = encapsulation_key[i];
    const unsigned middle = encapsulation_key[i + 1];
    const unsigned high = encapsulation_key[i + 2];
    if ((low | (middle & 0x0f) << 8) >= kModulus || (middle >> 4 | high << 4) >= kModulus) return false;
  }
  return true;
}

Bytes ml_kem_expand(ByteView seed, MlKemExpandedKey& expanded) {
  require_sodium();
  CHECK(seed.size() == kMlKemSeedSize);
  Bytes public_key(kMlKemPublicKeySize);
  CHECK(crypto_kem_mlkem768_seed_keypair(public_key.data(), expanded.expose_mutable().data(), seed.data()) == 0);
  return public_key;
}

Result<KemOutput> ml_kem_encapsulate(ByteView public_key, ByteView randomness) {
  require_sodium();
  CHECK(randomness.size() == 32);
  REQUIRE(ml_kem_is_public_key(public_key), ErrorCode::crypto_failed, "ml-kem key");
  KemOutput out{Bytes(kMlKemCiphertextSize), KemSharedSecret(kMlKemSecretSize)};
  REQUIRE(crypto_kem_mlkem768_enc_deterministic(out.ciphertext.data(), out.shared_secret.expose_mutable().data(),
                                                public_key.data(), randomness.data()) == 0,
          ErrorCode::crypto_failed, "ml-kem");
  return out;
}

KemSharedSecret ml_kem_decapsulate(const MlKemExpandedKey& key, ByteView ciphertext) {
  require_sodium();
  CHECK(ciphertext.size() == kMlKemCiphertextSize);
  KemSharedSecret out(kMlKemSecretSize);
  CHECK(crypto_kem_mlkem768_dec(out.expose_mutable().data(), ciphertext.data(), key.expose().data()) == 0);
  return out;
}

Bytes xwing_public_key(ByteView seed) {
  require_sodium();
  CHECK(seed.size() == kXWingSeedSize);
  Bytes public_key(kXWingPublicKeySize);
  Secret<struct XWingSeedTag, kXWingSeedSize> same_seed;
  CHECK(crypto_kem_xwing_seed_keypair(public_key.data(), same_seed.expose_mutable().data(), seed.data()) == 0);
  return public_key;
}

Result<KemOutput> xwing_encapsulate(ByteView public_key, ByteView randomness) {
  require_sodium();
  CHECK(public_key.size() == kXWingPublicKeySize && randomness.size() == 64);
  REQUIRE(ml_kem_is_public_key(public_key.first(kMlKemPublicKeySize)), ErrorCode::crypto_failed, "x-wing key");
  KemOutput out{Bytes(kXWingCiphertextSize), KemSharedSecret(kMlKemSecretSize)};
  REQUIRE(crypto_kem_xwing_enc_deterministic(out.ciphertext.data(), out.shared_secret.expose_mutable().data(),
                                             public_key.data(), randomness.data()) == 0,
          ErrorCode::crypto_failed, "x-wing");
  return out;
}

Result<KemSharedSecret> xwing_decapsulate(ByteView seed, ByteView ciphertext) {
  require_sodium();
  CHECK(seed.size() == kXWingSeedSize && ciphertext.size() == kXWingCiphertextSize);
  KemSharedSecret out(kMlKemSecretSize);
  REQUIRE(crypto_kem_xwing_dec(out.expose_mutable().data(), ciphertext.data(), seed.data()) == 0,
          ErrorCode::crypto_failed, "x-wing");
  return out;
}

}  // namespace cairn::crypto::internal
