// A history of which pieces, offers, or answers are lost on the way (docs/spec/client.md s.16).
#include "core/client/own_fixture.h"

namespace cairn::client {
namespace {

class HistoryLoss : public OwnDevicesTest {
 protected:
  static std::string contact(std::size_t number) { return "contact" + std::to_string(number) + "@example.org"; }
  /// On alice's first device: more settings than one piece holds. Some were set by a device that is no more.
  void set_petnames(std::size_t count) {
    auto& store = village.device("alice-1").store();
    const Account account = *load_account(store);
    std::vector<Write> rows;
    for (std::size_t i = 0; i < count; ++i) {
      ContactSettings one;
      one.name = contact(i);
      one.petname = "friend";
      const Bytes key = name_key(account, one.name);
      const auto field = static_cast<std::uint8_t>(SharedField::petname);
      const DeviceId by = i % 2 == 0 ? account.device_id() : *DeviceId::from(Bytes(DeviceId::kSize, 7));
      rows.push_back({tables::kContactSettings, key, wire::encode(one)});
      rows.push_back({tables::kSharedStamps, concat({{&field, 1}, key}), wire::encode(Stamp{1000 + i, by})});
    }
    ASSERT_TRUE(store.apply(rows));
  }
  std::size_t petnames(const std::string& device, std::size_t count) {
    const auto& store = village.device(device).store();
    const Account account = *load_account(store);
    std::size_t out = 0;
    for (std::size_t i = 0; i < count; ++i) out += contact_of(store, account, contact(i)).petname == "friend" ? 1 : 0;
    return out;
  }
};

// ---- settings ----

/// The first pieces are lost while a later one is on its way.
class HistoryLossOfSome : public HistoryLoss, public ::testing::WithParamInterface<std::size_t> {};

TEST_P(HistoryLossOfSome, PiecesOfSettingsBringsThemOnceMore) {
  constexpr std::size_t kMany = 600;
  const std::size_t lost = GetParam();
  set_petnames(kMany);
  std::size_t puts = 0, spoilt = 0;
  village.server.overhear = [&](const proto::Call& call) {
    if (call.url.ends_with(proto::kPathBlobPut) && ++puts == lost + 1) {
      village.device("alice-1").hold_answers_to(proto::kPathBlobPut);
    }
    if (!call.url.ends_with(proto::kPathBlobGet) || spoilt == lost) return;
    ++spoilt;
    blobs.blobs.at(wire::decode<proto::BlobGet>(call.body)->blob).bytes[100] ^= 1;
  };
  link("alice-2");
  ASSERT_TRUE(village.until([&] { return spoilt == lost; }, 10 * kMinuteMs));
  village.pass_all(5 * kSecondMs);  // alice-1 hears of it
  ASSERT_EQ(village.device("alice-1").answers_held(), 1u);
  village.device("alice-1").release_answers();
  ASSERT_TRUE(comes_to_an_end("alice-2"));
  EXPECT_EQ(petnames("alice-2", kMany), kMany);
  EXPECT_GE(puts, 4u);
}

INSTANTIATE_TEST_SUITE_P(OneOrTwo, HistoryLossOfSome, ::testing::Values(1, 2));

TEST_F(HistoryLoss, OfEveryPieceLeavesTheSettingsTheSame) {
  constexpr std::size_t kMany = 600;
  set_petnames(kMany);
  village.server.overhear = [&](const proto::Call& call) {
    if (call.url.ends_with(proto::kPathBlobGet)) blobs.blobs.clear();
  };
  link("alice-2");
  ASSERT_TRUE(comes_to_an_end("alice-2"));
  EXPECT_NE(history("alice-2")["trouble"].get<std::string>().find("stay on the other device"), std::string::npos);
  EXPECT_EQ(petnames("alice-2", kMany), kMany);
}

TEST_F(HistoryLoss, LetsNobodyButTheGiverSpeakForOtherDevices) {
  link("alice-2");
  ASSERT_TRUE(comes_to_an_end("alice-2"));
  Aside aside(village, "alice-2");
  SharedRecord record;
  record.field = SharedField::blocked;
  record.stamp = {1000, *DeviceId::from(Bytes(DeviceId::kSize, 7))};
  record.name = kCarol;
  record.value = {1};
  aside.hear(SharedRecords{{record}}, load_take(aside.store())->from);  // it gives nothing any more
  EXPECT_EQ(aside.noted(), "a setting in the name of another own device was ignored");
  EXPECT_FALSE(contact_of(aside.store(), aside.account(), kCarol).is_blocked);
}

// ---- what is said of it ----

class HistoryGap : public HistoryLoss {
 protected:
  /// alice-2 has asked, and alice-1 cannot give anything yet.
  void ask() {
    meet();
    village.device("alice-1").hold_answers_to(proto::kPathBlobPut);
    link("alice-2");
    ASSERT_TRUE(village.until([&] { return village.device("alice-1").answers_held() == 1; }, 10 * kMinuteMs));
    ASSERT_EQ(history("alice-2").value("state", ""), "running");
  }
  /// The giver has said what it gives, and alice-2 is about to fetch the first piece.
  void offer() {
    ask();
    village.device("alice-2").hold_answers_to(proto::kPathBlobGet);
    village.device("alice-1").release_answers();
    ASSERT_TRUE(village.until([&] { return village.device("alice-2").answers_held() == 1; }, 10 * kMinuteMs));
    ASSERT_NE(rows("alice-1", tables::kHistoryPieces), 0u);
  }
  /// The server keeps nothing of what waits for this device, as after thirty days.
  void expire(const std::string& device) {
    const Account account = *load_account(village.device(device).store());
    village.server.post.mailboxes[account.mailbox].envelopes.clear();
  }
  void away(const std::string& device, const std::function<void()>& meanwhile) {
    village.set_online(device, false);
    meanwhile();
    expire(device);
    village.set_online(device, true);
  }
  /// Each once, on the new device as on the first.
  void expect_all() {
    EXPECT_EQ(texts("alice-2", kBob), (Texts{"hello bob", "hello alice"}));
    EXPECT_EQ(history("alice-2")["taken"], 2);
    EXPECT_EQ(history("alice-2")["messages"], 2);
  }
};

TEST_F(HistoryGap, ThatSwallowsOffersHasThemSaidAgain) {
  ask();
  away("alice-2", [&] {
    village.device("alice-1").release_answers();
    ASSERT_TRUE(village.until([&] { return rows("alice-1", tables::kHistoryPieces) != 0; }, 10 * kMinuteMs));
    village.pass_all(kMinuteMs);
  });
  // Not after a day: the gap is what it goes by.
  EXPECT_TRUE(village.until([&] { return is_done("alice-2"); }, 30 * kMinuteMs)) << status("alice-2");
  expect_all();
}

TEST_F(HistoryGap, AtTheGiverThatSwallowsAnAnswerHoldsUpNothingForLongerThanADay) {
  offer();
  away("alice-1", [&] {
    village.device("alice-2").release_answers();
    village.pass_all(10 * kMinuteMs);
  });
  EXPECT_EQ(rows("alice-2", tables::kHistoryOffers), 0u);
  EXPECT_NE(rows("alice-1", tables::kHistoryPieces), 0u);
  EXPECT_TRUE(village.until([&] { return is_done("alice-2"); }, 2 * kDayMs)) << status("alice-2");
  expect_all();
  EXPECT_EQ(rows("alice-1", tables::kHistorySaid), 0u);
  EXPECT_EQ(rows("alice-2", tables::kHistoryHeard), 0u);
}

TEST_F(HistoryGap, ThatSwallowsTheEndIsToldThatThereIsNoMore) {
  ask();
  village.device("alice-1").release_answers();
  ASSERT_TRUE(village.until([&] { return history("alice-2").value("taken", 0) == 2; }, 10 * kMinuteMs));
  away("alice-2", [&] {
    ASSERT_TRUE(village.until([&] { return rows("alice-1", tables::kHistoryGiven) == 0; }, 10 * kMinuteMs));
    village.pass_all(kMinuteMs);
  });
  EXPECT_TRUE(village.until([&] { return is_done("alice-2"); }, 30 * kMinuteMs)) << status("alice-2");
  EXPECT_NE(history("alice-2").value("trouble", "").find("has nothing more to give"), std::string::npos);
  expect_all();
}

TEST_F(HistoryGap, IsAskedAboutAtMostSoOften) {
  ask();
  std::size_t asked = 0;
  village.server.overhear = [&](const proto::Call& call) {
    if (call.url.ends_with(proto::kPathChannelSend)) ++asked;
  };
  // A server that invents gaps, all the time.
  const Account account = *load_account(village.device("alice-2").store());
  village.pass_all(kMinuteMs);
  const std::size_t before = asked;
  for (int i = 0; i < 60; ++i) {
    village.server.post.mailboxes[account.mailbox].next += 2;
    village.set_online("alice-2", false);
    village.set_online("alice-2", true);
    village.pass_all(kMinuteMs);
  }
  EXPECT_LE(asked - before, 7u);
  EXPECT_GE(asked - before, 2u);
  village.device("alice-1").release_answers();
  ASSERT_TRUE(comes_to_an_end("alice-2"));
  expect_all();
}

TEST_F(HistoryGap, AskedWithAnotherKeyTheGiverBeginsAnew) {
  offer();
  Aside giver(village, "alice-1");
  const auto gives = load_gives(giver.store());
  ASSERT_EQ(gives.size(), 1u);
  const HistoryGive& give = gives.front();
  const auto pair = make_history_key(giver.entropy());
  giver.hear(HistoryWanted{giver.own(), true, give.public_key}, give.to);
  EXPECT_EQ(giver.rows(tables::kHistoryPieces), rows("alice-1", tables::kHistoryPieces))
      << "with the same one it waits";
  giver.hear(HistoryWanted{giver.own(), true, pair.public_key}, give.to);
  EXPECT_EQ(giver.rows(tables::kHistoryPieces), 0u);
  EXPECT_EQ(giver.rows(tables::kHistorySaid), 0u);
  const auto anew = load_give(giver.store(), give.to);
  ASSERT_TRUE(anew);
  EXPECT_EQ(anew->public_key, pair.public_key);
  EXPECT_EQ(anew->given, 0u);
  EXPECT_EQ(anew->next_piece, give.next_piece);
}

// The giver hears the question first, says its offers again, and then that they were taken; their blobs are gone by
// then.
TEST_F(HistoryGap, CountsNoOfferAsLostThatWasAnsweredBefore) {
  offer();
  village.device("alice-1").set_silent(true);
  village.device("alice-2").release_answers();
  ASSERT_TRUE(village.until([&] { return history("alice-2").value("taken", 0) == 2; }, 10 * kMinuteMs));
  Aside aside(village, "alice-2");
  const auto said = village.device("alice-1").store().scan(tables::kHistorySaid, {}, {}, 4);
  ASSERT_FALSE(said.empty());
  const std::size_t before = aside.sends().size();
  for (const Row& row : said) aside.hear(*wire::decode<HistoryOffer>(row.value), load_take(aside.store())->from);
  EXPECT_EQ(aside.rows(tables::kHistoryOffers), 0u);
  EXPECT_EQ(aside.sends().size(), before) << "nothing is fetched twice";
  EXPECT_EQ(load_take(aside.store())->asked_again, 0u);
  village.device("alice-1").set_silent(false);
  ASSERT_TRUE(comes_to_an_end("alice-2"));
  expect_all();
  EXPECT_FALSE(history("alice-2").contains("trouble"));
  EXPECT_EQ(rows("alice-2", tables::kHistoryAnswered), 0u);
}

TEST_F(HistoryGap, IsShownWhereALaterStateOfTheNewDeviceHasTakenSome) {
  ask();
  Aside aside(village, "alice-2");
  aside.hear(HistoryEnd{aside.own(), 5}, load_take(aside.store())->from);
  EXPECT_EQ(load_take(aside.store())->stage, HistoryTake::Stage::over);
  EXPECT_NE(load_take(aside.store())->trouble.find("may be missing here"), std::string::npos);
}

TEST_F(HistoryGap, EndsWhenTheGiverIsRemoved) {
  ask();
  ASSERT_TRUE(remove("alice-1", "alice-2"));
  EXPECT_TRUE(village.until([&] { return is_done("alice-2"); }, kHourMs)) << status("alice-2");
  EXPECT_NE(history("alice-2").value("trouble", "").find("was removed meanwhile"), std::string::npos);
  EXPECT_FALSE(load_take(village.device("alice-2").store())->key);
}

// ---- a conversation of the own devices that is broken ----

TEST_F(HistoryGap, FetchesNothingAllTheTimeThatItCouldNotAnswer) {
  ask();
  const std::string get = "https://example.org" + std::string(proto::kPathBlobGet);
  village.device("alice-2").cut_off_from(get);
  village.device("alice-1").release_answers();
  ASSERT_TRUE(village.until([&] { return rows("alice-2", tables::kHistoryOffers) != 0; }, 10 * kMinuteMs));
  auto& store = village.device("alice-2").store();
  for (const Row& row : store.scan(tables::kConversations, {}, {}, 10)) {
    auto one = *wire::decode<Conversation>(row.value);
    if (one.kind != ConversationKind::self) continue;
    one.state = ConversationState::broken;
    ASSERT_TRUE(store.apply({{tables::kConversations, row.key, wire::encode(one)}}));
  }
  // No view of the own name comes that is newer, so that another one is not begun.
  village.server.tamper = [](const std::string& path, ByteView, Bytes& answer) {
    if (path == proto::kPathLookup) answer = {};
  };
  std::size_t gets = 0;
  village.server.overhear = [&](const proto::Call& call) { gets += call.url.ends_with(proto::kPathBlobGet) ? 1 : 0; };
  village.device("alice-2").restart();
  village.device("alice-2").cut_off_from("");
  village.pass_all(kMinuteMs);
  EXPECT_EQ(gets, 0u);
  village.server.tamper = nullptr;
  EXPECT_TRUE(village.until([&] { return is_done("alice-2"); }, 2 * kHourMs)) << status("alice-2");
  expect_all();
}

// ---- a conversation that the new device never knew ----

TEST_F(HistoryGap, DoesNotKeepItFromAConversationThatTheDeviceComesIntoByItself) {
  ask();
  // As if its Welcome had never come.
  auto& store = village.device("alice-2").store();
  for (const Row& row : store.scan(tables::kConversations, {}, {}, 10)) {
    if (wire::decode<Conversation>(row.value)->kind != ConversationKind::pair) continue;
    for (const Table table : {tables::kConversations, tables::kGroups, tables::kSettings, tables::kMessages}) {
      for (const Row& gone : store.scan_prefix(table, row.key, 100)) {
        ASSERT_TRUE(store.apply({{table, gone.key, std::nullopt}}));
      }
    }
  }
  village.device("alice-2").restart();
  village.device("alice-1").release_answers();
  ASSERT_TRUE(village.until([&] { return rows("alice-2", tables::kHistoryWaiting) != 0; }, 10 * kMinuteMs));
  say("bob-1", kAlice, "into the dark");
  const auto here = [&] {
    const Texts all = texts("alice-2", kBob);
    return all.size() >= 2 && Texts(all.begin(), all.begin() + 2) == Texts{"hello bob", "hello alice"};
  };
  EXPECT_TRUE(village.until(here, kHourMs)) << json(texts("alice-2", kBob)).dump();
  EXPECT_EQ(rows("alice-2", tables::kHistoryWaiting), 0u);
  // What it says itself stands behind all that is given.
  say("bob-1", kAlice, "and now?");
  ASSERT_TRUE(village.until([&] { return texts("alice-2", kBob).back() == "and now?"; }, kHourMs));
  EXPECT_GE(messages("alice-2", kBob).back()["index"].get<std::uint64_t>(), std::uint64_t{1} << 32);
  EXPECT_TRUE(comes_to_an_end("alice-2"));
}

}  // namespace
}  // namespace cairn::client
