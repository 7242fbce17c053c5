#include "core/crypto/kdf.h"

#include <gtest/gtest.h>

#include "core/base/encoding.h"

namespace cairn::crypto {
namespace {

Bytes counting(std::uint8_t first, std::size_t size) {
  Bytes out(size);
  for (std::size_t i = 0; i < size; ++i) out[i] = static_cast<std::uint8_t>(first + i);
  return out;
}

struct HkdfCase {
  Bytes ikm, salt, info;
  const char* prk;
  const char* okm;
};

// RFC 5869 s.A.1 to A.3.
TEST(Hkdf, MatchesRfc5869) {
  const HkdfCase cases[] = {
      {Bytes(22, 0x0b), counting(0x00, 13), counting(0xf0, 10),
       "077709362c2e32df0ddc3f0dc47bba6390b6c73bb50f9c3122ec844ad7c2b3e5",
       "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865"},
      {counting(0x00, 80), counting(0x60, 80), counting(0xb0, 80),
       "06a6b88c5853361a06104c9ceb35b45cef760014904671014a193f40c15fc244",
       "b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c59045a99cac7827271cb41c65e590e09"
       "da3275600c2f09b8367793a9aca3db71cc30c58179ec3e87c14c01d5c1f3434f1d87"},
      {Bytes(22, 0x0b),
       {},
       {},
       "19ef24a32c717b167f33a91d6f648bdf96596776afdb6377ac434c1c293ccb04",
       "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8"},
  };
  for (const HkdfCase& known : cases) {
    Bytes prk(32);
    hkdf_extract(HashAlgorithm::sha256, known.salt, known.ikm, prk);
    EXPECT_EQ(to_hex(prk), known.prk);
    const std::string_view okm(known.okm);
    Bytes out(okm.size() / 2);
    hkdf_expand(HashAlgorithm::sha256, prk, {known.info}, out);
    EXPECT_EQ(to_hex(out), okm);
    const std::size_t cut = known.info.size() / 2;
    hkdf_expand(HashAlgorithm::sha256, prk, {ByteView(known.info).first(cut), ByteView(known.info).subspan(cut)}, out);
    EXPECT_EQ(to_hex(out), okm);
  }
}

TEST(Hkdf, GivesAPrefixForAShorterOutputInEveryHash) {
  for (HashAlgorithm algorithm : {HashAlgorithm::sha256, HashAlgorithm::sha384, HashAlgorithm::sha512}) {
    Bytes longest(255 * hash_size(algorithm));
    hkdf_expand(algorithm, Bytes(32, 7), {}, longest);
    for (std::size_t size : {0u, 1u, 31u, 32u, 33u, 48u, 64u, 65u, 200u}) {
      Bytes out(size);
      hkdf_expand(algorithm, Bytes(32, 7), {}, out);
      EXPECT_TRUE(equal(out, ByteView(longest).first(size)));
    }
  }
}

// The formula of docs/spec/directory.md, worked out by another implementation.
TEST(Kdf, MatchesTheFormula) {
  Bytes out(40);
  kdf(counting(0, 32), "label", as_bytes(std::string_view("ctx")), out);
  EXPECT_EQ(to_hex(out), "ea1a6a7a022c4e341d42a21b511657de763312b628150984439bb5dd68af2cd395fabeb202515a3a");
  using Key = Secret<struct TestKeyTag, 32>;
  const Key key = kdf<Key>(counting(0, 32), "label", as_bytes(std::string_view("ctx")));
  EXPECT_TRUE(equal(key.expose(), ByteView(out).first(32)));
}

TEST(Kdf, SeparatesLabelFromContext) {
  Bytes a(32), b(32);
  kdf(Bytes(32, 1), "label", as_bytes(std::string_view("x")), a);
  kdf(Bytes(32, 1), "labelx", {}, b);
  EXPECT_NE(a, b);
}

}  // namespace
}  // namespace cairn::crypto
