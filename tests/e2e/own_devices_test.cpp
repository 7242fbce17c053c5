// What one's two devices have in common and nobody else hears of, and a device that comes to them later: with real
// programs, and another person's two devices to see that it is so.
#include "tests/e2e/features_village.h"

namespace cairn::e2e {
namespace {

using nlohmann::json;

class OwnDevices : public FeaturesTest {
 protected:
  void on_both(const std::string& key, const json& value) {
    for (const char* device : {"alice-1", "alice-2"}) {
      EXPECT_TRUE(shows(device, "bob@localhost", key, value))
          << device << " " << key << " " << conversation(device, "bob@localhost");
    }
  }
  std::set<std::string> kinds(const std::string& device) {
    std::set<std::string> out;
    const json all = run(device, {"conversations"});
    for (const json& one : all["conversations"]) out.insert(one["kind"]);
    return out;
  }
};

TEST_F(OwnDevices, ShareWhatTheirOwnerDecidesAndNobodyElseHearsOfIt) {
  meet();
  run("alice-1", {"contact", "name", "bob@localhost", "Bobby"});
  run("alice-1", {"conversation", "pin", "bob@localhost"});
  run("alice-2", {"conversation", "mute", "bob@localhost"});
  run("alice-2", {"conversation", "draft", "bob@localhost", "shall we perhaps"});
  on_both("petnames", {{"bob@localhost", "Bobby"}});
  on_both("pinned", true);
  on_both("muted", true);
  on_both("draft", "shall we perhaps");
  run("alice-1", {"conversation", "archive", "bob@localhost"});
  on_both("archived", true);
  for (const char* device : {"alice-1", "alice-2"}) {
    const json list = run(device, {"conversations"});
    EXPECT_TRUE(list["conversations"].empty()) << device << " " << list;
    EXPECT_EQ(list["left_out"], 1) << device;
  }
  // What is said afterwards comes afterwards: by then bob's devices have heard all that there is.
  arrives_everywhere(say("alice-1", "the next thing"));
  arrives_everywhere(say("alice-2", "and the one after it"));
  on_both("archived", false);  // its owner wrote there
  run("alice-1", {"conversation", "archive", "bob@localhost"});
  on_both("archived", true);
  for (const char* device : {"bob-1", "bob-2"}) {
    const json pair = conversation(device, "alice@localhost");
    for (const char* key : {"pinned", "muted", "archived"}) EXPECT_EQ(pair[key], false) << device << " " << key;
    for (const char* key : {"draft", "petnames"}) EXPECT_FALSE(pair.contains(key)) << device << " " << pair;
    EXPECT_EQ(found(device, {"perhaps"}), 0u) << device;
  }
  // Each on the device that had not set it.
  run("alice-2", {"conversation", "unpin", "bob@localhost"});
  run("alice-1", {"conversation", "unmute", "bob@localhost"});
  run("alice-2", {"conversation", "unarchive", "bob@localhost"});
  run("alice-1", {"conversation", "draft", "bob@localhost", ""});
  run("alice-2", {"contact", "name", "bob@localhost", ""});
  for (const char* key : {"pinned", "muted", "archived"}) on_both(key, false);
  for (const char* key : {"draft", "petnames"}) on_both(key, nullptr);
}

TEST_F(OwnDevices, HaveTheirOwnersNotesAndNobodyElseHasThem) {
  meet();
  run("alice-1", {"send", "self", "buy bread"});
  EXPECT_TRUE(eventually([&] { return has_text("alice-2", "me", "alice@localhost: buy bread"); }));
  run("alice-2", {"send", "me", "and candles"});
  EXPECT_TRUE(eventually([&] { return has_text("alice-1", "self", "alice@localhost: and candles"); }));
  arrives_everywhere(say("alice-1", "are you hungry?"));
  arrives_everywhere(say("alice-2", "I am"));
  for (const char* device : {"alice-1", "alice-2"}) {
    EXPECT_EQ(kinds(device), (std::set<std::string>{"pair", "self"})) << device;
    EXPECT_EQ(found(device, {"candles"}), 1u) << device;
  }
  for (const char* device : {"bob-1", "bob-2"}) {
    EXPECT_EQ(kinds(device), std::set<std::string>{"pair"}) << device;
    for (const char* word : {"bread", "candles"}) EXPECT_EQ(found(device, {word}), 0u) << device << " " << word;
    EXPECT_EQ(texts(device, "alice@localhost").size(), 4u) << device;
  }
  for (const char* word : {"buy bread", "and candles"}) EXPECT_FALSE(holds(village().server_folder(), word)) << word;
}

TEST_F(OwnDevices, ANewOneIsInEveryConversationAfterOneSync) {
  struct Place {
    const char* name;  ///< for alice; a title, or the other name of a pair
    bool has_bob, has_carol;
    /// How many devices of each name are in it, with alice's second one.
    json devices() const {
      json out = {{"alice@localhost", 2}};
      if (has_bob) out["bob@localhost"] = 2;
      if (has_carol) out["carol@localhost"] = 1;
      return out;
    }
  };
  constexpr Place kPlaces[] = {{"bob@localhost", true, false},
                               {"carol@localhost", false, true},
                               {"walkers", true, false},
                               {"readers", false, true},
                               {"singers", true, true}};
  must(village().register_person("alice-1", "alice@localhost"));
  must(village().register_person("bob-1", "bob@localhost"));
  must(village().register_person("carol-1", "carol@localhost"));
  must(village().link_device("bob-2", "bob@localhost", "bob-1"));
  run("alice-1", {"group", "create", "walkers", "bob@localhost"});
  run("alice-1", {"group", "create", "readers", "carol@localhost"});
  run("alice-1", {"group", "create", "singers", "bob@localhost", "carol@localhost"});
  for (const Place& one : kPlaces) run("alice-1", {"send", one.name, "first"});

  must(village().link_device("alice-2", "alice@localhost", "alice-1"));
  for (const Place& one : kPlaces) EXPECT_TRUE(shows("alice-1", one.name, "devices", one.devices())) << one.name;
  EXPECT_EQ(ask("alice-2", "sync", {{"wait_ms", 30'000}}), json({{"connected", true}}));
  const json all = ask("alice-2", "conversations", json::object())["conversations"];
  for (const Place& one : kPlaces) {
    const bool is_in = std::any_of(all.begin(), all.end(), [&](const json& there) {
      const bool is_it = there["title"] == one.name || (there["kind"] == "pair" && there["names"][0] == one.name) ||
                         (there["kind"] == "pair" && there["names"].back() == one.name);
      return is_it && there["devices"] == one.devices() && there["trouble"] == "";
    });
    EXPECT_TRUE(is_in) << one.name << " " << all;
  }
  EXPECT_EQ(all.size(), std::size(kPlaces)) << all;

  for (const Place& one : kPlaces) {
    const std::string where = one.name;
    const std::string text = "from my new device, to " + where;
    run("alice-2", {"send", where, text});
    const std::vector<std::string> hearers = one.has_bob ? std::vector<std::string>{"alice-1", "bob-1", "bob-2"}
                                                         : std::vector<std::string>{"alice-1", "carol-1"};
    for (const std::string& device : hearers) {
      const std::string there = where.find('@') == std::string::npos || device == "alice-1" ? where : "alice@localhost";
      EXPECT_TRUE(eventually([&] { return has_text(device, there, "alice@localhost: " + text); })) << device << text;
    }
    const std::string by = hearers.back();
    run(by, {"send", where.find('@') == std::string::npos ? where : "alice@localhost", "welcome"});
    const std::string line = (by == "bob-2" ? "bob@localhost" : "carol@localhost") + std::string(": welcome");
    for (const char* device : {"alice-1", "alice-2"}) {
      EXPECT_TRUE(eventually([&] { return has_text(device, where, line); })) << device << " " << where;
    }
  }
}

}  // namespace
}  // namespace cairn::e2e
