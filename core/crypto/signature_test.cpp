#include "core/crypto/signature.h"

#include <gtest/gtest.h>

#include "core/base/encoding.h"
#include "core/crypto/internal/edwards.h"
#include "core/crypto/internal/sodium.h"
#include "core/crypto/labels.h"
#include "tests/support/seeded_entropy.h"

namespace cairn::crypto {
namespace {

ByteView message_text(std::string_view value) { return as_bytes(value); }

SigningKey key_from(std::string_view seed) { return SigningKey::from_seed(*Ed25519Seed::from(*from_hex(seed))); }

/// The eight points of small order, and encodings of them that are not canonical.
constexpr const char* kSmallOrder[] = {
    "0100000000000000000000000000000000000000000000000000000000000000",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "0000000000000000000000000000000000000000000000000000000000000000",
    "0000000000000000000000000000000000000000000000000000000000000080",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
    "0100000000000000000000000000000000000000000000000000000000000080",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
};
constexpr std::size_t kCanonical = 8;

struct SignatureCase {
  const char* seed;
  const char* public_key;
  const char* message;
  const char* signature;
};

// RFC 8032 s.7.1, tests 1 to 3.
TEST(Ed25519, MatchesRfc8032) {
  const SignatureCase cases[] = {
      {"9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
       "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
       "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155"
       "5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"},
      {"4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
       "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
       "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
       "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"},
      {"c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
       "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
       "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac"
       "18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a"},
  };
  for (const SignatureCase& known : cases) {
    const SigningKey key = key_from(known.seed);
    const Bytes message = *from_hex(known.message);
    EXPECT_EQ(to_hex(key.public_key()), known.public_key);
    EXPECT_EQ(to_hex(key.sign(message)), known.signature);
    EXPECT_TRUE(verify(key.public_key(), message, key.sign(message)));
    EXPECT_EQ(to_hex(key.seed().expose()), known.seed);
    EXPECT_EQ(key.clone().sign(message), key.sign(message));
  }
}

TEST(Ed25519, IsTheSameKeyBeforeAndAfterItsPublicHalfWasAskedFor) {
  testing::SeededEntropy entropy(11);
  const SigningKey asked = SigningKey::generate(entropy);
  const PublicKey public_key = asked.public_key();
  const SigningKey unasked = SigningKey::from_seed(asked.seed().clone());
  const SigningKey early_clone = unasked.clone();
  const Bytes message = to_bytes(std::string_view("hello"));
  const Signature signature = unasked.sign(message);
  EXPECT_TRUE(verify(public_key, message, signature).has_value());
  EXPECT_EQ(asked.sign(message), signature);
  EXPECT_EQ(early_clone.sign(message), signature);
  EXPECT_EQ(unasked.public_key(), public_key);
  EXPECT_EQ(unasked.clone().public_key(), public_key);
  EXPECT_EQ(early_clone.public_key(), public_key);
  const SignatureKey of_suites = SignatureKey::from(unasked);
  EXPECT_EQ(of_suites.public_key(), to_bytes(public_key));
  const auto same = of_suites.sign(message);
  ASSERT_TRUE(same.has_value());
  EXPECT_EQ(*same, to_bytes(signature));
}

TEST(Ed25519, RefusesAnyBitFlippedInKeyMessageOrSignature) {
  testing::SeededEntropy entropy(4);
  const SigningKey key = SigningKey::generate(entropy);
  const Bytes message(7, 0x31);
  const Signature good = key.sign(message);
  ASSERT_TRUE(verify(key.public_key(), message, good));
  for (std::size_t bit = 0; bit < 512; ++bit) {
    Signature bad = good;
    bad.mutable_view()[bit / 8] ^= static_cast<std::uint8_t>(1 << (bit % 8));
    const Status status = verify(key.public_key(), message, bad);
    ASSERT_FALSE(status) << bit;
    EXPECT_EQ(status.error().code, ErrorCode::invalid_signature);
  }
  for (std::size_t bit = 0; bit < 256; ++bit) {
    PublicKey bad = key.public_key();
    bad.mutable_view()[bit / 8] ^= static_cast<std::uint8_t>(1 << (bit % 8));
    EXPECT_FALSE(verify(bad, message, good)) << bit;
  }
  EXPECT_FALSE(verify(key.public_key(), ByteView(message).first(6), good));
  EXPECT_FALSE(verify(SigningKey::generate(entropy).public_key(), message, good));
}

// RFC 8032 s.5.1.7: S in [0, L).
TEST(Ed25519, RefusesTheSameScalarPlusTheGroupOrder) {
  testing::SeededEntropy entropy(5);
  const SigningKey key = SigningKey::generate(entropy);
  const Bytes order = *from_hex("edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010");
  Signature signature = key.sign(message_text("m"));
  unsigned carry = 0;
  for (std::size_t i = 0; i < 32; ++i) {
    carry += unsigned{signature.view()[32 + i]} + order[i];
    signature.mutable_view()[32 + i] = static_cast<std::uint8_t>(carry);
    carry >>= 8;
  }
  ASSERT_EQ(carry, 0u);
  EXPECT_FALSE(verify(key.public_key(), message_text("m"), signature));
}

// With a key of small order, R = 0 * B + identity and S = 0 would sign everything.
TEST(Ed25519, RefusesKeysAndCommitmentsOfSmallOrder) {
  testing::SeededEntropy entropy(6);
  const SigningKey honest = SigningKey::generate(entropy);
  for (const char* point : kSmallOrder) {
    const PublicKey key = *PublicKey::from(*from_hex(point));
    for (const char* commitment : kSmallOrder) {
      Signature signature;
      std::memcpy(signature.mutable_view().data(), from_hex(commitment)->data(), 32);
      for (int i = 0; i < 16; ++i) {
        const std::uint8_t message = static_cast<std::uint8_t>(i);
        EXPECT_FALSE(verify(key, ByteView(&message, 1), signature));
      }
      EXPECT_FALSE(verify(honest.public_key(), message_text("m"), signature));
    }
  }
}

TEST(Ed25519, KnowsCanonicalEncodingsOfPoints) {
  for (std::size_t i = 0; i < std::size(kSmallOrder); ++i) {
    EXPECT_EQ(internal::is_canonical_point(*from_hex(kSmallOrder[i])), i < kCanonical) << kSmallOrder[i];
  }
  Bytes y(32, 0xff);
  for (unsigned low = 0; low < 256; ++low) {  // y = 2^255 - 256 + low
    y[0] = static_cast<std::uint8_t>(low);
    y[31] = 0x7f;
    EXPECT_EQ(internal::is_canonical_point(y), low < 0xed);
    y[31] = 0xff;
    EXPECT_EQ(internal::is_canonical_point(y), low < 0xec);
  }
}

TEST(LabelledSignature, SignsLabelZeroContent) {
  Bytes seed(32);
  for (std::size_t i = 0; i < 32; ++i) seed[i] = static_cast<std::uint8_t>(i);
  const SigningKey key = SigningKey::from_seed(*Ed25519Seed::from(seed));
  const Signature signature = sign_labelled(key, kSignStatement, message_text("hello"));
  EXPECT_EQ(to_hex(signature),  // over "cairn/v1 statement" 00 "hello", by another implementation
            "93e657867b16f16d8c5f5267c9b0d117ccc031d57e541af02656c947acf782eb"
            "9adc0204bc454e9b5979137e209171fd403e11aa3356c57ccfe6935779b4240f");
  EXPECT_TRUE(verify_labelled(key.public_key(), kSignStatement, message_text("hello"), signature));
  EXPECT_FALSE(verify_labelled(key.public_key(), kSignLogin, message_text("hello"), signature));
  EXPECT_FALSE(verify_labelled(key.public_key(), kSignStatement, message_text("hello!"), signature));
  EXPECT_FALSE(verify(key.public_key(), message_text("hello"), signature));
}

class AnySignature : public ::testing::TestWithParam<SignatureAlgorithm> {};
INSTANTIATE_TEST_SUITE_P(All, AnySignature,
                         ::testing::Values(SignatureAlgorithm::ed25519, SignatureAlgorithm::ecdsa_p256_sha256));

TEST_P(AnySignature, VerifiesWhatItSigned) {
  testing::SeededEntropy entropy(7);
  for (std::size_t size : {0u, 1u, 100u}) {
    const SignatureKeyPair pair = generate_signature_key(GetParam(), entropy);
    EXPECT_EQ(*signature_public_key(GetParam(), pair.private_key), pair.public_key);
    const Bytes message(size, 0x42);
    const auto signature = sign(GetParam(), pair.private_key, message);
    ASSERT_TRUE(signature);
    EXPECT_TRUE(verify(GetParam(), pair.public_key, message, *signature));
    EXPECT_FALSE(verify(GetParam(), pair.public_key, concat({message, Bytes(1)}), *signature));
    EXPECT_FALSE(verify(GetParam(), generate_signature_key(GetParam(), entropy).public_key, message, *signature));
  }
}

TEST_P(AnySignature, IsTheSameByAKeyThatKnowsItsPublicHalf) {
  testing::SeededEntropy entropy(12);
  const SignatureKeyPair pair = generate_signature_key(GetParam(), entropy);
  const auto key = SignatureKey::from(GetParam(), pair.private_key.clone());
  ASSERT_TRUE(key.has_value());
  EXPECT_EQ(key->public_key(), pair.public_key);
  const Bytes signature = *key->clone().sign(as_bytes("message"));
  EXPECT_TRUE(verify(GetParam(), pair.public_key, as_bytes("message"), signature));
  if (GetParam() == SignatureAlgorithm::ed25519) {
    EXPECT_EQ(signature, *sign(GetParam(), pair.private_key, as_bytes("message")));
  }
  EXPECT_FALSE(SignatureKey::from(GetParam(), SignaturePrivateKey(std::size_t{5})).has_value());
}

TEST_P(AnySignature, RefusesDamagedKeysAndSignatures) {
  testing::SeededEntropy entropy(8);
  const SignatureKeyPair pair = generate_signature_key(GetParam(), entropy);
  const Bytes message(9, 0x42);
  const Bytes good = *sign(GetParam(), pair.private_key, message);
  for (std::size_t size = 0; size < good.size(); ++size) {
    const Status status = verify(GetParam(), pair.public_key, message, ByteView(good).first(size));
    ASSERT_FALSE(status);
    EXPECT_EQ(status.error().code, ErrorCode::invalid_signature);
  }
  EXPECT_FALSE(verify(GetParam(), pair.public_key, message, concat({good, Bytes(1)})));
  for (std::size_t i = 0; i < good.size(); ++i) {
    Bytes bad = good;
    bad[i] ^= 1;
    EXPECT_FALSE(verify(GetParam(), pair.public_key, message, bad)) << i;
  }
  for (std::size_t i = 0; i < pair.public_key.size(); ++i) {
    Bytes bad = pair.public_key;
    bad[i] ^= 1;
    EXPECT_FALSE(verify(GetParam(), bad, message, good)) << i;
    EXPECT_FALSE(verify(GetParam(), ByteView(bad).first(i), message, good)) << i;
  }
  const auto refused = sign(GetParam(), SignaturePrivateKey(ByteView(good).first(31)), message);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::malformed);
}

// RFC 6979 s.A.2.5: the key, and its signature of "sample" with SHA-256.
TEST(EcdsaP256, VerifiesTheSignatureOfRfc6979) {
  const SignaturePrivateKey key(*from_hex("c9afa9d845ba75166b5c215767b1d6934e50c3db36e89b127b8a622b120f6721"));
  const Bytes public_key = *signature_public_key(SignatureAlgorithm::ecdsa_p256_sha256, key);
  EXPECT_EQ(to_hex(public_key),
            "0460fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6"
            "7903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299");
  const Bytes der = *from_hex(
      "3046022100efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716"
      "022100f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8");
  EXPECT_TRUE(verify(SignatureAlgorithm::ecdsa_p256_sha256, public_key, message_text("sample"), der));
  EXPECT_FALSE(verify(SignatureAlgorithm::ecdsa_p256_sha256, public_key, message_text("test"), der));
}

TEST(EcdsaP256, RefusesScalarsOutOfRange) {
  const char* const order = "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551";
  const char* const order_minus_one = "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632550";
  const auto public_key = [](ByteView scalar) {
    return signature_public_key(SignatureAlgorithm::ecdsa_p256_sha256, SignaturePrivateKey(scalar));
  };
  EXPECT_FALSE(public_key(*from_hex(order)));
  EXPECT_FALSE(public_key(Bytes(32)));
  EXPECT_FALSE(public_key(Bytes(32, 0xff)));
  EXPECT_FALSE(public_key(Bytes(33, 1)));
  EXPECT_TRUE(public_key(*from_hex(order_minus_one)));
  Bytes one(32);
  one[31] = 1;
  EXPECT_TRUE(public_key(one));
}

}  // namespace
}  // namespace cairn::crypto
