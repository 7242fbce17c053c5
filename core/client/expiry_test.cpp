#include "core/client/expiry.h"

#include "core/client/attachment.h"
#include "core/client/search.h"
#include "core/client/settings.h"
#include "core/client/talk_fixture.h"

namespace cairn::client {
namespace {

Heard told(const TalkRoom& room, const char* name, std::uint32_t seconds) {
  return {room.home(), {kAlice, kBob}, *directory::Name::from(name), TalkRoom::device(2), {}, ExpirySet{seconds}};
}

TEST(Expiry, ForgetsAMessageSoLongAfterItWasRead) {
  TalkRoom room;
  Expiry expiry(room.conversations());
  const auto index = room.receive(kBob, 1, "gone in an hour", 3'600);
  expiry.received(room.context(), room.account(), room.home(), index);
  expiry.step(room.context());
  EXPECT_EQ(expiry.next_deadline(), Time::never());  // it was not read
  Message message = room.at(index);
  begin_life(room.context(), room.home(), index, message, room.context().now);
  room.conversations().change_message(room.context(), room.home(), index, message);
  expiry.step(room.context());
  EXPECT_EQ(expiry.next_deadline().ms, 1'000'000u + 3'600'000);
  room.set_now(Time{expiry.next_deadline().ms - 1});
  expiry.step(room.context());
  EXPECT_TRUE(room.maybe(index));
  room.set_now(Time{expiry.next_deadline().ms});
  expiry.step(room.context());
  EXPECT_FALSE(room.maybe(index));
  EXPECT_EQ(room.rows(tables::kMessageIds) + room.rows(tables::kExpiring), 0u);
  EXPECT_EQ(expiry.next_deadline(), Time::never());
}

TEST(Expiry, WhatComesOutOfABackupEndsAtItsTimeOrDoesNotComeBack) {
  TalkRoom room;
  const std::uint64_t said_ms = room.context().now.ms;
  const auto message = [&](std::uint32_t life_s, std::uint64_t expires_ms) {
    Message out;
    out.time_ms = said_ms;
    out.life_s = life_s;
    out.expires_ms = expires_ms;
    return out;
  };
  room.set_now(Time{said_ms + 10 * kDayMs});
  const auto comes_back = [&](Message one) { return restore_life(room.context(), room.home(), 0, one); };
  EXPECT_TRUE(comes_back(message(0, 0)));
  EXPECT_EQ(room.rows(tables::kExpiring), 0u);
  EXPECT_FALSE(comes_back(message(0, said_ms + 10 * kDayMs)));
  EXPECT_FALSE(comes_back(message(2 * 86'400, said_ms + 5 * kDayMs)));
  EXPECT_FALSE(comes_back(message(10 * 86'400, 0)));  // nobody knows when it was read
  EXPECT_EQ(room.rows(tables::kExpiring), 0u);
  Message later = message(11 * 86'400, 0);
  EXPECT_TRUE(restore_life(room.context(), room.home(), 3, later));
  EXPECT_EQ(later.expires_ms, said_ms + 11 * kDayMs);
  EXPECT_EQ(room.rows(tables::kExpiring), 1u);
}

TEST(Expiry, CountsOurOwnFromAnotherDeviceAtOnceAndAMomentAsItIs) {
  TalkRoom room;
  Expiry expiry(room.conversations());
  const auto own = room.receive(kAlice, 1, "own", 10);
  expiry.received(room.context(), room.account(), room.home(), own);
  EXPECT_EQ(room.at(own).expires_ms, 1'010'000u);
  Message message;
  set_life(message, Expiration{false, 1'020});
  EXPECT_EQ(message.expires_ms, 1'020'000u);
  EXPECT_EQ(message.life_s, 0u);
  set_life(message, Expiration{true, 0});
  EXPECT_EQ(message.life_s, 1u);
  set_life(message, Expiration{true, 0xffff'ffff});
  EXPECT_EQ(message.life_s, kMaxLifeS);
}

TEST(Expiry, IsSetForAllAndToldOnce) {
  TalkRoom room;
  Expiry expiry(room.conversations());
  ASSERT_TRUE(expiry.set(room.context(), room.account(), room.home(), 86'400));
  ASSERT_TRUE(expiry.set(room.context(), room.account(), room.home(), 86'400));
  ASSERT_EQ(room.said().size(), 1u);
  EXPECT_EQ(std::get<ExpirySet>(*room.said()[0].control).seconds, 86'400u);
  EXPECT_EQ(room.at(0).text, "alice@example.org set messages to disappear 1 day after they are read.");
  expiry.heard(room.context(), room.account(), told(room, kBob, 0));
  expiry.heard(room.context(), room.account(), told(room, kBob, 0));
  EXPECT_EQ(room.at(1).text, "bob@example.org set messages to be kept.");
  EXPECT_FALSE(room.maybe(2));
  EXPECT_EQ(settings_of(room.context().store, room.home()).life_s, 0u);
}

TEST(Expiry, IsNotSetByADeviceThatItsNameHasNoMore) {
  TalkRoom room;
  Expiry expiry(room.conversations());
  Heard said = told(room, kBob, 60);
  said.is_gone = true;
  expiry.heard(room.context(), room.account(), said);
  EXPECT_EQ(settings_of(room.context().store, room.home()).life_s, 0u);
  said.is_gone = false;
  said.is_out = true;  // before its removal it was heard by all
  expiry.heard(room.context(), room.account(), said);
  EXPECT_EQ(settings_of(room.context().store, room.home()).life_s, 60u);
}

TEST(Expiry, RefusesWhatIsTooLong) {
  TalkRoom room;
  Expiry expiry(room.conversations());
  EXPECT_EQ(expiry.set(room.context(), room.account(), room.home(), kMaxLifeS + 1).error().code, ErrorCode::over_limit);
  expiry.heard(room.context(), room.account(), told(room, kBob, kMaxLifeS + 1));
  EXPECT_EQ(settings_of(room.context().store, room.home()).life_s, 0u);
  EXPECT_FALSE(room.maybe(0));
}

TEST(Expiry, KeepsWhatIsSoonGoneOutOfBackups) {
  const Time now{1'000'000};
  Message message;
  EXPECT_TRUE(message.is_lasting(now));
  message.life_s = 86'400;
  EXPECT_FALSE(message.is_lasting(now));
  message.life_s = 86'401;
  EXPECT_TRUE(message.is_lasting(now));
  message.expires_ms = now.ms + kDayMs;
  EXPECT_FALSE(message.is_lasting(now));
  message.expires_ms = now.ms + kDayMs + 1;
  EXPECT_TRUE(message.is_lasting(now));
}

TEST(Expiry, SaysTimesInWords) {
  EXPECT_EQ(duration_words(1), "1 second");
  EXPECT_EQ(duration_words(90), "90 seconds");
  EXPECT_EQ(duration_words(1'800), "30 minutes");
  EXPECT_EQ(duration_words(43'200), "12 hours");
  EXPECT_EQ(duration_words(172'800), "2 days");
}

TEST(Search, FindsAllWordsTheNewestFirst) {
  TalkRoom room;
  Search search(room.conversations());
  room.receive(kBob, 1, "Lunch at the \u00c4pfel caf\u00e9?");
  room.set_now(Time{2'000'000});
  room.receive(kAlice, 2, "yes, LUNCH it is");
  const auto found = [&](const char* words) {
    std::vector<std::uint64_t> out;
    for (const auto& hit : search.find(room.context().store, words, 10)) out.push_back(hit.index);
    return out;
  };
  using Indexes = std::vector<std::uint64_t>;
  EXPECT_EQ(found("lunch"), (Indexes{1, 0}));
  EXPECT_EQ(found("caf lunch"), (Indexes{0}));
  EXPECT_EQ(found("\u00e4PFEL"), (Indexes{0}));
  EXPECT_EQ(found("dinner"), Indexes{});
  EXPECT_EQ(found("  "), Indexes{});
  Message message = room.at(0);
  message.text = "Dinner";
  search.changed(room.home(), 0);
  room.conversations().change_message(room.context(), room.home(), 0, message);
  EXPECT_EQ(found("dinner"), (Indexes{0}));
  EXPECT_EQ(found("lunch"), (Indexes{1}));
  wipe_message(room.context(), room.home(), 1, room.at(1));
  EXPECT_EQ(found("lunch"), Indexes{});
}

TEST(Search, FindsFilesByTheirNames) {
  TalkRoom room;
  const auto put_file = [&](std::uint64_t index, const char* name) {
    AttachmentRow row;
    row.file.name = name;
    row.file.media_type = "image/jpeg";
    save_attachment(room.context(), room.home(), index, row);
  };
  room.receive(kBob, 1, "");
  put_file(0, "Lake at Dawn.JPG");
  Search search(room.conversations());
  const auto found = [&](const char* words) {
    std::vector<std::uint64_t> out;
    for (const auto& hit : search.find(room.context().store, words, 10)) out.push_back(hit.index);
    return out;
  };
  using Indexes = std::vector<std::uint64_t>;
  EXPECT_EQ(found("dawn lake"), (Indexes{0})) << "that was there before it was asked the first time";
  room.set_now(Time{2'000'000});
  room.receive(kBob, 2, "as promised:");
  search.changed(room.home(), 1);
  put_file(1, "dusk.jpg");  // a message is told before its file is there
  EXPECT_EQ(found("dusk"), (Indexes{1}));
  EXPECT_EQ(found("PROMISED dusk"), (Indexes{1}));
  EXPECT_EQ(found("jpg"), (Indexes{1, 0}));
  EXPECT_EQ(found("image/jpeg"), Indexes{});
  Message edited = room.at(0);
  edited.version = TalkRoom::id(9);
  room.conversations().change_message(room.context(), room.home(), 0, edited);
  search.changed(room.home(), 0);
  EXPECT_EQ(found("dawn"), Indexes{}) << "it shows no file any more";
  Message unsent = room.at(1);
  unsent.unsent = true;
  unsent.text.clear();
  room.conversations().change_message(room.context(), room.home(), 1, unsent);
  search.changed(room.home(), 1);
  EXPECT_EQ(found("jpg"), Indexes{});
}

}  // namespace
}  // namespace cairn::client
