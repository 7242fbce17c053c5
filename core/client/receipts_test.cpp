#include "core/client/receipts.h"

#include "core/client/requests.h"
#include "core/client/roles.h"
#include "core/client/settings.h"
#include "core/client/talk_fixture.h"

namespace cairn::client {
namespace {

Heard report(const TalkRoom& room, const char* name, std::vector<StatusReport::One> statuses) {
  return {room.home(),
          {kAlice, kBob},
          *directory::Name::from(name),
          TalkRoom::device(2),
          {},
          StatusReport{std::move(statuses)}};
}

std::vector<std::pair<std::string, int>> said_of(TalkRoom& room, std::uint64_t index) {
  std::vector<std::pair<std::string, int>> out;
  for (const MessageStatus& one : statuses(room.context().store, room.home(), index))
    out.emplace_back(one.name, one.status);
  return out;
}

class ReceiptsTest : public ::testing::Test {
 protected:
  void step() {
    for (int i = 0; i < 3; ++i) receipts.step(room.context(), room.account());
  }
  void later(std::uint64_t ms) { room.set_now(after(room.context().now, ms)); }
  void caught_up() {
    session.set_caught_up();
    step();
  }
  std::size_t owed() { return room.rows(tables::kReportsDue); }

  TalkRoom room;
  Calls calls;
  Session session{calls};
  Receipts receipts{room.conversations(), session};
};

TEST_F(ReceiptsTest, SayOnceWhatArrivedAndOnceWhatWasRead) {
  caught_up();
  for (std::uint8_t i = 0; i < 5; ++i) {
    const auto index = room.receive(kBob, static_cast<std::uint8_t>(i + 1), "hi");
    receipts.received(room.context(), room.account(), room.home(), index);
  }
  step();
  EXPECT_TRUE(room.said().empty());  // it waits for more
  later(5 * kSecondMs);
  step();
  ASSERT_EQ(room.said().size(), 1u);
  const auto first = std::get<StatusReport>(*room.said()[0].control);
  ASSERT_EQ(first.statuses.size(), 5u);
  EXPECT_EQ(first.statuses[0].message, TalkRoom::id(1));
  EXPECT_EQ(first.statuses[0].status, StatusReport::kDelivered);
  EXPECT_EQ(unread(room.conversations(), room.context().store, room.account(), room.home(), 100), 5u);

  receipts.mark_read(room.context(), room.account(), room.home(), 5);
  receipts.mark_read(room.context(), room.account(), room.home(), 5);
  EXPECT_EQ(unread(room.conversations(), room.context().store, room.account(), room.home(), 100), 0u);
  later(5 * kSecondMs);
  step();
  ASSERT_EQ(room.said().size(), 2u);
  EXPECT_EQ(std::get<StatusReport>(*room.said()[1].control).statuses[4].status, StatusReport::kRead);
  EXPECT_EQ(owed(), 0u);
}

TEST_F(ReceiptsTest, OfADeviceThatItsNameHasNoMoreSayNothingForItsOwner) {
  const auto index = room.receive(kBob, 1, "come along", 3'600);
  ConversationSettings settings;
  settings.is_request = true;
  save_settings(room.context(), room.home(), settings);
  Heard said = report(room, kAlice, {{TalkRoom::id(1), StatusReport::kRead}});
  said.is_gone = true;
  const auto now = [&] { return settings_of(room.context().store, room.home()); };
  receipts.heard(room.context(), room.account(), said);
  said.control = StatusReport{};
  receipts.heard(room.context(), room.account(), said);
  EXPECT_TRUE(now().is_request);
  EXPECT_EQ(now().read_to, 0u);
  EXPECT_EQ(room.at(index).expires_ms, 0u);
  said.is_gone = false;
  receipts.heard(room.context(), room.account(), said);
  EXPECT_FALSE(now().is_request) << "an empty one of a device of its own is as good as any";

  room.receive(kAlice, 2, "hi");
  said = report(room, kBob, {{TalkRoom::id(2), StatusReport::kRead}});
  said.is_gone = true;
  receipts.heard(room.context(), room.account(), said);
  EXPECT_TRUE(said_of(room, index + 1).empty());
  said.is_gone = false;
  receipts.heard(room.context(), room.account(), said);
  EXPECT_EQ(said_of(room, index + 1).size(), 1u);
}

TEST_F(ReceiptsTest, AreNotSaidWhereTheirOwnerDoesNotWantThem) {
  caught_up();
  const auto index = room.receive(kBob, 1, "hi");
  const auto nothing_is_owed = [&] {
    receipts.received(room.context(), room.account(), room.home(), index);
    return owed() == 0;
  };
  ConversationSettings settings;
  settings.is_request = true;
  save_settings(room.context(), room.home(), settings);
  EXPECT_TRUE(nothing_is_owed());
  settings = {};
  settings.no_receipts = true;
  save_settings(room.context(), room.home(), settings);
  EXPECT_TRUE(nothing_is_owed());
  save_settings(room.context(), room.home(), {});
  ContactSettings contact;
  contact.name = kBob;
  contact.no_receipts = true;
  save_contact(room.context(), room.account(), contact);
  EXPECT_TRUE(nothing_is_owed());
  set_blocked(room.context(), room.account(), kBob, true);
  EXPECT_TRUE(nothing_is_owed());
  contact.no_receipts = false;
  save_contact(room.context(), room.account(), contact);
  EXPECT_FALSE(nothing_is_owed());
  // Switched off after they were owed, and before they were said.
  settings.no_receipts = true;
  save_settings(room.context(), room.home(), settings);
  later(kMinuteMs);
  step();
  EXPECT_TRUE(room.said().empty());
}

TEST_F(ReceiptsTest, OfOthersStandAtTheMessageAndNeverGoBack) {
  const auto index = room.receive(kAlice, 1, "ours");
  const auto other = room.receive(kBob, 2, "theirs");
  receipts.heard(room.context(), room.account(),
                 report(room, kBob, {{TalkRoom::id(1), StatusReport::kRead}, {TalkRoom::id(2), StatusReport::kRead}}));
  receipts.heard(room.context(), room.account(), report(room, kBob, {{TalkRoom::id(1), StatusReport::kDelivered}}));
  receipts.heard(room.context(), room.account(), report(room, kBob, {{TalkRoom::id(9), StatusReport::kRead}}));
  receipts.heard(room.context(), room.account(), report(room, kBob, {{TalkRoom::id(1), 7}}));
  EXPECT_EQ(said_of(room, index), (std::vector<std::pair<std::string, int>>{{kBob, StatusReport::kRead}}));
  EXPECT_TRUE(said_of(room, other).empty());
}

TEST_F(ReceiptsTest, OfAnotherOwnDeviceAreNotRepeatedAndReadHereToo) {
  caught_up();
  const auto index = room.receive(kBob, 1, "hi", 60);
  receipts.received(room.context(), room.account(), room.home(), index);
  ConversationSettings settings;
  settings.is_request = true;
  save_settings(room.context(), room.home(), settings);
  receipts.heard(room.context(), room.account(), report(room, kAlice, {{TalkRoom::id(1), StatusReport::kRead}}));
  EXPECT_EQ(owed(), 0u);
  EXPECT_FALSE(settings_of(room.context().store, room.home()).is_request);
  EXPECT_EQ(settings_of(room.context().store, room.home()).read_to, 1u);
  EXPECT_NE(room.at(index).expires_ms, 0u);  // its life has begun
}

TEST_F(ReceiptsTest, WaitForTheStreamWithoutWakingAnybody) {
  const auto index = room.receive(kBob, 1, "hi");
  receipts.received(room.context(), room.account(), room.home(), index);
  EXPECT_EQ(receipts.next_deadline(), Time::never());
  later(kMinuteMs);
  step();
  EXPECT_TRUE(room.said().empty());
  caught_up();
  EXPECT_EQ(room.said().size(), 1u);
}

TEST_F(ReceiptsTest, OfManyMessagesGoInSeveralReports) {
  for (std::uint64_t i = 0; i < kMaxStatuses + 3; ++i) {
    auto conversation = room.conversations().find(room.context().store, room.home());
    Message message;
    message.sender = kBob;
    message.id = random_value<MessageId>(room.context().entropy);
    message.id.mutable_view()[0] = kMessageIdSha256;
    room.conversations().add_notice(room.context(), *conversation, message);
    receipts.received(room.context(), room.account(), room.home(), i);
  }
  later(kMinuteMs);
  caught_up();
  ASSERT_EQ(room.said().size(), 2u);
  EXPECT_EQ(std::get<StatusReport>(*room.said()[0].control).statuses.size(), kMaxStatuses);
  EXPECT_EQ(std::get<StatusReport>(*room.said()[1].control).statuses.size(), 3u);
}

TEST(StatusReports, AreReadStrictly) {
  const StatusReport one{{{TalkRoom::id(1), 1}, {TalkRoom::id(2), 200}}};
  EXPECT_EQ(StatusReport::decode(one.encode()).value(), one);
  Bytes longer = one.encode();
  longer.push_back(0);
  EXPECT_EQ(StatusReport::decode(longer).error().code, ErrorCode::malformed);
  StatusReport many;
  many.statuses.resize(kMaxStatuses + 1, {TalkRoom::id(1), 1});
  EXPECT_EQ(StatusReport::decode(many.encode()).error().code, ErrorCode::over_limit);
  StatusReport wrong{{{MessageId{}, 1}}};
  EXPECT_EQ(StatusReport::decode(wrong.encode()).error().code, ErrorCode::malformed);
  EXPECT_FALSE(StatusReport::decode({}));
}

TEST(Roles, WhatAGroupShallBecome) {
  ConversationInfo now{ConversationKind::group, ChannelId{}, "example.org", "walkers", {kAlice}, {}};
  const std::vector<std::string> names = {kAlice, kBob};
  GroupWants wants;
  EXPECT_FALSE(wanted_info(wants, now, kAlice, names));
  wants.title = "runners";
  wants.roles = {{kBob, true}, {"carol@example.org", true}};  // she is not in it yet
  const auto wanted = wanted_info(wants, now, kAlice, names);
  ASSERT_TRUE(wanted);
  EXPECT_EQ(wanted->title, "runners");
  EXPECT_EQ(wanted->admins, names);
  EXPECT_FALSE(wanted_info(wants, now, kBob, names));  // who is no admin changes nothing
  now.admins = names;
  wants = {};
  EXPECT_EQ(wanted_info(wants, now, kAlice, {kAlice})->admins, std::vector<std::string>{kAlice});  // bob is out
  wants.roles = {{kAlice, false}, {kBob, false}};
  EXPECT_FALSE(wanted_info(wants, now, kAlice, names));  // a group keeps an admin
  EXPECT_EQ(wire::decode<GroupWants>(wire::encode(wants))->roles, wants.roles);
}

TEST(Roles, WhoIsNoAdminAnyMoreWantsNothingOfTheGroup) {
  TalkRoom room;
  auto group = room.conversations().find(room.context().store, room.home()).value();
  group.kind = ConversationKind::group;
  group.names = {kAlice, "carol@example.org"};  // bob was to be removed
  GroupWants wants;
  wants.title = "runners";
  wants.roles = {{kBob, true}};
  save_group_wants(room.context(), room.home(), wants);
  const std::vector<std::string> members = {kAlice, kAlice, kBob};
  ConversationInfo now{ConversationKind::group, room.home(), "example.org", "walkers", {kAlice}, {}};
  EXPECT_FALSE(drop_wishes_of_no_admin(room.context(), group, now, kAlice, members));
  EXPECT_EQ(group.names.size(), 2u);
  EXPECT_TRUE(group_wants(room.context().store, room.home()).wants_anything());
  now.admins = {kBob};
  EXPECT_TRUE(drop_wishes_of_no_admin(room.context(), group, now, kAlice, members));
  EXPECT_EQ(group.names, (std::vector<std::string>{kAlice, kBob, "carol@example.org"}));  // she may be added by anybody
  EXPECT_FALSE(group_wants(room.context().store, room.home()).wants_anything());
  EXPECT_FALSE(drop_wishes_of_no_admin(room.context(), group, now, kAlice, members));
}

TEST(Roles, StandInTheExtensionInOneWay) {
  ConversationInfo info{ConversationKind::group, ChannelId{}, "example.org", "walkers", {kAlice, kBob}, Bytes(5, 1)};
  EXPECT_EQ(wire::decode<ConversationInfo>(wire::encode(info)).value(), info);
  std::swap(info.admins[0], info.admins[1]);
  EXPECT_EQ(wire::decode<ConversationInfo>(wire::encode(info)).error().code, ErrorCode::malformed);
  info.admins = {kAlice, kAlice};
  EXPECT_FALSE(wire::decode<ConversationInfo>(wire::encode(info)));
  info.admins = {"nobody"};
  EXPECT_FALSE(wire::decode<ConversationInfo>(wire::encode(info)));
  info.admins = {};
  info.picture.resize(kMaxPictureSize + 1);
  EXPECT_FALSE(wire::decode<ConversationInfo>(wire::encode(info)));
  info.picture = {1};
  info.kind = ConversationKind::pair;
  EXPECT_FALSE(wire::decode<ConversationInfo>(wire::encode(info)));
}

}  // namespace
}  // namespace cairn::client
