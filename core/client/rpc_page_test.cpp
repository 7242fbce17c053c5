#include "core/client/rpc_page.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "core/base/encoding.h"
#include "core/base/overlay.h"
#include "core/client/messages.h"
#include "core/client/tables.h"
#include "core/wire/writer.h"
#include "tests/support/answers.h"
#include "tests/support/client_village.h"
#include "tests/support/example_names.h"

namespace cairn::client {
namespace {

using testing::kAlice;
using testing::kBob;
using testing::kCarol;
using testing::Params;
using Texts = std::vector<std::string>;

Bytes place_of(std::uint64_t number) {
  wire::Writer w;
  w.u64(number);
  return w.take();
}

/// The page that is asked for, of a list of these places, each with its number as its item.
json page_of(const std::vector<std::uint64_t>& places, const json& params) {
  auto asked = Page::of(json::parse(params.dump()));  // as frames have numbers: without a sign
  if (const auto* failed = std::get_if<RpcFailure>(&asked)) return failed->sentence;
  Page& page = std::get<Page>(asked);
  for (const std::uint64_t one : places) {
    const Bytes place = place_of(one);
    if (page.wants(place)) page.add(place, one);
  }
  return page.take("items");
}

TEST(Page, GoesOnBehindWhatWasGivenLastWhateverComesAndGoes) {
  const json first = page_of({2, 4, 6, 8}, {{"limit", 2}});
  EXPECT_EQ(first["items"], json::array({2, 4}));
  ASSERT_TRUE(first.contains("next"));
  const json more = {{"limit", 2}, {"first", first["next"]}};
  EXPECT_EQ(page_of({2, 4, 6, 8}, more)["items"], json::array({6, 8}));
  EXPECT_FALSE(page_of({2, 4, 6, 8}, more).contains("next"));
  EXPECT_EQ(page_of({1, 2, 3, 5, 6, 8}, more)["items"], json::array({5, 6})) << "the last one is gone, others came";
  EXPECT_EQ(page_of({1, 2}, more)["items"], json::array());
  EXPECT_FALSE(page_of({1, 2}, more).contains("next"));
}

TEST(Page, HasAThousandItemsAtMostAndByDefault) {
  std::vector<std::uint64_t> many;
  for (std::uint64_t i = 1; i <= kMaxPageItems + 1; ++i) many.push_back(i);
  for (const json& params : {json::object(), json{{"limit", 5000}}}) {
    const json page = page_of(many, params);
    EXPECT_EQ(page["items"].size(), kMaxPageItems);
    EXPECT_EQ(page["next"], to_hex(place_of(kMaxPageItems)));
  }
  many.pop_back();
  EXPECT_FALSE(page_of(many, json::object()).contains("next")) << "exactly as many is the last page";
}

TEST(Page, HasOneItemAtLeastAndNoMoreBytesThanFitIntoAFrame) {
  Page page(kMaxPageItems, kMaxPageBytes);
  const std::string long_text(kMaxPageBytes / 2, 'a');
  for (std::uint64_t i = 1; i <= 3; ++i) {
    ASSERT_EQ(page.wants(place_of(i)), i <= 2);
    if (i <= 2) page.add(place_of(i), long_text);
  }
  const json both = page.take("items");
  EXPECT_EQ(both["items"].size(), 1u);
  EXPECT_EQ(both["next"], to_hex(place_of(1)));
  Page large(kMaxPageItems, 10);
  ASSERT_TRUE(large.wants(place_of(1)));
  large.add(place_of(1), 12345678);
  ASSERT_TRUE(large.wants(place_of(2)));
  large.add(place_of(2), 1);
  const json one = large.take("items");
  EXPECT_EQ(one["items"], json::array({12345678}));
  EXPECT_TRUE(one.contains("next"));
}

TEST(Page, HasTheIdAloneOfAnItemThatNoFrameHolds) {
  Page page(kMaxPageItems, kMaxPageBytes);
  const json larger = {{"id", "c0ffee"}, {"text", std::string(kMaxPageBytes, 'a')}};
  page.add(place_of(1), {{"id", "01"}});
  page.add(place_of(2), larger);
  page.add(place_of(3), json::array({std::string(kMaxPageBytes, 'a')}));
  page.add(place_of(4), {{"id", "04"}});
  EXPECT_EQ(
      page.take("items"),
      (json{{"items",
             json::array(
                 {{{"id", "01"}}, {{"id", "c0ffee"}, {"left_out", true}}, {{"left_out", true}}, {{"id", "04"}}})}}));
}

TEST(BeginningOfAMessage, LeavesOutWhatOthersCanMakeLongAndEndsBetweenTwoCharacters) {
  const json whole = {{"text", "hi"},
                      {"reactions", json::array({1})},
                      {"delivered_to", json::array({kBob})},
                      {"mentions", {{1}}},
                      {"read_by", {kBob}},
                      {"attachment", {{"preview", 1}, {"size", 2}}},
                      {"status", "delivered"}};
  EXPECT_EQ(beginning_of(whole),
            (json{{"text", "hi"}, {"mentions", {{1}}}, {"attachment", {{"size", 2}}}, {"status", "delivered"}}));
  json longer = whole;
  longer["text"] = std::string(1998, 'a') + "\u00e4";
  EXPECT_EQ(beginning_of(longer)["text"], longer["text"]) << "of 2,000 bytes";
  longer["text"] = std::string(1999, 'a') + "\u00e4";
  EXPECT_EQ(beginning_of(longer), (json{{"text", std::string(1999, 'a')},
                                        {"text_cut", true},
                                        {"attachment", {{"size", 2}}},
                                        {"status", "delivered"}}));
  EXPECT_EQ(without_others(longer)["text"], longer["text"]);
  EXPECT_FALSE(without_others(longer).contains("reactions"));
}

TEST(Page, RefusesAPlaceThatNoAnswerHasGiven) {
  for (const json& params : {json{{"first", ""}}, json{{"first", "xyz"}}, json{{"first", "0"}},
                             json{{"first", std::string(1026, '0')}}, json{{"first", std::string(5000, '0')}}}) {
    EXPECT_EQ(page_of({1}, params), "A page begins at what next of the one before it says; leave first out.") << params;
  }
  EXPECT_EQ(page_of({1}, {{"limit", 0}}), "A page has one entry at least; ask for more than 0.");
}

TEST(LargeConversations, LeaveNamesOutSoThatTheyFitIntoAnAnswer) {
  json group = {{"names", json::array()}, {"devices", json::object()}, {"petnames", json::object()}};
  for (int i = 1000; i < 5096; ++i) {
    const std::string name = std::to_string(i) + std::string(314, 'n');
    group["names"].push_back(name);
    group["devices"][name] = 1;
    group["petnames"][name] = "somebody";
  }
  json small = {{"names", json::array({"a@b.c", "b@b.c"})}, {"devices", {{"a@b.c", 1}}}};
  const json before = small;
  leave_names_out(small);
  EXPECT_EQ(small, before);
  leave_names_out(group);
  EXPECT_LE(group.dump().size(), 500'000u);
  EXPECT_GE(group["names"].size(), 100u);
  EXPECT_EQ(group["names"].size() + group["names_left_out"].get<std::size_t>(), 4096u);
  EXPECT_EQ(group["devices"].size(), group["names"].size());
  EXPECT_EQ(group["petnames"].size(), group["names"].size());
}

/// Alice with some conversations, of which each list is read in pages of one or two.
class Pages : public ::testing::Test {
 protected:
  json ask(const std::string& device, const std::string& method, const Params& params = {}) {
    const json answer = village.ask(device, method, params);
    EXPECT_TRUE(answer.contains("result")) << method << " " << answer;
    return answer.value("result", json::object());
  }
  void people() {
    ASSERT_TRUE(village.register_person("alice-1", kAlice).contains("result"));
    ASSERT_TRUE(village.register_person("bob-1", kBob).contains("result"));
    ASSERT_TRUE(village.register_person("carol-1", kCarol).contains("result"));
  }
  /// All entries of a list, asked for so many at a time; `between` is done after each page.
  json all(const std::string& device, const std::string& method, const std::string& key, json params, std::size_t limit,
           const std::function<void()>& between = nullptr) {
    json out = json::array();
    params["limit"] = limit;
    for (int i = 0; i < 20; ++i) {
      const json page = ask(device, method, Params(params));
      EXPECT_LE(page[key].size(), limit);
      for (const json& one : page[key]) out.push_back(one);
      if (!page.contains("next")) return out;
      EXPECT_EQ(page[key].size(), limit) << "only the last page has fewer";
      params["first"] = page["next"];
      if (between) between();
    }
    ADD_FAILURE() << method << " does not end";
    return out;
  }
  static Texts ids(const json& list) {
    Texts out;
    for (const json& one : list) out.push_back(one["id"]);
    return out;
  }

  testing::ClientVillage village;
};

TEST_F(Pages, OfConversationsAreTheListInItsOrder) {
  people();
  ask("alice-1", "send", {{"to", kBob}, {"text", "hi"}});
  ask("alice-1", "send", {{"to", kCarol}, {"text", "hi"}});
  for (const char* title : {"one", "two", "three"})
    ask("alice-1", "group.create", {{"title", title}, {"names", {"bob", "carol"}}});
  village.pass_all(10 * kSecondMs);
  ask("alice-1", "conversation.set", {{"conversation", "two"}, {"pinned", true}});
  ask("alice-1", "conversation.set", {{"conversation", "three"}, {"archived", true}});
  for (const bool archived : {false, true}) {
    const json whole = ask("alice-1", "conversations", {{"archived", archived}});
    ASSERT_EQ(whole["conversations"].size(), archived ? 5u : 4u);
    EXPECT_FALSE(whole.contains("next"));
    for (const std::size_t limit : {1u, 2u, 3u, 4u}) {
      EXPECT_EQ(all("alice-1", "conversations", "conversations", {{"archived", archived}}, limit),
                whole["conversations"])
          << limit;
    }
  }
  EXPECT_EQ(ask("alice-1", "conversations", {{"limit", 1}})["left_out"], 1) << "of the whole list, on each page";
}

TEST_F(Pages, OfConversationsRepeatNoneWhenOneMovesToTheFront) {
  people();
  ask("alice-1", "send", {{"to", kBob}, {"text", "hi"}});
  village.pass_all(5 * kSecondMs);
  ask("alice-1", "send", {{"to", kCarol}, {"text", "hi"}});
  village.pass_all(5 * kSecondMs);
  ask("alice-1", "group.create", {{"title", "one"}, {"names", {"bob", "carol"}}});
  village.pass_all(5 * kSecondMs);
  const Texts before = ids(ask("alice-1", "conversations")["conversations"]);
  bool moved = false;
  const json read = all("alice-1", "conversations", "conversations", json::object(), 1, [&] {
    if (std::exchange(moved, true)) return;
    ask("alice-1", "send", {{"to", kCarol}, {"text", "to the front"}});
    village.pass_all(5 * kSecondMs);
  });
  EXPECT_EQ(ids(read), (Texts{before[0], before[2]})) << "carol's went to where the first page has been";
  EXPECT_EQ(ids(ask("alice-1", "conversations")["conversations"])[0], before[1]);
}

TEST_F(Pages, AreOfEveryListThatOthersOrItsOwnerCanMakeLong) {
  people();
  ask("bob-1", "send", {{"to", kAlice}, {"text", "I am bob"}});
  ask("carol-1", "send", {{"to", kAlice}, {"text", "I am carol"}});
  village.pass_all(10 * kSecondMs);
  const json requests = ask("alice-1", "request.list")["requests"];
  ASSERT_EQ(requests.size(), 2u);
  EXPECT_EQ(all("alice-1", "request.list", "requests", json::object(), 1), requests);

  for (const char* name : {"x@example.org", "v@example.org", "w@example.org"})
    ask("alice-1", "contact.block", {{"name", name}});
  EXPECT_EQ(ask("alice-1", "contact.blocked")["names"],
            json::array({"v@example.org", "w@example.org", "x@example.org"}));
  EXPECT_EQ(all("alice-1", "contact.blocked", "names", json::object(), 2),
            json::array({"v@example.org", "w@example.org", "x@example.org"}));

  for (const char* domain : {"two.example", "one.example"})
    ask("alice-1", "domain.add", {{"domain", domain}, {"server_url", "https://elsewhere.example"}});
  const json domains = ask("alice-1", "domain.list")["domains"];
  ASSERT_EQ(domains.size(), 2u);
  EXPECT_EQ(all("alice-1", "domain.list", "domains", json::object(), 1), domains);

  ask("alice-1", "group.create", {{"title", "walkers"}, {"names", {"bob"}}});
  village.pass_all(5 * kSecondMs);
  for (int i = 0; i < 3; ++i) ask("alice-1", "invitation.create", {{"conversation", "walkers"}});
  const json links = ask("alice-1", "invitation.list")["invitations"];
  ASSERT_EQ(links.size(), 3u);
  EXPECT_EQ(all("alice-1", "invitation.list", "invitations", json::object(), 2), links);

  const json said = ask("alice-1", "send", {{"to", "walkers"}, {"text", "one"}});
  for (const char* text : {"two", "three"}) ask("alice-1", "message.edit", {{"message", said["id"]}, {"text", text}});
  const json history = ask("alice-1", "message.history", {{"message", said["id"]}});
  ASSERT_EQ(history["versions"].size(), 3u);
  EXPECT_EQ(all("alice-1", "message.history", "versions", {{"message", said["id"]}}, 2), history["versions"]);

  for (const char* method :
       {"conversations", "request.list", "contact.blocked", "domain.list", "gossip.list", "invitation.list"}) {
    const json refused = village.ask("alice-1", method, {{"first", "what?"}});
    EXPECT_EQ(refused["error"]["data"]["code"], "malformed") << method << refused;
    EXPECT_EQ(village.ask("alice-1", method, {{"limit", 0}})["error"]["data"]["code"], "malformed") << method;
  }
}

TEST_F(Pages, OfWhatAMessageWasChangedToFitIntoAnswersHoweverLongItIs) {
  people();
  const json said = ask("alice-1", "send", {{"to", kBob}, {"text", "one"}});
  // Each such character is written as six.
  const std::string text(std::size_t{16} * 1024, '\x01');
  for (int i = 0; i < 12; ++i) {
    ask("alice-1", "message.edit",
        {{"message", said["id"]}, {"text", text.substr(0, text.size() - static_cast<std::size_t>(i))}});
  }
  const json first = ask("alice-1", "message.history", {{"message", said["id"]}});
  ASSERT_TRUE(first.contains("next"));
  const json rest = ask("alice-1", "message.history", {{"message", said["id"]}, {"first", first["next"]}});
  EXPECT_EQ(first["versions"].size() + rest["versions"].size(), 13u);
  EXPECT_FALSE(rest.contains("next"));
}

TEST_F(Pages, OfVersionsGoOnWhereTheyEndedThoughAnotherCameBetween) {
  people();
  const json said = ask("alice-1", "send", {{"to", kBob}, {"text", "one"}});
  for (const char* text : {"two", "three", "four"})
    ask("alice-1", "message.edit", {{"message", said["id"]}, {"text", text}});
  const json first = ask("alice-1", "message.history", {{"message", said["id"]}, {"limit", 3}});
  ASSERT_EQ(first["versions"].size(), 3u);
  // Another device had changed it when there was the first version alone.
  auto& store = village.device("alice-1").store();
  const auto rows = store.scan(tables::kEdits, {}, {}, 10);
  ASSERT_EQ(rows.size(), 4u);
  Bytes key = rows[1].key;
  key.back() ^= 1;
  ASSERT_TRUE(store.apply({{tables::kEdits, key, rows[1].value}}));
  const json rest =
      ask("alice-1", "message.history", {{"message", said["id"]}, {"limit", 3}, {"first", first["next"]}});
  ASSERT_EQ(rest["versions"].size(), 1u) << rest;
  EXPECT_EQ(rest["versions"][0]["text"], "four");
}

TEST_F(Pages, OfRequestsHaveTheBeginningOfALongMessageAlone) {
  people();
  const json said = ask("bob-1", "send", {{"to", kAlice}, {"text", std::string(3000, 'a')}});
  ask("bob-1", "message.react", {{"message", said["id"]}, {"text", "+1"}});
  village.pass_all(10 * kSecondMs);
  const json requests = ask("alice-1", "request.list")["requests"];
  ASSERT_EQ(requests.size(), 1u);
  EXPECT_EQ(requests[0]["first"]["text"], std::string(2000, 'a'));
  EXPECT_EQ(requests[0]["first"]["text_cut"], true);
  EXPECT_FALSE(requests[0]["first"].contains("reactions"));
  const json read = ask("alice-1", "read", {{"conversation", kBob}});
  EXPECT_EQ(read["messages"].back()["reactions"].size(), 1u);
  const json found = ask("alice-1", "search", {{"words", std::string(10, 'a')}});
  ASSERT_EQ(found["messages"].size(), 1u);
  EXPECT_EQ(found["messages"][0]["text"].get<std::string>().size(), 3000u);
  EXPECT_FALSE(found["messages"][0].contains("reactions"));
}

/// Sixty people whom one member brought into the group, each with as many reactions as are taken, and as long ones.
void react_all(testing::ClientVillage& village, const ChannelId& group, std::uint64_t index) {
  Overlay overlay(village.device("alice-1").store());
  testing::SeededEntropy entropy(3);
  std::vector<proto::Send> sends;
  std::vector<proto::Event> events;
  Context context{overlay, village.now, entropy, sends, events};
  std::vector<NumberedReaction> all;
  for (int person = 100; person < 160; ++person) {
    const std::string name = "m" + std::to_string(person) + "@example.org";
    for (std::size_t i = 0; i < kMaxReactionsOfName; ++i) {
      std::string text(kMaxReactionSize - 5, '\x01');  // each is written as six
      text += std::to_string(person) + std::to_string(i);
      all.push_back({random_value<MessageId>(entropy), {name, {}, 1, text}});
    }
    all.push_back({random_value<MessageId>(entropy), {name, {}, 1, "+1"}});
  }
  put_reactions(context, group, index, all);
  ASSERT_TRUE(village.device("alice-1").store().apply(overlay.take_writes()));
}

TEST_F(Pages, OfMessagesHoldEachWhateverOthersHangOnIt) {
  people();
  const json made = ask("alice-1", "group.create", {{"title", "walkers"}, {"names", {"bob"}}});
  ask("alice-1", "send", {{"to", "walkers"}, {"text", "before"}});
  const json said = ask("alice-1", "send", {{"to", "walkers"}, {"text", "liked by all"}});
  ask("alice-1", "send", {{"to", "walkers"}, {"text", "behind"}});
  const std::uint64_t index = said["index"];
  react_all(village, *ChannelId::from(*from_hex(made["conversation"].get<std::string>())), index);
  const json from_it = ask("alice-1", "read", {{"conversation", "walkers"}, {"first", index}});
  ASSERT_FALSE(from_it["messages"].empty()) << from_it;
  const json shown = from_it["messages"][0];
  EXPECT_EQ(shown["text"], "liked by all");
  EXPECT_EQ(from_it["messages"].back()["text"], "behind");
  const auto is_plus = [](const json& one) { return one["text"] == "+1"; };
  const auto plus = std::find_if(shown["reactions"].begin(), shown["reactions"].end(), is_plus);
  ASSERT_TRUE(plus != shown["reactions"].end()) << "what most have said is among those that are told";
  EXPECT_EQ((*plus)["names"].size() + plus->value("names_left_out", 0u), 60u);
  EXPECT_EQ(shown["reactions"].size() + shown["reactions_left_out"].get<std::size_t>(), 60 * kMaxReactionsOfName + 1);
  EXPECT_EQ(ask("alice-1", "read", {{"conversation", "walkers"}, {"first", index}, {"limit", 1}})["messages"][0],
            shown);
  const json newest = ask("alice-1", "read", {{"conversation", "walkers"}})["messages"];
  EXPECT_EQ(newest.back()["text"], "behind");
  EXPECT_TRUE(std::any_of(newest.begin(), newest.end(), [](const json& one) { return one["text"] == "before"; }));
}

TEST(WhatOthersSaid, IsLeftOutBeyondWhatFitsIntoAnAnswer) {
  const json names = json::array({kBob, kCarol});
  const json liked = {{"text", "a"}, {"names", names}};
  json small = {{"text", "hi"}, {"read_by", names}, {"reactions", json::array({liked})}};
  const json before = small;
  leave_others_out(small);
  EXPECT_EQ(small, before);
  json many = json::array();
  for (int i = 1000; i < 5000; ++i) many.push_back(std::to_string(i) + std::string(314, 'n'));
  json large = {{"delivered_to", many}, {"read_by", many}, {"reactions", json::array({liked})}};
  large["reactions"].push_back(json({{"text", "b"}, {"names", many}}));
  leave_others_out(large);
  EXPECT_LT(large.dump().size(), kMaxPageBytes / 2);
  for (const std::string key : {"delivered_to", "read_by"}) {
    EXPECT_GE(large[key].size(), 100u);
    EXPECT_EQ(large[key].size() + large[key + "_left_out"].get<std::size_t>(), 4000u);
  }
  ASSERT_EQ(large["reactions"].size(), 2u) << "in the order in which they were";
  EXPECT_EQ(large["reactions"][0], liked);
  const json& other = large["reactions"][1];
  EXPECT_EQ(other["names"].size() + other["names_left_out"].get<std::size_t>(), 4000u);
  EXPECT_FALSE(large.contains("reactions_left_out"));
}

TEST_F(Pages, ASearchThatFindsMoreThanFitsHasTheNewest) {
  people();
  const std::string text = "treasure " + std::string(std::size_t{16} * 1000, '\x01');
  for (int i = 0; i < 12; ++i) {
    ask("alice-1", "send", {{"to", kBob}, {"text", std::to_string(i) + text}});
    village.pass_all(kSecondMs);
  }
  const json found = ask("alice-1", "search", {{"words", "treasure"}, {"limit", 200}});
  ASSERT_GE(found["messages"].size(), 2u);
  EXPECT_LT(found["messages"].size(), 12u);
  EXPECT_TRUE(found["messages"][0]["text"].get<std::string>().starts_with("11"));
  EXPECT_EQ(found["conversations"].size(), 0u);
}

}  // namespace
}  // namespace cairn::client
