#include <gtest/gtest.h>

#include "core/base/encoding.h"
#include "core/base/overlay.h"
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

/// The slow model: one map.
class MapStore : public StoreView {
 public:
  std::map<std::pair<Table, Bytes>, Bytes> rows;

  std::optional<Bytes> get(Table table, ByteView key) const override {
    const auto found = rows.find({table, to_bytes(key)});
    return found == rows.end() ? std::nullopt : std::optional<Bytes>(found->second);
  }
  std::vector<Row> scan(Table table, ByteView first, ByteView end, std::size_t limit, Order order) const override {
    std::vector<Row> out;
    for (const auto& [key, value] : rows) {
      if (key.first != table || less(key.second, first) || (!end.empty() && !less(key.second, end))) continue;
      out.push_back({key.second, value});
    }
    if (order == Order::descending) std::reverse(out.begin(), out.end());
    if (out.size() > limit) out.resize(limit);
    return out;
  }
};

TEST(Overlay, ShowsTheSameAsAStoreThatHasItsWrites) {
  testing::SeededEntropy entropy(4);
  const auto random_key = [&] { return Bytes(1 + entropy.below(2), static_cast<std::uint8_t>(entropy.below(12))); };
  for (int round = 0; round < 300; ++round) {
    MapStore below;
    for (int i = 0; i < 12; ++i) below.rows[{Table(1 + entropy.below(2)), random_key()}] = {1};
    MapStore model = below;
    Overlay overlay(below);
    for (int i = 0; i < 8; ++i) {
      const Table table = Table(1 + entropy.below(2));
      const Bytes key = random_key();
      if (entropy.below(2) == 0) {
        overlay.erase(table, key);
        model.rows.erase({table, key});
      } else {
        overlay.put(table, key, {2});
        model.rows[{table, key}] = {2};
      }
    }
    const Bytes first = random_key();
    const Bytes end = entropy.below(3) == 0 ? Bytes{} : random_key();
    const std::size_t limit = entropy.below(6);
    const Order order = entropy.below(2) == 0 ? Order::ascending : Order::descending;
    const auto got = overlay.scan(Table(1), first, end, limit, order);
    const auto want = model.scan(Table(1), first, end, limit, order);
    ASSERT_EQ(got.size(), want.size());
    for (std::size_t i = 0; i < got.size(); ++i) {
      EXPECT_EQ(got[i].key, want[i].key);
      EXPECT_EQ(got[i].value, want[i].value);
      EXPECT_EQ(overlay.get(Table(1), got[i].key), model.get(Table(1), got[i].key));
    }
  }
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
