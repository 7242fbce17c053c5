#include "apps/cairn/chat/line_editor.h"

#include <gtest/gtest.h>

namespace cairn::apps::chat {
namespace {

TEST(LineEditor, WritesWhereTheCursorIs) {
  LineEditor line;
  line.insert("hello");
  line.home();
  line.insert("> ");
  line.right();
  line.erase_after();
  EXPECT_EQ(line.text(), "> hllo");
  line.erase_before();
  EXPECT_EQ(line.text(), "> llo");
  EXPECT_EQ(line.cursor(), 2u);
}

TEST(LineEditor, TakesACharacterWithItsMarksAsOne) {
  LineEditor line;
  line.insert("ae\xcc\x81漢");
  line.left();
  EXPECT_EQ(line.cursor(), 4u);
  line.left();
  EXPECT_EQ(line.cursor(), 1u);
  line.erase_after();
  EXPECT_EQ(line.text(), "a漢");
  line.end();
  line.erase_before();
  EXPECT_EQ(line.text(), "a");
}

TEST(LineEditor, NeverStandsBetweenACharacterAndAMarkThatFollows) {
  LineEditor line;
  line.insert("\xcc\x81z");
  line.home();
  line.insert("a");
  EXPECT_EQ(line.cursor(), 3u);
}

TEST(LineEditor, GoesByWordsAndPutsBackWhatItTook) {
  LineEditor line;
  line.insert("one two  three");
  line.word_left();
  EXPECT_EQ(line.cursor(), 9u);
  line.word_left();
  EXPECT_EQ(line.cursor(), 4u);
  line.word_right();
  EXPECT_EQ(line.cursor(), 7u);
  line.erase_word();
  EXPECT_EQ(line.text(), "one   three");
  line.put_back();
  EXPECT_EQ(line.text(), "one two  three");
  line.erase_to_end();
  EXPECT_EQ(line.text(), "one two");
  line.erase_to_start();
  EXPECT_EQ(line.text(), "");
  line.put_back();
  EXPECT_EQ(line.text(), "one two");
}

TEST(LineEditor, GoesUpAndDownInALongerTextAndElseToLinesOfBefore) {
  LineEditor line;
  line.insert("first");
  EXPECT_EQ(line.take(), "first");
  line.insert("ab\nlonger\nc");
  line.up();
  EXPECT_EQ(line.cursor(), 4u);
  line.end();
  line.up();
  EXPECT_EQ(line.cursor(), 2u);
  line.up();
  EXPECT_EQ(line.text(), "first");
  line.up();
  EXPECT_EQ(line.text(), "first");
  line.down();
  EXPECT_EQ(line.text(), "ab\nlonger\nc");
}

TEST(LineEditor, KeepsALineOnceWhenItWasSaidTwice) {
  LineEditor line;
  for (const char* text : {"a", "b", "b"}) {
    line.insert(text);
    line.take();
  }
  line.up();
  EXPECT_EQ(line.text(), "b");
  line.up();
  EXPECT_EQ(line.text(), "a");
}

TEST(LineEditor, LeavesControlCharactersOutAndKeepsLineBreaks) {
  LineEditor line;
  line.insert("a\x1b[31m\r\nb\tc\x07\xff");
  EXPECT_EQ(line.text(), "a[31m\nb\tc");
}

TEST(LineEditor, TakesNothingBeyondWhatAMessageMayHave) {
  LineEditor line;
  EXPECT_TRUE(line.insert(std::string(LineEditor::kMaxSize, 'x')));
  EXPECT_FALSE(line.insert("y"));
  EXPECT_EQ(line.text().size(), LineEditor::kMaxSize);
}

}  // namespace
}  // namespace cairn::apps::chat
