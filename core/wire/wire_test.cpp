#include <gtest/gtest.h>

#include "core/wire/reader.h"
#include "core/wire/writer.h"
#include "tests/support/seeded_entropy.h"

namespace cairn::wire {
namespace {

struct Pair {
  std::uint16_t left = 0;
  Bytes right;

  void write(Writer& w) const {
    w.u16(left);
    w.opaque(right);
  }
  static Result<Pair> read(Reader& r) {
    Pair out;
    out.left = TRY(r.u16());
    out.right = TRY(r.opaque_bytes(100));
    return out;
  }
  friend bool operator==(const Pair&, const Pair&) = default;
};

struct Pairs {
  std::vector<Pair> items;
  std::optional<Pair> extra;

  void write(Writer& w) const {
    w.vector(items);
    w.optional(extra);
  }
  static Result<Pairs> read(Reader& r) {
    Pairs out;
    out.items = TRY(r.vector<Pair>(1000, 20));
    out.extra = TRY(r.optional<Pair>());
    return out;
  }
  friend bool operator==(const Pairs&, const Pairs&) = default;
};

Pairs random_pairs(testing::SeededEntropy& entropy) {
  Pairs out;
  out.items.resize(entropy.below(8));
  for (Pair& pair : out.items) {
    pair.left = static_cast<std::uint16_t>(entropy.next());
    pair.right.resize(entropy.below(100));
    entropy.fill(pair.right);
  }
  if (entropy.below(2) == 1) out.extra = Pair{7, {1}};
  return out;
}

TEST(Wire, ReadsBackWhatItWroteAndRefusesEveryPrefixAndSuffix) {
  testing::SeededEntropy entropy(2);
  for (int round = 0; round < 50; ++round) {
    const Pairs pairs = random_pairs(entropy);
    Bytes bytes = encode(pairs);
    EXPECT_EQ(*decode<Pairs>(bytes), pairs);
    for (std::size_t size = 0; size < bytes.size(); ++size) EXPECT_FALSE(decode<Pairs>(ByteView(bytes).first(size)));
    bytes.push_back(0);
    EXPECT_FALSE(decode<Pairs>(bytes));
  }
}

// RFC 9420 s.2.1.2: the sizes at which the header grows.
TEST(Wire, WritesTheShortestVectorHeader) {
  const struct {
    std::size_t size;
    Bytes header;
  } cases[] = {{0, {0}}, {63, {63}}, {64, {0x40, 64}}, {16383, {0x7f, 0xff}}, {16384, {0x80, 0, 0x40, 0}}};
  for (const auto& c : cases) {
    Writer w;
    w.length(c.size);
    EXPECT_EQ(w.take(), c.header) << c.size;
  }
}

TEST(Wire, RefusesAVectorHeaderThatIsLongerThanNeeded) {
  for (const Bytes& bytes : {Bytes{0x40, 0x01, 9}, Bytes{0x80, 0, 0, 1, 9}, Bytes{0xc1, 9}, Bytes{0x40}}) {
    EXPECT_EQ(Reader(bytes).opaque(100).error().code, ErrorCode::malformed);
  }
}

TEST(Wire, ChecksLengthsBeforeItTakesMemory) {
  const Bytes huge = {0xbf, 0xff, 0xff, 0xff, 1};
  EXPECT_EQ(Reader(huge).opaque(kMaxVectorSize).error().code, ErrorCode::malformed);
  EXPECT_EQ(Reader(huge).opaque(10).error().code, ErrorCode::over_limit);
  Writer w;
  w.vector(std::vector<Pair>(21));
  const Bytes many = w.take();
  EXPECT_EQ((Reader(many).vector<Pair>(1000, 20).error().code), ErrorCode::over_limit);
}

TEST(Wire, RefusesAPresenceOctetOtherThanZeroAndOne) {
  const Bytes two = {2, 0, 0, 0};
  EXPECT_EQ(Reader(two).optional<Pair>().error().code, ErrorCode::malformed);
}

TEST(Wire, RefusesAnOddVectorOfUint16) {
  EXPECT_FALSE(Reader(Bytes{3, 0, 1, 0}).u16_vector(10));
  EXPECT_EQ(*Reader(Bytes{4, 0, 1, 0, 2}).u16_vector(10), (std::vector<std::uint16_t>{1, 2}));
}

TEST(Wire, WritesSecretsLikeOtherBytes) {
  Writer w(Sensitivity::is_secret);
  for (int i = 0; i < 100; ++i) w.u64(static_cast<std::uint64_t>(i));
  const SecretBytes out = w.take_secret();
  EXPECT_EQ(out.size(), 800u);
  EXPECT_EQ(out.expose()[799], 99);
}

}  // namespace
}  // namespace cairn::wire
