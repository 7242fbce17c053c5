#include "core/client/messages.h"

#include "core/client/early_changes.h"
#include "core/client/expiry.h"
#include "core/client/preview.h"
#include "core/client/requests.h"
#include "core/client/talk_fixture.h"
#include "tests/support/made_preview.h"

namespace cairn::client {
namespace {

using Kind = Change::Kind;

Change edit(std::uint8_t number, std::uint8_t target, const std::string& text, const char* sender = kBob,
            std::uint8_t device = 2) {
  return {Kind::edit,
          TalkRoom::id(number),
          TalkRoom::id(target),
          sender,
          TalkRoom::device(device),
          1'000'000u + number,
          text,
          {}};
}
Change retraction(std::uint8_t number, std::uint8_t target, const char* sender = kBob) {
  return {Kind::retraction, TalkRoom::id(number), TalkRoom::id(target), sender, TalkRoom::device(2), 1'000'000, {}, {}};
}
Change reaction(std::uint8_t number, std::uint8_t target, const std::string& text, const char* sender = kAlice) {
  return {Kind::reaction, TalkRoom::id(number), TalkRoom::id(target), sender, TalkRoom::device(1), 1'000'000, text, {}};
}

std::vector<std::string> reactions_of(TalkRoom& room, std::uint64_t index) {
  std::vector<std::string> out;
  for (const auto& one : reactions(room.context().store, room.home(), index))
    out.push_back(one.reaction.sender + " " + one.reaction.text);
  return out;
}

TEST(Messages, AnEditIsShownAndWhatWasSaidBeforeIsKept) {
  TalkRoom room;
  const auto index = room.receive(kBob, 1, "helo");
  room.change(edit(2, 1, "hello"));
  room.change(edit(3, 2, "hello!"));
  const Message message = room.at(index);
  EXPECT_EQ(message.text, "hello!");
  EXPECT_EQ(message.id, TalkRoom::id(1));
  EXPECT_EQ(message.version, TalkRoom::id(3));
  EXPECT_EQ(message.edited_ms, 1'000'003u);
  const auto all = versions(room.context().store, room.home(), index);
  ASSERT_EQ(all.size(), 3u);
  EXPECT_EQ(all[0].text, "helo");
  EXPECT_EQ(all[1].text, "hello");
  EXPECT_EQ(find_id(room.context().store, room.home(), TalkRoom::id(2))->index, index);
}

TEST(Messages, AnEditLeavesNothingOfAPreview) {
  TalkRoom room;
  const auto other = room.receive(kBob, 1, "a picture");
  const auto index = room.receive(kBob, 2, "another");
  for (const auto one : {other, index}) save_preview(room.context(), room.home(), one, testing::made_preview(16, 16));
  room.change(edit(3, 2, "not yours", kAlice));
  EXPECT_TRUE(preview_of(room.context().store, room.home(), index));
  room.change(edit(4, 2, "no picture"));
  EXPECT_FALSE(preview_of(room.context().store, room.home(), index));
  EXPECT_TRUE(preview_of(room.context().store, room.home(), other));
}

// Two devices of bob's, which do not hear of each other at first, and a message that may come last of all.
TEST(Messages, EndUpTheSameInWhateverOrderTheyCome) {
  std::vector<Change> all = {edit(2, 1, "from the first device", kBob, 2), edit(3, 1, "from the second", kBob, 3),
                             edit(4, 2, "and again from the first", kBob, 2), reaction(5, 1, "+"), reaction(6, 4, "!")};
  std::vector<std::size_t> order = {0, 1, 2, 3, 4, 5};  // 5 is the message itself
  std::set<std::string> ends;
  std::size_t count = 0;
  do {
    // What one device says comes in its order.
    const auto place = [&](std::size_t one) { return std::find(order.begin(), order.end(), one) - order.begin(); };
    if (place(0) > place(2)) continue;
    TalkRoom room;
    std::uint64_t index = 0;
    for (const std::size_t one : order) {
      if (one == 5) {
        index = room.receive(kBob, 1, "first");
      } else {
        room.change(all[one]);
      }
    }
    const Message message = room.at(index);
    std::string end = message.text;
    for (const std::string& text : reactions_of(room, index)) end += ", " + text;
    for (const Edit& version : versions(room.context().store, room.home(), index)) end += "; " + version.text;
    ends.insert(end);
    EXPECT_EQ(room.rows(tables::kEarlyChanges), 0u);
    ++count;
  } while (std::next_permutation(order.begin(), order.end()));
  EXPECT_EQ(count, 360u);
  EXPECT_EQ(ends.size(), 1u) << *ends.begin();
  EXPECT_TRUE(ends.begin()->starts_with("and again from the first, ")) << *ends.begin();
}

TEST(Messages, OneDeviceThatAlwaysNamesTheFirstVersionIsFollowedInItsOrder) {
  TalkRoom room;
  const auto index = room.receive(kBob, 1, "first");
  room.change(edit(9, 1, "second"));
  room.change(edit(2, 1, "third"));  // a smaller id, and the same target
  EXPECT_EQ(room.at(index).text, "third");
}

TEST(Messages, NobodyChangesWhatSomebodyElseSaid) {
  TalkRoom room;
  const auto index = room.receive(kBob, 1, "mine");
  room.change(edit(2, 1, "not yours", kAlice));
  room.change(retraction(3, 1, kAlice));
  EXPECT_EQ(room.at(index).text, "mine");
  EXPECT_FALSE(room.at(index).unsent);
  room.change(reaction(4, 1, "+", kAlice));
  room.change(retraction(5, 4, kBob));
  EXPECT_EQ(reactions_of(room, index), std::vector<std::string>{std::string(kAlice) + " +"});
  // Nor when it comes first.
  room.change(retraction(6, 7, kAlice));
  EXPECT_EQ(room.rows(tables::kEarlyChanges), 1u);
  EXPECT_EQ(room.at(room.receive(kBob, 7, "also mine")).text, "also mine");
  EXPECT_EQ(room.rows(tables::kEarlyChanges), 0u);
}

TEST(Messages, WhatIsTakenBackLeavesAMarkAndNothingElse) {
  TalkRoom room;
  const auto index = room.receive(kBob, 1, "secret one");
  room.change(edit(2, 1, "secret two"));
  room.change(reaction(3, 1, "secret three"));
  room.change(retraction(4, 1));
  EXPECT_TRUE(room.at(index).unsent);
  for (const Table table : {tables::kMessages, tables::kEdits, tables::kReactions}) {
    for (const Row& row : room.context().store.scan(table, {}, {}, 100)) {
      EXPECT_EQ(as_text(row.value).find("secret"), std::string::npos);
    }
  }
  room.change(edit(5, 2, "once more"));
  room.change(reaction(6, 1, "+"));
  EXPECT_EQ(room.at(index).text, "");
  EXPECT_TRUE(reactions_of(room, index).empty());
}

TEST(Messages, AReactionIsReplacedOrTakenBackByWhoMadeIt) {
  TalkRoom room;
  const auto index = room.receive(kBob, 1, "news");
  room.change(reaction(2, 1, "+"));
  room.change(reaction(3, 1, "!"));
  EXPECT_EQ(reactions_of(room, index).size(), 2u);
  room.change(reaction(4, 2, "-"));  // in the place of the first
  EXPECT_EQ(reactions_of(room, index),
            (std::vector<std::string>{std::string(kAlice) + " !", std::string(kAlice) + " -"}));
  room.change(retraction(5, 3, kAlice));
  EXPECT_EQ(reactions_of(room, index), std::vector<std::string>{std::string(kAlice) + " -"});
}

TEST(Messages, KeepsOnlySoMuchOfWhatComesBeforeItsMessage) {
  TalkRoom room;
  for (std::size_t i = 0; i < kMaxEarlyOfName + 10; ++i) {
    Change one = edit(0, 200, "early");
    one.id = random_value<MessageId>(room.context().entropy);
    one.time_ms += i;
    room.change(one);
  }
  EXPECT_EQ(room.rows(tables::kEarlyChanges), kMaxEarlyOfName);
  room.set_now(after(room.context().now, kEarlyLifeMs + kDayMs));
  Change other = reaction(3, 201, "+");
  other.time_ms = room.context().now.ms;
  room.change(other);
  EXPECT_EQ(room.rows(tables::kEarlyChanges), 1u);  // the old ones are gone
}

TEST(Messages, KeepOfAllNamesNoMoreThanTheyCanCount) {
  TalkRoom room;
  const auto early = [&](const std::string& name, std::uint8_t target, std::size_t number) {
    Change one = edit(0, target, "early", name.c_str());
    one.id = random_value<MessageId>(room.context().entropy);
    one.time_ms += number;
    return one;
  };
  for (std::size_t i = 0; i < kMaxEarly; ++i) {
    const Change one = early("m" + std::to_string(i % 64) + "@example.org", 2, i);
    room.context().store.put(tables::kEarlyChanges, concat({room.home(), one.target, one.id}),
                             wire::encode(EarlyChange{one, kEarlyLifeMs}));
  }
  // One more name, whose rows stand behind all of these.
  for (std::size_t i = 0; i < 2 * kMaxEarlyOfName; ++i) room.change(early(kBob, 200, i));
  EXPECT_EQ(room.rows(tables::kEarlyChanges), kMaxEarly);
  std::map<std::string, std::size_t> of_name;
  for (const Row& row : room.context().store.scan(tables::kEarlyChanges, {}, {}, ~std::size_t{0}))
    ++of_name[wire::decode<EarlyChange>(row.value)->change.sender];
  EXPECT_EQ(of_name[kBob], kMaxEarlyOfName);
  EXPECT_EQ(of_name["m0@example.org"], kMaxEarlyOfName - 1) << "those that have most make room";
}

TEST(Messages, WhatComesBeforeItsMessageIsForgottenInTimeThoughNothingElseComes) {
  TalkRoom room;
  Expiry expiry(room.conversations());
  const auto early = [&] { return room.rows(tables::kEarlyChanges); };
  const auto pass = [&](std::uint64_t ms) {
    room.set_now(after(room.context().now, ms));
    expiry.step(room.context());
  };
  room.change(edit(3, 1, "for ever"));
  room.change(edit(4, 2, "for a minute"));
  wait_no_longer_than(room.context(), room.home(), edit(4, 2, ""), Expiration{true, 60});
  room.change(edit(5, 2, "for years"));
  wait_no_longer_than(room.context(), room.home(), edit(5, 2, ""), Expiration{true, kMaxLifeS});
  room.change(edit(6, 2, "until a moment that is over"));
  wait_no_longer_than(room.context(), room.home(), edit(6, 2, ""), Expiration{false, 7});
  wait_no_longer_than(room.context(), room.home(), edit(7, 2, "never kept"), Expiration{true, 60});
  EXPECT_EQ(early(), 3u);
  pass(30 * kSecondMs);
  EXPECT_EQ(early(), 3u);
  EXPECT_LE(expiry.next_deadline().ms, room.context().now.ms + 90 * kSecondMs);
  pass(90 * kSecondMs);
  EXPECT_EQ(early(), 2u);
  pass(kEarlyLifeMs - kHourMs);
  EXPECT_EQ(early(), 2u);
  pass(2 * kHourMs);
  EXPECT_EQ(early(), 0u);
  EXPECT_EQ(room.rows(tables::kExpiring), 0u);
}

TEST(Messages, WhatIsOverIsNotDoneWhereItsMessageComesBeforeTheTimer) {
  TalkRoom room;
  room.change(edit(3, 1, "too late"));
  wait_no_longer_than(room.context(), room.home(), edit(3, 1, ""), Expiration{true, 60});
  room.change(edit(4, 2, "in time"));
  room.set_now(after(room.context().now, kMinuteMs));
  EXPECT_EQ(room.at(room.receive(kBob, 1, "first")).text, "first");
  EXPECT_EQ(room.at(room.receive(kBob, 2, "second")).text, "in time");
  EXPECT_EQ(room.rows(tables::kEarlyChanges), 0u);
}

TEST(Messages, OfADeletedConversationNothingWaits) {
  TalkRoom room;
  room.change(edit(3, 1, "early"));
  room.receive(kBob, 2, "said");
  delete_conversation(room.conversations(), room.context(), room.home());
  EXPECT_EQ(room.rows(tables::kEarlyChanges), 0u);
  EXPECT_EQ(room.rows(tables::kMessages), 0u);
}

TEST(Messages, ARowOfAnEarlierBuildWaitsAsItDid) {
  const Change said = edit(3, 1, "early");
  const auto old = wire::decode<EarlyChange>(wire::encode(said));
  ASSERT_TRUE(old);
  EXPECT_FALSE(old->is_over(Time{said.time_ms + kEarlyLifeMs}));
  EXPECT_TRUE(old->is_over(Time{said.time_ms + kEarlyLifeMs + 1}));
  EXPECT_EQ(wire::encode(*old), wire::encode(said));
  const Bytes row = wire::encode(EarlyChange{said, 5});
  EXPECT_EQ(wire::decode<EarlyChange>(row)->until_ms, 5u);
  EXPECT_FALSE(wire::decode<EarlyChange>(concat({row, Bytes{0}})));
  EXPECT_FALSE(wire::decode<EarlyChange>(ByteView(row).first(row.size() - 1)));
  EXPECT_FALSE(wire::decode<EarlyChange>(concat({wire::encode(said), Bytes(8)}))) << "one form";
}

TEST(Messages, LimitsVersionsAndReactions) {
  TalkRoom room;
  const auto index = room.receive(kBob, 1, "first");
  for (std::size_t i = 0; i < kMaxVersions + 10; ++i) {
    Change one = edit(0, 1, std::to_string(i));
    one.id = random_value<MessageId>(room.context().entropy);
    room.change(one);
    Change other = reaction(0, 1, std::to_string(i));
    other.id = random_value<MessageId>(room.context().entropy);
    room.change(other);
  }
  EXPECT_LE(versions(room.context().store, room.home(), index).size(), kMaxVersions + 1);
  EXPECT_EQ(reactions_of(room, index).size(), kMaxReactionsOfName);
}

TEST(Messages, WipingLeavesNothing) {
  TalkRoom room;
  const auto index = room.receive(kBob, 1, "first");
  room.change(edit(2, 1, "second"));
  room.change(reaction(3, 1, "+"));
  wipe_message(room.context(), room.home(), index, room.at(index));
  for (const Table table : {tables::kMessages, tables::kEdits, tables::kReactions, tables::kMessageIds}) {
    EXPECT_EQ(room.rows(table), 0u);
  }
}

TEST(Messages, AreReadFromContents) {
  const Speaker by{kBob, TalkRoom::device(2), 7};
  TextContent text;
  text.text = "a reply";
  text.in_reply_to = TalkRoom::id(1);
  EXPECT_FALSE(change_in(*decode_content(encode_content(text)), TalkRoom::id(9), by));
  text.replaces = TalkRoom::id(2);
  const auto edited = change_in(*decode_content(encode_content(text)), TalkRoom::id(9), by);
  ASSERT_TRUE(edited);
  EXPECT_EQ(edited->kind, Kind::edit);
  EXPECT_EQ(edited->target, TalkRoom::id(2));
  EXPECT_EQ(edited->text, "a reply");
  const auto reacted =
      change_in(*decode_content(encode_content(ReactionContent{{}, TalkRoom::id(1), "+"})), TalkRoom::id(9), by);
  ASSERT_TRUE(reacted);
  EXPECT_EQ(reacted->kind, Kind::reaction);
  EXPECT_EQ(reacted->target, TalkRoom::id(1));
  EXPECT_EQ(reacted->text, "+");
  const auto back =
      change_in(*decode_content(encode_content(RetractionContent{{}, TalkRoom::id(3), {}, true})), TalkRoom::id(9), by);
  ASSERT_TRUE(back);
  EXPECT_EQ(back->kind, Kind::retraction);
  EXPECT_EQ(wire::decode<Change>(wire::encode(*back))->target, TalkRoom::id(3));
}

TEST(Requests, ShowNoLinks) {
  EXPECT_EQ(without_links("see https://evil.example now"), "see [link] now");
  EXPECT_EQ(without_links("[click](HTTP://EVIL)\nor WWW.evil.example"), "[link]\nor [link]");
  EXPECT_EQ(without_links("<mailto:me@evil>"), "([link]>");
  EXPECT_EQ(without_links("![x](data:image/png;base64,AAAA)"), "[link]");
  EXPECT_EQ(without_links("no links here, 1:2 and a/b"), "no links here, 1:2 and a/b");
}

}  // namespace
}  // namespace cairn::client
