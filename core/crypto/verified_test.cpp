#include "core/crypto/verified.h"

#include <gtest/gtest.h>

#include "tests/support/seeded_entropy.h"

namespace cairn::crypto {
namespace {

using testing::SeededEntropy;

struct Signed {
  PublicKey key;
  Bytes message;
  Signature signature;
};

Signed sign_some(Entropy& entropy, std::string_view text) {
  const SigningKey key = SigningKey::generate(entropy);
  Bytes message = to_bytes(text);
  const Signature signature = key.sign(message);
  return {key.public_key(), std::move(message), signature};
}

template <class T>
T flipped(T value, std::size_t at) {
  value.mutable_view()[at] ^= 1;
  return value;
}

TEST(Verified, RemembersASignatureThatIsGood) {
  SeededEntropy entropy(1);
  const Signed one = sign_some(entropy, "checkpoint");
  Verified verified(4, 4);
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(verified.verify(one.key, one.message, one.signature).has_value());
  EXPECT_EQ(verified.size(), 1u);
}

TEST(Verified, RefusesEverythingElseAfterAGoodOne) {
  SeededEntropy entropy(2);
  const Signed one = sign_some(entropy, "checkpoint");
  const Signed other = sign_some(entropy, "checkpoint");
  Verified verified(4, 4);
  ASSERT_TRUE(verified.verify(one.key, one.message, one.signature).has_value());

  const auto refuses = [&](const PublicKey& key, ByteView message, const Signature& signature) {
    const Status status = verified.verify(key, message, signature);
    return !status && status.error().code == ErrorCode::invalid_signature;
  };
  EXPECT_TRUE(refuses(other.key, one.message, one.signature));
  EXPECT_TRUE(refuses(one.key, to_bytes(std::string_view("checkpoinT")), one.signature));
  EXPECT_TRUE(refuses(one.key, ByteView(one.message).first(9), one.signature));
  EXPECT_TRUE(refuses(one.key, concat({one.message, one.message}), one.signature));
  for (const std::size_t at : {0u, 31u, 32u, 63u})
    EXPECT_TRUE(refuses(one.key, one.message, flipped(one.signature, at)));
  EXPECT_EQ(verified.size(), 1u);
}

TEST(Verified, DoesNotRememberWhatIsBad) {
  SeededEntropy entropy(3);
  const Signed one = sign_some(entropy, "checkpoint");
  const Signature bad = flipped(one.signature, 5);
  Verified verified(4, 4);
  for (int i = 0; i < 3; ++i) EXPECT_FALSE(verified.verify(one.key, one.message, bad).has_value());
  EXPECT_EQ(verified.size(), 0u);
  EXPECT_TRUE(verified.verify(one.key, one.message, one.signature).has_value());
}

TEST(Verified, GivesTheOutputOfAProofAgain) {
  SeededEntropy entropy(4);
  const auto secret = random_secret<VrfSecretKey>(entropy);
  const VrfPublicKey key = vrf_public_key(secret);
  const Bytes alice = to_bytes(std::string_view("alice@example.org"));
  const Bytes bob = to_bytes(std::string_view("bob@example.org"));
  const VrfResult of_alice = vrf_prove(secret, alice);
  const VrfResult of_bob = vrf_prove(secret, bob);
  Verified verified(4, 4);
  for (int i = 0; i < 2; ++i) {
    const auto output = verified.vrf_verify(key, alice, of_alice.proof);
    ASSERT_TRUE(output.has_value());
    EXPECT_EQ(*output, of_alice.output);
    const auto other = verified.vrf_verify(key, bob, of_bob.proof);
    ASSERT_TRUE(other.has_value());
    EXPECT_EQ(*other, of_bob.output);
  }
  EXPECT_EQ(verified.size(), 2u);

  const VrfPublicKey other_key = vrf_public_key(random_secret<VrfSecretKey>(entropy));
  EXPECT_FALSE(verified.vrf_verify(key, bob, of_alice.proof).has_value());
  EXPECT_FALSE(verified.vrf_verify(other_key, alice, of_alice.proof).has_value());
  for (const std::size_t at : {0u, 32u, 48u, 79u}) {
    EXPECT_FALSE(verified.vrf_verify(key, alice, flipped(of_alice.proof, at)).has_value()) << at;
  }
  EXPECT_EQ(verified.size(), 2u);
}

// What is asked for again and again stays, however much comes between.
TEST(Verified, IsBoundedAndForgetsTheOldest) {
  SeededEntropy entropy(5);
  Verified verified(3, 3);
  const Signed kept = sign_some(entropy, "kept");
  for (int i = 0; i < 20; ++i) {
    const Signed one = sign_some(entropy, std::to_string(i));
    EXPECT_TRUE(verified.verify(one.key, one.message, one.signature).has_value());
    EXPECT_TRUE(verified.verify(kept.key, kept.message, kept.signature).has_value());
    EXPECT_LE(verified.size(), 6u);
  }
  verified.forget_all();
  EXPECT_EQ(verified.size(), 0u);
  EXPECT_TRUE(verified.verify(kept.key, kept.message, kept.signature).has_value());
}

}  // namespace
}  // namespace cairn::crypto
