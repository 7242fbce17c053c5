#include "core/base/utf8.h"

#include <gtest/gtest.h>

namespace cairn {
namespace {

using namespace std::string_view_literals;

TEST(Utf8, TakesOneCharacterAfterTheOther) {
  std::string_view rest = "a\x7f\xc2\x80\xdf\xbf\xe0\xa0\x80\xef\xbf\xbf\xf0\x90\x80\x80\xf4\x8f\xbf\xbf"sv;
  for (const char32_t expected : {0x61u, 0x7fu, 0x80u, 0x7ffu, 0x800u, 0xffffu, 0x10000u, 0x10ffffu}) {
    EXPECT_EQ(take_character(rest), char32_t{expected});
  }
  EXPECT_TRUE(rest.empty());
  EXPECT_TRUE(is_utf8(""));
  EXPECT_TRUE(is_utf8("\0"sv));
}

TEST(Utf8, RefusesWhatIsNoShortestForm) {
  for (const std::string_view text :
       {"\xc0\x80"sv, "\xc1\xbf"sv, "\xe0\x80\x80"sv, "\xe0\x9f\xbf"sv, "\xf0\x80\x80\x80"sv, "\xf0\x8f\xbf\xbf"sv}) {
    EXPECT_FALSE(is_utf8(text));
  }
}

TEST(Utf8, RefusesSurrogatesAndWhatIsBeyondUnicode) {
  for (const std::string_view text :
       {"\xed\xa0\x80"sv, "\xed\xbf\xbf"sv, "\xf4\x90\x80\x80"sv, "\xf5\x80\x80\x80"sv, "\xff"sv}) {
    EXPECT_FALSE(is_utf8(text));
  }
  EXPECT_TRUE(is_utf8("\xed\x9f\xbf\xee\x80\x80"sv));
}

TEST(Utf8, RefusesHalfCharactersAndLeavesThemThere) {
  for (const std::string_view text :
       {"\x80"sv, "\xc2"sv, "\xe2\x82"sv, "\xf0\x9f\x98"sv, "\xc2\x41"sv, "\xe2\x28\xa1"sv}) {
    std::string_view rest = text;
    EXPECT_EQ(take_character(rest), std::nullopt);
    EXPECT_EQ(rest, text);
  }
}

}  // namespace
}  // namespace cairn
