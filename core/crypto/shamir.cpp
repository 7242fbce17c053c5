#include "core/crypto/shamir.h"

#include <optional>
#include <set>

namespace cairn::crypto {
namespace {

/// f(index) by Horner; `coefficients` from the constant one up.
Result<RistrettoScalar> evaluate(std::span<const RistrettoScalar> coefficients, std::uint8_t index) {
  const RistrettoScalar x = RistrettoScalar::small(index);
  RistrettoScalar sum = coefficients.back().clone();
  for (std::size_t i = coefficients.size() - 1; i-- > 0;) sum = TRY(sum.times(x).plus(coefficients[i]));
  return sum;
}

/// All shares of one polynomial; an error when a value on the way is 0, once in 2^248 times.
Result<std::vector<ScalarShare>> evaluate_all(std::span<const RistrettoScalar> coefficients, std::size_t n) {
  std::vector<ScalarShare> out;
  for (std::size_t i = 1; i <= n; ++i) {
    const auto index = static_cast<std::uint8_t>(i);
    auto value = evaluate(coefficients, index);
    if (!value) return tl::unexpected<Error>(value.error());
    out.push_back({index, std::move(*value)});
  }
  return out;
}

template <class Share>
Status check_indices(std::span<const Share> shares) {
  REQUIRE(!shares.empty() && shares.size() <= kMaxShares, ErrorCode::malformed, "number of shares");
  std::set<std::uint8_t> seen;
  for (const Share& share : shares) {
    REQUIRE(share.index >= 1 && share.index <= kMaxShares, ErrorCode::malformed, "index of a share");
    REQUIRE(seen.insert(share.index).second, ErrorCode::malformed, "a share twice");
  }
  return ok();
}

/// The product over all other indices j of j / (j - index). Indices are public, and distinct.
template <class Share>
RistrettoScalar lagrange_at_zero(std::span<const Share> shares, std::uint8_t index) {
  RistrettoScalar above = RistrettoScalar::small(1);
  RistrettoScalar below = RistrettoScalar::small(1);
  for (const Share& other : shares) {
    if (other.index == index) continue;
    const RistrettoScalar j = RistrettoScalar::small(other.index);
    const auto difference = j.minus(RistrettoScalar::small(index));
    CHECK(difference.has_value());
    above = above.times(j);
    below = below.times(*difference);
  }
  return above.times(below.inverse());
}

}  // namespace

std::vector<ScalarShare> split_scalar(const RistrettoScalar& secret, std::size_t threshold, std::size_t n,
                                      Entropy& entropy) {
  CHECK(threshold >= 1 && threshold <= n && n <= kMaxShares);
  for (;;) {
    std::vector<RistrettoScalar> coefficients;
    coefficients.push_back(secret.clone());
    while (coefficients.size() < threshold) coefficients.push_back(RistrettoScalar::random(entropy));
    if (auto shares = evaluate_all(coefficients, n)) return std::move(*shares);
    CHECK(threshold > 1);
  }
}

Result<RistrettoScalar> combine_scalars(std::span<const ScalarShare> shares) {
  TRY(check_indices(shares));
  std::optional<RistrettoScalar> sum;  // nothing stands for 0
  for (const ScalarShare& share : shares) {
    RistrettoScalar part = lagrange_at_zero(shares, share.index).times(share.value);
    if (!sum) {
      sum = std::move(part);
      continue;
    }
    auto more = sum->plus(part);
    sum.reset();
    if (more) sum = std::move(*more);
  }
  REQUIRE(sum, ErrorCode::crypto_failed, "shares of 0");
  return std::move(*sum);
}

Result<RistrettoElement> combine_elements(std::span<const ElementShare> shares) {
  TRY(check_indices(shares));
  std::optional<RistrettoElement> sum;  // nothing stands for the identity
  for (const ElementShare& share : shares) {
    const RistrettoElement part = lagrange_at_zero(shares, share.index).times(share.value);
    if (!sum) {
      sum = part;
      continue;
    }
    const auto more = add(*sum, part);
    sum.reset();
    if (more) sum = *more;
  }
  REQUIRE(sum, ErrorCode::crypto_failed, "shares of the identity");
  return *sum;
}

}  // namespace cairn::crypto
