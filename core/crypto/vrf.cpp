#include "core/crypto/vrf.h"

#include "core/crypto/hash.h"
#include "core/crypto/internal/edwards.h"
#include "core/crypto/internal/sodium.h"
#include "core/crypto/internal/vrf_steps.h"

// An 80-byte proof: Gamma (32) || c (16) || s (32), numbers little-endian (RFC 9381 s.5.5).

namespace cairn::crypto {

using internal::VrfChallenge;
using internal::VrfCommitments;
using internal::VrfExpandedKey;
using internal::VrfNonceString;
using internal::VrfPoint;
using internal::VrfScalar;

namespace {

constexpr std::uint8_t kSuite = 0x03;
constexpr std::uint8_t kEncodeToCurve = 0x01;
constexpr std::uint8_t kChallenge = 0x02;
constexpr std::uint8_t kProofToHash = 0x03;
constexpr std::uint8_t kBack = 0x00;

constexpr std::size_t kPointSize = VrfPoint::kSize;
constexpr std::size_t kChallengeSize = VrfChallenge::kSize;

ByteView byte(const std::uint8_t& value) { return {&value, 1}; }

/// ECVRF_challenge_generation (s.5.4.3).
VrfChallenge challenge(const VrfPublicKey& key, const VrfPoint& h, ByteView gamma, const VrfCommitments& commitments) {
  const Digest digest = hash(HashAlgorithm::sha512, {byte(kSuite), byte(kChallenge), key, h, gamma, commitments.u,
                                                     commitments.v, byte(kBack)});
  return *VrfChallenge::from(digest.view().first(kChallengeSize));
}

/// 8 * point, by three doublings; nothing when `point` does not decode. libsodium's multiplication would demand the
/// prime order that this is there to reach.
std::optional<VrfPoint> clear_cofactor(ByteView point) {
  if (!internal::is_canonical_point(point)) return std::nullopt;
  VrfPoint out = *VrfPoint::from(point);
  std::uint8_t* const bytes = out.mutable_view().data();
  for (int i = 0; i < 3; ++i) {
    if (crypto_core_ed25519_add(bytes, bytes, bytes) != 0) return std::nullopt;
  }
  return out;
}

bool is_identity(const VrfPoint& point) {
  VrfPoint identity;
  identity.mutable_view()[0] = 1;
  return point == identity;
}

/// Public scalar * point, if the point is of the prime order and the scalar not 0.
std::optional<VrfPoint> multiply(ByteView scalar, ByteView point) {
  if (!internal::is_canonical_point(point)) return std::nullopt;
  VrfPoint out;
  if (crypto_scalarmult_ed25519_noclamp(out.mutable_view().data(), scalar.data(), point.data()) != 0) {
    return std::nullopt;
  }
  return out;
}

/// Public scalar * B, if the scalar is not 0.
std::optional<VrfPoint> multiply_base(ByteView scalar) {
  VrfPoint out;
  if (crypto_scalarmult_ed25519_base_noclamp(out.mutable_view().data(), scalar.data()) != 0) return std::nullopt;
  return out;
}

/// a - b for points that decode.
VrfPoint subtract(const VrfPoint& a, const VrfPoint& b) {
  VrfPoint out;
  CHECK(crypto_core_ed25519_sub(out.mutable_view().data(), a.data(), b.data()) == 0);
  return out;
}

/// s.5.4.4 step 8: s below the order of the group. For public data.
bool is_reduced(ByteView scalar) {
  static constexpr std::array<std::uint8_t, 32> kOrder = {
      0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14,
      0,    0,    0,    0,    0,    0,    0,    0,    0,    0,    0,    0,    0,    0,    0,    0x10};
  return std::lexicographical_compare(scalar.rbegin(), scalar.rend(), kOrder.rbegin(), kOrder.rend());
}

/// ECVRF_proof_to_hash (s.5.2); nothing when Gamma does not decode.
std::optional<VrfOutput> proof_to_hash(ByteView gamma) {
  const auto cleared = clear_cofactor(gamma);
  if (!cleared) return std::nullopt;
  const Digest beta = hash(HashAlgorithm::sha512, {byte(kSuite), byte(kProofToHash), *cleared, byte(kBack)});
  return *VrfOutput::from(beta);
}

VrfPublicKey public_key_of(const VrfExpandedKey& key) {
  return *VrfPublicKey::from(internal::vrf_multiply_base(key.x));  // a clamped scalar is not 0 mod q
}

}  // namespace

namespace internal {

VrfExpandedKey vrf_expand(const VrfSecretKey& key) {
  require_sodium();
  Secret<struct VrfExpandedTag, crypto_hash_sha512_BYTES> digest;
  CHECK(crypto_hash_sha512(digest.expose_mutable().data(), key.expose().data(), VrfSecretKey::kSize) == 0);
  VrfExpandedKey out{*VrfScalar::from(digest.expose().first(32)), *VrfScalar::from(digest.expose().last(32))};
  // RFC 8032 s.5.1.5 step 2.
  const MutableByteView x = out.x.expose_mutable();
  x[0] &= 0xf8;
  x[31] &= 0x7f;
  x[31] |= 0x40;
  return out;
}

VrfPoint vrf_encode_to_curve(const VrfPublicKey& key, ByteView alpha) {
  require_sodium();
  for (unsigned counter = 0; counter < 256; ++counter) {  // each try succeeds with a probability of about 1/2
    const std::uint8_t ctr = static_cast<std::uint8_t>(counter);
    const Digest digest =
        hash(HashAlgorithm::sha512, {byte(kSuite), byte(kEncodeToCurve), key, alpha, byte(ctr), byte(kBack)});
    const auto point = clear_cofactor(digest.view().first(kPointSize));
    if (point && !is_identity(*point)) return *point;
  }
  check_failed(__FILE__, __LINE__, "one of 256 hashes is a point");
}

VrfNonceString vrf_nonce(const VrfExpandedKey& key, const VrfPoint& h) {
  crypto_hash_sha512_state state;
  CHECK(crypto_hash_sha512_init(&state) == 0);
  CHECK(crypto_hash_sha512_update(&state, key.prefix.expose().data(), VrfScalar::kSize) == 0);
  CHECK(crypto_hash_sha512_update(&state, h.data(), VrfPoint::kSize) == 0);
  VrfNonceString out;
  CHECK(crypto_hash_sha512_final(&state, out.expose_mutable().data()) == 0);  // which wipes the state
  return out;
}

VrfScalar vrf_reduce(const VrfNonceString& string) {
  static_assert(VrfNonceString::kSize == crypto_core_ed25519_NONREDUCEDSCALARBYTES);
  VrfScalar out;
  crypto_core_ed25519_scalar_reduce(out.expose_mutable().data(), string.expose().data());
  return out;
}

// These two hold nothing but the call: crypto_ct.supp lets them see that it succeeded.
VrfPoint vrf_multiply_base(const VrfScalar& scalar) {
  VrfPoint out;
  CHECK(crypto_scalarmult_ed25519_base_noclamp(out.mutable_view().data(), scalar.expose().data()) == 0);
  return out;
}

VrfPoint vrf_multiply(const VrfScalar& scalar, const VrfPoint& point) {
  VrfPoint out;
  CHECK(crypto_scalarmult_ed25519_noclamp(out.mutable_view().data(), scalar.expose().data(), point.data()) == 0);
  return out;
}

void vrf_respond(const VrfScalar& k, const VrfChallenge& c, const VrfScalar& x, MutableByteView out) {
  CHECK(out.size() == VrfScalar::kSize);
  std::array<std::uint8_t, VrfScalar::kSize> wide_c{};
  std::copy_n(c.data(), kChallengeSize, wide_c.begin());
  // The sum is made here, because libsodium's addition leaves k on its stack.
  Secret<struct VrfSumTag, crypto_core_ed25519_NONREDUCEDSCALARBYTES> sum;
  std::uint8_t* const bytes = sum.expose_mutable().data();
  crypto_core_ed25519_scalar_mul(bytes, wide_c.data(), x.expose().data());
  sodium_add(bytes, k.expose().data(), VrfScalar::kSize);  // both below q < 2^253: no carry out
  crypto_core_ed25519_scalar_reduce(out.data(), bytes);
}

std::optional<VrfCommitments> vrf_commitments(const VrfPublicKey& key, const VrfPoint& h, const VrfProof& proof) {
  require_sodium();
  const ByteView gamma = proof.view().first(kPointSize);
  const ByteView s = proof.view().last(VrfScalar::kSize);
  std::array<std::uint8_t, kPointSize> c{};
  std::copy_n(proof.data() + kPointSize, kChallengeSize, c.begin());
  if (!is_reduced(s)) return std::nullopt;

  const auto s_b = multiply_base(s);
  const auto s_h = multiply(s, h);
  const auto c_y = multiply(c, key);
  const auto c_gamma = multiply(c, gamma);
  if (!s_b || !s_h || !c_y || !c_gamma) return std::nullopt;
  return VrfCommitments{subtract(*s_b, *c_y), subtract(*s_h, *c_gamma)};
}

}  // namespace internal

VrfPublicKey vrf_public_key(const VrfSecretKey& key) { return public_key_of(internal::vrf_expand(key)); }

// RFC 9381 s.5.1
VrfResult vrf_prove(const VrfSecretKey& key, ByteView alpha) {
  const VrfExpandedKey expanded = internal::vrf_expand(key);
  const VrfPublicKey y = public_key_of(expanded);
  const VrfPoint h = internal::vrf_encode_to_curve(y, alpha);
  const VrfScalar k = internal::vrf_reduce(internal::vrf_nonce(expanded, h));  // 0 with a probability of 2^-252

  const VrfPoint gamma = internal::vrf_multiply(expanded.x, h);
  const VrfCommitments commitments{internal::vrf_multiply_base(k), internal::vrf_multiply(k, h)};
  const VrfChallenge c = challenge(y, h, gamma, commitments);

  VrfResult out;
  const MutableByteView proof = out.proof.mutable_view();
  std::copy_n(gamma.data(), kPointSize, proof.begin());
  std::copy_n(c.data(), kChallengeSize, proof.begin() + kPointSize);
  internal::vrf_respond(k, c, expanded.x, proof.last(VrfScalar::kSize));
  const auto beta = proof_to_hash(gamma);
  CHECK(beta.has_value());
  out.output = *beta;
  return out;
}

Status vrf_validate_key(const VrfPublicKey& key) {
  internal::require_sodium();
  REQUIRE(internal::is_canonical_point(key) && crypto_core_ed25519_is_valid_point(key.data()) == 1,
          ErrorCode::crypto_failed, "vrf key");
  return ok();
}

// RFC 9381 s.5.3
Result<VrfOutput> vrf_verify(const VrfPublicKey& key, ByteView alpha, const VrfProof& proof) {
  const VrfPoint h = internal::vrf_encode_to_curve(key, alpha);
  const auto commitments = internal::vrf_commitments(key, h, proof);  // validates key and Gamma
  REQUIRE(commitments, ErrorCode::crypto_failed, "vrf proof");
  const ByteView gamma = proof.view().first(kPointSize);
  const VrfChallenge c = challenge(key, h, gamma, *commitments);
  REQUIRE(equal(c, proof.view().subspan(kPointSize, kChallengeSize)), ErrorCode::crypto_failed, "vrf proof");
  const auto beta = proof_to_hash(gamma);
  REQUIRE(beta, ErrorCode::crypto_failed, "vrf proof");
  return *beta;
}

}  // namespace cairn::crypto
