#include "core/client/file_name.h"

#include <gtest/gtest.h>

#include "core/base/utf8.h"
#include "tests/support/seeded_entropy.h"

namespace cairn::client {
namespace {

TEST(FileName, IsOneFileOfAFolder) {
  EXPECT_EQ(clean_file_name("holiday photo.png"), "holiday photo.png");
  EXPECT_EQ(clean_file_name("r\u00e9sum\u00e9.pdf"), "r\u00e9sum\u00e9.pdf");
  EXPECT_EQ(clean_file_name("../../etc/passwd"), "_.._etc_passwd");
  EXPECT_EQ(clean_file_name("/etc/passwd"), "_etc_passwd");
  EXPECT_EQ(clean_file_name("C:\\windows\\x.exe"), "C:_windows_x.exe");
  EXPECT_EQ(clean_file_name("."), "file");
  EXPECT_EQ(clean_file_name(".."), "file");
  EXPECT_EQ(clean_file_name(""), "file");
  EXPECT_EQ(clean_file_name(" . . "), "file");
  EXPECT_EQ(clean_file_name(".bashrc"), "bashrc");
  EXPECT_EQ(clean_file_name("-rf"), "_rf");
  EXPECT_EQ(clean_file_name("a.txt. "), "a.txt");
}

TEST(FileName, ShowsWhatItIs) {
  EXPECT_EQ(clean_file_name("\u202egnp.exe"), "_gnp.exe");
  EXPECT_EQ(clean_file_name("a\u2066b\u200bc\u2028d\ufeff"), "a_b_c_d_");
  EXPECT_EQ(clean_file_name(std::string("a\n\x1b[2J\x7f\0b", 9)), "a__[2J__b");
  EXPECT_EQ(clean_file_name("a\xff\xc0z"), "a__z");
}

TEST(FileName, IsCutBeforeItsEnding) {
  const std::string cut = clean_file_name(std::string(1000, 'x') + ".png");
  EXPECT_EQ(cut.size(), kMaxFileName);
  EXPECT_TRUE(cut.ends_with("x.png"));
  std::string wide;
  for (int i = 0; i < 300; ++i) wide += "\u20ac";
  const std::string cut_wide = clean_file_name(wide + ".txt");
  EXPECT_LE(cut_wide.size(), kMaxFileName);
  EXPECT_TRUE(is_utf8(cut_wide));
  EXPECT_TRUE(cut_wide.ends_with("\u20ac.txt"));
  EXPECT_LE(clean_file_name(std::string(1000, '.') + std::string(1000, 'y')).size(), kMaxFileName);
}

TEST(FileName, IsTheSameWhenItIsCleanedAgain) {
  testing::SeededEntropy random(5);
  for (int round = 0; round < 2000; ++round) {
    Bytes bytes(1 + random_value<FixedBytes<struct AnyTag, 2>>(random).view()[0] * 2u);
    random.fill(bytes);
    if (round % 2 == 0) {
      for (auto& byte : bytes) byte = static_cast<std::uint8_t>("./\\- a\n."[byte % 8]);
    }
    const std::string once = clean_file_name(as_text(bytes));
    EXPECT_EQ(clean_file_name(once), once);
    EXPECT_TRUE(is_utf8(once) && !once.empty() && once.size() <= kMaxFileName);
    EXPECT_EQ(once.find('/'), std::string::npos);
    EXPECT_NE(once.front(), '.');
  }
}

TEST(FileName, HasANumberWhenItIsTaken) {
  EXPECT_EQ(numbered_file_name("photo.png", 1), "photo.png");
  EXPECT_EQ(numbered_file_name("photo.png", 2), "photo (2).png");
  EXPECT_EQ(numbered_file_name("photo", 3), "photo (3)");
  EXPECT_LE(numbered_file_name(clean_file_name(std::string(1000, 'x') + ".png"), 1000).size(), 255u);
}

TEST(FileName, SaysATypeByItsEnding) {
  EXPECT_EQ(media_type_of("a.PNG"), "image/png");
  EXPECT_EQ(media_type_of("a.b.jpeg"), "image/jpeg");
  EXPECT_EQ(media_type_of("png"), "application/octet-stream");
  EXPECT_EQ(media_type_of("a.unheard"), "application/octet-stream");
  EXPECT_EQ(base_name("/a/b c"), "b c");
  EXPECT_EQ(base_name("b"), "b");
}

}  // namespace
}  // namespace cairn::client
