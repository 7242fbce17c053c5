#include "apps/demo/input.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

namespace cairn::demo {
namespace {

using namespace std::chrono_literals;

class InputTest : public ::testing::Test {
 protected:
  void SetUp() override { ASSERT_EQ(pipe2(ends_, O_CLOEXEC), 0); }
  void TearDown() override {
    close(ends_[0]);
    finish();
  }
  void put(const std::string& text) {
    ASSERT_EQ(write(ends_[1], text.data(), text.size()), static_cast<ssize_t>(text.size()));
  }
  void finish() {
    if (ends_[1] >= 0) close(ends_[1]);
    ends_[1] = -1;
  }
  Input input() const { return Input(ends_[0]); }

 private:
  int ends_[2] = {-1, -1};
};

TEST_F(InputTest, GivesLinesAndALastOneWithoutItsEnd) {
  put("one\ntwo\r\n\nlast");
  finish();
  Input lines = input();
  EXPECT_EQ(lines.kind(), Input::Kind::lines);
  for (const char* expected : {"one", "two", "", "last"}) EXPECT_EQ(lines.next(1s), expected);
  EXPECT_EQ(lines.next(1s), std::nullopt);
}

TEST_F(InputTest, WaitsForThePartsOfALine) {
  Input lines = input();
  put("hal");
  EXPECT_EQ(lines.kind(), Input::Kind::lines);
  EXPECT_EQ(lines.next(20ms), std::nullopt);
  put("f\n");
  EXPECT_EQ(lines.next(1s), "half");
}

TEST_F(InputTest, IsNothingAtItsEndAndWhenNothingComes) {
  Input silent = input();
  EXPECT_EQ(silent.kind(), Input::Kind::nothing);
  finish();
  EXPECT_EQ(silent.kind(), Input::Kind::nothing);
  EXPECT_EQ(silent.next(1s), std::nullopt);
}

TEST_F(InputTest, DoesNotWaitForWhoHoldsItOpenAndSaysNothing) {
  Input silent = input();
  const auto start = std::chrono::steady_clock::now();
  EXPECT_EQ(silent.next(30ms), std::nullopt);
  EXPECT_LT(std::chrono::steady_clock::now() - start, 10s);
}

TEST(Line, IsADeviceANameAndAText) {
  const auto line = parse_line("bob-2 alice@localhost it does, twice");
  ASSERT_TRUE(line.has_value());
  EXPECT_EQ(line->device, "bob-2");
  EXPECT_EQ(line->to, "alice@localhost");
  EXPECT_EQ(line->text, "it does, twice");
  for (const char* wrong : {"", "hello", "alice-1", "alice-1 bob@localhost", "alice-1 bob@localhost ", "carol-1 x y"}) {
    EXPECT_FALSE(parse_line(wrong).has_value()) << wrong;
  }
}

TEST(Line, WithoutADeviceIsAlicesToBob) {
  const Line line = spoken_line("hello you there");
  EXPECT_EQ(line.device, "alice-1");
  EXPECT_EQ(line.to, "bob@localhost");
  EXPECT_EQ(line.text, "hello you there");
  EXPECT_EQ(spoken_line("alice-2 walkers hi").to, "walkers");
}

TEST(Line, OfNothingIsLeftOut) {
  for (const char* nothing : {"", "  ", "\t", "# a comment"}) EXPECT_TRUE(says_nothing(nothing)) << nothing;
  EXPECT_FALSE(says_nothing("a # b"));
}

}  // namespace
}  // namespace cairn::demo
