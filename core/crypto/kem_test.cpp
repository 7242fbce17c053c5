#include "core/crypto/kem.h"

#include <gtest/gtest.h>

#include "core/crypto/hash.h"
#include "core/crypto/internal/ml_kem.h"
#include "tests/support/seeded_entropy.h"
#include "tests/support/vectors.h"

namespace cairn::crypto {
namespace {

using testing::hex_bytes;

constexpr KemAlgorithm kAllKems[] = {KemAlgorithm::dhkem_p256, KemAlgorithm::dhkem_x25519, KemAlgorithm::xwing_shake,
                                     KemAlgorithm::xwing_hpke, KemAlgorithm::ml_kem_768};

Bytes random_bytes(Entropy& entropy, std::size_t size) {
  Bytes out(size);
  entropy.fill(out);
  return out;
}

std::string hex(const KemSharedSecret& secret) { return to_hex(secret.expose()); }

TEST(XWing, MatchesItsDraftFromSeedToSecret) {
  CAIRN_VECTORS_OR_SKIP(vectors, "xwing/xwing-draft-connolly.json");
  ASSERT_EQ(vectors.size(), 3u);
  for (const auto& v : vectors) {
    for (KemAlgorithm algorithm : {KemAlgorithm::xwing_shake, KemAlgorithm::xwing_hpke}) {
      const KemPrivateKey key(hex_bytes(v["seed"]));
      EXPECT_EQ(*kem_public_key(algorithm, key), hex_bytes(v["pk"]));
      const auto out = kem_encapsulate_deterministic(algorithm, hex_bytes(v["pk"]), hex_bytes(v["eseed"]));
      ASSERT_TRUE(out);
      EXPECT_EQ(out->ciphertext, hex_bytes(v["ct"]));
      EXPECT_EQ(hex(out->shared_secret), v["ss"]);
      EXPECT_EQ(hex(*kem_decapsulate(algorithm, key, hex_bytes(v["ct"]))), v["ss"]);
    }
  }
}

// The two flavours, each by its formula; the vectors of draft-ietf-hpke-pq (hpke_test.cpp) hold (b) to its draft.
TEST(XWing, DerivesKeyPairsInTwoFlavours) {
  const Bytes ikm(32, 0x77);
  Bytes seed(32);
  shake256({ikm}, seed);
  const auto a = kem_derive_key_pair(KemAlgorithm::xwing_shake, ikm);
  EXPECT_TRUE(equal(a->private_key.expose(), seed));
  EXPECT_EQ(a->public_key, internal::xwing_public_key(seed));

  shake256({concat({ikm, as_bytes(std::string_view("HPKE-v1KEM")), *from_hex("647a000d"),
                    as_bytes(std::string_view("DeriveKeyPair")), *from_hex("0020")})},
           seed);
  const auto b = kem_derive_key_pair(KemAlgorithm::xwing_hpke, ikm);
  EXPECT_TRUE(equal(b->private_key.expose(), seed));
  EXPECT_EQ(b->public_key, internal::xwing_public_key(seed));
  EXPECT_NE(a->public_key, b->public_key);
}

TEST(MlKem, MatchesAcvpKeyGeneration) {
  CAIRN_VECTORS_OR_SKIP(vectors, "mlkem/acvp-mlkem768-keyGen.json");
  int count = 0;
  for (const auto& group : vectors["testGroups"]) {
    for (const auto& v : group["tests"]) {
      const KemPrivateKey key(concat({hex_bytes(v["d"]), hex_bytes(v["z"])}));
      EXPECT_EQ(*kem_public_key(KemAlgorithm::ml_kem_768, key), hex_bytes(v["expected_ek"]));
      internal::MlKemExpandedKey expanded;
      internal::ml_kem_expand(key.expose(), expanded);
      EXPECT_TRUE(equal(expanded.expose(), hex_bytes(v["expected_dk"])));
      ++count;
    }
  }
  EXPECT_EQ(count, 25);
}

TEST(MlKem, MatchesAcvpEncapsulationAndDecapsulation) {
  CAIRN_VECTORS_OR_SKIP(vectors, "mlkem/acvp-mlkem768-encapDecap.json");
  int count = 0;
  for (const auto& group : vectors["testGroups"]) {
    for (const auto& v : group["tests"]) {
      const Bytes secret = hex_bytes(v["expected_k"]);
      if (group["function"] == "encapsulation") {
        const auto out = kem_encapsulate_deterministic(KemAlgorithm::ml_kem_768, hex_bytes(v["ek"]), hex_bytes(v["m"]));
        ASSERT_TRUE(out);
        EXPECT_EQ(out->ciphertext, hex_bytes(v["expected_c"]));
        EXPECT_TRUE(equal(out->shared_secret.expose(), secret));
      } else {
        const auto key = *internal::MlKemExpandedKey::from(hex_bytes(group["dk"]));
        EXPECT_TRUE(equal(internal::ml_kem_decapsulate(key, hex_bytes(v["c"])).expose(), secret));
      }
      ++count;
    }
  }
  EXPECT_EQ(count, 35);
}

TEST(MlKem, MatchesWycheproofDecapsulation) {
  CAIRN_VECTORS_OR_SKIP(vectors, "mlkem/wycheproof-mlkem_768_test.json");
  int run = 0, skipped = 0;
  for (const auto& group : vectors["testGroups"]) {
    for (const auto& v : group["tests"]) {
      const Bytes seed = hex_bytes(v["seed"]);
      if (seed.size() > KemPrivateKey::kMaxSize) {
        ++skipped;
        continue;
      }
      const auto secret = kem_decapsulate(KemAlgorithm::ml_kem_768, KemPrivateKey(seed), hex_bytes(v["c"]));
      EXPECT_EQ(secret.has_value(), v["result"] == "valid") << v["tcId"];
      if (secret) {
        EXPECT_EQ(hex(*secret), v["K"]) << v["tcId"];
        EXPECT_EQ(*kem_public_key(KemAlgorithm::ml_kem_768, KemPrivateKey(seed)), hex_bytes(v["ek"]));
      }
      ++run;
    }
  }
  EXPECT_EQ(run + skipped, vectors["numberOfTests"].get<int>());
  std::printf("wycheproof ml-kem decapsulation: %d run, SKIPPED %d with seeds longer than the type can hold\n", run,
              skipped);
}

TEST(MlKem, MatchesWycheproofEncapsulationAndRefusesUnreducedKeys) {
  CAIRN_VECTORS_OR_SKIP(vectors, "mlkem/wycheproof-mlkem_768_encaps_test.json");
  int run = 0;
  for (const auto& group : vectors["testGroups"]) {
    for (const auto& v : group["tests"]) {
      const bool valid = v["result"] == "valid";
      const Bytes key = hex_bytes(v["ek"]);
      EXPECT_EQ(kem_check_public_key(KemAlgorithm::ml_kem_768, key).has_value(), valid) << v["tcId"];
      const auto out = kem_encapsulate_deterministic(KemAlgorithm::ml_kem_768, key, hex_bytes(v["m"]));
      ASSERT_EQ(out.has_value(), valid) << v["tcId"];
      if (valid) {
        EXPECT_EQ(out->ciphertext, hex_bytes(v["c"]));
        EXPECT_EQ(hex(out->shared_secret), v["K"]);
      } else {
        EXPECT_EQ(out.error().code, ErrorCode::crypto_failed);
        const Bytes hybrid = concat({key, Bytes(32, 9)});
        EXPECT_FALSE(kem_check_public_key(KemAlgorithm::xwing_hpke, hybrid)) << v["tcId"];
        EXPECT_FALSE(kem_encapsulate_deterministic(KemAlgorithm::xwing_hpke, hybrid, Bytes(64, 1)));
      }
      ++run;
    }
  }
  EXPECT_EQ(run, vectors["numberOfTests"].get<int>());
}

TEST(MlKem, MatchesWycheproofKeyGeneration) {
  CAIRN_VECTORS_OR_SKIP(vectors, "mlkem/wycheproof-mlkem_768_keygen_seed_test.json");
  for (const auto& v : vectors["testGroups"][0]["tests"]) {
    ASSERT_EQ(v["result"], "valid");
    internal::MlKemExpandedKey expanded;
    EXPECT_EQ(internal::ml_kem_expand(hex_bytes(v["seed"]), expanded), hex_bytes(v["ek"]));
    EXPECT_TRUE(equal(expanded.expose(), hex_bytes(v["dk"])));
  }
}

// Expanded keys never come from outside: ours are seeds. So the refusals of bad ones have nothing to test here.
TEST(MlKem, MatchesWycheproofOnExpandedKeys) {
  CAIRN_VECTORS_OR_SKIP(vectors, "mlkem/wycheproof-mlkem_768_semi_expanded_decaps_test.json");
  int run = 0, skipped = 0;
  for (const auto& group : vectors["testGroups"]) {
    for (const auto& v : group["tests"]) {
      if (v["result"] != "valid") {
        ++skipped;
        continue;
      }
      const auto key = *internal::MlKemExpandedKey::from(hex_bytes(v["dk"]));
      EXPECT_EQ(to_hex(internal::ml_kem_decapsulate(key, hex_bytes(v["c"])).expose()), v["K"]) << v["tcId"];
      ++run;
    }
  }
  EXPECT_EQ(run, 3);
  std::printf("wycheproof ml-kem expanded keys: %d run, SKIPPED %d about importing such keys\n", run, skipped);
}

class AnyKem : public ::testing::TestWithParam<KemAlgorithm> {
 protected:
  testing::SeededEntropy entropy_{9};
  const KemKeyPair pair_ = kem_generate(GetParam(), entropy_);
};
INSTANTIATE_TEST_SUITE_P(All, AnyKem, ::testing::ValuesIn(kAllKems));

TEST_P(AnyKem, AgreesOnASecret) {
  EXPECT_EQ(pair_.private_key.size(), kem_private_key_size(GetParam()));
  EXPECT_EQ(pair_.public_key.size(), kem_public_key_size(GetParam()));
  EXPECT_EQ(*kem_public_key(GetParam(), pair_.private_key), pair_.public_key);
  EXPECT_TRUE(kem_check_public_key(GetParam(), pair_.public_key));
  for (int i = 0; i < 5; ++i) {
    const auto out = kem_encapsulate(GetParam(), pair_.public_key, entropy_);
    ASSERT_TRUE(out);
    EXPECT_EQ(out->ciphertext.size(), kem_ciphertext_size(GetParam()));
    EXPECT_EQ(out->shared_secret.size(), kem_shared_secret_size(GetParam()));
    EXPECT_EQ(hex(*kem_decapsulate(GetParam(), pair_.private_key, out->ciphertext)), hex(out->shared_secret));
    const auto other = kem_decapsulate(GetParam(), kem_generate(GetParam(), entropy_).private_key, out->ciphertext);
    EXPECT_TRUE(!other || hex(*other) != hex(out->shared_secret));
  }
}

TEST_P(AnyKem, DerivesTheSamePairFromTheSameInputOnly) {
  for (std::size_t size : {32u, 48u, 64u, 100u}) {
    const Bytes ikm = random_bytes(entropy_, size);
    const auto pair = kem_derive_key_pair(GetParam(), ikm);
    ASSERT_TRUE(pair);
    EXPECT_EQ(kem_derive_key_pair(GetParam(), ikm)->public_key, pair->public_key);
    Bytes other = ikm;
    other.back() ^= 1;
    EXPECT_NE(kem_derive_key_pair(GetParam(), other)->public_key, pair->public_key);
  }
  EXPECT_FALSE(kem_derive_key_pair(GetParam(), Bytes(31)));
}

TEST_P(AnyKem, ATamperedCiphertextNeverGivesTheSecret) {
  const auto out = kem_encapsulate(GetParam(), pair_.public_key, entropy_);
  for (std::size_t i = 0; i < out->ciphertext.size(); i += 5) {
    Bytes bad = out->ciphertext;
    bad[i] ^= 0x10;
    const auto secret = kem_decapsulate(GetParam(), pair_.private_key, bad);
    if (secret) {
      EXPECT_NE(hex(*secret), hex(out->shared_secret)) << i;
    } else {
      EXPECT_EQ(secret.error().code, ErrorCode::crypto_failed);
    }
  }
}

TEST_P(AnyKem, RefusesEveryWrongSize) {
  const auto out = kem_encapsulate(GetParam(), pair_.public_key, entropy_);
  for (int change : {-1, 1}) {
    const auto resized = [&](Bytes bytes) {
      bytes.resize(bytes.size() + static_cast<std::size_t>(change));
      return bytes;
    };
    EXPECT_EQ(kem_check_public_key(GetParam(), resized(pair_.public_key)).error().code, ErrorCode::malformed);
    EXPECT_EQ(kem_encapsulate(GetParam(), resized(pair_.public_key), entropy_).error().code, ErrorCode::crypto_failed);
    EXPECT_EQ(kem_decapsulate(GetParam(), pair_.private_key, resized(out->ciphertext)).error().code,
              ErrorCode::crypto_failed);
  }
  const KemPrivateKey short_key(pair_.private_key.expose().first(pair_.private_key.size() - 1));
  EXPECT_EQ(kem_public_key(GetParam(), short_key).error().code, ErrorCode::malformed);
  EXPECT_EQ(kem_decapsulate(GetParam(), short_key, out->ciphertext).error().code, ErrorCode::malformed);
  EXPECT_EQ(kem_encapsulate_deterministic(GetParam(), pair_.public_key, Bytes(31)).error().code, ErrorCode::malformed);
}

/// X25519 points of small order (RFC 7748 s.6.1), and what is equal to them modulo p.
constexpr const char* kSmallOrderPoints[] = {
    "0000000000000000000000000000000000000000000000000000000000000000",
    "0100000000000000000000000000000000000000000000000000000000000000",
    "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
    "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
};

TEST(X25519, RefusesAnAllZeroResult) {
  testing::SeededEntropy entropy(10);
  const KemKeyPair pair = kem_generate(KemAlgorithm::dhkem_x25519, entropy);
  const KemKeyPair hybrid = kem_generate(KemAlgorithm::xwing_hpke, entropy);
  for (const char* point : kSmallOrderPoints) {
    const Bytes bytes = *from_hex(point);
    const auto sent = kem_encapsulate(KemAlgorithm::dhkem_x25519, bytes, entropy);
    ASSERT_FALSE(sent) << point;
    EXPECT_EQ(sent.error().code, ErrorCode::crypto_failed);
    const auto received = kem_decapsulate(KemAlgorithm::dhkem_x25519, pair.private_key, bytes);
    ASSERT_FALSE(received) << point;
    EXPECT_EQ(received.error().code, ErrorCode::crypto_failed);

    Bytes hybrid_key = hybrid.public_key;
    std::copy(bytes.begin(), bytes.end(), hybrid_key.end() - 32);
    EXPECT_FALSE(kem_encapsulate(KemAlgorithm::xwing_hpke, hybrid_key, entropy)) << point;
  }
}

// A key that nobody can seal to must be refused at the door: once it is a leaf, every commit of the others fails.
TEST(X25519, KnowsKeysThatNobodyCanSealTo) {
  testing::SeededEntropy entropy(12);
  const KemKeyPair hybrid = kem_generate(KemAlgorithm::xwing_hpke, entropy);
  const auto in_hybrid = [&](const Bytes& point) { return concat({ByteView(hybrid.public_key).first(1184), point}); };
  for (const char* text : kSmallOrderPoints) {
    for (const std::uint8_t top_bit : Bytes{0x00, 0x80}) {
      Bytes point = *from_hex(text);
      point[31] |= top_bit;
      EXPECT_FALSE(kem_encapsulate(KemAlgorithm::dhkem_x25519, point, entropy)) << text;
      EXPECT_FALSE(kem_check_public_key(KemAlgorithm::dhkem_x25519, point)) << text;
      EXPECT_FALSE(kem_check_public_key(KemAlgorithm::xwing_shake, in_hybrid(point))) << text;
      EXPECT_FALSE(kem_check_public_key(KemAlgorithm::xwing_hpke, in_hybrid(point))) << text;
    }
  }
}

// RFC 9420 s.7.3 asks whether two keys are the same; they must not be so in different bytes.
TEST(X25519, HasOneEncodingForAKey) {
  testing::SeededEntropy entropy(13);
  const auto is_key = [](const Bytes& point) {
    return kem_check_public_key(KemAlgorithm::dhkem_x25519, point).has_value();
  };
  const KemKeyPair pair = kem_generate(KemAlgorithm::dhkem_x25519, entropy);
  Bytes twin = pair.public_key;
  twin[31] ^= 0x80;
  EXPECT_TRUE(is_key(pair.public_key));
  EXPECT_FALSE(is_key(twin));
  EXPECT_TRUE(kem_encapsulate(KemAlgorithm::dhkem_x25519, pair.public_key, entropy));
  EXPECT_FALSE(kem_encapsulate(KemAlgorithm::dhkem_x25519, twin, entropy));
  Bytes near_prime(32, 0xff);
  near_prime[31] = 0x7f;
  for (unsigned last = 0; last < 256; ++last) {  // p ends in 0xed, and p - 1 has a small order
    near_prime[0] = static_cast<std::uint8_t>(last);
    EXPECT_EQ(is_key(near_prime), last < 0xec) << last;
  }
  KemKeyPair hybrid = kem_generate(KemAlgorithm::xwing_hpke, entropy);
  EXPECT_TRUE(kem_check_public_key(KemAlgorithm::xwing_hpke, hybrid.public_key));
  hybrid.public_key.back() ^= 0x80;
  EXPECT_FALSE(kem_check_public_key(KemAlgorithm::xwing_hpke, hybrid.public_key));
  EXPECT_FALSE(kem_encapsulate(KemAlgorithm::xwing_hpke, hybrid.public_key, entropy));
}

TEST(P256, RefusesPointsThatAreNotOnTheCurve) {
  testing::SeededEntropy entropy(11);
  const KemKeyPair pair = kem_generate(KemAlgorithm::dhkem_p256, entropy);
  const auto expect_refused = [&](const Bytes& point) {
    EXPECT_FALSE(kem_check_public_key(KemAlgorithm::dhkem_p256, point));
    EXPECT_EQ(kem_encapsulate(KemAlgorithm::dhkem_p256, point, entropy).error().code, ErrorCode::crypto_failed);
    EXPECT_EQ(kem_decapsulate(KemAlgorithm::dhkem_p256, pair.private_key, point).error().code,
              ErrorCode::crypto_failed);
  };
  for (std::size_t i = 0; i < pair.public_key.size(); ++i) {
    Bytes bad = pair.public_key;
    bad[i] ^= 1;
    expect_refused(bad);
  }
  expect_refused(Bytes(65));
  expect_refused(Bytes{0});  // the point at infinity
  // x = p, y = sqrt(b): the point (0, sqrt(b)) written with a coordinate that is not reduced.
  const std::string y = "66485c780e2f83d72433bd5d84a06bb6541c2af31dae871728bf856a174f93f4";
  EXPECT_TRUE(kem_check_public_key(KemAlgorithm::dhkem_p256, *from_hex("04" + std::string(64, '0') + y)));
  expect_refused(*from_hex("04ffffffff00000001000000000000000000000000ffffffffffffffffffffffff" + y));
  // Compressed and hybrid forms.
  Bytes compressed = pair.public_key;
  compressed.resize(33);
  compressed[0] = static_cast<std::uint8_t>(2 + (pair.public_key[64] & 1));
  expect_refused(compressed);
  Bytes mixed = pair.public_key;
  mixed[0] = static_cast<std::uint8_t>(6 + (pair.public_key[64] & 1));
  expect_refused(mixed);
}

}  // namespace
}  // namespace cairn::crypto
