// What people expect of conversations, between whole clients: both devices of both people see the same.
#include <gtest/gtest.h>

#include <set>

#include "core/base/encoding.h"
#include "core/client/requests.h"
#include "core/client/tables.h"
#include "tests/support/client_village.h"
#include "tests/support/example_names.h"

namespace cairn::client {
namespace {

using nlohmann::json;
using testing::kAlice;
using testing::kBob;
using testing::Params;

class TalkTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(village.register_person("alice-1", kAlice).contains("result"));
    ASSERT_TRUE(village.register_person("bob-1", kBob).contains("result"));
    ASSERT_TRUE(village.link_device("alice-2", kAlice, "alice-1").contains("result"));
    ASSERT_TRUE(village.link_device("bob-2", kBob, "bob-1").contains("result"));
  }

  json good(const json& answer) {
    EXPECT_TRUE(answer.is_object() && answer.contains("result")) << answer.dump();
    return answer.is_object() && answer.contains("result") ? answer["result"] : json();
  }
  std::string refused(const json& answer) {
    EXPECT_TRUE(answer.is_object() && answer.contains("error")) << answer.dump();
    return answer.is_object() && answer.contains("error") ? answer["error"]["data"]["code"] : "";
  }
  json ask(const std::string& device, const std::string& method, const Params& params = {}) {
    return good(village.ask(device, method, params));
  }
  /// Sent from the device; its id.
  std::string say(const std::string& device, const std::string& to, const std::string& text) {
    return ask(device, "send", {{"to", to}, {"text", text}})["id"];
  }
  void settle() { village.pass_all(10 * kSecondMs); }
  static const char* other(const std::string& device) { return device.starts_with("alice") ? kBob : kAlice; }
  /// The message with this id on that device; null when there is none.
  json message(const std::string& device, const std::string& id, const std::string& conversation = {}) {
    const json all = ask(device, "read", {{"conversation", conversation.empty() ? other(device) : conversation}});
    for (const json& one : all["messages"]) {
      if (one.value("id", "") == id) return one;
    }
    return nullptr;
  }
  std::vector<std::string> notices(const std::string& device, const std::string& conversation) {
    std::vector<std::string> out;
    const json all = ask(device, "read", {{"conversation", conversation}});
    for (const json& one : all["messages"]) {
      if (one["delivery"] == "notice") out.push_back(one["text"]);
    }
    return out;
  }
  bool has_notice(const std::string& device, const std::string& conversation, const std::string& words) {
    const auto all = notices(device, conversation);
    return std::any_of(all.begin(), all.end(),
                       [&](const std::string& one) { return one.find(words) != std::string::npos; });
  }
  /// Alice writes first, bob answers: each knows the other.
  void meet() {
    say("alice-1", kBob, "hello bob");
    settle();
    say("bob-1", kAlice, "hello alice");
    settle();
  }
  json conversation(const std::string& device) {
    const json all = ask(device, "conversations")["conversations"];
    return all.empty() ? json() : all[0];
  }

  testing::ClientVillage village;
  const std::vector<std::string> devices = {"alice-1", "alice-2", "bob-1", "bob-2"};
};

TEST_F(TalkTest, RepliesReactionsEditsAndTakingBackReachEveryDevice) {
  meet();
  const std::string id = say("alice-1", kBob, "shall we walk?");
  settle();
  const json reply = ask("bob-2", "send", {{"to", kAlice}, {"text", "yes"}, {"reply", id.substr(0, 12)}});
  ask("bob-1", "message.react", {{"message", id}, {"text", "+"}});
  ask("alice-2", "message.edit", {{"message", id}, {"text", "shall we run?"}});
  settle();
  for (const std::string& device : devices) {
    const json original = message(device, id);
    ASSERT_TRUE(original.is_object()) << device;
    EXPECT_EQ(original["text"], "shall we run?") << device;
    EXPECT_TRUE(original.contains("edited_ms")) << device;
    EXPECT_EQ(original["reactions"], json::parse(R"([{"text":"+","names":["bob@example.org"]}])")) << device;
    EXPECT_EQ(message(device, reply["id"])["reply_to"], id) << device;
    EXPECT_EQ(ask(device, "message.history", {{"message", id}})["versions"].size(), 2u) << device;
  }
  EXPECT_EQ(refused(village.ask("bob-1", "message.edit", {{"message", id}, {"text", "no"}})), "not_authorised");
  EXPECT_EQ(refused(village.ask("bob-1", "message.unsend", {{"message", id}})), "not_authorised");
  ask("bob-2", "message.react", {{"message", id}, {"text", "+"}, {"remove", true}});
  ask("alice-1", "message.unsend", {{"message", id}});
  settle();
  for (const std::string& device : devices) {
    const json original = message(device, id);
    EXPECT_EQ(original["unsent"], true) << device;
    EXPECT_EQ(original["text"], "") << device;
    EXPECT_FALSE(original.contains("reactions")) << device;
  }
  EXPECT_EQ(refused(village.ask("alice-1", "message.edit", {{"message", id}, {"text", "x"}})), "invalid_state");
}

TEST_F(TalkTest, SaysWhatWasDeliveredAndRead) {
  meet();
  const std::string id = say("alice-1", kBob, "news");
  settle();
  for (const char* device : {"alice-1", "alice-2"}) EXPECT_EQ(message(device, id)["status"], "delivered") << device;
  EXPECT_EQ(conversation("bob-1")["unread"], 2u);
  EXPECT_EQ(conversation("bob-2")["unread"], 2u);
  ask("bob-1", "read", {{"conversation", kAlice}});  // this is no person who reads
  settle();
  EXPECT_EQ(conversation("bob-1")["unread"], 2u);
  ask("bob-1", "read", {{"conversation", kAlice}, {"mark", true}});
  settle();
  for (const char* device : {"alice-1", "alice-2"}) {
    EXPECT_EQ(message(device, id)["status"], "read") << device;
    EXPECT_EQ(message(device, id)["read_by"], json::parse(R"(["bob@example.org"])")) << device;
  }
  for (const char* device : {"bob-1", "bob-2"}) EXPECT_EQ(conversation(device)["unread"], 0u) << device;
}

// As after a sleep: the owner asks before the timer comes.
TEST_F(TalkTest, ShowsNothingWhoseTimeIsOverEvenBeforeItsTimer) {
  meet();
  ask("alice-1", "conversation.expire", {{"conversation", kBob}, {"seconds", 3600}});
  const std::string id = say("alice-1", kBob, "for an hour");
  settle();
  ask("bob-1", "read", {{"conversation", kAlice}, {"mark", true}});
  settle();
  ASSERT_FALSE(message("bob-1", id).is_null());
  village.device("bob-1").ahead_ms = 2 * static_cast<std::int64_t>(kHourMs);
  EXPECT_TRUE(message("bob-1", id).is_null());
  EXPECT_FALSE(message("bob-2", id).is_null()) << "there it is not over";
}

TEST_F(TalkTest, AReadMarkIsSaidOnceForManyMessages) {
  meet();
  for (int i = 0; i < 20; ++i) say("alice-1", kBob, std::to_string(i));
  settle();
  village.server.paths.clear();
  ask("bob-1", "read", {{"conversation", kAlice}, {"mark", true}});
  settle();
  // To alice, and to his own devices.
  EXPECT_EQ(std::count(village.server.paths.begin(), village.server.paths.end(), proto::kPathChannelSend), 2);
}

TEST_F(TalkTest, SaysNothingOfWhatWasReadWhereThatIsSwitchedOff) {
  meet();
  for (const char* device : {"bob-1", "bob-2"}) {
    ask(device, "conversation.set", {{"conversation", kAlice}, {"receipts", false}});
  }
  const std::string id = say("alice-1", kBob, "news");
  settle();
  ask("bob-1", "read", {{"conversation", kAlice}, {"mark", true}});
  settle();
  EXPECT_EQ(message("alice-1", id)["status"], "sent");
}

TEST_F(TalkTest, MessagesDisappearEverywhereAfterTheyWereRead) {
  meet();
  ask("bob-1", "conversation.expire", {{"conversation", kAlice}, {"seconds", 3600}});
  settle();
  for (const std::string& device : devices) {
    EXPECT_TRUE(has_notice(device, other(device), "disappear 1 hour after")) << device;
    EXPECT_EQ(conversation(device)["disappears_after_s"], 3600u) << device;
  }
  const std::string id = say("alice-1", kBob, "this goes");
  settle();
  ask("alice-1", "message.edit", {{"message", id}, {"text", "this goes too"}});
  ask("bob-1", "read", {{"conversation", kAlice}, {"mark", true}});
  village.pass_all(50 * kMinuteMs);
  for (const std::string& device : devices) EXPECT_TRUE(message(device, id).is_object()) << device;
  village.pass_all(20 * kMinuteMs);
  for (const std::string& device : devices) {
    EXPECT_TRUE(message(device, id).is_null()) << device;
    EXPECT_TRUE(ask(device, "search", {{"words", "goes"}})["messages"].empty()) << device;
  }
}

TEST_F(TalkTest, WhatIsChangedAfterItDisappearedHereLiesHereNoLongerThanItWouldHaveLived) {
  meet();
  ask("bob-1", "conversation.expire", {{"conversation", kAlice}, {"seconds", 60}});
  settle();
  const std::string id = say("bob-1", kAlice, "this goes");
  settle();
  ask("alice-1", "read", {{"conversation", kBob}, {"mark", true}});
  village.hold_envelopes("alice-1", true);
  ask("bob-1", "message.edit", {{"message", id}, {"text", "this goes too"}});
  village.pass_all(kHourMs);
  EXPECT_TRUE(message("alice-1", id).is_null());
  village.hold_envelopes("alice-1", false);
  const auto early = [&] { return village.device("alice-1").store().scan(tables::kEarlyChanges, {}, {}, 10).size(); };
  ASSERT_TRUE(village.until([&] { return early() == 1; }));
  village.device("alice-1").restart();
  village.pass_all(3 * kMinuteMs);
  EXPECT_EQ(early(), 0u);
}

TEST_F(TalkTest, AStrangerAsksFirst) {
  const std::string id = say("alice-1", kBob, "look at https://evil.example");
  settle();
  for (const char* device : {"bob-1", "bob-2"}) {
    const json requests = ask(device, "request.list")["requests"];
    ASSERT_EQ(requests.size(), 1u) << device;
    EXPECT_EQ(requests[0]["first"]["text"], "look at [link]") << device;
    EXPECT_EQ(requests[0]["first"]["request"], true) << device;
  }
  ask("bob-1", "read", {{"conversation", kAlice}, {"mark", true}});
  settle();
  EXPECT_EQ(message("alice-1", id)["status"], "sent");  // nothing is said before it is accepted
  ask("bob-1", "request.accept", {{"conversation", kAlice}});
  settle();
  EXPECT_EQ(message("bob-1", id)["text"], "look at https://evil.example");
  EXPECT_EQ(message("alice-1", id)["status"], "read");
  EXPECT_TRUE(ask("bob-2", "request.list")["requests"].empty());  // by the report of the other device
  EXPECT_TRUE(ask("alice-2", "request.list")["requests"].empty());
}

TEST_F(TalkTest, NothingThatAStrangerSaysIsALinkAnywhere) {
  const std::string evil = "https://evil.example";
  // A conversation of which alice is known to nobody: bob is not, for he has not written.
  ask("alice-1", "group.create", {{"title", "see " + evil}, {"names", {"bob"}}});
  const std::string id = say("alice-1", "see " + evil, "click [here][1]\n\n[1]: //evil.example");
  settle();
  ask("alice-1", "message.react", {{"message", id}, {"text", evil}});
  ask("alice-2", "message.edit", {{"message", id}, {"text", "or <a href=\"evil.example\">here</a>"}});
  ask("alice-1", "group.change", {{"conversation", "see " + evil}, {"title", "now " + evil}});
  settle();
  ASSERT_EQ(ask("bob-1", "request.list")["requests"].size(), 1u);
  const std::string group = ask("bob-1", "request.list")["requests"][0]["id"];
  const std::vector<json> shown = {ask("bob-1", "request.list"),
                                   ask("bob-1", "conversations"),
                                   ask("bob-1", "read"),
                                   ask("bob-1", "read", {{"conversation", group}}),
                                   ask("bob-1", "group.show", {{"conversation", group}}),
                                   ask("bob-1", "conversation.set", {{"conversation", group}, {"muted", true}}),
                                   ask("bob-1", "search", {{"words", "here"}}),
                                   ask("bob-1", "message.history", {{"message", id}})};
  for (const json& one : shown) {
    EXPECT_EQ(one.dump().find("//"), std::string::npos) << one.dump(2);
    EXPECT_EQ(one.dump().find("<a"), std::string::npos) << one.dump(2);
  }
  EXPECT_TRUE(has_notice("bob-1", group, "renamed the group to \"now [link]"));
  EXPECT_EQ(message("bob-1", id, group)["reactions"][0]["text"], "[link]");
  ask("bob-1", "request.accept", {{"conversation", group}});
  EXPECT_EQ(ask("bob-1", "group.show", {{"conversation", group}})["title"], "now " + evil);
  EXPECT_EQ(message("bob-1", id, group)["reactions"][0]["text"], evil);
}

TEST(Requests, WhatCouldBeFollowedIsNamedAndCannotBe) {
  for (const auto& [text, shown] : std::vector<std::pair<std::string, std::string>>{
           {"no link: at 12:30, 3 < 5, a:b, [x] and (y) :)", "no link: at 12:30, 3 < 5, a:b, [x] and (y) :)"},
           {"see HTTPS://evil.example now", "see [link] now"},
           {"[a](//evil.example)", "[link]"},
           {"[a](evil)", "[link]"},
           {"[a b][1] c", "[a [link] c"},
           {"[1]: evil.example", "[link] [link]"},
           {"[1]:\n  evil.example \"title\"", "[link]\n  [link] \"title\""},
           {"[my place]: evil more", "[my [link] [link] more"},
           {"> [1]: <evil.example>", "> [link] ([link]>"},
           {"<https://evil.example>", "([link]>"},
           {"<a href='evil'>x</a>", "(a href='evil'>x(/a>"},
           {"call tel:112 or javascript:alert", "call [link] or [link]"},
           {"www.evil.example", "[link]"},
           {"write to me@evil.example", "write to [link]"},
           {"\\\\evil\\share", "[link]"},
           {"data:text/html,x", "[link]"}}) {
    EXPECT_EQ(without_links(text), shown);
  }
  const std::string notice = "alice@example.org renamed the group to \"tel:112\".";
  EXPECT_EQ(without_links(notice, Addresses::show), "alice@example.org renamed the group to \"[link]\".");
}

TEST_F(TalkTest, WhoIsBlockedIsNotHeard) {
  meet();
  ask("bob-1", "contact.block", {{"name", "alice"}});
  const std::string id = say("alice-1", kBob, "hear me");
  settle();
  EXPECT_TRUE(message("bob-1", id).is_null());
  EXPECT_EQ(refused(village.ask("bob-1", "send", {{"to", kAlice}, {"text", "x"}})), "not_authorised");
  EXPECT_EQ(ask("bob-1", "contact.blocked")["names"], json::parse(R"(["alice@example.org"])"));
  ask("bob-1", "contact.unblock", {{"name", "alice"}});
  const std::string after = say("alice-1", kBob, "and now");
  settle();
  EXPECT_TRUE(message("bob-1", after).is_object());
  EXPECT_TRUE(message("bob-1", id).is_null());
}

TEST_F(TalkTest, AGroupOfWhoIsBlockedIsShownWhenTheyAreNoMore) {
  meet();
  const auto titles = [&](const char* method, const char* of) {
    std::set<std::string> out;
    const json answer = ask("bob-1", method);
    for (const json& one : answer[of]) out.insert(one["title"]);
    return out;
  };
  ask("alice-1", "group.create", {{"title", "walkers"}, {"names", {"bob"}}});
  settle();
  ask("bob-1", "contact.block", {{"name", "alice"}});
  settle();
  ask("alice-1", "group.create", {{"title", "read this"}, {"names", {"bob"}}});
  say("alice-1", "read this", "and this");
  settle();
  for (const char* device : {"bob-1", "bob-2"}) {
    EXPECT_TRUE(ask(device, "request.list")["requests"].empty()) << device;
    EXPECT_EQ(ask(device, "conversations").dump().find("read this"), std::string::npos) << device;
  }
  EXPECT_TRUE(titles("conversations", "conversations").contains("walkers"));  // what he is in stays
  ask("bob-1", "contact.unblock", {{"name", "alice"}});
  settle();
  EXPECT_EQ(titles("request.list", "requests"), std::set<std::string>{"read this"});
  EXPECT_TRUE(titles("conversations", "conversations").contains("read this"));
}

TEST_F(TalkTest, ADeletedRequestComesBackWithTheNextMessage) {
  say("alice-1", kBob, "first");
  settle();
  ask("bob-1", "request.delete", {{"conversation", kAlice}});
  EXPECT_TRUE(ask("bob-1", "conversations")["conversations"].empty());
  EXPECT_TRUE(ask("bob-1", "request.list")["requests"].empty());
  say("alice-1", kBob, "second");
  settle();
  const json requests = ask("bob-1", "request.list")["requests"];
  ASSERT_EQ(requests.size(), 1u);
  EXPECT_EQ(requests[0]["first"]["text"], "second");
  ask("bob-1", "request.accept", {{"conversation", kAlice}});
  EXPECT_EQ(refused(village.ask("bob-1", "request.delete", {{"conversation", kAlice}})), "invalid_state");
}

TEST_F(TalkTest, AdminsChangeAGroupAndMembersDoNot) {
  ask("alice-1", "group.create", {{"title", "walkers"}, {"names", {"bob"}}});
  say("alice-1", "walkers", "we begin");
  settle();
  EXPECT_EQ(refused(village.ask("bob-1", "group.change", {{"conversation", "walkers"}, {"title", "x"}})),
            "not_authorised");
  EXPECT_EQ(refused(village.ask("bob-1", "group.remove", {{"conversation", "walkers"}, {"name", "alice"}})),
            "not_authorised");
  EXPECT_EQ(refused(village.ask("alice-1", "group.leave", {{"conversation", "walkers"}})), "invalid_state");
  ask("alice-2", "group.change", {{"conversation", "walkers"}, {"title", "runners"}, {"picture", "AQID"}});
  settle();
  for (const std::string& device : devices) {
    const json group = ask(device, "group.show", {{"conversation", "runners"}});
    EXPECT_EQ(group["admins"], json::parse(R"(["alice@example.org"])")) << device;
    EXPECT_EQ(group["picture"], "AQID") << device;
    EXPECT_TRUE(has_notice(device, "runners", "alice@example.org renamed the group to \"runners\".")) << device;
    EXPECT_TRUE(has_notice(device, "runners", "alice@example.org changed the group's picture.")) << device;
  }
  ask("alice-1", "group.change", {{"conversation", "runners"}, {"admin", "bob"}});
  settle();
  for (const std::string& device : devices) {
    EXPECT_TRUE(has_notice(device, "runners", "alice@example.org made bob@example.org an admin.")) << device;
  }
  ask("bob-2", "group.change", {{"conversation", "runners"}, {"title", "hikers"}});
  ask("alice-1", "group.leave", {{"conversation", "hikers"}});
  settle();
  for (const char* device : {"alice-1", "alice-2"}) EXPECT_TRUE(has_notice(device, "hikers", "You left")) << device;
  for (const char* device : {"bob-1", "bob-2"}) {
    EXPECT_EQ(ask(device, "group.show", {{"conversation", "hikers"}})["names"], json::parse(R"(["bob@example.org"])"));
    EXPECT_EQ(ask(device, "group.show", {{"conversation", "hikers"}})["admins"], json::parse(R"(["bob@example.org"])"));
  }
}

TEST_F(TalkTest, AWishOfWhoIsNoAdminAnyMoreHoldsUpNothing) {
  ASSERT_TRUE(village.register_person("carol-1", "carol@example.org").contains("result"));
  ask("alice-1", "group.create", {{"title", "walkers"}, {"names", {"bob", "carol"}}});
  say("alice-1", "walkers", "we begin");
  settle();
  ask("alice-1", "group.change", {{"conversation", "walkers"}, {"admin", "bob"}});
  settle();
  for (const char* device : {"alice-1", "alice-2"}) village.set_online(device, false);
  ask("bob-1", "group.change", {{"conversation", "walkers"}, {"member", "alice"}});
  // Alice does not know yet, and wants carol out and another title.
  village.begin("alice-1", "group.remove", {{"conversation", "walkers"}, {"name", "carol"}});
  village.begin("alice-1", "group.change", {{"conversation", "walkers"}, {"title", "runners"}});
  village.pass_all(kMinuteMs);
  for (const char* device : {"alice-1", "alice-2"}) village.set_online(device, true);
  settle();
  const std::string id = say("alice-1", "walkers", "I am still here");
  settle();
  EXPECT_TRUE(message("carol-1", id, "walkers").is_object());
  EXPECT_TRUE(has_notice("alice-1", "walkers", "You are no admin of this group any more"));
  EXPECT_EQ(ask("alice-1", "group.show", {{"conversation", "walkers"}})["names"].size(), 3u);
}

TEST_F(TalkTest, AnAdminTakesSomebodyOut) {
  ASSERT_TRUE(village.register_person("carol-1", "carol@example.org").contains("result"));
  ask("alice-1", "group.create", {{"title", "walkers"}, {"names", {"bob", "carol"}}});
  say("alice-1", "walkers", "we begin");
  settle();
  ask("alice-1", "group.remove", {{"conversation", "walkers"}, {"name", "bob"}});
  settle();
  EXPECT_TRUE(has_notice("carol-1", "walkers", "alice@example.org removed bob@example.org."));
  EXPECT_TRUE(has_notice("bob-1", "walkers", "removed from the conversation"));
  const std::string id = say("carol-1", "walkers", "among us");
  settle();
  EXPECT_TRUE(message("alice-2", id, "walkers").is_object());
  EXPECT_TRUE(message("bob-1", id, "walkers").is_null());
}

TEST_F(TalkTest, AMentionNamesAMember) {
  ask("alice-1", "group.create", {{"title", "walkers"}, {"names", {"bob"}}});
  const json said = ask("alice-1", "send", {{"to", "walkers"}, {"text", "hi @bob and @carol"}, {"mentions", {"bob"}}});
  settle();
  ask("bob-1", "request.list");
  const json seen = message("bob-1", said["id"], "walkers");
  EXPECT_EQ(seen["mentions"], json::parse(R"(["bob@example.org"])"));
  EXPECT_EQ(said["text"], "hi [@bob](mimi://example.org/u/bob) and @carol");
}

TEST_F(TalkTest, AMentionIsAWordOfItsOwn) {
  ask("alice-1", "group.create", {{"title", "walkers"}, {"names", {"bob"}}});
  const auto said = [&](const char* text, std::initializer_list<std::string_view> mentions) {
    return ask("alice-1", "send", {{"to", "walkers"}, {"text", text}, {"mentions", mentions}})["text"];
  };
  const std::string bob = "[@bob](mimi://example.org/u/bob)";
  EXPECT_EQ(said("@bob. @bob", {"bob"}), bob + ". " + bob);
  EXPECT_EQ(said("@bobby, x@bob, @bob.smith, /@bob, [@bob](x)", {"bob"}),
            "@bobby, x@bob, @bob.smith, /@bob, [@bob](x)");
  EXPECT_EQ(said("@bob@example.org and @bob", {"bob", "bob@example.org"}),
            "[@bob@example.org](mimi://example.org/u/bob) and " + bob);
  EXPECT_EQ(said("@Bob!", {"Bob", "no name"}), "[@Bob](mimi://example.org/u/bob)!");
}

TEST_F(TalkTest, SettingsStay) {
  meet();
  ask("bob-1", "conversation.set", {{"conversation", kAlice}, {"muted", true}, {"pinned", true}, {"draft", "dear"}});
  ask("bob-1", "contact.set", {{"name", kAlice}, {"petname", "Ali"}});
  village.device("bob-1").restart();
  settle();
  const json one = conversation("bob-1");
  EXPECT_EQ(one["muted"], true);
  EXPECT_EQ(one["pinned"], true);
  EXPECT_EQ(one["archived"], false);
  EXPECT_EQ(one["draft"], "dear");
  EXPECT_EQ(one["petnames"][kAlice], "Ali");
  EXPECT_EQ(ask("bob-1", "search", {{"words", "HELLO bob"}})["messages"].size(), 1u);
}

TEST_F(TalkTest, SearchLooksInOneConversationWhereThatIsAsked) {
  meet();
  ask("alice-1", "group.create", {{"title", "walkers"}, {"names", {"bob"}}});
  say("alice-1", "walkers", "hello walkers");
  settle();
  EXPECT_EQ(ask("alice-1", "search", {{"words", "hello"}})["messages"].size(), 3u);
  EXPECT_EQ(ask("alice-1", "search", {{"words", "hello"}, {"conversation", "walkers"}})["messages"].size(), 1u);
  EXPECT_EQ(ask("alice-1", "search", {{"words", "hello"}, {"conversation", kBob}})["messages"].size(), 2u);
  EXPECT_EQ(refused(village.ask("alice-1", "search", {{"words", "hello"}, {"conversation", "nobody"}})), "not_found");
}

}  // namespace
}  // namespace cairn::client
