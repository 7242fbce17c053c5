// A second device of a person who has talked before, with real programs: it comes to have all of it through kills of
// either side, shares what its owner decides, and gets nothing any more once it is removed.
#include <csignal>

#include "tests/e2e/village_fixture.h"

namespace cairn::e2e {
namespace {

using nlohmann::json;
namespace fs = std::filesystem;

constexpr int kSaidInEach = 52;
constexpr std::size_t kLength = 12'000;  ///< of a text: so that all of them are several pieces
constexpr auto kHistoryMost = std::chrono::minutes(3);

class HistoryBetweenPrograms : public VillageTest {
 protected:
  void kill_daemon(const std::string& device) {
    village().daemon(device).signal(SIGKILL);
    village().daemon(device).wait(std::chrono::seconds(5));
    village().start_daemon(device);
  }
  json history(const std::string& device) {
    const demo::Said said = village().cairn(device, {"status"});
    return said.good() ? said.json.value("history", json::object()) : json::object();
  }
  /// What was said in both conversations on this device.
  std::vector<std::string> all(const std::string& device) {
    std::vector<std::string> out = texts(device, "bob@localhost");
    const auto more = texts(device, "walkers");
    out.insert(out.end(), more.begin(), more.end());
    return out;
  }
  void talk() {
    must(village().register_person("alice-1", "alice@localhost"));
    must(village().register_person("bob-1", "bob@localhost"));
    must(village().register_person("bob-2", "carol@localhost"));
    must(village().cairn("alice-1", {"group", "create", "walkers", "bob@localhost"}));
    const std::string filler(kLength, '.');
    for (int i = 0; i < kSaidInEach; ++i) {
      const std::string text = std::to_string(i) + filler;
      must(village().cairn("alice-1", {"send", "bob@localhost", text}));
      if (i % 8 == 0) must(village().cairn("bob-1", {"send", "alice@localhost", "yes, " + std::to_string(i)}));
      must(village().cairn("alice-1", {"send", "walkers", text}));
    }
    std::ofstream(folder_ / "map.png") << "a map";
    must(village().cairn("alice-1", {"send", "walkers", "the map", "--attach", (folder_ / "map.png").string()}));
    ASSERT_TRUE(eventually([&] { return has_text("bob-1", "walkers", "alice@localhost: the map"); }, kHistoryMost));
    ASSERT_TRUE(eventually([&] { return all("alice-1").size() == 2u * kSaidInEach + 1 + (kSaidInEach + 7) / 8; }));
  }
};

TEST_F(HistoryBetweenPrograms, AllOfItComesThroughKillsAndEndsWithTheDevice) {
  talk();
  const auto said = all("alice-1");
  // The one that gives is killed as soon as it has let the other one in, and then both of them again and again.
  demo::Process link = begin_link("alice-2", "alice@localhost");
  must(village().cairn("alice-1", {"device", "approve", code_of(link), "--yes"}));
  village().daemon("alice-1").signal(SIGKILL);
  village().daemon("alice-1").wait(std::chrono::seconds(5));
  ASSERT_EQ(link.wait(std::chrono::seconds(30)), 0) << link.output();
  village().start_daemon("alice-2");
  village().start_daemon("alice-1");
  for (int i = 0; i < 12; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(50 * i));
    kill_daemon(i % 3 == 2 ? "alice-1" : "alice-2");
    const std::size_t taken = history("alice-2").value("taken", std::size_t{0});
    std::printf("killed %s: %zu of %zu messages were there\n", i % 3 == 2 ? "alice-1" : "alice-2", taken, said.size());
    if (taken >= said.size()) break;
  }
  ASSERT_TRUE(eventually([&] { return all("alice-2").size() >= said.size(); }, kHistoryMost)) << history("alice-2");
  EXPECT_EQ(all("alice-2"), said);
  EXPECT_TRUE(eventually([&] { return history("alice-2").value("taken", std::size_t{0}) >= said.size(); }));
  // Its file is saved with what its message says.
  json map;
  const demo::Said walkers = village().cairn("alice-2", {"read", "walkers", "--peek"});
  for (const json& one : walkers.json["messages"]) {
    if (one.contains("attachment")) map = one;
  }
  ASSERT_TRUE(map.is_object());
  fs::create_directories(folder_ / "saved");
  must(village().cairn("alice-2", {"save", map["id"], "--to", (folder_ / "saved").string()}));
  EXPECT_EQ(fs::file_size(folder_ / "saved" / "map.png"), 5u);

  // What its owner decides on one is so on the other.
  must(village().cairn("bob-1", {"send", "alice@localhost", "news"}));
  ASSERT_TRUE(eventually([&] { return has_text("alice-1", "bob@localhost", "bob@localhost: news"); }));  // and so read
  EXPECT_TRUE(shows("alice-2", "bob@localhost", "unread", 0));
  must(village().cairn("alice-2", {"conversation", "mute", "walkers"}));
  EXPECT_TRUE(shows("alice-1", "walkers", "muted", true));
  must(village().cairn("alice-1", {"conversation", "draft", "walkers", "we might"}));
  EXPECT_TRUE(shows("alice-2", "walkers", "draft", "we might"));
  must(village().cairn("alice-2", {"block", "carol@localhost"}));
  EXPECT_TRUE(
      eventually([&] { return village().cairn("alice-1", {"blocked"}).json["names"] == json{"carol@localhost"}; }));
  must(village().cairn("alice-2", {"send", "self", "buy bread"}));
  EXPECT_TRUE(eventually([&] { return has_text("alice-1", "me", "alice@localhost: buy bread"); }));

  const std::string removed = village().cairn("alice-2", {"status"}).json["device"];
  const auto before = texts("alice-2", "bob@localhost");
  must(village().cairn("alice-1", {"device", "remove", removed}));
  must(village().cairn("alice-1", {"send", "me", "for me alone"}));
  must(village().cairn("alice-1", {"conversation", "draft", "walkers", "or not"}));
  must(village().cairn("bob-1", {"send", "alice@localhost", "who hears this?"}));
  ASSERT_TRUE(eventually([&] { return has_text("alice-1", "bob@localhost", "bob@localhost: who hears this?"); }));
  EXPECT_EQ(texts("alice-2", "bob@localhost"), before);
  EXPECT_EQ(conversation("alice-2", "walkers").value("draft", ""), "we might");
  EXPECT_FALSE(has_text("alice-2", "me", "alice@localhost: for me alone"));
}

TEST_F(HistoryBetweenPrograms, StaysWhereItIsWhenItsOwnerSaysSo) {
  must(village().register_person("alice-1", "alice@localhost"));
  must(village().register_person("bob-1", "bob@localhost"));
  must(village().cairn("alice-1", {"send", "bob@localhost", "before"}));
  demo::Process link = begin_link("alice-2", "alice@localhost");
  const std::string code = code_of(link);
  // It is said what that means, and nothing happens without the words.
  const demo::Said refused =
      village().cairn("alice-1", {"device", "approve", code, "--no-history"}, std::chrono::seconds(30), "yes\n");
  EXPECT_EQ(refused.exit_code, 1);
  EXPECT_NE(refused.error.find("from now on; of what was said before this one gives it nothing"), std::string::npos)
      << refused.error;
  must(village().cairn("alice-1", {"device", "approve", code, "--no-history"}, std::chrono::seconds(30),
                       "this device will read everything\n"));
  EXPECT_EQ(link.wait(std::chrono::seconds(30)), 0);
  village().start_daemon("alice-2");
  ASSERT_TRUE(eventually([&] { return history("alice-2").value("state", "") == "done"; }, kHistoryMost));
  must(village().cairn("bob-1", {"send", "alice@localhost", "from now on"}));
  ASSERT_TRUE(eventually([&] { return has_text("alice-2", "bob@localhost", "bob@localhost: from now on"); }));
  EXPECT_EQ(texts("alice-2", "bob@localhost"), std::vector<std::string>{"bob@localhost: from now on"});
}

TEST_F(HistoryBetweenPrograms, TheCodeOfALinkIsDrawnOnATerminalAndStandsBeneath) {
  must(village().register_person("alice-1", "alice@localhost"));
  const std::string command = program_folder() + "/cairn --data " + village().device_folder("alice-2") +
                              " link alice@localhost --server " + village().url() + " --policy " +
                              village().policy_file();
  // script(1) gives it a terminal, and writes what comes there.
  demo::Process link =
      demo::Process::start({"/usr/bin/script", "-qefc", command, "/dev/null"}, (folder_ / "terminal.log").string());
  std::string shown;
  ASSERT_TRUE(eventually([&] {
    shown = link.output();
    return shown.find("device approve") != std::string::npos;
  })) << shown;
  const std::size_t drawn = shown.find("\xe2\x96\x80");  // an upper half block
  EXPECT_NE(drawn, std::string::npos);
  EXPECT_LT(drawn, shown.find("device approve"));
  link.signal(SIGTERM);
}

}  // namespace
}  // namespace cairn::e2e
