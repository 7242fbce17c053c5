// The server dies between a commit and the delivery of its Welcome: everybody ends in one epoch, and every message is
// readable.
#include <csignal>

#include "tests/e2e/village_fixture.h"

namespace cairn::e2e {
namespace {

using nlohmann::json;

constexpr auto kMost = std::chrono::seconds(60);

class Welcomes : public VillageTest {
 protected:
  void three_people() {
    trouble("cairnd");
    must(village().register_person("alice-1", "alice@localhost"));
    must(village().register_person("bob-1", "bob@localhost"));
    must(village().register_person("carol-1", "carol@localhost"));
  }
  /// -1: the device is not in it.
  std::int64_t epoch(const std::string& device, const std::string& title) {
    const demo::Said said = village().cairn(device, {"conversations"});
    if (!said.good()) return -1;
    for (const json& one : said.json["conversations"]) {
      if (one["title"] == title) return one.value("epoch", std::int64_t{-1});
    }
    return -1;
  }
  void begin_group(const std::string& title) {
    must(village().cairn("alice-1", {"group", "create", title, "bob@localhost"}));
    must(village().cairn("alice-1", {"send", title, "before carol"}));
    ASSERT_TRUE(eventually([&] { return has_text("bob-1", title, "alice@localhost: before carol"); }, kMost));
  }
  /// `group add`, until the server has taken it.
  void add_carol(const std::string& title) {
    const std::int64_t before = epoch("alice-1", title);
    must(village().cairn("alice-1", {"group", "add", title, "carol@localhost"}));
    ASSERT_TRUE(eventually([&] { return epoch("alice-1", title) == before + 1; }, kMost));
  }
  void restart_server() {
    village().stop_server(SIGKILL);
    village().start_server();
  }
  /// Says it, now or when the server is there again.
  void say(const std::string& device, const std::string& title, const std::string& text) {
    const demo::Said said = village().cairn(device, {"send", title, text, "--wait", "0.5"});
    EXPECT_TRUE(said.good() || said.exit_code == 3) << said.exit_code << " " << said.error;
  }
  bool has(const std::string& device, const std::string& title, const std::string& line) {
    return eventually([&] { return has_text(device, title, line); }, kMost);
  }
  /// All three are in one epoch, and hear each other.
  void expect_one_conversation(const std::string& title) {
    const std::vector<std::string> all = {"alice-1", "bob-1", "carol-1"};
    ASSERT_TRUE(eventually([&] { return epoch("carol-1", title) >= 0; }, kMost)) << title;
    for (const std::string& device : all) say(device, title, "from " + device);
    for (const std::string& device : all) {
      for (const std::string who : {"alice", "bob", "carol"}) {
        EXPECT_TRUE(has(device, title, who + "@localhost: from " + who + "-1")) << title << ": " << device;
      }
    }
    EXPECT_TRUE(eventually([&] { return is_one_epoch(title); }, kMost)) << title;
    for (const std::string& device : all) {
      const demo::Said said = village().cairn(device, {"read", title, "--peek"});
      EXPECT_EQ(said.json.dump().find("could not be read"), std::string::npos) << device << said.json.dump();
      EXPECT_EQ(said.json.dump().find("Messages may be missing"), std::string::npos) << device;
    }
  }
  bool is_one_epoch(const std::string& title) {
    const std::int64_t one = epoch("alice-1", title);
    return one >= 0 && epoch("bob-1", title) == one && epoch("carol-1", title) == one;
  }
  /// From now on; 0: it does not.
  void server_dies_at_change(std::size_t n) {
    const std::string file = trouble_folder() + "/cairnd.end";
    std::filesystem::remove(file);
    if (n != 0) std::ofstream(file) << n;
  }
};

TEST_F(Welcomes, OfWhoIsAwayWaitOnTheServersDisk) {
  three_people();
  begin_group("walkers");
  village().stop_daemon("carol-1");
  add_carol("walkers");
  village().stop_server(SIGKILL);
  say("alice-1", "walkers", "said while it was gone");
  village().start_server();
  say("bob-1", "walkers", "said before carol looked");
  village().start_daemon("carol-1");
  expect_one_conversation("walkers");
  EXPECT_TRUE(has("carol-1", "walkers", "alice@localhost: said while it was gone"));
  EXPECT_TRUE(has("carol-1", "walkers", "bob@localhost: said before carol looked"));
  EXPECT_FALSE(has_text("carol-1", "walkers", "alice@localhost: before carol"));
}

TEST_F(Welcomes, ThatWerePushedAndNotTakenArePushedAgain) {
  three_people();
  begin_group("walkers");
  village().daemon("carol-1").signal(SIGSTOP);  // connected, and takes nothing
  add_carol("walkers");
  restart_server();
  say("alice-1", "walkers", "is carol there");
  village().daemon("carol-1").signal(SIGCONT);
  expect_one_conversation("walkers");
  EXPECT_TRUE(has("carol-1", "walkers", "alice@localhost: is carol there"));
}

// Before the commit is on the disk, between that and the answer, between the answer and the pushes.
TEST_F(Welcomes, ComeWhateverChangeTheServerDiesAt) {
  three_people();
  std::size_t kills = 0;
  for (std::size_t n = 1; n < 60; n += 1 + n / 8) {
    SCOPED_TRACE("killed before change " + std::to_string(n));
    const std::string title = "walk " + std::to_string(n);
    server_dies_at_change(n);
    const demo::Said created =
        village().cairn("alice-1", {"group", "create", title, "bob@localhost", "carol@localhost"});
    EXPECT_TRUE(created.good() || created.exit_code == 3) << created.exit_code << " " << created.error;
    say("alice-1", title, "hello");
    const bool was_killed = eventually([&] { return !village().server().running(); }, std::chrono::milliseconds(300));
    kills += was_killed ? 1 : 0;
    server_dies_at_change(0);
    restart_server();
    expect_one_conversation(title);
    for (const std::string device : {"bob-1", "carol-1"}) EXPECT_TRUE(has(device, title, "alice@localhost: hello"));
    if (!was_killed || HasFailure()) break;
  }
  EXPECT_GE(kills, 8u);
}

}  // namespace
}  // namespace cairn::e2e
