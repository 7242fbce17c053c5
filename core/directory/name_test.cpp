#include "core/directory/name.h"

#include "tests/support/refused.h"

namespace cairn::directory {
namespace {

using cairn::testing::accepted;

TEST(Name, ReadsLocalPartAndDomain) {
  const auto name = Name::from("a.b-c_9@mail.example.org");
  ASSERT_TRUE(accepted(name));
  EXPECT_EQ(name->local(), "a.b-c_9");
  EXPECT_EQ(name->domain(), "mail.example.org");
  EXPECT_EQ(origin_of(name->domain()), "mail.example.org/cairn");
}

TEST(Name, TrimsAndLowersWhatPeopleType) {
  const auto name = Name::parse(" \t\r\nAlice@Example.ORG \n");
  ASSERT_TRUE(accepted(name));
  EXPECT_EQ(name->text(), "alice@example.org");
  EXPECT_EQ(explain_name(" Alice@Example.ORG "), "");
}

TEST(Name, TakesALocalHost) { EXPECT_TRUE(accepted(Name::from("bob@localhost"))); }

TEST(Name, RefusesWhatIsNoName) {
  for (const char* text : {"",
                           "@",
                           "alice",
                           "alice@",
                           "@example.org",
                           "alice@example",
                           "a lice@example.org",
                           "alice@@example.org",
                           "alice@exa_mple.org",
                           ".alice@example.org",
                           "alice-@example.org",
                           "_a@example.org",
                           "alice@.example.org",
                           "alice@example..org",
                           "alice@example.org.",
                           "alice@-example.org",
                           "alice@example-.org",
                           "alice@127.0.0.1",
                           "alice@1.2",
                           "Alice@example.org",
                           "alice@Example.org",
                           " alice@example.org",
                           "alice@example.org ",
                           "al\xc3\xafs@example.org",
                           "alice@ex\xc3\xa4mple.org",
                           "alice+x@example.org",
                           "alice@localhost.",
                           "a@b@c.org"}) {
    const auto name = Name::from(text);
    ASSERT_FALSE(name) << text;
    EXPECT_EQ(name.error().code, ErrorCode::invalid_name) << text;
  }
  EXPECT_FALSE(Name::from(std::string_view("a\0b@example.org", 15)));
}

// U+212A lower-cases to k in Unicode: two spellings that look alike would be one name.
TEST(Name, TakesAKelvinSignForAnError) {
  const std::string typed =
      "\xe2\x84\xaa"
      "en@example.org";
  EXPECT_FALSE(Name::parse(typed));
  EXPECT_NE(explain_name(typed).find("character 1, 0xe284aa"), std::string::npos) << explain_name(typed);
}

TEST(Name, KeepsItsLimits) {
  const std::string local(kMaxLocalBytes, 'a');
  EXPECT_TRUE(accepted(Name::from(local + "@example.org")));
  EXPECT_FALSE(Name::from(local + "a@example.org"));
  const std::string label(kMaxDomainLabelBytes, 'b');
  const std::string longest = label + "." + label + "." + label + "." + std::string(61, 'c');
  ASSERT_EQ(longest.size(), kMaxDomainBytes);
  EXPECT_TRUE(accepted(Name::from(local + "@" + longest)));
  EXPECT_FALSE(Name::from("a@" + longest + "c"));
  EXPECT_FALSE(Name::from("a@" + label + "b.org"));
  EXPECT_FALSE(Name::parse(std::string(5000, ' ')));
  EXPECT_NE(explain_name(std::string(5000, ' ')), "");
}

TEST(Name, ExplainsWhichCharacterIsAtFault) {
  EXPECT_NE(explain_name("al!ce@example.org").find("character 3, \"!\""), std::string::npos);
  EXPECT_NE(explain_name("al\xc3\xafs@example.org").find("character 3, \"\xc3\xaf\""), std::string::npos);
  EXPECT_NE(explain_name("alice@exa_mple.org").find("character 10, \"_\""), std::string::npos);
  EXPECT_NE(explain_name("alice").find("no @"), std::string::npos);
  EXPECT_NE(explain_name("al\x01@example.org").find("0x01"), std::string::npos);
}

TEST(Name, ExplainsExactlyWhatItRefuses) {
  for (const char* text : {"", "@", "a@b", "a@b.c", "A@B.C", "a@b.1", "\xff@b.c", "a@b.c.", "a@localhost"}) {
    EXPECT_EQ(Name::parse(text).has_value(), explain_name(text).empty()) << text;
  }
}

TEST(Name, IsOneSpellingOnTheWire) {
  const auto name = Name::from("alice@example.org");
  EXPECT_EQ(wire::decode<Name>(wire::encode(*name)), *name);
  wire::Writer writer;
  writer.opaque("Alice@example.org");
  EXPECT_FALSE(wire::decode<Name>(writer.view()));
}

}  // namespace
}  // namespace cairn::directory
