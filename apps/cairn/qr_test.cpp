#include "apps/cairn/qr.h"

#include <gtest/gtest.h>

namespace cairn::apps {
namespace {

std::size_t count(const std::string& text, const std::string& part) {
  std::size_t out = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + part.size())) ++out;
  return out;
}

TEST(Qr, IsASquareWithItsThreeEyes) {
  const std::string code = qr_code("ABCD-EFGH");
  // Version 1 has 21 modules a side: 29 with its margins, and so 15 lines of two.
  EXPECT_EQ(count(code, "\n"), 15u);
  // The upper edge of an eye is seven dark modules with a light one below: the first line of code has two of them.
  std::string edge;
  for (int i = 0; i < 5; ++i) edge += "\u2580";
  const std::string line = code.substr(code.find("\u2588"), code.find('\n', code.find("\u2588")) - code.find("\u2588"));
  EXPECT_EQ(count(line, "\u2588" + edge + "\u2588"), 2u);
  EXPECT_NE(code, qr_code("ABCD-EFGI"));
}

TEST(Qr, OfNothingOrTooMuchIsNone) {
  EXPECT_EQ(qr_code(""), "");
  EXPECT_EQ(qr_code(std::string(5000, 'x')), "");
}

}  // namespace
}  // namespace cairn::apps
