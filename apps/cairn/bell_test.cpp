#include "apps/cairn/bell.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>

namespace cairn::apps {
namespace {

using nlohmann::json;

class BellAtATerminal : public ::testing::Test {
 protected:
  void SetUp() override {
    ::unsetenv("CAIRN_NO_BELL");
    terminal_ = ::posix_openpt(O_RDWR | O_NOCTTY);
    ASSERT_GE(terminal_, 0);
  }
  void TearDown() override {
    ::unsetenv("CAIRN_NO_BELL");
    ::close(terminal_);
  }

  int terminal_ = -1;
};

TEST_F(BellAtATerminal, RingsThereAndNowhereElse) {
  EXPECT_EQ(bell_for(terminal_, Bell::rings), Bell::rings);
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  EXPECT_EQ(bell_for(ends[1], Bell::rings), Bell::silent);
  ::close(ends[0]);
  ::close(ends[1]);
}

TEST_F(BellAtATerminal, IsSilentForWhoWantsThat) {
  EXPECT_EQ(bell_for(terminal_, Bell::silent), Bell::silent);
  ::setenv("CAIRN_NO_BELL", "1", 1);
  EXPECT_EQ(bell_for(terminal_, Bell::rings), Bell::silent);
  ::setenv("CAIRN_NO_BELL", "", 1);
  EXPECT_EQ(bell_for(terminal_, Bell::rings), Bell::rings);
}

TEST(Bell, RingsForWhatTheClientSaysThatItRings) {
  EXPECT_EQ(bell_behind(Bell::rings, {{"text", "hi"}, {"rings", true}}), "\a");
  EXPECT_EQ(bell_behind(Bell::rings, {{"text", "hi"}}), "");
  EXPECT_EQ(bell_behind(Bell::rings, {{"text", "\a"}, {"rings", false}}), "");
  EXPECT_EQ(bell_behind(Bell::silent, {{"text", "hi"}, {"rings", true}}), "");
}

}  // namespace
}  // namespace cairn::apps
