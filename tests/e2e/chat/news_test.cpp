// Whom a mention and a bell call, in real terminals: two people with two devices each.
#include <map>
#include <memory>

#include "tests/e2e/chat/pseudo_terminal.h"
#include "tests/e2e/features_village.h"

namespace cairn::e2e {
namespace {

using nlohmann::json;

constexpr const char* kGroup = "walkers";

class NewsInTerminals : public FeaturesTest {
 protected:
  void TearDown() override {
    following_.clear();
    VillageTest::TearDown();
  }
  /// Alice and bob have a group, in which something was said after what was said in their pair.
  void begin() {
    meet();
    run("alice-1", {"group", "create", kGroup, "bob@localhost"});
    arrives_everywhere(run("alice-1", {"send", kGroup, "we begin"})["id"], kGroup);
  }
  /// The kinds of its conversations, as they are listed.
  std::vector<std::string> kinds(const std::string& device) {
    std::vector<std::string> out;
    const json all = run(device, {"conversations"});
    for (const json& one : all["conversations"]) out.push_back(one["kind"]);
    return out;
  }
  /// Terminals in which the owners of all four devices follow what comes.
  void follow_all() {
    for (const std::string device : kFourDevices) {
      const std::vector<std::string> follow = command_of(device, {"read", "--follow"});
      following_[device] = std::make_unique<PseudoTerminal>(follow, folder_.string(), 40, 120);
    }
  }
  PseudoTerminal& terminal(const std::string& device) { return *following_.at(device); }
  void each_shows(const std::vector<std::string>& devices, const std::string& words) {
    for (const std::string& device : devices)
      EXPECT_TRUE(terminal(device).shows(words)) << device << " " << words << "\n" << terminal(device).picture();
  }
  void each_has_rung(const std::vector<std::string>& devices, int times) {
    for (const std::string& device : devices) {
      EXPECT_TRUE(terminal(device).until([&] { return terminal(device).screen().bells() == times; }))
          << device << " " << terminal(device).screen().bells();
    }
  }

  std::map<std::string, std::unique_ptr<PseudoTerminal>> following_;
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

TEST_F(NewsInTerminals, WhatIsPinnedIsFirstAndWhatIsMutedIsSilentForItsOwnerAlone) {
  using Names = std::vector<std::string>;
  const Names of_alice = {"alice-1", "alice-2"}, of_bob = {"bob-1", "bob-2"};
  const Names by_time = {"group", "pair"}, pinned = {"pair", "group"};
  begin();
  for (const std::string device : kFourDevices) EXPECT_EQ(kinds(device), by_time) << device;
  run("alice-1", {"conversation", "pin", "bob@localhost"});
  EXPECT_TRUE(shows("alice-2", "bob@localhost", "pinned", true));
  run("alice-2", {"conversation", "mute", "bob@localhost"});
  EXPECT_TRUE(shows("alice-1", "bob@localhost", "muted", true));
  // What is said afterwards comes afterwards: by then bob's devices have heard all that there is.
  arrives_everywhere(run("alice-1", {"send", kGroup, "where are we?"})["id"], kGroup);
  for (const std::string& device : of_alice) EXPECT_EQ(kinds(device), pinned) << device;
  for (const std::string& device : of_bob) EXPECT_EQ(kinds(device), by_time) << device;

  follow_all();
  for (const Names& devices : {of_alice, of_bob}) each_shows(devices, "alice@localhost: where are we?");
  say("bob-1", "quietly");
  run("bob-1", {"send", kGroup, "aloud"});
  each_shows(of_alice, "bob@localhost: aloud");
  each_has_rung(of_alice, 1);
  for (const std::string& device : of_alice) {
    const std::string& written = terminal(device).written();
    const std::size_t quietly = written.find("quietly"), aloud = written.find("aloud");
    EXPECT_LT(quietly, aloud) << device << "\n" << terminal(device).picture();
    EXPECT_EQ(written.substr(0, aloud).find('\a'), std::string::npos)
        << device << ": the group rings, the pair does not";
  }
  // Alice's decision is hers.
  say("alice-1", "I read it later");
  each_shows(of_bob, "alice@localhost: I read it later");
  each_has_rung(of_bob, 1);
  // Taken back on the device that had not decided it.
  run("alice-1", {"conversation", "unmute", "bob@localhost"});
  EXPECT_TRUE(shows("alice-2", "bob@localhost", "muted", false));
  say("bob-2", "thank you");
  each_shows(of_alice, "bob@localhost: thank you");
  each_has_rung(of_alice, 2);
}

}  // namespace
}  // namespace cairn::e2e
