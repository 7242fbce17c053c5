#include "core/crypto/vrf.h"

#include <gtest/gtest.h>

#include "core/crypto/hash.h"
#include "core/crypto/internal/sodium.h"
#include "core/crypto/internal/vrf_steps.h"
#include "tests/support/seeded_entropy.h"
#include "tests/support/vectors.h"

namespace cairn::crypto {
namespace {

using testing::hex_bytes;

VrfProof flipped(const VrfProof& proof, std::size_t bit) {
  VrfProof out = proof;
  out.mutable_view()[bit / 8] ^= static_cast<std::uint8_t>(1 << (bit % 8));
  return out;
}

void expect_refused(const Result<VrfOutput>& result) {
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, ErrorCode::crypto_failed);
}

// RFC 9381 s.B.3, examples 16 to 18, every value on the way.
TEST(Vrf, MatchesRfc9381) {
  CAIRN_VECTORS_OR_SKIP(vectors, "vrf/rfc9381.json");
  int count = 0;
  for (const auto& suite : vectors["suites"]) {
    if (suite["name"] != "ECVRF-EDWARDS25519-SHA512-TAI") continue;
    for (const auto& v : suite["vectors"]) {
      const VrfSecretKey secret = *VrfSecretKey::from(hex_bytes(v["SK"]));
      const Bytes alpha = hex_bytes(v["alpha"]);
      const VrfPublicKey key = vrf_public_key(secret);
      EXPECT_EQ(to_hex(key), v["PK"]);
      EXPECT_TRUE(vrf_validate_key(key));

      const internal::VrfExpandedKey expanded = internal::vrf_expand(secret);
      EXPECT_EQ(to_hex(expanded.x.expose()), v["x"]);
      const internal::VrfPoint h = internal::vrf_encode_to_curve(key, alpha);
      EXPECT_EQ(to_hex(h), v["H"]);
      EXPECT_EQ(to_hex(internal::vrf_nonce(expanded, h).expose()), v["k"]);

      const VrfResult result = vrf_prove(secret, alpha);
      EXPECT_EQ(to_hex(result.proof), v["pi"]);
      EXPECT_EQ(to_hex(result.output), v["beta"]);
      const auto commitments = internal::vrf_commitments(key, h, result.proof);
      ASSERT_TRUE(commitments);
      EXPECT_EQ(to_hex(commitments->u), v["U"]);
      EXPECT_EQ(to_hex(commitments->v), v["V"]);
      const auto verified = vrf_verify(key, alpha, result.proof);
      ASSERT_TRUE(verified);
      EXPECT_EQ(*verified, result.output);
      ++count;
    }
  }
  EXPECT_EQ(count, 3);
}

TEST(Vrf, ProvesAndVerifiesAnyInput) {
  testing::SeededEntropy entropy(14);
  for (std::size_t size = 0; size < 40; ++size) {
    const auto secret = random_secret<VrfSecretKey>(entropy);
    const VrfPublicKey key = vrf_public_key(secret);
    Bytes alpha(size * 3);
    entropy.fill(alpha);
    const VrfResult result = vrf_prove(secret, alpha);
    EXPECT_EQ(vrf_prove(secret, alpha).proof, result.proof);
    const auto output = vrf_verify(key, alpha, result.proof);
    ASSERT_TRUE(output);
    EXPECT_EQ(*output, result.output);
    alpha.push_back(0);
    expect_refused(vrf_verify(key, alpha, result.proof));
    expect_refused(vrf_verify(vrf_public_key(random_secret<VrfSecretKey>(entropy)), ByteView(alpha).first(size * 3),
                              result.proof));
  }
}

TEST(Vrf, RefusesAProofWithAnyBitFlipped) {
  testing::SeededEntropy entropy(15);
  const auto secret = random_secret<VrfSecretKey>(entropy);
  const VrfPublicKey key = vrf_public_key(secret);
  const Bytes alpha(12, 0x61);
  const VrfProof proof = vrf_prove(secret, alpha).proof;
  for (std::size_t bit = 0; bit < 8 * VrfProof::kSize; ++bit)
    expect_refused(vrf_verify(key, alpha, flipped(proof, bit)));
  for (std::size_t bit = 0; bit < 256; ++bit) {
    VrfPublicKey other = key;
    other.mutable_view()[bit / 8] ^= static_cast<std::uint8_t>(1 << (bit % 8));
    expect_refused(vrf_verify(other, alpha, proof));
  }
}

// RFC 9381 s.5.4.4: s in [0, q).
TEST(Vrf, RefusesTheSameScalarPlusTheGroupOrder) {
  testing::SeededEntropy entropy(16);
  const auto secret = random_secret<VrfSecretKey>(entropy);
  VrfProof proof = vrf_prove(secret, {}).proof;
  const Bytes order = *from_hex("edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010");
  sodium_add(proof.mutable_view().data() + 48, order.data(), 32);
  expect_refused(vrf_verify(vrf_public_key(secret), {}, proof));
}

/// Encodings that are no valid key: the points of small order, then y that is not reduced, x = 0 with a sign, and a
/// y that is on no point.
constexpr const char* kBadPoints[] = {
    "0100000000000000000000000000000000000000000000000000000000000000",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "0000000000000000000000000000000000000000000000000000000000000000",
    "0000000000000000000000000000000000000000000000000000000000000080",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "f0ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    "0100000000000000000000000000000000000000000000000000000000000080",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    "0200000000000000000000000000000000000000000000000000000000000000",
};

TEST(Vrf, RefusesKeysAndGammasOfSmallOrderOrNotCanonical) {
  testing::SeededEntropy entropy(17);
  const auto secret = random_secret<VrfSecretKey>(entropy);
  const VrfProof good = vrf_prove(secret, {}).proof;
  for (const char* point : kBadPoints) {
    const VrfPublicKey key = *VrfPublicKey::from(*from_hex(point));
    const Status status = vrf_validate_key(key);
    ASSERT_FALSE(status) << point;
    EXPECT_EQ(status.error().code, ErrorCode::crypto_failed);
    expect_refused(vrf_verify(key, {}, good));
    VrfProof proof = good;
    std::copy_n(key.data(), 32, proof.mutable_view().begin());
    expect_refused(vrf_verify(vrf_public_key(secret), {}, proof));
  }
}

/// The proof for the empty alpha with `added` put on top of Gamma, made with the true secret.
VrfProof prove_with(const VrfSecretKey& secret, ByteView added) {
  const VrfPublicKey key = vrf_public_key(secret);
  const internal::VrfExpandedKey expanded = internal::vrf_expand(secret);
  const internal::VrfPoint h = internal::vrf_encode_to_curve(key, {});
  internal::VrfPoint gamma, u, v;
  std::array<std::uint8_t, 32> k{}, c{}, s{};
  EXPECT_EQ(crypto_scalarmult_ed25519_noclamp(gamma.mutable_view().data(), expanded.x.expose().data(), h.data()), 0);
  EXPECT_EQ(crypto_core_ed25519_add(gamma.mutable_view().data(), gamma.data(), added.data()), 0);
  crypto_core_ed25519_scalar_reduce(k.data(), internal::vrf_nonce(expanded, h).expose().data());
  EXPECT_EQ(crypto_scalarmult_ed25519_base_noclamp(u.mutable_view().data(), k.data()), 0);
  EXPECT_EQ(crypto_scalarmult_ed25519_noclamp(v.mutable_view().data(), k.data(), h.data()), 0);
  const std::uint8_t front[] = {3, 2}, back[] = {0};
  const Digest digest = hash(HashAlgorithm::sha512, {front, key, h, gamma, u, v, back});
  std::copy_n(digest.view().begin(), 16, c.begin());
  crypto_core_ed25519_scalar_mul(s.data(), c.data(), expanded.x.expose().data());
  crypto_core_ed25519_scalar_add(s.data(), s.data(), k.data());
  return *VrfProof::from(concat({gamma, ByteView(c).first(16), s}));
}

// A prover may add a point of order 8 to Gamma and still meet both equations when 8 divides c. The output is the
// same, so nothing is forged; but a name would have several proofs. RFC 9381 lets that pass and we do not.
TEST(Vrf, RefusesAGammaWithAComponentOfSmallOrder) {
  testing::SeededEntropy entropy(18);
  const Bytes identity = *from_hex(kBadPoints[0]);
  const Bytes torsion = *from_hex(kBadPoints[4]);
  int met = 0;
  for (int attempt = 0; attempt < 40; ++attempt) {
    const auto secret = random_secret<VrfSecretKey>(entropy);
    const VrfPublicKey key = vrf_public_key(secret);
    EXPECT_EQ(prove_with(secret, identity), vrf_prove(secret, {}).proof);
    const VrfProof proof = prove_with(secret, torsion);
    expect_refused(vrf_verify(key, {}, proof));
    if (proof.view()[32] % 8 == 0) ++met;
  }
  EXPECT_GT(met, 0);
}

TEST(Vrf, RefusesAKeyWithAComponentOfSmallOrder) {
  testing::SeededEntropy entropy(19);
  const Bytes torsion = *from_hex("ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f");
  VrfPublicKey key = vrf_public_key(random_secret<VrfSecretKey>(entropy));
  ASSERT_EQ(crypto_core_ed25519_add(key.mutable_view().data(), key.data(), torsion.data()), 0);
  EXPECT_FALSE(vrf_validate_key(key));
}

}  // namespace
}  // namespace cairn::crypto
