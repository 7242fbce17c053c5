#include "apps/cairn/mentions.h"

#include <gtest/gtest.h>

namespace cairn::apps {
namespace {

using nlohmann::json;
using Names = std::vector<std::string>;

const Names kMembers = {"alice@here.example", "bob@here.example", "bobby@here.example", "bob@there.example",
                        "c.d@here.example"};
constexpr const char* kOwn = "alice@here.example";

Names found(const char* text) { return mentions_in(text, kMembers, kOwn); }

TEST(Mentions, AreWordsBehindAnAtThatMeanAMember) {
  EXPECT_EQ(found("@bob, and (@bobby)!"), (Names{"bob", "bobby"}));
  EXPECT_EQ(found("ask @bob@there.example"), Names{"bob@there.example"});
  EXPECT_EQ(found("@Bob? @bob: @bob"), (Names{"Bob", "bob"})) << "as they are typed, each once";
  EXPECT_EQ(found("so says @c.d. And @bob..."), (Names{"c.d", "bob"}));
  EXPECT_EQ(found("@alice"), Names{"alice"});
}

TEST(Mentions, AreNothingElseThatHasAnAt) {
  for (const char* text :
       {"", "@", "no", "@carol", "@bobb", "@bob@elsewhere.example", "me@bob", "x.@bob", "https://social.example/@bob",
        "[@bob](mimi://here.example/u/bob)", "@ bob", "@bob-smith", "@bob@", "@@bob"}) {
    EXPECT_EQ(found(text), Names{}) << text;
  }
}

TEST(Mentions, AreCompleted) {
  const auto completed = [](const char* before) { return complete_mention(before, kMembers, kOwn); };
  EXPECT_EQ(completed("hi @c").rest, ".d ");
  EXPECT_EQ(completed("hi @bob@").rest, "there.example ");
  EXPECT_EQ(completed("hi @b").rest, "ob") << "as far as all agree";
  EXPECT_EQ(completed("hi @bob").rest, "");
  EXPECT_EQ(completed("hi @bob").choices, (Names{"bob", "bobby", "bob@there.example"}));
  EXPECT_EQ(completed("@").choices.size(), 4u) << "nobody mentions himself";
  for (const char* none : {"", "hi", "@x", "me@b", "@b ", "/@b"}) {
    EXPECT_EQ(completed(none).rest, "") << none;
    EXPECT_TRUE(completed(none).choices.empty()) << none;
  }
}

TEST(Mentions, AreShownByTheNameWhateverTheLinkSays) {
  const auto shown = [](const char* text, const json& mentions) {
    return with_mentions_shown(text, mentions, [](const std::string& name) { return "<" + name + ">"; });
  };
  const json bob = {"bob@here.example"};
  EXPECT_EQ(shown("hi [@bob](mimi://here.example/u/bob), hi", bob), "hi @<bob@here.example>, hi");
  EXPECT_EQ(shown("[@carol](mimi://here.example/u/bob)", bob), "@<bob@here.example>");
  EXPECT_EQ(shown("<mimi://here.example/u/bob>!", bob), "@<bob@here.example>!");
  EXPECT_EQ(shown("[a](x) [b](mimi://here.example/u/bob) [c](mimi://here.example/u/bob)", bob),
            "[a](x) @<bob@here.example> @<bob@here.example>");
}

TEST(Mentions, LinksToNobodyHereStayAsTheyAre) {
  const auto shown = [](const char* text, const json& mentions) {
    return with_mentions_shown(text, mentions, [](const std::string& name) { return name; });
  };
  for (const char* text : {"[@bob](mimi://here.example/u/bobby)", "](mimi://here.example/u/bob)",
                           "[a\nb](mimi://here.example/u/bob)", "[a] (b](mimi://here.example/u/bob)", "@bob"}) {
    EXPECT_EQ(shown(text, {"bob@here.example"}), text);
  }
  EXPECT_EQ(shown("[@bob](mimi://here.example/u/bob)", json::array()), "[@bob](mimi://here.example/u/bob)");
  EXPECT_EQ(shown("hi", {1, "no name"}), "hi");
}

}  // namespace
}  // namespace cairn::apps
