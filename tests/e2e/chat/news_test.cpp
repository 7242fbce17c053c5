// Whom a mention and a bell call, in real terminals: two people with two devices each.
#include "tests/e2e/chat/pseudo_terminal.h"
#include "tests/e2e/features_village.h"

namespace cairn::e2e {
namespace {

using nlohmann::json;

constexpr const char* kGroup = "walkers";

class NewsInTerminals : public FeaturesTest {
 protected:
  /// Alice and bob have a group, in which something was said after what was said in their pair.
  void begin() {
    meet();
    run("alice-1", {"group", "create", kGroup, "bob@localhost"});
    arrives_everywhere(run("alice-1", {"send", kGroup, "we begin"})["id"], kGroup);
  }
};

TEST_F(NewsInTerminals, AMentionIsOfOneNameAndCallsThatOneOnBothDevices) {
  begin();
  for (const bool in_group : {true, false}) {
    const std::string group = in_group ? kGroup : "";  // as everywhere() has it
    const auto place = [&](const std::string& device) { return in_group ? group : other(device); };
    const auto send = [&](const std::string& device, const std::string& text) -> std::string {
      return run(device, {"send", place(device), text, "--mention", "bob"})["id"];
    };
    const std::string mention = send("alice-1", "where is @bob?");
    const std::string none = send("alice-2", "and where is @bobby?");
    const std::string last = send("alice-1", "that is all");
    arrives_everywhere(last, group);
    everywhere(
        mention,
        [](const json& one) {
          return one.is_object() && one.value("mentions", json()) == json::array({"bob@localhost"});
        },
        group);
    for (const std::string& id : {none, last}) {
      everywhere(
          id, [](const json& one) { return one.is_object() && !one.contains("mentions"); }, group);
    }
    for (const std::string device : kFourDevices) {
      PseudoTerminal chat(command_of(device, {"chat", place(device)}), folder_.string());
      const bool is_called = device.starts_with("bob");
      const std::string row = std::string("alice: where is @bob?") + (is_called ? "  (mentions you)" : "");
      EXPECT_TRUE(chat.shows(row)) << device << "\n" << chat.picture();
      // Rows are drawn from above: with the last one all are there.
      EXPECT_TRUE(chat.shows("alice: that is all")) << device << "\n" << chat.picture();
      EXPECT_EQ(chat.screen().shows("(mentions you)"), is_called) << device << "\n" << chat.picture();
      EXPECT_TRUE(chat.screen().shows("alice: and where is @bobby?")) << device << "\n" << chat.picture();
      EXPECT_FALSE(chat.screen().shows("@bobby?  (mentions you)")) << device << "\n" << chat.picture();
    }
  }
}

}  // namespace
}  // namespace cairn::e2e
