#include "apps/common/manual.h"

#include <gtest/gtest.h>

namespace cairn::apps {
namespace {

std::string page() {
  CLI::App app{"tool: does things. And more."};
  app.footer("'One' ends.\n.Not a request");
  std::string value;
  app.add_option("--data", value, "a folder");
  CLI::App* group = app.add_subcommand("group", "several");
  CLI::App* add = group->add_subcommand("add", "add somebody");
  add->add_option("name", value, "whom")->required();
  add->add_flag_function(
      "--now", [](std::int64_t) {}, "at once");
  add->add_option("--many", value, "how many")->expected(0, 1);
  app.add_subcommand("secret", "nobody's business")->group("");
  return manual_page(app, "tool", "1.2", "A \\ paragraph.");
}

TEST(Manual, SaysEveryCommandWithItsArguments) {
  const std::string text = page();
  EXPECT_NE(text.find(".TH TOOL 1 \"\" \"cairn 1.2\" \"Cairn\"\n"), std::string::npos) << text;
  EXPECT_NE(text.find("tool \\- does things\n"), std::string::npos) << text;
  EXPECT_NE(text.find(".SS \"tool group add name\"\nadd somebody\n"), std::string::npos) << text;
  EXPECT_NE(text.find("\\fB\\-\\-data\\fR \\fIvalue\\fR\na folder\n"), std::string::npos) << text;
  EXPECT_NE(text.find("\\fB\\-\\-now\\fR\nat once\n"), std::string::npos) << text;
  EXPECT_NE(text.find("\\fB\\-\\-many\\fR [\\fIvalue\\fR]\nhow many\n"), std::string::npos) << text;
}

TEST(Manual, LeavesOutWhatIsHidden) { EXPECT_EQ(page().find("nobody's"), std::string::npos); }

TEST(Manual, EscapesWhatTroffWouldTake) {
  const std::string text = page();
  EXPECT_NE(text.find("A \\e paragraph."), std::string::npos);
  EXPECT_NE(text.find("\n\\&'One' ends.\n\\&.Not a request"), std::string::npos);
}

}  // namespace
}  // namespace cairn::apps
