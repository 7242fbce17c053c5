// Sizes that say little of what is inside.
#pragma once

#include <bit>
#include <cstddef>

#include "core/base/check.h"

namespace cairn {

/// Padme (Nikitin et al., "Reducing Metadata Leakage from Encrypted Files and Communication with PURBs", s.4): `size`,
/// at least 2 (CHECKed), rounded up so that of its binary digits only the first log2(log2(size)) + 2 may be set. Costs
/// at most 12 percent, and less for large sizes; a size that is the result of this stays as it is.
inline std::size_t padme(std::size_t size) {
  CHECK(size >= 2);
  const auto exponent = static_cast<unsigned>(std::bit_width(size)) - 1;
  const auto kept = static_cast<unsigned>(std::bit_width(exponent));
  if (kept >= exponent) return size;
  const std::size_t mask = (std::size_t{1} << (exponent - kept)) - 1;
  return (size + mask) & ~mask;
}

}  // namespace cairn
