#include "core/crypto/shamir.h"

#include <gtest/gtest.h>

#include "core/base/encoding.h"
#include "tests/support/refused.h"
#include "tests/support/seeded_entropy.h"

namespace cairn::crypto {
namespace {

using testing::refused;
using testing::SeededEntropy;

std::vector<ScalarShare> some(const std::vector<ScalarShare>& shares, unsigned which) {
  std::vector<ScalarShare> out;
  for (std::size_t i = 0; i < shares.size(); ++i) {
    if ((which >> i & 1) != 0) out.push_back({shares[i].index, shares[i].value.clone()});
  }
  return out;
}

std::string hex(const RistrettoScalar& scalar) { return to_hex(scalar.expose()); }

TEST(Shamir, GivesTheSecretFromAnyEnoughSharesAndFromNoFewer) {
  SeededEntropy entropy(1);
  for (std::size_t n = 1; n <= 5; ++n) {
    for (std::size_t t = 1; t <= n; ++t) {
      const auto secret = RistrettoScalar::random(entropy);
      const auto shares = split_scalar(secret, t, n, entropy);
      ASSERT_EQ(shares.size(), n);
      for (unsigned which = 1; which < 1u << n; ++which) {
        const auto chosen = some(shares, which);
        const auto combined = combine_scalars(chosen);
        ASSERT_TRUE(combined);
        EXPECT_EQ(hex(*combined) == hex(secret), chosen.size() >= t) << t << " of " << n << ", set " << which;
      }
    }
  }
}

TEST(Shamir, WorksWithTheMostSharesInAnyOrder) {
  SeededEntropy entropy(2);
  const auto secret = RistrettoScalar::random(entropy);
  auto shares = split_scalar(secret, kMaxShares, kMaxShares, entropy);
  std::reverse(shares.begin(), shares.end());
  std::swap(shares[3], shares[9]);
  EXPECT_EQ(hex(*combine_scalars(shares)), hex(secret));
}

TEST(Shamir, RefusesSharesOfZero) {
  SeededEntropy entropy(6);
  auto shares = split_scalar(RistrettoScalar::random(entropy), 2, 2, entropy);
  // Through 0 at 0: the second is twice the first.
  shares[1].value = RistrettoScalar::small(2).times(shares[0].value);
  EXPECT_TRUE(refused(combine_scalars(shares), "shares of 0"));
  const std::vector<ElementShare> parts = {{1, shares[0].value.times_base()}, {2, shares[1].value.times_base()}};
  EXPECT_TRUE(refused(combine_elements(parts), "shares of the identity"));
}

// Whatever secret one thinks of, there is a t-th share with which t - 1 real ones give it: so they say nothing.
TEST(Shamir, LeavesEverySecretPossibleToWhoHasOneShareTooFew) {
  SeededEntropy entropy(3);
  const auto shares = split_scalar(RistrettoScalar::random(entropy), 3, 5, entropy);
  auto held = some(shares, 0b10010);  // 2 of the 3 that it takes
  for (int i = 0; i < 20; ++i) {
    const auto thought_of = RistrettoScalar::random(entropy);
    // The polynomial through (0, thought_of) and the held shares, at 3: move the origin there.
    //   f(3) = sum over {0, 2, 5} of f(x) * product of (3 - y) / (x - y)
    const auto at = [](int x, int y, int z) {  // ((3-y)(3-z)) / ((x-y)(x-z)) for small numbers
      const auto number = [](int value) {
        const auto absolute = RistrettoScalar::small(static_cast<std::uint8_t>(std::abs(value)));
        if (value > 0) return absolute.clone();
        return *RistrettoScalar::small(1).minus(*absolute.plus(RistrettoScalar::small(1)));
      };
      return number(3 - y).times(number(3 - z)).times(number(x - y).times(number(x - z)).inverse());
    };
    const auto missing =
        at(0, 2, 5).times(thought_of).plus(*at(2, 0, 5).times(held[0].value).plus(at(5, 0, 2).times(held[1].value)));
    auto all = some(shares, 0b10010);
    all.push_back({3, missing->clone()});
    EXPECT_EQ(hex(*combine_scalars(all)), hex(thought_of));
  }
}

TEST(Shamir, CombinesInTheExponent) {
  SeededEntropy entropy(4);
  const auto secret = RistrettoScalar::random(entropy);
  const auto point = RistrettoScalar::random(entropy).times_base();
  std::vector<ElementShare> parts;
  for (const ScalarShare& share : split_scalar(secret, 2, 3, entropy)) {
    parts.push_back({share.index, share.value.times(point)});
  }
  EXPECT_EQ(*combine_elements(parts), secret.times(point));
  parts.pop_back();
  EXPECT_EQ(*combine_elements(parts), secret.times(point));
  parts[0].value = point;
  EXPECT_FALSE(*combine_elements(parts) == secret.times(point));
}

TEST(Shamir, RefusesSetsOfSharesThatCannotBe) {
  SeededEntropy entropy(5);
  const auto shares = split_scalar(RistrettoScalar::random(entropy), 2, 3, entropy);
  EXPECT_TRUE(refused(combine_scalars({}), "number of shares"));
  auto twice = some(shares, 0b011);
  twice[1].index = twice[0].index;
  EXPECT_TRUE(refused(combine_scalars(twice), "a share twice"));
  for (const std::uint8_t index : {std::uint8_t{0}, std::uint8_t{kMaxShares + 1}, std::uint8_t{255}}) {
    auto bad = some(shares, 0b011);
    bad[0].index = index;
    EXPECT_TRUE(refused(combine_scalars(bad), "index of a share"));
  }
}

}  // namespace
}  // namespace cairn::crypto
