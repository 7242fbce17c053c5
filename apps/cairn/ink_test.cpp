#include "apps/cairn/ink.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <optional>

#include "apps/cairn/render.h"

namespace cairn::apps {
namespace {

/// A variable of the environment as a test wants it; afterwards as it was.
class Variable {
 public:
  Variable(const char* name, const char* value) : name_(name) {
    if (const char* before = std::getenv(name)) before_ = before;
    value != nullptr ? ::setenv(name, value, 1) : ::unsetenv(name);
  }
  ~Variable() { before_ ? ::setenv(name_, before_->c_str(), 1) : ::unsetenv(name_); }
  Variable(const Variable&) = delete;
  Variable& operator=(const Variable&) = delete;

 private:
  const char* name_;
  std::optional<std::string> before_;
};

class InkAtATerminal : public ::testing::Test {
 protected:
  void SetUp() override {
    terminal_ = ::posix_openpt(O_RDWR | O_NOCTTY);
    ASSERT_GE(terminal_, 0);
  }
  void TearDown() override { ::close(terminal_); }

  int terminal_ = -1;
};

TEST_F(InkAtATerminal, IsThereAndNowhereElse) {
  const Variable kind("TERM", "xterm-256color"), wish("NO_COLOR", nullptr);
  EXPECT_EQ(ink_for(terminal_), Ink::terminal);
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  EXPECT_EQ(ink_for(ends[1]), Ink::none);
  ::close(ends[0]);
  ::close(ends[1]);
}

TEST_F(InkAtATerminal, IsNotThereForWhoWantsNoneOrCannotShowAny) {
  {
    const Variable kind("TERM", "xterm"), wish("NO_COLOR", "1");
    EXPECT_EQ(ink_for(terminal_), Ink::none);
  }
  const Variable wish("NO_COLOR", "");  // no-color.org: an empty one is none
  {
    const Variable kind("TERM", "dumb");
    EXPECT_EQ(ink_for(terminal_), Ink::none);
  }
  {
    const Variable kind("TERM", nullptr);
    EXPECT_EQ(ink_for(terminal_), Ink::none);
  }
  const Variable kind("TERM", "xterm");
  EXPECT_EQ(ink_for(terminal_), Ink::terminal);
}

TEST(Ink, TakesNothingFromALineAndAddsNothingThatOthersChose) {
  const nlohmann::json message = {
      {"delivery", "refused"}, {"sender", "a@b.c\x1b[31m"}, {"text", "x\x1b[2J"}, {"id", "0123456789abcdef"}};
  std::string coloured = render_message(message, Ink::terminal);
  EXPECT_NE(coloured.find("\x1b[1ma@b.c [31m:\x1b[0m x [2J"), std::string::npos) << coloured;
  EXPECT_NE(coloured.find("\x1b[1;31m(not sent)\x1b[0m"), std::string::npos) << coloured;
  for (const char* own : {"\x1b[1;31m", "\x1b[1m", "\x1b[2m", "\x1b[33m", "\x1b[0m"}) {
    const std::string code = own;
    for (std::size_t at; (at = coloured.find(code)) != std::string::npos;) coloured.erase(at, code.size());
  }
  EXPECT_EQ(coloured, render_message(message));
  EXPECT_EQ(shaded(Ink::terminal, Shade::bold, ""), "");
}

}  // namespace
}  // namespace cairn::apps
