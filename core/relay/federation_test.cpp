#include "core/relay/federation.h"

#include <gtest/gtest.h>

namespace cairn::relay {
namespace {

TEST(Federation, SpeaksToNobodyUnlessItIsSaid) {
  Federation federation;
  EXPECT_FALSE(federation.speaks_to("two.example"));
  federation.mode = Federation::Mode::on;
  EXPECT_TRUE(federation.speaks_to("two.example"));
  federation.blocked.insert("two.example");
  EXPECT_FALSE(federation.speaks_to("two.example"));
  federation.mode = Federation::Mode::listed;
  federation.allowed = {"two.example", "three.example"};
  EXPECT_FALSE(federation.speaks_to("two.example"));  // blocked all the same
  EXPECT_TRUE(federation.speaks_to("three.example"));
  EXPECT_FALSE(federation.speaks_to("four.example"));
}

TEST(Federation, TakesAFileOfDomains) {
  Federation federation;
  ASSERT_TRUE(take_domains(federation,
                           "# ours\n\nallow two.example\nblock  three.example # spam\r\n"
                           "url four.example http://127.0.0.1:8440/\nurl five.example https://c.five.example:8443"));
  EXPECT_EQ(federation.allowed.count("two.example"), 1u);
  EXPECT_EQ(federation.blocked.count("three.example"), 1u);
  EXPECT_EQ(federation.urls.at("four.example"), "http://127.0.0.1:8440");
  EXPECT_EQ(federation.urls.at("five.example"), "https://c.five.example:8443");
}

TEST(Federation, TakesNothingOfAFileWithAMistake) {
  for (const char* line : {"allow", "allow nonsense", "allow Two.example", "allow 127.0.0.1", "block a.b c", "url a.b",
                           "url a.b ftp://x", "url a.b c.d", "let a.b", "url a.b https://x y"}) {
    Federation federation;
    EXPECT_FALSE(take_domains(federation, std::string("allow two.example\n") + line + "\n")) << line;
    EXPECT_TRUE(federation.allowed.empty()) << line;
  }
  Federation federation;
  EXPECT_FALSE(take_domains(federation, std::string(kMaxFederationFile + 1, '\n')));
}

}  // namespace
}  // namespace cairn::relay
