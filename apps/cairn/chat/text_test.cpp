#include "apps/cairn/chat/text.h"

#include <gtest/gtest.h>

namespace cairn::apps::chat {
namespace {

std::vector<std::string> rows(std::string_view text, int first, int rest, Break how = Break::words) {
  std::vector<std::string> out;
  for (const TextRow& row : broken(text, first, rest, how)) out.push_back(row.shown);
  return out;
}

TEST(ChatText, MeasuresWideCharactersAsTwoColumnsAndMarksAsNone) {
  EXPECT_EQ(columns_of("abc"), 3);
  EXPECT_EQ(columns_of("漢字"), 4);
  EXPECT_EQ(columns_of("한글"), 4);
  EXPECT_EQ(columns_of("🎉"), 2);
  EXPECT_EQ(columns_of("e\xcc\x81"), 1);  // e and U+0301
  EXPECT_EQ(cells_of("e\xcc\x81x").size(), 2u);
  EXPECT_EQ(cells_of("e\xcc\x81x").front().bytes, 3u);
}

TEST(ChatText, LetsNothingThroughThatDrivesATerminal) {
  EXPECT_EQ(shown_of("a\x1b[2Jb\x07\xc2\x9b"
                     "1mc"),
            "a [2Jb  1mc");
  EXPECT_EQ(shown_of("x\xe2\x80\xaey\xe2\x81\xa6z"), "x y z");  // U+202E, U+2066
  EXPECT_EQ(shown_of("bad \xff utf"), "bad ? utf");
  EXPECT_EQ(shown_of("two\nlines"), "two lines");
}

TEST(ChatText, LeavesOutMarksBeyondTheFourthOfACharacter) {
  std::string zalgo = "a";
  for (int i = 0; i < 40; ++i) zalgo += "\xcc\x81";
  const auto cells = cells_of(zalgo + "b");
  ASSERT_EQ(cells.size(), 2u);
  EXPECT_EQ(cells[0].shown, "a\xcc\x81\xcc\x81\xcc\x81\xcc\x81");
  EXPECT_EQ(cells[0].bytes, zalgo.size());
  EXPECT_EQ(cells_of("\xcc\x81").front().shown, " \xcc\x81");
}

TEST(ChatText, BreaksAtBlanksAndCutsWordsThatAreLongerThanARow) {
  EXPECT_EQ(rows("one two three", 8, 8), (std::vector<std::string>{"one two ", "three"}));
  EXPECT_EQ(rows("abcdefghij", 4, 4), (std::vector<std::string>{"abcd", "efgh", "ij"}));
  EXPECT_EQ(rows("a\n\nb", 9, 9), (std::vector<std::string>{"a", "", "b"}));
  EXPECT_EQ(rows("", 9, 9), (std::vector<std::string>{""}));
  EXPECT_EQ(rows("aaa bbbbbb", 10, 5), (std::vector<std::string>{"aaa bbbbbb"}));
  EXPECT_EQ(rows("aa bbbbbbbbc", 10, 5), (std::vector<std::string>{"aa bbbbbbb", "bc"}));
}

TEST(ChatText, NoRowIsWiderThanItsRoom) {
  const std::string text =
      "a bb ccc dddd eeeee ffffff ggggggg hhhhhhhh \xe6\xbc\xa2\xe5\xad\x97 iiiiiiiii jjjjjjjjjj k";
  for (int first = 2; first < 30; ++first) {
    for (int rest = 2; rest < 30; ++rest) {
      const auto all = broken(text, first, rest, Break::words);
      for (std::size_t i = 0; i < all.size(); ++i) {
        EXPECT_LE(all[i].columns, i == 0 ? first : rest);
        EXPECT_EQ(columns_of(all[i].shown), all[i].columns);
      }
    }
  }
  EXPECT_EQ(rows("aaaa bbbb", 4, 4), (std::vector<std::string>{"aaaa", "bbbb"}));
}

TEST(ChatText, NeverCutsAWideCharacterInTwo) {
  EXPECT_EQ(rows("漢字漢字", 5, 5), (std::vector<std::string>{"漢字", "漢字"}));
  EXPECT_EQ(rows("漢字", 1, 1), (std::vector<std::string>{"漢", "字"}));
  EXPECT_EQ(clipped("漢字漢字", 6), "漢字…");
  EXPECT_EQ(clipped("abc", 3), "abc");
  EXPECT_EQ(clipped("abcd", 3), "ab…");
}

TEST(ChatText, RowsSayWhereTheyStandInTheText) {
  const auto all = broken("ab cd\nef", 4, 4, Break::cells);
  ASSERT_EQ(all.size(), 3u);
  EXPECT_EQ(all[0].begin, 0u);
  EXPECT_EQ(all[0].end, 4u);
  EXPECT_EQ(all[1].begin, 4u);
  EXPECT_EQ(all[1].end, 5u);
  EXPECT_EQ(all[2].begin, 6u);
  EXPECT_EQ(all[2].end, 8u);
}

}  // namespace
}  // namespace cairn::apps::chat
