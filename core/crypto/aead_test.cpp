#include "core/crypto/aead.h"

#include <gtest/gtest.h>

#include "core/base/encoding.h"
#include "tests/support/seeded_entropy.h"

namespace cairn::crypto {
namespace {

constexpr AeadAlgorithm kAllAeads[] = {AeadAlgorithm::aes_128_gcm, AeadAlgorithm::aes_256_gcm,
                                       AeadAlgorithm::chacha20_poly1305, AeadAlgorithm::xchacha20_poly1305,
                                       AeadAlgorithm::aegis_256};

struct AeadCase {
  AeadAlgorithm algorithm;
  std::string key, nonce, aad, plaintext, ciphertext;
};

void expect_known_answer(const AeadCase& known) {
  const Bytes key = *from_hex(known.key);
  const Bytes nonce = *from_hex(known.nonce);
  const Bytes aad = *from_hex(known.aad);
  EXPECT_EQ(to_hex(aead_seal(known.algorithm, key, nonce, aad, *from_hex(known.plaintext))), known.ciphertext);
  const auto opened = aead_open(known.algorithm, key, nonce, aad, *from_hex(known.ciphertext));
  ASSERT_TRUE(opened);
  EXPECT_EQ(to_hex(opened->expose()), known.plaintext);
}

// The Galois/Counter Mode of Operation (McGrew, Viega), test cases 1, 4 and 16.
TEST(AesGcm, MatchesTheTestCasesOfItsAuthors) {
  const std::string key = "feffe9928665731c6d6a8f9467308308";
  const std::string nonce = "cafebabefacedbaddecaf888";
  const std::string aad = "feedfacedeadbeeffeedfacedeadbeefabaddad2";
  const std::string plaintext =
      "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"
      "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39";
  expect_known_answer({AeadAlgorithm::aes_128_gcm, std::string(32, '0'), std::string(24, '0'), "", "",
                       "58e2fccefa7e3061367f1d57a4e7455a"});
  expect_known_answer({AeadAlgorithm::aes_128_gcm, key, nonce, aad, plaintext,
                       "42831ec2217774244b7221b784d0d49ce3aa212f2c02a4e035c17e2329aca12e"
                       "21d514b25466931c7d8f6a5aac84aa051ba30b396a0aac973d58e091"
                       "5bc94fbc3221a5db94fae95ae7121a47"});
  expect_known_answer({AeadAlgorithm::aes_256_gcm, key + key, nonce, aad, plaintext,
                       "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa"
                       "8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662"
                       "76fc6ece0f4e1768cddf8853bb2d551b"});
}

const std::string kSunscreen = to_hex(as_bytes(std::string_view(
    "Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the future, sunscreen would be "
    "it.")));
constexpr const char* kSunscreenKey = "808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f";
constexpr const char* kSunscreenAad = "50515253c0c1c2c3c4c5c6c7";

// RFC 8439 s.2.8.2.
TEST(ChaCha20Poly1305, MatchesRfc8439) {
  expect_known_answer({AeadAlgorithm::chacha20_poly1305, kSunscreenKey, "070000004041424344454647", kSunscreenAad,
                       kSunscreen,
                       "d31a8d34648e60db7b86afbc53ef7ec2a4aded51296e08fea9e2b5a736ee62d63dbea45e8ca9671282fafb69da92"
                       "728b1a71de0a9e060b2905d6a5b67ecd3b3692ddbd7f2d778b8c9803aee328091b58fab324e4fad675945585808b"
                       "4831d7bc3ff4def08e4b7a9de576d26586cec64b61161ae10b594f09e26a7e902ecbd0600691"});
}

// draft-irtf-cfrg-xchacha-03 s.A.3.1.
TEST(XChaCha20Poly1305, MatchesItsDraft) {
  expect_known_answer({AeadAlgorithm::xchacha20_poly1305, kSunscreenKey,
                       "404142434445464748494a4b4c4d4e4f5051525354555657", kSunscreenAad, kSunscreen,
                       "bd6d179d3e83d43b9576579493c0e939572a1700252bfaccbed2902c21396cbb731c7f1b0b4aa6440bf3a82f4eda"
                       "7e39ae64c6708c54c216cb96b72e1213b4522f8c9ba40db5d945b11b69b982c1bb9e3f3fac2bc369488f76b23835"
                       "65d3fff921f9664c97637da9768812f615c68b13b52ec0875924c1c7987947deafd8780acf49"});
}

// draft-irtf-cfrg-aegis-aead s.A.3, vectors 1 and 2 with the 256-bit tag.
TEST(Aegis256, MatchesItsDraft) {
  const std::string key = "1001" + std::string(60, '0');
  const std::string nonce = "100002" + std::string(58, '0');
  expect_known_answer({AeadAlgorithm::aegis_256, key, nonce, "", std::string(32, '0'),
                       "754fc3d8c973246dcc6d741412a4b236"
                       "1181a1d18091082bf0266f66297d167d2e68b845f61a3b0527d31fc7b7b89f13"});
  expect_known_answer({AeadAlgorithm::aegis_256, key, nonce, "", "",
                       "6a348c930adbd654896e1666aad67de989ea75ebaa2b82fb588977b1ffec864a"});
}

class AnyAead : public ::testing::TestWithParam<AeadAlgorithm> {
 protected:
  Bytes random(std::size_t size) {
    Bytes out(size);
    entropy_.fill(out);
    return out;
  }
  testing::SeededEntropy entropy_{3};
  const Bytes key_ = random(aead_key_size(GetParam()));
  const Bytes nonce_ = random(aead_nonce_size(GetParam()));
};
INSTANTIATE_TEST_SUITE_P(All, AnyAead, ::testing::ValuesIn(kAllAeads));

TEST_P(AnyAead, OpensWhatItSealed) {
  for (std::size_t size : {0u, 1u, 15u, 16u, 17u, 64u, 200u, 65536u}) {
    const Bytes plaintext = random(size);
    const Bytes aad = random(size % 50);
    const Bytes sealed = aead_seal(GetParam(), key_, nonce_, aad, plaintext);
    EXPECT_EQ(sealed.size(), size + aead_tag_size(GetParam()));
    const auto opened = aead_open(GetParam(), key_, nonce_, aad, sealed);
    ASSERT_TRUE(opened);
    EXPECT_TRUE(equal(opened->expose(), plaintext));
  }
}

TEST_P(AnyAead, RefusesAnyBitFlippedAndAnyOtherLength) {
  const Bytes aad = random(5);
  const Bytes sealed = aead_seal(GetParam(), key_, nonce_, aad, random(20));
  for (std::size_t bit = 0; bit < 8 * sealed.size(); ++bit) {
    Bytes bad = sealed;
    bad[bit / 8] ^= static_cast<std::uint8_t>(1 << (bit % 8));
    const auto opened = aead_open(GetParam(), key_, nonce_, aad, bad);
    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error().code, ErrorCode::crypto_failed);
  }
  for (std::size_t size = 0; size < sealed.size(); ++size) {
    const auto opened = aead_open(GetParam(), key_, nonce_, aad, ByteView(sealed).first(size));
    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error().code, ErrorCode::crypto_failed);
  }
  EXPECT_FALSE(aead_open(GetParam(), key_, nonce_, aad, concat({sealed, Bytes(1)})));
}

TEST_P(AnyAead, RefusesAnotherKeyNonceOrAssociatedData) {
  const Bytes aad = random(5);
  const Bytes sealed = aead_seal(GetParam(), key_, nonce_, aad, random(20));
  EXPECT_FALSE(aead_open(GetParam(), random(key_.size()), nonce_, aad, sealed));
  EXPECT_FALSE(aead_open(GetParam(), key_, random(nonce_.size()), aad, sealed));
  EXPECT_FALSE(aead_open(GetParam(), key_, nonce_, {}, sealed));
  EXPECT_FALSE(aead_open(GetParam(), key_, nonce_, random(5), sealed));
}

TEST(Aead, OpensIntoRoomOfExactlyItsSize) {
  cairn::testing::SeededEntropy entropy(77);
  for (const AeadAlgorithm algorithm : kAllAeads) {
    Bytes key(aead_key_size(algorithm)), nonce(aead_nonce_size(algorithm));
    entropy.fill(key);
    entropy.fill(nonce);
    const Bytes text = to_bytes("twenty bytes of text");
    const Bytes sealed = aead_seal(algorithm, key, nonce, {}, text);
    Bytes room(text.size());
    ASSERT_TRUE(aead_open_into(algorithm, key, nonce, {}, sealed, room));
    EXPECT_EQ(room, text);
    for (const std::size_t size : {std::size_t{0}, text.size() - 1, text.size() + 1, sealed.size()}) {
      room.resize(size);
      EXPECT_FALSE(aead_open_into(algorithm, key, nonce, {}, sealed, room));
    }
  }
}

}  // namespace
}  // namespace cairn::crypto
