#include "core/crypto/stream_aead.h"

#include <gtest/gtest.h>

#include "core/crypto/aead.h"
#include "tests/support/seeded_entropy.h"

namespace cairn::crypto {
namespace {

class StreamTest : public ::testing::Test {
 protected:
  Bytes random(std::size_t size) {
    Bytes out(size);
    entropy.fill(out);
    return out;
  }
  Bytes seal(ByteView plaintext) const {
    StreamSealer sealer(key.clone(), nonce);
    Bytes out;
    while (plaintext.size() > kStreamChunk) {
      sealer.seal(plaintext.first(kStreamChunk), out);
      plaintext = plaintext.subspan(kStreamChunk);
    }
    sealer.seal_last(plaintext, out);
    return out;
  }
  /// What is the last chunk of these bytes is opened as the last.
  Result<Bytes> open(ByteView sealed) const {
    StreamOpener opener(key.clone(), nonce);
    Bytes out;
    while (sealed.size() > kStreamSealedChunk) {
      TRY(opener.open(sealed.first(kStreamSealedChunk), out));
      sealed = sealed.subspan(kStreamSealedChunk);
    }
    TRY(opener.open_last(sealed, out));
    CHECK(opener.is_whole());
    return out;
  }
  static Bytes chunk(const Bytes& sealed, std::size_t number) {
    const ByteView rest = ByteView(sealed).subspan(number * kStreamSealedChunk);
    return to_bytes(rest.first(std::min(rest.size(), kStreamSealedChunk)));
  }

  testing::SeededEntropy entropy{1};
  StreamKey key = [this] {
    StreamKey out;
    entropy.fill(out.expose_mutable());
    return out;
  }();
  StreamNonce nonce = random_value<StreamNonce>(entropy);
};

TEST_F(StreamTest, WhatWasSealedIsOpenedAtEverySize) {
  for (const std::size_t size : {std::size_t{0}, std::size_t{1}, kStreamChunk - 1, kStreamChunk, kStreamChunk + 1,
                                 3 * kStreamChunk - 1, 3 * kStreamChunk, 3 * kStreamChunk + 77}) {
    const Bytes plaintext = random(size);
    const Bytes sealed = seal(plaintext);
    EXPECT_EQ(sealed.size(), stream_sealed_size(size)) << size;
    const auto opened = open(sealed);
    ASSERT_TRUE(opened) << size;
    EXPECT_EQ(*opened, plaintext) << size;
  }
}

TEST_F(StreamTest, AChunkIsTheAeadUnderItsNumberAndWhetherItIsTheLast) {
  const Bytes plaintext = random(kStreamChunk + 5);
  const Bytes sealed = seal(plaintext);
  const Bytes first = concat({nonce, Bytes{0, 0, 0, 0, 0}});
  const Bytes second = concat({nonce, Bytes{0, 0, 0, 1, 1}});
  const ByteView all(plaintext);
  EXPECT_EQ(chunk(sealed, 0),
            aead_seal(AeadAlgorithm::xchacha20_poly1305, key.expose(), first, {}, all.first(kStreamChunk)));
  EXPECT_EQ(chunk(sealed, 1),
            aead_seal(AeadAlgorithm::xchacha20_poly1305, key.expose(), second, {}, all.subspan(kStreamChunk)));
}

TEST_F(StreamTest, WhatIsCutOffIsSeen) {
  for (const std::size_t size : {std::size_t{5}, kStreamChunk, 3 * kStreamChunk, 3 * kStreamChunk + 77}) {
    const Bytes sealed = seal(random(size));
    for (const std::size_t cut : {std::size_t{1}, std::size_t{5}, kStreamTag, kStreamSealedChunk - 1,
                                  kStreamSealedChunk, 2 * kStreamSealedChunk}) {
      if (cut >= sealed.size()) continue;
      EXPECT_FALSE(open(ByteView(sealed).first(sealed.size() - cut))) << size << " " << cut;
    }
    EXPECT_FALSE(open({}));
  }
}

TEST_F(StreamTest, NoChunkStandsInThePlaceOfAnother) {
  const Bytes sealed = seal(random(4 * kStreamChunk));
  for (std::size_t a = 0; a < 4; ++a) {
    for (std::size_t b = 0; b < 4; ++b) {
      Bytes changed;
      for (std::size_t i = 0; i < 4; ++i) append(changed, chunk(sealed, i == a ? b : i == b ? a : i));
      EXPECT_EQ(open(changed).has_value(), a == b) << a << " " << b;
      Bytes repeated;
      for (std::size_t i = 0; i < 4; ++i) append(repeated, chunk(sealed, i == a ? b : i));
      EXPECT_EQ(open(repeated).has_value(), a == b) << a << " " << b;
    }
  }
}

TEST_F(StreamTest, ChunksThatAreLeftOutOrAddedAreSeen) {
  const Bytes sealed = seal(random(3 * kStreamChunk + 9));
  const Bytes other = seal(random(3 * kStreamChunk + 9));  // of the same key even, which no program makes
  EXPECT_FALSE(open(concat({chunk(sealed, 0), chunk(sealed, 2), chunk(sealed, 3)})));
  EXPECT_FALSE(
      open(concat({chunk(sealed, 0), chunk(sealed, 0), chunk(sealed, 1), chunk(sealed, 2), chunk(sealed, 3)})));
  EXPECT_FALSE(open(concat({sealed, chunk(sealed, 3)})));
  EXPECT_FALSE(open(concat({sealed, Bytes(kStreamTag)})));
  EXPECT_FALSE(open(concat({sealed, Bytes{0}})));
  EXPECT_FALSE(open(concat({chunk(sealed, 0), chunk(sealed, 1), chunk(sealed, 2), chunk(sealed, 2), chunk(other, 3)})));
}

TEST_F(StreamTest, EachFlippedBitIsSeen) {
  const Bytes sealed = seal(random(kStreamChunk + 3));
  for (std::size_t at = 0; at < sealed.size(); at += 4'111) {
    Bytes changed = sealed;
    changed[at] ^= static_cast<std::uint8_t>(1u << (at % 8));
    EXPECT_FALSE(open(changed)) << at;
  }
  for (std::size_t back = 1; back <= kStreamTag + 3; ++back) {
    Bytes changed = sealed;
    changed[sealed.size() - back] ^= 0x80;
    EXPECT_FALSE(open(changed)) << back;
  }
}

TEST_F(StreamTest, AnotherKeyOrNonceOpensNothing) {
  const Bytes sealed = seal(random(100));
  StreamKey other_key = key.clone();
  other_key.expose_mutable()[0] ^= 1;
  StreamNonce other_nonce = nonce;
  other_nonce.mutable_view()[18] ^= 1;
  Bytes out;
  EXPECT_FALSE(StreamOpener(std::move(other_key), nonce).open_last(sealed, out));
  EXPECT_FALSE(StreamOpener(key.clone(), other_nonce).open_last(sealed, out));
  EXPECT_TRUE(out.empty());
}

TEST_F(StreamTest, AnEmptyLastChunkBehindOthersIsNone) {
  Bytes sealed;
  StreamSealer sealer(key.clone(), nonce);
  sealer.seal(random(kStreamChunk), sealed);
  const Bytes empty =
      aead_seal(AeadAlgorithm::xchacha20_poly1305, key.expose(), concat({nonce, Bytes{0, 0, 0, 1, 1}}), {}, {});
  EXPECT_FALSE(open(concat({sealed, empty})));
}

TEST_F(StreamTest, AFailureChangesNothingAndOpeningGoesOnFromAnyChunk) {
  const Bytes plaintext = random(3 * kStreamChunk);
  const Bytes sealed = seal(plaintext);
  StreamOpener opener(key.clone(), nonce, 1);
  Bytes out;
  EXPECT_FALSE(opener.open(chunk(sealed, 0), out));
  EXPECT_EQ(opener.next(), 1u);
  ASSERT_TRUE(opener.open(chunk(sealed, 1), out));
  EXPECT_FALSE(opener.open(chunk(sealed, 2), out));  // it is the last
  EXPECT_FALSE(opener.is_whole());
  ASSERT_TRUE(opener.open_last(chunk(sealed, 2), out));
  EXPECT_TRUE(opener.is_whole());
  EXPECT_FALSE(opener.open_last(chunk(sealed, 2), out));
  EXPECT_TRUE(equal(out, ByteView(plaintext).subspan(kStreamChunk)));
}

}  // namespace
}  // namespace cairn::crypto
