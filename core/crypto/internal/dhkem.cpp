#include "core/crypto/internal/dhkem.h"

#include "core/crypto/internal/labelled.h"
#include "core/crypto/internal/p256.h"
#include "core/crypto/internal/sodium.h"

namespace cairn::crypto::internal {

namespace {

constexpr HashAlgorithm kHash = HashAlgorithm::sha256;
constexpr std::size_t kPrivateKeySize = 32;
using SharedPoint = Secret<struct SharedPointTag, 32>;

SuiteId suite_id(KemAlgorithm algorithm) {
  const std::uint8_t id = static_cast<std::uint8_t>(kem_id(algorithm));
  const std::uint8_t bytes[5] = {'K', 'E', 'M', 0x00, id};
  return SuiteId(bytes);
}

/// X25519 (RFC 7748); `crypto_failed` when the result is all zeros (RFC 9180 s.7.1.4).
Result<SharedPoint> diffie_hellman(KemAlgorithm algorithm, ByteView private_key, ByteView public_key) {
  SharedPoint out;
  if (algorithm == KemAlgorithm::dhkem_p256) {
    // DeserializePublicKey's validation lies in the decoding of the point.
    REQUIRE(p256_diffie_hellman(private_key, public_key, out.expose_mutable()), ErrorCode::crypto_failed, "dhkem p256");
    return out;
  }
  require_sodium();
  REQUIRE(crypto_scalarmult_curve25519(out.expose_mutable().data(), private_key.data(), public_key.data()) == 0,
          ErrorCode::crypto_failed, "dhkem x25519");
  return out;
}

/// ExtractAndExpand over kem_context = enc || pkRm.
KemSharedSecret extract_and_expand(KemAlgorithm algorithm, const SharedPoint& dh, ByteView enc, ByteView public_key) {
  const SuiteId id = suite_id(algorithm);
  Secret<struct EaePrkTag, 32> prk;
  labelled_extract(kHash, id, {}, "eae_prk", dh.expose(), prk.expose_mutable());
  KemSharedSecret out(kem_shared_secret_size(algorithm));
  labelled_expand(kHash, id, prk.expose(), "shared_secret", {enc, public_key}, out.expose_mutable());
  return out;
}

}  // namespace

bool x25519_is_public_key(ByteView bytes) {
  CHECK(bytes.size() == 32);
  const auto below = [&](ByteView bound) {  // little-endian
    return std::lexicographical_compare(bytes.rbegin(), bytes.rend(), bound.rbegin(), bound.rend());
  };
  static constexpr std::uint8_t kPrime[32] = {0xed, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
                                              0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
                                              0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f};
  // RFC 7748 s.6.1, of which the curve and its twist have five: u = 0, 1, -1 and two of order 8.
  static constexpr std::uint8_t kSmallOrder[][32] = {
      {0},
      {1},
      {0xec, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
       0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f},
      {0xe0, 0xeb, 0x7a, 0x7c, 0x3b, 0x41, 0xb8, 0xae, 0x16, 0x56, 0xe3, 0xfa, 0xf1, 0x9f, 0xc4, 0x6a,
       0xda, 0x09, 0x8d, 0xeb, 0x9c, 0x32, 0xb1, 0xfd, 0x86, 0x62, 0x05, 0x16, 0x5f, 0x49, 0xb8, 0x00},
      {0x5f, 0x9c, 0x95, 0xbc, 0xa3, 0x50, 0x8c, 0x24, 0xb1, 0xd0, 0xb1, 0x55, 0x9c, 0x83, 0xef, 0x5b,
       0x04, 0x44, 0x5c, 0xc4, 0x58, 0x1c, 0x8e, 0x86, 0xd8, 0x22, 0x4e, 0xdd, 0xd0, 0x9f, 0x11, 0x57}};
  return below(kPrime) && std::none_of(std::begin(kSmallOrder), std::end(kSmallOrder),
                                       [&](const auto& point) { return equal(bytes, point); });
}

KemKeyPair dhkem_derive_key_pair(KemAlgorithm algorithm, ByteView ikm) {
  const SuiteId id = suite_id(algorithm);
  Secret<struct DkpPrkTag, 32> prk;
  labelled_extract(kHash, id, {}, "dkp_prk", ikm, prk.expose_mutable());
  KemPrivateKey key(kPrivateKeySize);
  if (algorithm == KemAlgorithm::dhkem_x25519) {
    labelled_expand(kHash, id, prk.expose(), "sk", {}, key.expose_mutable());
  } else {
    std::uint8_t counter = 0;
    for (;; ++counter) {  // the bitmask of P-256 is 0xff; a second round has a probability of 2^-32
      labelled_expand(kHash, id, prk.expose(), "candidate", {ByteView(&counter, 1)}, key.expose_mutable());
      if (p256_is_scalar(key.expose())) break;
      CHECK(counter != 255);
    }
  }
  auto public_key = dhkem_public_key(algorithm, key.expose());
  CHECK(public_key.has_value());
  return {std::move(key), std::move(*public_key)};
}

Result<Bytes> dhkem_public_key(KemAlgorithm algorithm, ByteView private_key) {
  if (algorithm == KemAlgorithm::dhkem_p256) return p256_public_key(private_key);
  require_sodium();
  Bytes out(crypto_scalarmult_curve25519_BYTES);
  CHECK(crypto_scalarmult_curve25519_base(out.data(), private_key.data()) == 0);
  return out;
}

Result<KemOutput> dhkem_encapsulate(KemAlgorithm algorithm, ByteView public_key, ByteView ikm) {
  KemKeyPair ephemeral = dhkem_derive_key_pair(algorithm, ikm);
  const SharedPoint dh = TRY(diffie_hellman(algorithm, ephemeral.private_key.expose(), public_key));
  KemSharedSecret secret = extract_and_expand(algorithm, dh, ephemeral.public_key, public_key);
  return KemOutput{std::move(ephemeral.public_key), std::move(secret)};
}

Result<KemSharedSecret> dhkem_decapsulate(KemAlgorithm algorithm, ByteView private_key, ByteView ciphertext) {
  const Bytes public_key = TRY(dhkem_public_key(algorithm, private_key));
  const SharedPoint dh = TRY(diffie_hellman(algorithm, private_key, ciphertext));
  return extract_and_expand(algorithm, dh, ciphertext, public_key);
}

}  // namespace cairn::crypto::internal
