#include "apps/cairn/talk.h"

#include <gtest/gtest.h>

#include "apps/cairn/attachment.h"

namespace cairn::apps {
namespace {

using nlohmann::json;

/// What these words ask, or the name of the error.
std::pair<std::string, json> asked(std::vector<std::string> words) {
  std::string method;
  json params = json::object();
  CLI::App app;
  for (const char* one : {"send", "read", "group", "contact"}) app.add_subcommand(one, "");
  add_talk_commands(app, {method, params});
  add_attachment_commands(app, {method, params});
  std::reverse(words.begin(), words.end());
  try {
    app.parse(words);
  } catch (const CLI::ParseError& error) {
    return {error.get_name(), nullptr};
  }
  return {method, params};
}

TEST(Talk, AsksForWhatTheCommandSays) {
  using Asked = std::pair<std::string, json>;
  EXPECT_EQ(asked({"react", "01ab", "+"}), (Asked{"message.react", {{"message", "01ab"}, {"text", "+"}}}));
  EXPECT_EQ(asked({"react", "01ab", "+", "--remove"}),
            (Asked{"message.react", {{"message", "01ab"}, {"text", "+"}, {"remove", true}}}));
  EXPECT_EQ(asked({"search", "two", "words"}), (Asked{"search", {{"words", "two words"}}}));
  EXPECT_EQ(asked({"conversation", "mute", "bob"}),
            (Asked{"conversation.set", {{"conversation", "bob"}, {"muted", true}}}));
  EXPECT_EQ(asked({"conversation", "unpin", "bob"}),
            (Asked{"conversation.set", {{"conversation", "bob"}, {"pinned", false}}}));
  EXPECT_EQ(asked({"conversation", "expire", "bob", "1d"}),
            (Asked{"conversation.expire", {{"conversation", "bob"}, {"seconds", 86'400}}}));
  EXPECT_EQ(asked({"contact", "name", "bob", "Bobby"}),
            (Asked{"contact.set", {{"name", "bob"}, {"petname", "Bobby"}}}));
  EXPECT_EQ(asked({"group", "admin", "walkers", "bob"}),
            (Asked{"group.change", {{"conversation", "walkers"}, {"admin", "bob"}}}));
  EXPECT_EQ(asked({"requests"}), (Asked{"request.list", json::object()}));
  EXPECT_EQ(asked({"block", "bob"}), (Asked{"contact.block", {{"name", "bob"}}}));
}

TEST(Talk, RefusesATimeThatIsNone) {
  EXPECT_EQ(asked({"conversation", "expire", "bob", "soon"}).first, "ValidationError");
  EXPECT_EQ(asked({"contact", "receipts", "bob", "maybe"}).first, "ValidationError");
  EXPECT_EQ(asked({"group", "picture", "walkers", "/no/such/file"}).first, "ValidationError");
}

TEST(Talk, ReadsTimes) {
  EXPECT_EQ(parse_duration("90"), 90u);
  EXPECT_EQ(parse_duration("45s"), 45u);
  EXPECT_EQ(parse_duration("30m"), 1'800u);
  EXPECT_EQ(parse_duration("12h"), 43'200u);
  EXPECT_EQ(parse_duration("2w"), 1'209'600u);
  EXPECT_EQ(parse_duration("off"), 0u);
  for (const char* wrong : {"", "d", "1y", "1 d", "-1d", "999999999w", "1dd"})
    EXPECT_FALSE(parse_duration(wrong)) << wrong;
}

TEST(Talk, AsksForFilesByTheirWholePath) {
  using Asked = std::pair<std::string, json>;
  EXPECT_EQ(asked({"save", "01ab", "--to", "/tmp/../home/"}),
            (Asked{"attachment.save", {{"message", "01ab"}, {"folder", "/home"}}}));
  EXPECT_EQ(asked({"save", "01ab", "--as", "/home/x"}),
            (Asked{"attachment.save", {{"message", "01ab"}, {"file", "/home/x"}}}));
  const auto here = asked({"save", "01ab"});
  EXPECT_TRUE(here.second["folder"].get<std::string>().starts_with("/"));
  EXPECT_EQ(asked({"save", "01ab", "--as", "/x", "--to", "/y"}).first, "ExcludesError");
  EXPECT_TRUE(asked({"send", "--attach", "x"}).second["file"].get<std::string>().ends_with("/x"));
  EXPECT_EQ(asked({"attachment", "cancel", "00ff"}), (Asked{"attachment.cancel", {{"transfer", "00ff"}}}));
  EXPECT_EQ(asked({"attachment", "status"}).first, "attachment.status");
}

}  // namespace
}  // namespace cairn::apps
