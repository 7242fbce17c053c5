// Shamir's sharing of a scalar of ristretto255: any t of n shares give it back, t - 1 say nothing about it.
//
// Share i is f(i), 1 <= i <= n, of a random polynomial f of degree t - 1 over the scalars with f(0) = the secret.
#pragma once

#include <span>
#include <vector>

#include "core/crypto/ristretto.h"

namespace cairn::crypto {

constexpr std::size_t kMaxShares = 15;

struct ScalarShare {
  std::uint8_t index = 0;
  RistrettoScalar value;
};

/// Shares 1 to n; 1 <= threshold <= n <= kMaxShares (CHECKed). Its time does not depend on the secret.
std::vector<ScalarShare> split_scalar(const RistrettoScalar& secret, std::size_t threshold, std::size_t n,
                                      Entropy& entropy);

/// Lagrange's interpolation at 0. `malformed` when there are none, more than kMaxShares, an index of 0 or above
/// kMaxShares, or one twice; `crypto_failed` when 0 comes out, which nothing was ever split from. Whether there were
/// enough, and the right ones, cannot be seen here.
Result<RistrettoScalar> combine_scalars(std::span<const ScalarShare> shares);

struct ElementShare {
  std::uint8_t index = 0;
  RistrettoElement value;
};
/// The same in the exponent: of f(i) * P it makes f(0) * P. Errors as above.
Result<RistrettoElement> combine_elements(std::span<const ElementShare> shares);

}  // namespace cairn::crypto
