#include "apps/cairn/completion.h"

#include <gtest/gtest.h>

namespace cairn::apps {
namespace {

using Words = std::vector<std::string>;

Words offered(const std::string& line) {
  CLI::App app{"tool"};
  std::string value;
  app.add_option("--data", value, "a folder");
  app.add_flag_function(
      "--json", [](std::int64_t) {}, "as JSON");
  CLI::App* send = app.add_subcommand("send", "say something");
  send->add_option("to", value, "whom");
  send->add_option("text", value, "what");
  send->add_option("--files", value, "how many")->expected(0, 1);
  send->add_flag_function(
      "--fresh", [](std::int64_t) {}, "look up again");
  CLI::App* group = app.add_subcommand("group", "several");
  group->add_subcommand("add", "somebody");
  CLI::App* create = group->add_subcommand("create", "begin one");
  std::vector<std::string> names;
  create->add_option("title", value, "called");
  create->add_option("names", names, "who");
  app.add_subcommand("secret", "hidden")->group("");
  Words out;
  // Beside those that are meant what others may call a group.
  std::vector<Candidate> people = {{"bob@one", "pair"}, {"the band", "group"}};
  for (const char* title : {"bob\n--yes", "b\x1b[2J", "b\u009b2J", "b\u202eo", "b\xff", "--yes"})
    people.push_back({title, "group"});
  for (const Candidate& one : complete(app, words_of_line(line), people)) out.push_back(one.word);
  return out;
}

TEST(Completion, TakesALineAsAShellDoes) {
  EXPECT_EQ(words_of_line("cairn send "), Words({"cairn", "send", ""}));
  EXPECT_EQ(words_of_line("cairn  send\tb"), Words({"cairn", "send", "b"}));
  EXPECT_EQ(words_of_line("cairn send 'the b"), Words({"cairn", "send", "the b"}));
  EXPECT_EQ(words_of_line("cairn send the\\ b"), Words({"cairn", "send", "the b"}));
  EXPECT_EQ(words_of_line("cairn send \"a\\\"b\" "), Words({"cairn", "send", "a\"b", ""}));
  EXPECT_EQ(words_of_line("cairn send '' "), Words({"cairn", "send", "", ""}));
}

TEST(Completion, OffersCommandsThatAreNotHidden) {
  EXPECT_EQ(offered("tool "), Words({"send", "group"}));
  EXPECT_EQ(offered("tool g"), Words{"group"});
  EXPECT_EQ(offered("tool group "), Words({"add", "create"}));
  EXPECT_TRUE(offered("tool s").size() == 1 && offered("tool x").empty());
}

TEST(Completion, OffersOptionsOfTheCommand) {
  EXPECT_EQ(offered("tool --j"), Words{"--json"});
  EXPECT_EQ(offered("tool send --f"), Words({"--files", "--fresh"}));
  EXPECT_TRUE(offered("tool send --j").empty());
}

TEST(Completion, OffersPeopleWhereSomebodyIsMeant) {
  EXPECT_EQ(offered("tool send "), Words({"bob@one", "the band"}));
  EXPECT_EQ(offered("tool send b"), Words{"bob@one"});
  EXPECT_EQ(offered("tool --data x send --fresh the\\ b"), Words{"the band"});
  EXPECT_TRUE(offered("tool send bob@one ").empty()) << "a text is one's own";
  EXPECT_TRUE(offered("tool group create ").empty());
  EXPECT_EQ(offered("tool group create Band bob@one t"), Words{"the band"});
}

TEST(Completion, OffersNothingForTheValueOfAnOption) {
  EXPECT_TRUE(offered("tool --data s").empty());
  EXPECT_TRUE(offered("tool send --files ").empty());
}

TEST(Completion, GoesOnBehindAnOptionThatMayStandAlone) {
  EXPECT_EQ(offered("tool send --files --fr"), Words{"--fresh"});
  EXPECT_EQ(offered("tool send --files 7 --fr"), Words{"--fresh"});
  EXPECT_EQ(offered("tool send --files 7 b"), Words{"bob@one"});
  EXPECT_EQ(offered("tool send --files --fresh b"), Words{"bob@one"});
}

TEST(Completion, KnowsThreeShells) {
  for (const char* shell : {"bash", "zsh", "fish"}) {
    EXPECT_NE(completion_script(shell).find("cairn complete"), std::string::npos);
  }
  EXPECT_EQ(completion_script("sh"), "");
}

}  // namespace
}  // namespace cairn::apps
