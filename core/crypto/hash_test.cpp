#include "core/crypto/hash.h"

#include <gtest/gtest.h>

#include "core/base/encoding.h"
#include "core/crypto/ct.h"
#include "tests/support/seeded_entropy.h"

namespace cairn::crypto {
namespace {

constexpr HashAlgorithm kAllHashes[] = {HashAlgorithm::sha256, HashAlgorithm::sha384, HashAlgorithm::sha512};

ByteView text(std::string_view value) { return as_bytes(value); }

// FIPS 180-4, the examples.
TEST(Hash, MatchesTheExamplesOfFips180) {
  EXPECT_EQ(to_hex(sha256(text("abc"))), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(to_hex(sha256(ByteView{})), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(to_hex(hash(HashAlgorithm::sha384, text("abc"))),
            "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed8086072ba1e7cc2358baeca134c825a7");
  EXPECT_EQ(to_hex(hash(HashAlgorithm::sha512, text("abc"))),
            "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
            "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f");
}

TEST(Hash, IsTheSameHoweverTheBytesAreCut) {
  testing::SeededEntropy entropy(2);
  Bytes data(300);
  entropy.fill(data);
  for (HashAlgorithm algorithm : kAllHashes) {
    const Digest whole = hash(algorithm, data);
    EXPECT_EQ(whole.size(), hash_size(algorithm));
    for (std::size_t cut = 0; cut <= data.size(); cut += 7) {
      const ByteView first = ByteView(data).first(cut);
      const ByteView rest = ByteView(data).subspan(cut);
      EXPECT_EQ(hash(algorithm, {first, {}, rest}), whole);
      Hasher hasher(algorithm);
      Hasher moved = std::move(hasher.update(first));
      EXPECT_EQ(moved.update(rest).finish(), whole);
    }
  }
}

TEST(Hash, InterleavedHashersDoNotDisturbEachOther) {
  Hasher a(HashAlgorithm::sha256);
  a.update(text("a"));
  Hasher b(HashAlgorithm::sha256);
  b.update(text("ab"));
  EXPECT_EQ(sha256(text("abc")), sha256({text("a"), text("bc")}));
  EXPECT_EQ(a.update(text("bc")).finish(), b.update(text("c")).finish());
}

// FIPS 202; values made with another implementation.
TEST(Shake256, MatchesKnownAnswers) {
  Bytes out(32);
  shake256({}, out);
  EXPECT_EQ(to_hex(out), "46b9dd2b0ba88d13233b3feb743eeb243fcd52ea62b81b82b50c27646ed5762f");
  out.resize(200);  // more than one block of output
  shake256({text("a"), text("bc")}, out);
  EXPECT_EQ(to_hex(ByteView(out).first(16)), "483366601360a8771c6863080cc4114d");
  EXPECT_EQ(to_hex(ByteView(out).last(16)), "e6f3b5d710ed3b677513771af6bfe119");
}

struct HmacCase {
  Bytes key;
  Bytes data;
  const char* tags[3];
};

// RFC 4231 s.4.2, 4.3, 4.4, 4.7.
TEST(Hmac, MatchesRfc4231) {
  const HmacCase cases[] = {
      {Bytes(20, 0x0b),
       to_bytes(std::string_view("Hi There")),
       {"b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7",
        "afd03944d84895626b0825f4ab46907f15f9dadbe4101ec682aa034c7cebc59cfaea9ea9076ede7f4af152e8b2fa9cb6",
        "87aa7cdea5ef619d4ff0b4241a1d6cb02379f4e2ce4ec2787ad0b30545e17cde"
        "daa833b7d6b8a702038b274eaea3f4e4be9d914eeb61f1702e696c203a126854"}},
      {to_bytes(std::string_view("Jefe")),
       to_bytes(std::string_view("what do ya want for nothing?")),
       {"5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
        "af45d2e376484031617f78d2b58a6b1b9c7ef464f5a01b47e42ec3736322445e8e2240ca5e69e2c78b3239ecfab21649",
        "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea250554"
        "9758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737"}},
      {Bytes(20, 0xaa),
       Bytes(50, 0xdd),
       {"773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe",
        "88062608d3e6ad8a0aa2ace014c8a86f0aa635d947ac9febe83ef4e55966144b2a5ab39dc13814b94e3ab6e101a34f27",
        "fa73b0089d56a284efb0f0756c890be9b1b5dbdd8ee81a3655f83e33b2279d39"
        "bf3e848279a722c806b485a47e67c807b946a337bee8942674278859e13292fb"}},
      {Bytes(131, 0xaa),
       to_bytes(std::string_view("Test Using Larger Than Block-Size Key - Hash Key First")),
       {"60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54",
        "4ece084485813e9088d2c63a041bc5b44f9ef1012a2b588f3cd11f05033ac4c60c2ef6ab4030fe8296248df163f44952",
        "80b24263c7c1a3ebb71493c1dd7be8b49b46d1f41b4aeec1121b013783f8f352"
        "6b56d037e05f2598bd0fd2215d6a1e5295e64f73f63f0aec8b915a985d786598"}},
  };
  for (const HmacCase& known : cases) {
    for (std::size_t i = 0; i < 3; ++i) {
      const ByteView data(known.data);
      EXPECT_EQ(to_hex(hmac(kAllHashes[i], known.key, {data})), known.tags[i]);
      EXPECT_EQ(to_hex(hmac(kAllHashes[i], known.key, {data.first(3), data.subspan(3)})), known.tags[i]);
    }
  }
}

TEST(CtEqual, ComparesSizesAndEveryByte) {
  const Bytes value(37, 0x5a);
  EXPECT_TRUE(ct_equal(value, Bytes(37, 0x5a)));
  EXPECT_TRUE(ct_equal({}, {}));
  EXPECT_FALSE(ct_equal(value, ByteView(value).first(36)));
  for (std::size_t i = 0; i < value.size(); ++i) {
    Bytes other = value;
    other[i] ^= 0x80;
    EXPECT_FALSE(ct_equal(value, other)) << i;
  }
}

}  // namespace
}  // namespace cairn::crypto
