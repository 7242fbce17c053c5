#include "core/crypto/kem.h"

#include "core/crypto/hash.h"
#include "core/crypto/internal/dhkem.h"
#include "core/crypto/internal/ml_kem.h"
#include "core/crypto/internal/p256.h"

namespace cairn::crypto {

namespace {

using internal::kMlKemPublicKeySize;

constexpr std::size_t kSharedSecretSize = 32;
constexpr std::size_t kMinIkmSize = 32;

struct Traits {
  std::uint16_t id;
  std::size_t ciphertext, public_key, private_key;
  std::size_t randomness;  ///< of encapsulation
};

const Traits& traits(KemAlgorithm algorithm) {
  constexpr Traits kXWing = {0x647a, internal::kXWingCiphertextSize, internal::kXWingPublicKeySize,
                             internal::kXWingSeedSize, 64};
  static constexpr std::array<Traits, 5> all = {
      Traits{0x0010, internal::kP256PointSize, internal::kP256PointSize, internal::kP256ScalarSize, 32},
      Traits{0x0020, 32, 32, 32, 32}, kXWing, kXWing,
      Traits{0x0041, internal::kMlKemCiphertextSize, kMlKemPublicKeySize, internal::kMlKemSeedSize, 32}};
  return all[static_cast<std::size_t>(algorithm)];
}

bool is_dhkem(KemAlgorithm algorithm) {
  return algorithm == KemAlgorithm::dhkem_p256 || algorithm == KemAlgorithm::dhkem_x25519;
}

/// Alone, or as the end of an X-Wing key.
bool has_x25519(KemAlgorithm algorithm) {
  return algorithm != KemAlgorithm::dhkem_p256 && algorithm != KemAlgorithm::ml_kem_768;
}

/// SHAKE256.LabeledDerive(ikm, "DeriveKeyPair", "", Nsk) of draft-ietf-hpke-pq.
void labelled_derive(KemAlgorithm algorithm, ByteView ikm, MutableByteView out) {
  const std::uint16_t id = kem_id(algorithm);
  constexpr std::string_view kLabel = "DeriveKeyPair";
  const std::uint8_t suite_and_label_size[] = {
      'K', 'E', 'M', static_cast<std::uint8_t>(id >> 8), static_cast<std::uint8_t>(id), 0, kLabel.size()};
  const std::uint8_t size[] = {static_cast<std::uint8_t>(out.size() >> 8), static_cast<std::uint8_t>(out.size())};
  shake256({ikm, as_bytes(std::string_view("HPKE-v1")), suite_and_label_size, as_bytes(kLabel), size}, out);
}

}  // namespace

std::uint16_t kem_id(KemAlgorithm algorithm) { return traits(algorithm).id; }
std::size_t kem_ciphertext_size(KemAlgorithm algorithm) { return traits(algorithm).ciphertext; }
std::size_t kem_public_key_size(KemAlgorithm algorithm) { return traits(algorithm).public_key; }
std::size_t kem_private_key_size(KemAlgorithm algorithm) { return traits(algorithm).private_key; }
std::size_t kem_shared_secret_size(KemAlgorithm) { return kSharedSecretSize; }

KemKeyPair kem_generate(KemAlgorithm algorithm, Entropy& entropy) {
  KemPrivateKey ikm(kem_private_key_size(algorithm));
  entropy.fill(ikm.expose_mutable());
  auto pair = kem_derive_key_pair(algorithm, ikm.expose());
  CHECK(pair.has_value());
  return std::move(*pair);
}

Result<KemKeyPair> kem_derive_key_pair(KemAlgorithm algorithm, ByteView ikm) {
  REQUIRE(ikm.size() >= kMinIkmSize, ErrorCode::malformed, "ikm too short");
  if (is_dhkem(algorithm)) return internal::dhkem_derive_key_pair(algorithm, ikm);
  KemPrivateKey key(kem_private_key_size(algorithm));
  if (algorithm == KemAlgorithm::xwing_shake) {
    shake256({ikm}, key.expose_mutable());
  } else {
    labelled_derive(algorithm, ikm, key.expose_mutable());
  }
  Bytes public_key = TRY(kem_public_key(algorithm, key));
  return KemKeyPair{std::move(key), std::move(public_key)};
}

Result<Bytes> kem_public_key(KemAlgorithm algorithm, const KemPrivateKey& key) {
  REQUIRE(key.size() == kem_private_key_size(algorithm), ErrorCode::malformed, "kem private key size");
  if (is_dhkem(algorithm)) return internal::dhkem_public_key(algorithm, key.expose());
  if (algorithm != KemAlgorithm::ml_kem_768) return internal::xwing_public_key(key.expose());
  internal::MlKemExpandedKey expanded;
  return internal::ml_kem_expand(key.expose(), expanded);
}

Status kem_check_public_key(KemAlgorithm algorithm, ByteView public_key) {
  REQUIRE(public_key.size() == kem_public_key_size(algorithm), ErrorCode::malformed, "kem public key size");
  if (algorithm == KemAlgorithm::dhkem_p256) return internal::p256_check_point(public_key);
  // A key of small order is refused when it is used (RFC 9180 s.7.1.4), so by all who would ever seal to it.
  REQUIRE(!has_x25519(algorithm) || internal::x25519_is_public_key(public_key.last(32)), ErrorCode::malformed,
          "x25519 public key");
  if (algorithm == KemAlgorithm::dhkem_x25519) return ok();
  REQUIRE(internal::ml_kem_is_public_key(public_key.first(kMlKemPublicKeySize)), ErrorCode::malformed,
          "ml-kem public key");
  return ok();
}

Result<KemOutput> kem_encapsulate(KemAlgorithm algorithm, ByteView public_key, Entropy& entropy) {
  ShortSecret<struct KemRandomnessTag> randomness(traits(algorithm).randomness);
  entropy.fill(randomness.expose_mutable());
  return kem_encapsulate_deterministic(algorithm, public_key, randomness.expose());
}

Result<KemOutput> kem_encapsulate_deterministic(KemAlgorithm algorithm, ByteView public_key, ByteView randomness) {
  REQUIRE(public_key.size() == kem_public_key_size(algorithm), ErrorCode::crypto_failed, "kem public key size");
  // What is no public key is never sealed to, though X25519 alone would take it (RFC 7748 s.5).
  REQUIRE(!has_x25519(algorithm) || internal::x25519_is_public_key(public_key.last(32)), ErrorCode::crypto_failed,
          "x25519 public key");
  const std::size_t wanted = traits(algorithm).randomness;
  if (is_dhkem(algorithm)) {
    REQUIRE(randomness.size() >= wanted, ErrorCode::malformed, "ikm too short");
    return internal::dhkem_encapsulate(algorithm, public_key, randomness);
  }
  REQUIRE(randomness.size() == wanted, ErrorCode::malformed, "kem randomness size");
  return algorithm == KemAlgorithm::ml_kem_768 ? internal::ml_kem_encapsulate(public_key, randomness)
                                               : internal::xwing_encapsulate(public_key, randomness);
}

Result<KemSharedSecret> kem_decapsulate(KemAlgorithm algorithm, const KemPrivateKey& key, ByteView ciphertext) {
  REQUIRE(key.size() == kem_private_key_size(algorithm), ErrorCode::malformed, "kem private key size");
  REQUIRE(ciphertext.size() == kem_ciphertext_size(algorithm), ErrorCode::crypto_failed, "kem ciphertext size");
  if (is_dhkem(algorithm)) return internal::dhkem_decapsulate(algorithm, key.expose(), ciphertext);
  if (algorithm != KemAlgorithm::ml_kem_768) return internal::xwing_decapsulate(key.expose(), ciphertext);
  internal::MlKemExpandedKey expanded;
  internal::ml_kem_expand(key.expose(), expanded);
  return internal::ml_kem_decapsulate(expanded, ciphertext);
}

}  // namespace cairn::crypto
