#include "core/client/conversation_list.h"

#include <gtest/gtest.h>

#include "tests/support/client_village.h"
#include "tests/support/example_names.h"

namespace cairn::client {
namespace {

using nlohmann::json;
using testing::kAlice;
using testing::kBob;
using testing::kCarol;
using testing::Params;
using Titles = std::vector<std::string>;

/// Alice with two devices talks with bob, with carol, and with both.
class ConversationList : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(village.register_person("alice-1", kAlice).contains("result"));
    ASSERT_TRUE(village.register_person("bob-1", kBob).contains("result"));
    ASSERT_TRUE(village.register_person("carol-1", kCarol).contains("result"));
    ASSERT_TRUE(village.link_device("alice-2", kAlice, "alice-1").contains("result"));
    say("alice-1", kBob, "hi bob");
    say("alice-1", kCarol, "hi carol");
    ask("alice-1", "group.create", {{"title", "walkers"}, {"names", {"bob", "carol"}}});
    say("alice-1", "walkers", "hi all");
    village.pass_all(10 * kSecondMs);
    for (const char* device : {"bob-1", "carol-1"}) {
      for (const char* where : {kAlice, "walkers"}) ask(device, "request.accept", {{"conversation", where}});
    }
    village.pass_all(10 * kSecondMs);
  }

  json ask(const std::string& device, const std::string& method, const Params& params = {}) {
    const json answer = village.ask(device, method, params);
    EXPECT_TRUE(answer.contains("result")) << method << " " << answer;
    return answer.value("result", json::object());
  }
  /// Time goes on behind it, so that nothing else is said in the same moment. The message.
  json say(const std::string& device, const std::string& to, const std::string& text) {
    const json said = ask(device, "send", {{"to", to}, {"text", text}});
    village.pass_all(5 * kSecondMs);
    return said;
  }
  void set(const std::string& conversation, const std::string& what, bool on, const std::string& device = "alice-1") {
    ask(device, "conversation.set", {{"conversation", conversation}, {what, on}});
    village.pass_all(10 * kSecondMs);
  }
  json listed(const Params& params = {}, const std::string& device = "alice-1") {
    return ask(device, "conversations", params);
  }
  /// The conversations that a list has, in its order.
  static Titles titles(const json& list) {
    Titles out;
    for (const json& one : list["conversations"]) {
      std::string title = one["title"];
      for (const json& name : one["names"]) {
        if (title.empty() && name != kAlice)
          title = name.get<std::string>().substr(0, name.get<std::string>().find('@'));
      }
      out.push_back(title);
    }
    return out;
  }
  /// The conversations in which alice finds these words, in the order of the answer.
  Titles found(const std::string& words, const Params& more = {}) {
    json params = more.json();
    params["words"] = words;
    return titles(ask("alice-1", "search", params));
  }
  /// The texts that follow tells alice's first device since the last time, each with "!" behind it where it rings.
  Titles told() {
    Titles out;
    for (const json& notice : village.device("alice-1").take_notices()) {
      if (notice["method"] != "message") continue;
      out.push_back(notice["params"]["text"].get<std::string>() + (notice["params"].value("rings", false) ? "!" : ""));
    }
    return out;
  }

  testing::ClientVillage village;
};

TEST_F(ConversationList, HasTheLatestFirst) {
  EXPECT_EQ(titles(listed()), (Titles{"walkers", "carol", "bob"}));
  say("bob-1", kAlice, "hi alice");
  EXPECT_EQ(titles(listed()), (Titles{"bob", "walkers", "carol"}));
  const json said = say("alice-2", kCarol, "are you there?");
  const json all = listed();
  EXPECT_EQ(titles(all), (Titles{"carol", "bob", "walkers"}));
  EXPECT_GE(all["conversations"][0]["newest_ms"], said["time_ms"]);
  EXPECT_FALSE(all.contains("left_out"));
}

TEST_F(ConversationList, WhatIsNotSaidMovesNothing) {
  const json said = say("alice-1", "walkers", "walk?");
  say("bob-1", kAlice, "later");
  ask("alice-1", "message.edit", {{"message", said["id"]}, {"text", "run?"}});
  ask("bob-1", "message.react", {{"message", said["id"]}, {"text", "+"}});
  ask("carol-1", "conversation.expire", {{"conversation", kAlice}, {"seconds", 3600}});
  village.pass_all(10 * kSecondMs);
  const json all = listed();
  EXPECT_EQ(titles(all), (Titles{"bob", "walkers", "carol"}));
  EXPECT_EQ(all["conversations"][2]["disappears_after_s"], 3600) << "the notice is there";
}

TEST_F(ConversationList, HasPinnedOnesBeforeAllOthers) {
  set(kBob, "pinned", true);
  set(kCarol, "pinned", true, "alice-2");
  EXPECT_EQ(titles(listed()), (Titles{"carol", "bob", "walkers"}));
  say("bob-1", "walkers", "news");
  EXPECT_EQ(titles(listed()), (Titles{"carol", "bob", "walkers"}));
  say("bob-1", kAlice, "news");
  EXPECT_EQ(titles(listed()), (Titles{"bob", "carol", "walkers"}));
  set(kBob, "pinned", false);
  EXPECT_EQ(titles(listed()), (Titles{"carol", "bob", "walkers"}));
}

TEST_F(ConversationList, LeavesArchivedOnesOutUnlessTheyAreAskedFor) {
  set("walkers", "archived", true);
  set(kBob, "archived", true);
  set(kBob, "pinned", true);
  for (const char* device : {"alice-1", "alice-2"}) {
    const json list = listed({}, device);
    EXPECT_EQ(titles(list), Titles{"carol"}) << device;
    EXPECT_EQ(list["left_out"], 2) << device;
    const json all = listed({{"archived", true}}, device);
    EXPECT_EQ(titles(all), (Titles{"carol", "bob", "walkers"})) << device;
    EXPECT_EQ(all["conversations"][1]["archived"], true) << device;
    EXPECT_FALSE(all.contains("left_out")) << device;
  }
  EXPECT_EQ(titles(listed({{"archived", false}})), Titles{"carol"});
  EXPECT_EQ(village.ask("alice-1", "conversations", {{"archived", 1}})["error"]["data"]["code"], "malformed");
}

TEST_F(ConversationList, AnArchivedOneComesBackWhenItsOwnerWritesThereAlone) {
  set("walkers", "archived", true);
  say("bob-1", "walkers", "is alice here?");
  EXPECT_EQ(titles(listed()), (Titles{"carol", "bob"}));
  EXPECT_EQ(ask("alice-1", "read", {{"conversation", "walkers"}})["messages"].back()["text"], "is alice here?");
  say("alice-2", "walkers", "yes");
  for (const char* device : {"alice-1", "alice-2"})
    EXPECT_EQ(titles(listed({}, device)), (Titles{"walkers", "carol", "bob"})) << device;
}

TEST_F(ConversationList, IsSearchedByTitleNameAndPetname) {
  EXPECT_EQ(found("WALK"), Titles{"walkers"});
  EXPECT_EQ(found("bob"), (Titles{"walkers", "bob"}));
  EXPECT_EQ(found("bob carol"), Titles{"walkers"}) << "all words have to be there";
  EXPECT_EQ(found("alice"), Titles{}) << "who is in all of them";
  EXPECT_EQ(found("rabbit"), Titles{});
  EXPECT_EQ(found(" "), Titles{});
  ask("alice-2", "contact.set", {{"name", kCarol}, {"petname", "Rabbit"}});
  village.pass_all(10 * kSecondMs);
  EXPECT_EQ(found("rabbit"), (Titles{"walkers", "carol"}));
  ask("alice-1", "group.change", {{"conversation", "walkers"}, {"title", "runners"}});
  village.pass_all(10 * kSecondMs);
  EXPECT_EQ(found("walkers"), Titles{});
  set("runners", "archived", true);
  EXPECT_EQ(found("rabbit"), (Titles{"carol", "runners"})) << "archived ones too, last";
  EXPECT_EQ(found("rabbit", {{"limit", 1}}), Titles{"carol"});
  const json kinds = ask("alice-1", "search", {{"words", "runners"}})["conversations"];
  EXPECT_EQ(kinds[0]["kind"], "group");
  EXPECT_EQ(kinds[0]["archived"], true);
  EXPECT_EQ(kinds[0]["petnames"][kCarol], "Rabbit");
  EXPECT_FALSE(ask("alice-1", "search", {{"words", "rabbit"}, {"conversation", kCarol}}).contains("conversations"));
}

TEST_F(ConversationList, IsSearchedForNothingThatWasDeletedAndForTitlesOfStrangersAsTheyAreShown) {
  ASSERT_TRUE(village.register_person("dora-1", "dora@example.org").contains("result"));
  ask("dora-1", "group.create", {{"title", "win https://evil.example now"}, {"names", {"alice"}}});
  say("dora-1", "win https://evil.example now", "hello");
  ASSERT_EQ(ask("alice-1", "search", {{"words", "win [link]"}})["conversations"].size(), 1u);
  EXPECT_EQ(found("evil"), Titles{});
  const json request = ask("alice-1", "request.list")["requests"][0];
  ask("alice-1", "request.delete", {{"conversation", request["id"]}});
  EXPECT_EQ(found("dora"), Titles{});
}

TEST_F(ConversationList, RingsOnceForWhatOthersSay) {
  ask("alice-1", "follow");
  told();
  const json said = say("bob-1", kAlice, "hi");
  EXPECT_EQ(told(), Titles{"hi!"});
  ask("bob-1", "message.edit", {{"message", said["id"]}, {"text", "hi there"}});
  ask("bob-1", "message.react", {{"message", said["id"]}, {"text", "+"}});
  village.pass_all(10 * kSecondMs);
  EXPECT_EQ(told(), (Titles{"hi there", "hi there"}));
  say("alice-2", kBob, "my other device");
  say("alice-1", kBob, "this one");
  for (const std::string& one : told()) EXPECT_FALSE(one.ends_with("!")) << one;
  ask("alice-1", "conversation.expire", {{"conversation", kBob}, {"seconds", 60}});
  ask("bob-1", "conversation.expire", {{"conversation", kAlice}, {"seconds", 0}});
  village.pass_all(10 * kSecondMs);
  for (const std::string& one : told()) EXPECT_FALSE(one.ends_with("!")) << one;
}

TEST_F(ConversationList, DoesNotRingWhereItsOwnerWantsQuietNorForStrangers) {
  ask("alice-1", "follow");
  set(kBob, "muted", true);
  set("walkers", "archived", true, "alice-2");
  ASSERT_TRUE(village.register_person("dora-1", "dora@example.org").contains("result"));
  told();
  say("bob-1", kAlice, "psst");
  say("carol-1", "walkers", "all of you");
  say("dora-1", kAlice, "buy this");
  for (const std::string& one : told()) EXPECT_FALSE(one.ends_with("!")) << one;
  set(kBob, "muted", false);
  say("bob-1", kAlice, "louder");
  ask("alice-1", "request.accept", {{"conversation", "dora@example.org"}});
  say("dora-1", kAlice, "thank you");
  const Titles last = told();
  EXPECT_EQ(std::count(last.begin(), last.end(), "louder!"), 1);
  EXPECT_EQ(std::count(last.begin(), last.end(), "thank you!"), 1);
}

TEST_F(ConversationList, WhatWasReadMeanwhileDoesNotRingForWhoComesBack) {
  const auto cursor = ask("alice-1", "read")["cursor"];
  say("bob-1", kAlice, "read at once");
  ask("alice-2", "read", {{"conversation", kBob}, {"mark", true}});
  village.pass_all(10 * kSecondMs);
  say("bob-1", kAlice, "not read yet");
  village.device("alice-1").restart();
  told();
  ask("alice-1", "follow", {{"since", cursor}});
  village.pass_all(kSecondMs);
  const Titles all = told();
  EXPECT_EQ(std::count(all.begin(), all.end(), "read at once!"), 0);
  EXPECT_EQ(std::count(all.begin(), all.end(), "not read yet!"), 1);
}

}  // namespace
}  // namespace cairn::client
