#include "core/base/padding.h"

#include <gtest/gtest.h>

namespace cairn {
namespace {

TEST(Padme, RoundsUpToFewDigits) {
  EXPECT_EQ(padme(2), 2U);
  EXPECT_EQ(padme(9), 10U);
  EXPECT_EQ(padme(257), 272U);
  EXPECT_EQ(padme(1000), 1024U);
  EXPECT_EQ(padme(100'000), 100'352U);
  EXPECT_EQ(padme(std::size_t{4} << 20), std::size_t{4} << 20);
  EXPECT_EQ(padme((std::size_t{4} << 20) - 1), std::size_t{4} << 20);
}

TEST(Padme, NeverShrinksNorGrowsByMoreThanAnEighthAndStaysWhereItIs) {
  for (std::size_t size = 2; size < 300'000; size += 1 + size / 97) {
    EXPECT_GE(padme(size), size);
    EXPECT_LE(padme(size), size + size / 8);
    EXPECT_EQ(padme(padme(size)), padme(size));
    EXPECT_LE(padme(size - (size > 2)), padme(size));
  }
}

}  // namespace
}  // namespace cairn
