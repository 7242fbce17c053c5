// Who removes somebody may have the server's word for it before the mailbox has brought what was said until then: that
// is taken, and nothing that comes behind the removal (docs/spec/client.md s.3).
#include "core/client/standing.h"

#include "core/client/content.h"
#include "core/client/invitation_tables.h"
#include "core/client/rejoin_fixture.h"
#include "core/client/row_keys.h"
#include "core/client/settings.h"
#include "core/client/talk_fixture.h"
#include "core/mls/limits.h"
#include "tests/support/hostile_device.h"

namespace cairn::client {
namespace {

using Kind = proto::EnvelopeKind;

constexpr const char* kLateWords = "By the word of the server";

/// alice, bob and carol in a group of alice's. Alice's mailbox brings nothing until it is let go.
class RemovalTest : public RejoinTest {
 protected:
  void SetUp() override {
    RejoinTest::SetUp();
    good(village.register_person("carol-1", kCarol));
    const json made = good(village.ask("alice-1", "group.create", {{"title", "walkers"}, {"names", {"bob", "carol"}}}));
    walkers = *ChannelId::from(*from_hex(made["conversation"].get<std::string>()));
    say("alice-1", "walkers", "we begin");
    for (const std::string device : {"bob-1", "carol-1"}) ASSERT_TRUE(hears(device, "we begin")) << device;
    village.pass_all(kMinuteMs);  // and says so
    village.hold_envelopes("alice-1", true);
  }

  bool hears(const std::string& device, const std::string& text) {
    return village.until([&] { return has_text(device, "walkers", text); });
  }
  void let_go() {
    village.hold_envelopes("alice-1", false);
    village.pass_all(kMinuteMs);
  }
  /// Alice has the server's word that this name is out.
  void remove(const std::string& name) {
    const std::uint64_t before = epoch("alice-1", walkers);
    good(village.ask("alice-1", "group.remove", {{"conversation", "walkers"}, {"name", name}}));
    ASSERT_TRUE(village.until([&] { return epoch("alice-1", walkers) == before + 1; }));
  }
  /// It is done when alice hears of it.
  void wish_to_leave(const std::string& device) {
    village.begin(device, "group.leave", {{"conversation", "walkers"}});
    village.pass_all(kMinuteMs);
  }
  /// Of alice's removals those that her mailbox has not come to.
  std::size_t unseen() { return village.device("alice-1").store().scan(tables::kOwnRemovals, {}, {}, 10).size(); }

  /// What a device would say next, which it gives to nobody but a server that is in league with it.
  struct Sealed {
    std::uint64_t epoch = 0;
    Bytes ciphertext;
  };
  Sealed sealed_by(const std::string& device, const std::string& text) {
    auto hostile = testing::HostileDevice::like(village, device);
    mls::Group group = hostile.group_of(device, walkers);
    TextContent content;
    hostile.entropy().fill(content.salt);
    content.text = text;
    const SecretBytes plaintext = encode_plaintext({}, encode_content(content));
    auto ciphertext = group.protect(plaintext.expose(), {}, hostile.entropy());
    CHECK(ciphertext.has_value());
    return {group.epoch(), std::move(*ciphertext)};
  }
  /// That server lays it behind all that is in the mailbox.
  void place(const std::string& reader, const Sealed& sealed) {
    testing::HostileDevice::like(village, "carol-1")
        .deliver(account(reader).mailbox, Kind::message, walkers, sealed.epoch, sealed.ciphertext);
  }
  /// It loses the commits that it had still to bring to alice.
  void lose_echo() {
    auto& mailbox = village.server.post.mailboxes[account("alice-1").mailbox];
    mailbox.next -= mailbox.envelopes.size();
    ASSERT_NE(std::erase_if(mailbox.envelopes, [](const auto& one) { return one.kind == Kind::commit; }), 0u);
    for (proto::Envelope& one : mailbox.envelopes) one.sequence = mailbox.next++;
  }

  ChannelId walkers;
};

TEST_F(RemovalTest, WhatTheServerHadBeforeItIsTakenThoughItsAnswerCameFirst) {
  say("bob-1", "walkers", "before");
  remove("bob");
  ASSERT_TRUE(hears("carol-1", "before"));
  EXPECT_FALSE(has_text("alice-1", "walkers", "before"));
  EXPECT_EQ(unseen(), 1u);
  let_go();
  EXPECT_TRUE(has_text("alice-1", "walkers", "before"));
  EXPECT_EQ(notices("alice-1", "walkers", kLateWords), 1u);
  EXPECT_EQ(notices("carol-1", "walkers", kLateWords), 0u);
  EXPECT_EQ(gaps("alice-1", "walkers"), 0u);
  EXPECT_EQ(unseen(), 0u);
}

TEST_F(RemovalTest, SoItIsWhereItsMakerWasKilledBetweenAnswerAndMailbox) {
  say("bob-1", "walkers", "before");
  remove("bob");
  village.device("alice-1").set_silent(true);
  village.device("alice-1").restart();
  village.pass_all(kMinuteMs);
  EXPECT_EQ(unseen(), 1u);
  village.device("alice-1").set_silent(false);
  let_go();
  EXPECT_TRUE(has_text("alice-1", "walkers", "before"));
  EXPECT_EQ(unseen(), 0u);
}

TEST_F(RemovalTest, TwoInARowLeaveWhatBothHadSaid) {
  say("bob-1", "walkers", "from bob");
  remove("bob");
  say("carol-1", "walkers", "from carol");
  remove("carol");
  EXPECT_EQ(unseen(), 2u);
  let_go();
  EXPECT_EQ(texts("alice-1", "walkers"), (Texts{"we begin", "from bob", "from carol"}));
  EXPECT_EQ(unseen(), 0u);
}

TEST_F(RemovalTest, NothingIsTakenThatComesBehindTheCommit) {
  say("bob-1", "walkers", "before");
  const Sealed late = sealed_by("bob-1", "late");
  remove("bob");
  ASSERT_TRUE(hears("carol-1", "before"));
  for (const std::string reader : {"alice-1", "carol-1"}) place(reader, late);
  let_go();
  for (const std::string reader : {"alice-1", "carol-1"}) {
    EXPECT_TRUE(has_text(reader, "walkers", "before")) << reader;
    EXPECT_FALSE(has_text(reader, "walkers", "late")) << reader;
  }
}

// The order is the server's: so far one that is in league with the removed device brings what that has made since.
TEST_F(RemovalTest, WhatTheServerPlacesBeforeTheCommitIsTakenAndMarked) {
  const Sealed late = sealed_by("bob-1", "late");
  remove("bob");
  auto& mailbox = village.server.post.mailboxes[account("alice-1").mailbox];
  const std::uint64_t first = mailbox.next - mailbox.envelopes.size();
  place("alice-1", late);
  std::rotate(mailbox.envelopes.begin(), std::prev(mailbox.envelopes.end()), mailbox.envelopes.end());
  mailbox.next = first;
  for (proto::Envelope& one : mailbox.envelopes) one.sequence = mailbox.next++;
  let_go();
  EXPECT_TRUE(has_text("alice-1", "walkers", "late"));
  EXPECT_EQ(notices("alice-1", "walkers", kLateWords), 1u);
  EXPECT_EQ(unseen(), 0u);
}

TEST_F(RemovalTest, NothingIsTakenBehindWhatIsOfALaterEpochWhereTheCommitNeverComes) {
  say("bob-1", "walkers", "before");
  const Sealed late = sealed_by("bob-1", "late");
  remove("bob");
  lose_echo();
  ASSERT_TRUE(hears("carol-1", "before"));
  say("carol-1", "walkers", "among us");
  place("alice-1", late);
  let_go();
  EXPECT_EQ(texts("alice-1", "walkers"), (Texts{"we begin", "before", "among us"}));
  EXPECT_EQ(unseen(), 0u);
}

TEST_F(RemovalTest, WhoWasRemovedByAFormerCommitIsNotHeardBeforeThisOne) {
  say("carol-1", "walkers", "from carol");
  const Sealed late = sealed_by("carol-1", "late");
  remove("carol");
  let_go();
  ASSERT_TRUE(has_text("alice-1", "walkers", "from carol"));
  village.hold_envelopes("alice-1", true);
  place("alice-1", late);
  say("bob-1", "walkers", "from bob");
  remove("bob");
  EXPECT_EQ(unseen(), 1u);
  let_go();
  EXPECT_EQ(texts("alice-1", "walkers"), (Texts{"we begin", "from carol", "from bob"}));
}

TEST_F(RemovalTest, WhoCameInAgainBesideItIsHeardAsAnybody) {
  say("bob-1", "walkers", "before");
  remove("bob");
  good(village.ask("alice-1", "group.add", {{"conversation", "walkers"}, {"name", "bob"}}));
  ASSERT_TRUE(village.until([&] { return notices("carol-1", "walkers", "added bob") == 1; }));
  let_go();
  say("bob-1", "walkers", "after");
  village.pass_all(kMinuteMs);
  EXPECT_EQ(texts("alice-1", "walkers"), (Texts{"we begin", "before", "after"}));
  EXPECT_EQ(unseen(), 0u);
}

// ---- what comes too late for the keys that are kept ----

constexpr const char* kTooLateWords = "some came when their keys were gone already";

TEST_F(RemovalTest, WhatComesTwoDaysLaterLeavesAGap) {
  say("bob-1", "walkers", "from bob");
  say("carol-1", "walkers", "from carol");
  remove("bob");
  village.pass_all(kFormerEpochLifeMs + kDayMs);
  EXPECT_EQ(gaps("alice-1", "walkers"), 0u);
  let_go();
  EXPECT_EQ(texts("alice-1", "walkers"), (Texts{"we begin"}));
  EXPECT_EQ(notices("alice-1", "walkers", kTooLateWords), 1u) << "once for both";
  EXPECT_EQ(gaps("alice-1", "walkers"), 1u);
  EXPECT_EQ(gaps("carol-1", "walkers"), 0u);
  say("carol-1", "walkers", "heard again");
  EXPECT_TRUE(hears("alice-1", "heard again"));
}

TEST_F(RemovalTest, WhatComesBehindMoreOfItsCommitsThanAreKeptLeavesAGap) {
  say("bob-1", "walkers", "before");
  remove("bob");
  for (std::size_t i = 0; i < mls::kPastEpochs; ++i) {
    const std::uint64_t former = epoch("alice-1", walkers);
    village.begin("alice-1", "group.change",
                  {{"conversation", to_hex(walkers)}, {"title", "walkers " + std::to_string(i)}});
    ASSERT_TRUE(village.until([&] { return epoch("alice-1", walkers) > former; })) << i;
  }
  let_go();
  EXPECT_FALSE(has_text("alice-1", to_hex(walkers), "before"));
  EXPECT_EQ(notices("alice-1", to_hex(walkers), kTooLateWords), 1u);
  EXPECT_EQ(gaps("alice-1", to_hex(walkers)), 1u);
}

TEST_F(RemovalTest, ItsOwnWordsThatComeBackSoLateAreNoGap) {
  say("alice-1", "walkers", "from myself");
  remove("bob");
  village.pass_all(kFormerEpochLifeMs + kDayMs);
  const auto awaited = [&] { return village.device("alice-1").store().scan(tables::kOwnEchoes, {}, {}, 100).size(); };
  EXPECT_GT(awaited(), 0u);
  let_go();
  EXPECT_EQ(gaps("alice-1", "walkers"), 0u);
  EXPECT_TRUE(has_text("alice-1", "walkers", "from myself"));
  EXPECT_EQ(awaited(), 0u);
}

// Whoever is in the conversation can write any epoch into a message; where it stands among others says its server.
TEST_F(RemovalTest, AFormerEpochByTheWordOfAMemberIsNoGap) {
  let_go();
  const Sealed late = sealed_by("carol-1", "late");
  remove("bob");
  village.pass_all(kFormerEpochLifeMs + kDayMs);
  place("alice-1", {epoch("alice-1", walkers), late.ciphertext});
  village.pass_all(kMinuteMs);
  EXPECT_EQ(gaps("alice-1", "walkers"), 0u);
  place("alice-1", late);
  village.pass_all(kMinuteMs);
  EXPECT_EQ(gaps("alice-1", "walkers"), 1u);
  EXPECT_FALSE(has_text("alice-1", "walkers", "late"));
}

TEST_F(RemovalTest, WhoIsOutForgetsWhoBroughtThemThere) {
  const auto is_kept = [&](const std::string& device) {
    return village.device(device).store().get(tables::kBroughtBy, walkers).has_value();
  };
  say("bob-1", "walkers", "yes");  // so he takes it for no request
  EXPECT_TRUE(is_kept("bob-1"));
  remove("bob");
  village.pass_all(kMinuteMs);
  EXPECT_FALSE(is_kept("bob-1"));
  EXPECT_TRUE(is_kept("carol-1"));
}

// It is said who removed that device; and that it spoke makes no request an accepted one, once it is known to be out.
TEST_F(RemovalTest, OfAnOwnDeviceLeavesWhatItHadSaid) {
  village.hold_envelopes("alice-1", false);
  good(village.link_device("alice-2", kAlice, "alice-1"));
  good(village.register_person("dave-1", "dave@example.org"));  // whom alice does not know
  const json made = good(village.ask("dave-1", "group.create", {{"title", "runners"}, {"names", {"alice"}}}));
  say("dave-1", "runners", "come along");
  for (const std::string device : {"alice-1", "alice-2"}) {
    ASSERT_TRUE(village.until([&] { return has_text(device, "runners", "come along"); })) << device;
  }
  village.pass_all(kMinuteMs);
  const auto runners = *ChannelId::from(*from_hex(made["conversation"].get<std::string>()));
  ASSERT_TRUE(settings_of(village.device("alice-1").store(), runners).is_request);
  village.hold_envelopes("alice-1", true);
  say("alice-2", "walkers", "from my other one");
  say("alice-2", "runners", "I do");
  const std::uint64_t before = epoch("alice-1", walkers);
  const json list = good(village.ask("alice-1", "device.list"));
  for (const json& device : list["devices"]) {
    if (!device["own"]) good(village.ask("alice-1", "device.remove", {{"device", device["id"]}}));
  }
  ASSERT_TRUE(village.until([&] { return epoch("alice-1", walkers) == before + 1; }));
  let_go();
  EXPECT_TRUE(has_text("alice-1", "walkers", "from my other one"));
  EXPECT_EQ(notices("alice-1", "walkers", "has removed; ask them"), 1u);
  EXPECT_EQ(notices("alice-1", "walkers", kLateWords), 0u);
  EXPECT_TRUE(has_text("alice-1", "runners", "I do"));
  EXPECT_TRUE(settings_of(village.device("alice-1").store(), runners).is_request);
  EXPECT_EQ(unseen(), 0u);
}

TEST_F(RemovalTest, WhatTheyChangedBeforeItIsTakenAndMarkedToo) {
  village.hold_envelopes("alice-1", false);
  say("bob-1", "walkers", "at noon");
  ASSERT_TRUE(hears("alice-1", "at noon"));
  village.pass_all(kMinuteMs);
  village.hold_envelopes("alice-1", true);
  std::string id;
  for (const json& one : messages("bob-1", "walkers"))
    id = one["text"] == "at noon" ? one["id"].get<std::string>() : id;
  good(village.ask("bob-1", "message.edit", {{"message", id}, {"text", "at midnight"}}));
  remove("bob");
  ASSERT_TRUE(hears("carol-1", "at midnight"));
  EXPECT_EQ(notices("alice-1", "walkers", "changed something here before they were removed"), 0u);
  let_go();
  EXPECT_TRUE(has_text("alice-1", "walkers", "at midnight"));
  EXPECT_EQ(notices("alice-1", "walkers", "changed something here before they were removed"), 1u);
  EXPECT_EQ(notices("carol-1", "walkers", kLateWords), 0u);
}

/// Bob's second device is in the group, and was removed from his name; alice knows that, and hears only then what it
/// said there while it was his.
class GoneDevice : public RemovalTest {
 protected:
  void SetUp() override {
    RemovalTest::SetUp();
    village.hold_envelopes("alice-1", false);
    good(village.link_device("bob-2", kBob, "bob-1"));
    ASSERT_TRUE(village.until([&] { return epoch("bob-2", walkers) != 0; }, 5 * kMinuteMs));
    say("bob-1", "walkers", "at noon");
    for (const std::string device : {"alice-1", "bob-2"}) ASSERT_TRUE(hears(device, "at noon")) << device;
    village.pass_all(kMinuteMs);
    village.hold_envelopes("alice-1", true);
  }
  std::string id_of(const std::string& device, const std::string& text) {
    for (const json& one : messages(device, "walkers")) {
      if (one["text"] == text) return one["id"];
    }
    return {};
  }
  void remove_and_let_go() {
    good(village.ask("bob-1", "device.remove", {{"device", to_hex(account("bob-2").device_id())}}));
    good(village.ask("alice-1", "contact.verify", {{"name", kBob}}));
    let_go();
  }
  bool is_in(const std::string& name) {
    const auto row = village.device("alice-1").store().get(tables::kConversations, walkers);
    const auto names = wire::decode<Conversation>(*row)->names;
    return std::count(names.begin(), names.end(), name) == 1;
  }
};

TEST_F(GoneDevice, LeavesNoGroupForItsName) {
  wish_to_leave("bob-2");
  remove_and_let_go();
  EXPECT_TRUE(is_in(kBob));
  say("bob-1", "walkers", "still here");
  EXPECT_TRUE(hears("alice-1", "still here"));
}

TEST_F(GoneDevice, IsNamedUnderWhatItChanged) {
  good(village.ask("bob-2", "message.edit", {{"message", id_of("bob-2", "at noon")}, {"text", "at midnight"}}));
  remove_and_let_go();
  EXPECT_TRUE(has_text("alice-1", "walkers", "at midnight")) << "as all others show it";
  EXPECT_EQ(notices("alice-1", "walkers", "Something here was changed from a device that bob@example.org has removed"),
            1u);
  EXPECT_EQ(notices("carol-1", "walkers", "Something here was changed"), 0u);
}

TEST_F(GoneDevice, IsHeardAsAnybodyWhileItIsItsNames) {
  wish_to_leave("bob-2");
  let_go();
  EXPECT_TRUE(village.until([&] { return !is_in(kBob); }));
}

// ---- when the waiting ends ----

class OwnRemovals : public ::testing::Test {
 protected:
  static constexpr std::uint64_t kEnded = 7;

  OwnRemovals() { put(room.home()); }
  void put(const ChannelId& channel) {
    wire::Writer w;
    w.u64(room.context().now.ms);
    room.context().store.put(tables::kFormerEpochs, numbered(channel, kEnded), w.take());
    room.context().store.put(tables::kOwnRemovals, numbered(channel, kEnded), wire::encode(OwnRemoval{{Bytes{1, 2}}}));
  }
  bool is_there() const { return room.rows(tables::kOwnRemovals) == 1; }
  void reach(Kind kind, std::uint64_t epoch) {
    proto::Envelope envelope;
    envelope.kind = kind;
    envelope.channel = room.home();
    envelope.epoch = epoch;
    note_reached(room.context(), room.home(), envelope);
  }

  TalkRoom room;
};

TEST_F(OwnRemovals, AreWaitedForUntilTheirCommitOrWhatCameBehindIt) {
  for (const auto& [kind, epoch] : std::vector<std::pair<Kind, std::uint64_t>>{{Kind::message, kEnded},
                                                                               {Kind::commit, kEnded - 1},
                                                                               {Kind::commit_blob, kEnded - 1},
                                                                               {Kind::welcome, kEnded + 1},
                                                                               {Kind::welcome_blob, kEnded + 1},
                                                                               {Kind::rejoin, kEnded + 1},
                                                                               {Kind::rejoin_answer, kEnded + 1}}) {
    reach(kind, epoch);
    EXPECT_TRUE(is_there()) << static_cast<int>(kind) << " of " << epoch;
  }
  for (const auto& [kind, epoch] : std::vector<std::pair<Kind, std::uint64_t>>{{Kind::commit, kEnded},
                                                                               {Kind::commit_blob, kEnded},
                                                                               {Kind::commit, kEnded + 1},
                                                                               {Kind::commit_blob, kEnded + 1},
                                                                               {Kind::message, kEnded + 1}}) {
    reach(kind, epoch);
    EXPECT_FALSE(is_there()) << static_cast<int>(kind) << " of " << epoch;
    put(room.home());
  }
}

TEST_F(OwnRemovals, OfAnotherChannelAreNotReachedHere) {
  room.context().store.erase(tables::kOwnRemovals, numbered(room.home(), kEnded));
  testing::SeededEntropy entropy(9);
  put(random_value<ChannelId>(entropy));
  reach(Kind::commit, kEnded);
  EXPECT_TRUE(is_there());
}

TEST_F(OwnRemovals, AreKeptNoLongerThanTheKeysOfTheirEpoch) {
  const Time ended = room.context().now;
  room.set_now(after(ended, kFormerEpochLifeMs - kHourMs));
  room.conversations().step(room.context(), room.account());
  EXPECT_TRUE(is_there());
  room.set_now(after(ended, kFormerEpochLifeMs));
  room.conversations().step(room.context(), room.account());
  EXPECT_FALSE(is_there());
  EXPECT_EQ(room.rows(tables::kFormerEpochs), 0u);
}

TEST_F(OwnRemovals, ARowThatIsNoneIsRefused) {
  Bytes row = wire::encode(OwnRemoval{{Bytes{1, 2}, Bytes{3}}});
  ASSERT_TRUE(wire::decode<OwnRemoval>(row));
  row.push_back(0);
  EXPECT_FALSE(wire::decode<OwnRemoval>(row)) << "something behind it";
  row.resize(row.size() - 2);
  EXPECT_FALSE(wire::decode<OwnRemoval>(row)) << "cut off";
}

}  // namespace
}  // namespace cairn::client
