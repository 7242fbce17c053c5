#include "core/crypto/short_hash.h"

#include <gtest/gtest.h>

namespace cairn::crypto {
namespace {

ShortHashKey counting_key() {
  ShortHashKey out;
  for (std::size_t i = 0; i < ShortHashKey::kSize; ++i) out.mutable_view()[i] = static_cast<std::uint8_t>(i);
  return out;
}

Bytes counting(std::size_t size) {
  Bytes out(size);
  for (std::size_t i = 0; i < size; ++i) out[i] = static_cast<std::uint8_t>(i);
  return out;
}

/// The example of the paper's appendix A, and the first of its authors' vectors.
TEST(ShortHash, IsThatOfItsAuthors) {
  EXPECT_EQ(short_hash(counting_key(), counting(15)), 0xa129ca6149be45e5U);
  EXPECT_EQ(short_hash(counting_key(), {}), 0x726fdb47dd0e0e31U);
}

TEST(ShortHash, OfAnotherKeyIsAnother) {
  EXPECT_NE(short_hash({}, counting(32)), short_hash(counting_key(), counting(32)));
}

}  // namespace
}  // namespace cairn::crypto
