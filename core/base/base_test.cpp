#include <gtest/gtest.h>

#include "core/base/encoding.h"
#include "core/base/secret.h"
#include "core/base/store.h"
#include "core/base/types.h"
#include "tests/support/seeded_entropy.h"

namespace cairn {
namespace {

TEST(Encoding, RoundTripsRandomBytesInEveryAlphabet) {
  testing::SeededEntropy entropy(1);
  for (std::size_t size = 0; size < 70; ++size) {
    Bytes bytes(size);
    entropy.fill(bytes);
    EXPECT_EQ(*from_hex(to_hex(bytes)), bytes);
    EXPECT_EQ(*from_base64(to_base64(bytes)), bytes);
    EXPECT_EQ(*from_base32(to_base32(bytes)), bytes);
  }
}

// RFC 4648 s.10.
TEST(Encoding, MatchesTheExamplesOfRfc4648) {
  EXPECT_EQ(to_base64(as_bytes("")), "");
  EXPECT_EQ(to_base64(as_bytes("f")), "Zg==");
  EXPECT_EQ(to_base64(as_bytes("fo")), "Zm8=");
  EXPECT_EQ(to_base64(as_bytes("foobar")), "Zm9vYmFy");
  EXPECT_EQ(to_hex(as_bytes("foobar")), "666f6f626172");
}

TEST(Encoding, RefusesEveryOtherSpelling) {
  for (const char* text : {"Zg", "Zg=", "Zh==", "Z===", "====", "Zm9=", "Zm9v=", "Zg==Zg==", "Zm8*", " Zm8"}) {
    EXPECT_FALSE(from_base64(text)) << text;
  }
  EXPECT_FALSE(from_hex("abc"));
  EXPECT_FALSE(from_hex("zz"));
  EXPECT_FALSE(from_base32("0l"));
  EXPECT_FALSE(from_base32("000"));  // three digits are 15 bits: one digit too many for a byte
  EXPECT_FALSE(from_base32("01"));   // the unused bits are not zero
}

TEST(Secret, IsWipedWhenItIsMovedFrom) {
  using Key = Secret<struct KeyTag, 4>;
  Key key = *Key::from(Bytes{1, 2, 3, 4});
  Key moved = std::move(key);
  EXPECT_TRUE(equal(moved.expose(), Bytes{1, 2, 3, 4}));
  EXPECT_TRUE(equal(key.expose(), Bytes{0, 0, 0, 0}));  // NOLINT(bugprone-use-after-move): that is the point
  EXPECT_FALSE(Key::from(Bytes{1, 2, 3}));
}

TEST(Secret, OfVariableSizeIsEmptyWhenItIsMovedFrom) {
  ShortSecret<struct ShortTag> secret(Bytes{9, 9});
  const ShortSecret<struct ShortTag> moved = std::move(secret);
  EXPECT_EQ(moved.size(), 2u);
  EXPECT_TRUE(secret.empty());  // NOLINT(bugprone-use-after-move): that is the point
}

TEST(Store, FindsTheEndOfAPrefix) {
  EXPECT_EQ(prefix_end(Bytes{1, 2}), (Bytes{1, 3}));
  EXPECT_EQ(prefix_end(Bytes{1, 0xff}), (Bytes{2}));
  EXPECT_EQ(prefix_end(Bytes{0xff, 0xff}), Bytes{});
}

Result<int> odd(int value) {
  REQUIRE(value % 2 == 1, ErrorCode::malformed, "odd");
  return value;
}

Result<int> twice_odd(int value) { return 2 * TRY(odd(value)); }

TEST(Result, TryUnwrapsOrPassesTheErrorOn) {
  EXPECT_EQ(*twice_odd(3), 6);
  const auto bad = twice_odd(4);
  ASSERT_FALSE(bad);
  EXPECT_EQ(bad.error().code, ErrorCode::malformed);
  EXPECT_STREQ(bad.error().where, "odd");
}

TEST(FixedBytes, OfTheWrongSizeAreRefused) {
  EXPECT_FALSE(Hash::from(Bytes(31)));
  EXPECT_FALSE(Hash::from(Bytes(33)));
  EXPECT_TRUE(Hash::from(Bytes(32))->is_zero());
}

}  // namespace
}  // namespace cairn
