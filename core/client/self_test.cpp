// What the devices of one name share beside the history (docs/spec/client.md s.16).
#include "core/client/own_fixture.h"

#include "core/base/encoding.h"
#include "core/client/rejoin.h"

namespace cairn::client {
namespace {

class Self : public OwnDevicesTest {
 protected:
  void two() {
    meet();
    link("alice-2");
    ASSERT_TRUE(comes_to_an_end("alice-2"));
    ASSERT_TRUE(village.until([&] { return texts("alice-2", kBob).size() == 2; }));
  }
  bool both(const std::function<bool(const std::string& device)>& holds) {
    return village.until([&] { return holds("alice-1") && holds("alice-2"); });
  }
};

// ---- notes ----

TEST_F(Self, TakesNotesOnOneDevice) {
  for (const char* to : {"self", "me", "alice", kAlice}) say("alice-1", to, std::string("to ") + to);
  EXPECT_EQ(texts("alice-1", "self"), (Texts{"to self", "to me", "to alice", std::string("to ") + kAlice}));
  const json all = good(village.ask("alice-1", "conversations"))["conversations"];
  ASSERT_EQ(all.size(), 1u);
  EXPECT_EQ(all[0]["kind"], "self");
  EXPECT_EQ(all[0]["unread"], 0);
}

TEST_F(Self, TakesNotesOnAllDevices) {
  say("alice-1", "me", "before");
  link("alice-2");
  ASSERT_TRUE(comes_to_an_end("alice-2"));
  say("alice-2", "self", "after");
  EXPECT_TRUE(both([&](const std::string& device) { return texts(device, "me") == Texts{"before", "after"}; }));
}

TEST_F(Self, IsNoConversationThatPeopleSeeWhileNobodyWroteThere) {
  two();
  for (const char* device : {"alice-1", "alice-2"}) {
    EXPECT_EQ(good(village.ask(device, "conversations"))["conversations"].size(), 1u) << device;
    EXPECT_GE(rows(device, tables::kConversations), 2u) << device;
  }
}

TEST_F(Self, IsOneHoweverManyDevicesBeganIt) {
  say("alice-1", "me", "one");
  // The new device begins its own before it hears of the other.
  village.set_online("alice-1", false);
  village.set_online("alice-1", true);
  link("alice-2");
  say("alice-2", "me", "two");
  EXPECT_TRUE(both([&](const std::string& device) {
    Texts all = texts(device, "me");
    std::sort(all.begin(), all.end());
    return all == Texts{"one", "two"};
  }));
  village.pass_all(kMinuteMs);
  say("alice-1", "me", "three");
  say("alice-2", "me", "four");
  EXPECT_TRUE(both([&](const std::string& device) { return texts(device, "me").size() == 4; }));
}

TEST_F(Self, LosesADeviceThatWasRemoved) {
  two();
  ASSERT_TRUE(remove("alice-2", "alice-1"));
  village.pass_all(kMinuteMs);
  say("alice-1", "me", "for me alone");
  good(village.ask("alice-1", "conversation.set", {{"conversation", kBob}, {"muted", true}}));
  village.pass_all(kMinuteMs);
  EXPECT_TRUE(texts("alice-2", "me").empty());
  EXPECT_EQ(conversation("alice-2", kBob)["muted"], false);
}

// ---- lost ----

class SelfLost : public Self {
 protected:
  void SetUp() override {
    Self::SetUp();
    two();
  }
  /// The channel that this device writes its words for the others to.
  std::optional<ChannelId> channel(const std::string& device) {
    std::optional<ChannelId> least;
    for (const Row& row : village.device(device).store().scan(tables::kConversations, {}, {}, 100)) {
      const auto one = wire::decode<Conversation>(row.value);
      if (one->kind != ConversationKind::self || !one->is_writable()) continue;
      if (!least || one->channel < *least) least = one->channel;
    }
    return least;
  }
  void lose(const std::string& device) {
    const Bytes lost = to_bytes(channel(device)->view());
    ASSERT_TRUE(village.device(device).store().apply({{tables::kGroups, lost, std::nullopt}}));
    village.device(device).restart();
  }
  void note(const std::string& device, const std::string& text) {
    village.begin(device, "send", {{"to", "me"}, {"text", text}});
    village.settle();
  }
  /// Both write to one channel, which is another one than before, and hear each other.
  void expect_one(const ChannelId& before) {
    EXPECT_TRUE(village.until([&] { return channel("alice-1") == channel("alice-2"); }, kHourMs));
    village.pass_all(10 * kMinuteMs);
    EXPECT_EQ(channel("alice-1"), channel("alice-2"));
    EXPECT_NE(channel("alice-1"), before);
    note("alice-1", "from the first");
    note("alice-2", "from the second");
    good(village.ask("alice-2", "conversation.set", {{"conversation", kBob}, {"pinned", true}}));
    const auto has = [&](const std::string& device, const std::string& text) {
      const Texts all = texts(device, "me");
      return std::count(all.begin(), all.end(), text) == 1;
    };
    EXPECT_TRUE(both(
        [&](const std::string& device) { return has(device, "from the first") && has(device, "from the second"); }));
    EXPECT_TRUE(village.until([&] { return conversation("alice-1", kBob)["pinned"] == true; }));
  }
};

TEST_F(SelfLost, ByAllDevicesIsBegunAnewAndOneThoughAllDecideAtOnce) {
  const ChannelId before = *channel("alice-1");
  for (const char* device : {"alice-1", "alice-2"}) lose(device);
  for (const char* device : {"alice-1", "alice-2"}) note(device, std::string("kept on ") + device);
  village.pass_all(40 * kHourMs);
  EXPECT_EQ(channel("alice-1"), before) << "for two days somebody may still answer";
  // Neither hears of what the other one decides before it has decided itself.
  for (const char* device : {"alice-1", "alice-2"}) village.set_online(device, false);
  village.pass_all(10 * kHourMs);
  for (const char* device : {"alice-1", "alice-2"}) village.set_online(device, true);
  const auto has_both = [&](const std::string& device) {
    Texts all = texts(device, "me");
    std::sort(all.begin(), all.end());
    return all == Texts{"kept on alice-1", "kept on alice-2"};
  };
  EXPECT_TRUE(village.until([&] { return has_both("alice-1") && has_both("alice-2"); }, kHourMs));
  expect_one(before);
}

TEST_F(SelfLost, ByAllDevicesIsBegunAnewThoughNothingWaits) {
  const ChannelId before = *channel("alice-1");
  for (const char* device : {"alice-1", "alice-2"}) lose(device);
  village.pass_all(3 * kDayMs);
  expect_one(before);
}

TEST_F(SelfLost, ByOneWhileTheOtherIsAwayIsOneWhenThatComesBack) {
  const ChannelId before = *channel("alice-1");
  village.set_online("alice-1", false);
  lose("alice-2");
  village.pass_all(3 * kDayMs);
  village.set_online("alice-1", true);
  village.pass_all(kMinuteMs);
  expect_one(before);
}

TEST_F(SelfLost, IsNotGivenUpByWhoHasNotAsked) {
  const ChannelId before = *channel("alice-1");
  lose("alice-2");
  village.set_online("alice-2", false);
  village.pass_all(3 * kDayMs);
  village.set_online("alice-2", true);  // alice-1 is there, and answers
  EXPECT_TRUE(village.until([&] { return !load_rejoin(village.device("alice-2").store(), before); }, kHourMs));
  EXPECT_EQ(channel("alice-1"), before);
  EXPECT_EQ(channel("alice-2"), before);
}

// ---- settings ----

TEST_F(Self, SharesSettingsOfConversationsAndNames) {
  two();
  good(village.ask("alice-1", "conversation.set",
                   {{"conversation", kBob},
                    {"muted", true},
                    {"archived", true},
                    {"pinned", true},
                    {"receipts", false},
                    {"draft", "dear b"}}));
  good(village.ask("alice-1", "contact.set", {{"name", kBob}, {"petname", "Bobby"}, {"receipts", false}}));
  EXPECT_TRUE(village.until([&] { return conversation("alice-2", kBob).value("draft", "") == "dear b"; }));
  village.pass_all(5 * kSecondMs);
  const json there = conversation("alice-2", kBob);
  EXPECT_EQ(there["muted"], true);
  EXPECT_EQ(there["archived"], true);
  EXPECT_EQ(there["pinned"], true);
  EXPECT_EQ(there["receipts"], false);
  EXPECT_EQ(there["petnames"][kBob], "Bobby");
  EXPECT_EQ(good(village.ask("alice-2", "contact.set", {{"name", kBob}}))["receipts"], false);
  // And back, on the other one.
  good(village.ask("alice-2", "conversation.set", {{"conversation", kBob}, {"muted", false}, {"draft", ""}}));
  EXPECT_TRUE(village.until([&] {
    const json here = conversation("alice-1", kBob);
    return here["muted"] == false && !here.contains("draft");
  }));
  EXPECT_EQ(conversation("alice-1", kBob)["archived"], true);
}

TEST_F(Self, SharesWhomNobodyWantsToHear) {
  two();
  good(village.ask("alice-2", "contact.block", {{"name", kBob}}));
  const auto blocked = [&](const std::string& device) {
    return good(village.ask(device, "contact.blocked"))["names"] == json{kBob};
  };
  EXPECT_TRUE(both(blocked));
  say("bob-1", kAlice, "do you hear me?");
  village.pass_all(10 * kSecondMs);
  EXPECT_EQ(texts("alice-1", kBob).size(), 2u);
  good(village.ask("alice-1", "contact.unblock", {{"name", kBob}}));
  EXPECT_TRUE(village.until([&] { return !blocked("alice-2"); }));
}

TEST_F(Self, SharesWhatWasReadAlsoWhereNobodyIsTold) {
  two();
  good(village.ask("alice-1", "conversation.set", {{"conversation", kBob}, {"receipts", false}}));
  for (int i = 0; i < 5; ++i) say("bob-1", kAlice, std::to_string(i));
  EXPECT_TRUE(both([&](const std::string& device) { return conversation(device, kBob)["unread"] == 6; }));
  good(village.ask("alice-2", "read", {{"conversation", kBob}, {"mark", true}}));
  EXPECT_TRUE(both([&](const std::string& device) { return conversation(device, kBob)["unread"] == 0; }));
}

TEST_F(Self, KeepsWhatWasReadForAMessageThatComesLater) {
  two();
  // alice-2 is away while bob writes and alice-1 reads.
  village.set_online("alice-2", false);
  say("bob-1", kAlice, "news");
  ASSERT_TRUE(village.until([&] { return texts("alice-1", kBob).size() == 3; }));
  good(village.ask("alice-1", "read", {{"conversation", kBob}, {"mark", true}}));
  village.pass_all(kMinuteMs);
  village.set_online("alice-2", true);
  EXPECT_TRUE(village.until([&] { return texts("alice-2", kBob).size() == 3; }, 5 * kMinuteMs));
  EXPECT_TRUE(village.until([&] { return conversation("alice-2", kBob)["unread"] == 0; }));
}

TEST_F(Self, SharesThatARequestWasAccepted) {
  two();
  good(village.register_person("carol-1", kCarol));
  say("carol-1", kAlice, "may I?");
  EXPECT_TRUE(both([&](const std::string& device) { return conversation(device, kCarol).value("request", false); }));
  good(village.ask("alice-2", "request.accept", {{"conversation", kCarol}}));
  EXPECT_TRUE(both([&](const std::string& device) { return conversation(device, kCarol)["request"] == false; }));
}

TEST_F(Self, BothDevicesComeToShowWhatWasSetLast) {
  two();
  for (const std::string late : {"alice-1", "alice-2"}) {
    const std::string early = late == "alice-1" ? "alice-2" : "alice-1";
    village.set_online("alice-1", false);
    village.set_online("alice-2", false);
    good(village.ask(early, "conversation.set", {{"conversation", kBob}, {"draft", "early " + late}}));
    village.pass_all(kSecondMs);
    good(village.ask(late, "conversation.set", {{"conversation", kBob}, {"draft", "late " + late}}));
    village.set_online("alice-1", true);
    village.set_online("alice-2", true);
    village.pass_all(5 * kMinuteMs);
    EXPECT_TRUE(both([&](const std::string& device) { return conversation(device, kBob)["draft"] == "late " + late; }));
  }
}

TEST_F(Self, AClockThatWasDaysAheadOnceKeepsNoLaterSettingFromTheOthers) {
  two();
  auto& first = village.device("alice-1");
  const auto set = [&](const std::string& draft) {
    good(village.ask("alice-1", "conversation.set", {{"conversation", kBob}, {"draft", draft}}));
  };
  village.set_online("alice-1", false);
  first.ahead_ms = static_cast<std::int64_t>(3 * kDayMs);
  set("from days ahead");
  first.ahead_ms = 0;
  first.restart();  // as the loop does when a clock is set back
  village.set_online("alice-1", true);
  village.pass_all(5 * kMinuteMs);
  EXPECT_FALSE(conversation("alice-2", kBob).contains("draft"));
  set("of today");
  EXPECT_TRUE(both([&](const std::string& device) { return conversation(device, kBob)["draft"] == "of today"; }));
}

TEST_F(Self, ADeviceThatComesLateHasAllSettings) {
  meet();
  good(village.ask("alice-1", "contact.set", {{"name", kBob}, {"petname", "Bobby"}}));
  good(village.ask("alice-1", "contact.block", {{"name", kCarol}}));
  good(village.ask("alice-1", "conversation.set", {{"conversation", kBob}, {"pinned", true}, {"draft", "dear b"}}));
  good(village.ask("alice-1", "read", {{"conversation", kBob}, {"mark", true}}));
  link("alice-2");
  ASSERT_TRUE(comes_to_an_end("alice-2"));
  const json there = conversation("alice-2", kBob);
  EXPECT_EQ(there["pinned"], true);
  EXPECT_EQ(there["draft"], "dear b");
  EXPECT_EQ(there["unread"], 0);
  EXPECT_EQ(there["petnames"][kBob], "Bobby");
  EXPECT_EQ(good(village.ask("alice-2", "contact.blocked"))["names"], json{kCarol});
}

// ---- what is not believed ----

class SharedRefusals : public Self {
 protected:
  void SetUp() override {
    Self::SetUp();
    two();
    first = *DeviceId::from(*from_hex(id_of("alice-1")));
  }
  SharedRecord muted(Aside& aside, std::uint64_t time_ms) const {
    SharedRecord out;
    out.field = SharedField::muted;
    out.stamp = {time_ms, first};
    out.room = aside.room(kBob);
    out.value = {1};
    return out;
  }
  static bool is_muted(Aside& aside) { return settings_of(aside.store(), aside.home(kBob)).is_muted; }

  DeviceId first;
};

TEST_F(SharedRefusals, AnHonestOneIsTaken) {
  Aside aside(village, "alice-2");
  aside.hear(SharedRecords{{muted(aside, aside.now().ms)}}, first);
  EXPECT_TRUE(is_muted(aside));
  EXPECT_EQ(aside.noted(), "");
}

TEST_F(SharedRefusals, OfAStranger) {
  Aside aside(village, "alice-2");
  aside.hear(SharedRecords{{muted(aside, aside.now().ms)}}, first, kBob, aside.self());
  EXPECT_EQ(aside.noted(), "a word for own devices, said elsewhere, was ignored");
  aside.hear(SharedRecords{{muted(aside, aside.now().ms)}}, first, kAlice, aside.home(kBob));
  EXPECT_EQ(aside.noted(), "a word for own devices, said elsewhere, was ignored");
  EXPECT_FALSE(is_muted(aside));
}

TEST_F(SharedRefusals, FromTheFarFuture) {
  Aside aside(village, "alice-2");
  aside.hear(SharedRecords{{muted(aside, aside.now().ms + kMostAheadMs + 1)}}, first);
  EXPECT_EQ(aside.noted(), "a setting from the future was ignored");
  EXPECT_FALSE(is_muted(aside));
  aside.hear(SharedRecords{{muted(aside, aside.now().ms + kMostAheadMs)}}, first);
  EXPECT_TRUE(is_muted(aside));
}

TEST_F(SharedRefusals, OlderThanWhatIsHere) {
  Aside aside(village, "alice-2");
  aside.hear(SharedRecords{{muted(aside, 1000)}}, first);
  SharedRecord off = muted(aside, 999);
  off.value = {0};
  aside.hear(SharedRecords{{off}}, first);
  EXPECT_TRUE(is_muted(aside));
  off.stamp.time_ms = 1001;
  aside.hear(SharedRecords{{off}}, first);
  EXPECT_FALSE(is_muted(aside));
}

TEST_F(SharedRefusals, OfTheSameTimeTheGreaterDeviceCountsWhateverComesFirst) {
  link("alice-3");
  village.pass_all(kMinuteMs);
  const auto third = *DeviceId::from(*from_hex(id_of("alice-3")));
  const DeviceId low = std::min(first, third), high = std::max(first, third);
  for (const bool high_first : {true, false}) {
    Aside aside(village, "alice-2");
    for (const DeviceId& by : high_first ? std::vector{high, low} : std::vector{low, high}) {
      SharedRecord record = muted(aside, 1000);
      record.stamp.device = by;
      record.value = {static_cast<std::uint8_t>(by == high ? 1 : 0)};
      aside.hear(SharedRecords{{record}}, by);
    }
    EXPECT_TRUE(is_muted(aside));
  }
}

TEST_F(SharedRefusals, InTheNameOfAnotherDevice) {
  Aside aside(village, "alice-2");
  SharedRecord record = muted(aside, aside.now().ms);
  record.stamp.device = aside.own();
  aside.hear(SharedRecords{{record}}, first);
  EXPECT_EQ(aside.noted(), "a setting in the name of another own device was ignored");
  EXPECT_FALSE(is_muted(aside));
}

// Its leaf stands in the conversation until somebody has committed its removal.
TEST_F(SharedRefusals, OfADeviceThatWasRemoved) {
  link("alice-3");
  village.pass_all(kMinuteMs);
  const auto third = *DeviceId::from(*from_hex(id_of("alice-3")));
  const auto set_by_third = [&](Aside& aside) {
    SharedRecord record = muted(aside, aside.now().ms);
    record.stamp.device = third;
    aside.hear(SharedRecords{{record}}, third);
    return is_muted(aside);
  };
  {
    Aside aside(village, "alice-2");
    EXPECT_TRUE(set_by_third(aside));
  }
  ASSERT_TRUE(remove("alice-3", "alice-1"));
  village.pass_all(kHourMs);
  Aside aside(village, "alice-2");
  EXPECT_FALSE(set_by_third(aside));
  EXPECT_EQ(aside.noted(), "a word of what is no own device, or none any more, was ignored");
  aside.hear(SharedRecords{{muted(aside, aside.now().ms)}}, first);
  EXPECT_TRUE(is_muted(aside));
}

// One device has heard it in time, another one not: both come to show the same.
TEST_F(Self, TakesOverWhatARemovedDeviceHadSet) {
  two();
  link("alice-3");
  ASSERT_TRUE(comes_to_an_end("alice-3"));
  village.hold_envelopes("alice-2", true);
  good(village.ask("alice-3", "conversation.set", {{"conversation", kBob}, {"pinned", true}}));
  ASSERT_TRUE(village.until([&] { return conversation("alice-1", kBob)["pinned"] == true; }));
  const std::string third = id_of("alice-3");
  // It had set something as if it were a day later.
  auto& first_store = village.device("alice-1").store();
  for (const Row& row : first_store.scan(tables::kSharedStamps, {}, {}, 100)) {
    Stamp stamp = *wire::decode<Stamp>(row.value);
    if (stamp.device != *DeviceId::from(*from_hex(third))) continue;
    stamp.time_ms += 20 * kHourMs;
    ASSERT_TRUE(first_store.apply({{tables::kSharedStamps, row.key, wire::encode(stamp)}}));
  }
  ASSERT_TRUE(remove("alice-3", "alice-1"));
  village.settle();
  for (const Row& row : first_store.scan(tables::kSharedStamps, {}, {}, 100)) {
    EXPECT_LE(wire::decode<Stamp>(row.value)->time_ms, village.now.ms + 1);
  }
  const auto knows = [&] {
    const json devices = good(village.ask("alice-2", "device.list"))["devices"];
    return std::any_of(devices.begin(), devices.end(),
                       [&](const json& one) { return one["id"] == third && one["active"] == false; });
  };
  ASSERT_TRUE(village.until(knows, 2 * kDayMs));
  EXPECT_EQ(conversation("alice-2", kBob)["pinned"], false);
  village.hold_envelopes("alice-2", false);
  EXPECT_TRUE(both([&](const std::string& device) { return conversation(device, kBob)["pinned"] == true; }));
}

TEST_F(SharedRefusals, OfAConversationOfOthersOrOfTheOwnName) {
  Aside aside(village, "alice-2");
  SharedRecord record = muted(aside, aside.now().ms);
  record.room.names = {kBob, kCarol};
  aside.hear(SharedRecords{{record}}, first);
  EXPECT_EQ(aside.noted(), "a setting of a conversation of others was ignored");
  SharedRecord blocked;
  blocked.field = SharedField::blocked;
  blocked.stamp = record.stamp;
  blocked.name = kAlice;
  blocked.value = {1};
  aside.hear(SharedRecords{{blocked}}, first);
  EXPECT_EQ(aside.noted(), "a setting of the own name was ignored");
  EXPECT_EQ(aside.rows(tables::kSharedWaiting), 0u);
}

TEST_F(SharedRefusals, MoreThanWaitForConversationsThatAreNotThere) {
  Aside aside(village, "alice-2");
  SharedRecord record = muted(aside, aside.now().ms);
  record.room = {ConversationKind::group, {}, {}};
  std::vector<SharedRecord> some;
  for (std::size_t i = 0; i <= kMaxSharedWaiting; ++i) {
    record.room.channel = random_value<ChannelId>(aside.entropy());
    some.push_back(record);
    if (some.size() < kMaxSharedRecords && i != kMaxSharedWaiting) continue;
    aside.hear(SharedRecords{std::exchange(some, {})}, first);
  }
  EXPECT_EQ(aside.rows(tables::kSharedWaiting), kMaxSharedWaiting);
  EXPECT_EQ(aside.noted(), "a setting of an unknown conversation more was not kept");
}

// ---- the words ----

SharedRecord some_record(SharedField field, Bytes value) {
  SharedRecord out;
  out.field = field;
  out.stamp = {7, *DeviceId::from(Bytes(DeviceId::kSize, 3))};
  if (is_of_name(field)) out.name = kBob;
  if (!is_of_name(field)) out.room = {ConversationKind::pair, {}, {kAlice, kBob}};
  out.value = std::move(value);
  return out;
}

TEST(SelfWords, AreReadBackAndRefusedWhenCutOrExtended) {
  testing::SeededEntropy entropy(1);
  HistoryOffer offer;
  offer.blob = {random_value<proto::BlobId>(entropy), 5000, random_value<Hash>(entropy)};
  offer.given = 3;
  offer.total = 4;
  const std::vector<SelfWords> all = {
      SharedRecords{{some_record(SharedField::muted, {1}), some_record(SharedField::petname, {'b'}),
                     some_record(SharedField::read, Bytes(32, 1)), some_record(SharedField::draft, {'d'})}},
      HistoryWanted{{}, true, make_history_key(entropy).public_key},
      offer,
      HistoryTold{{}, 7, HistoryTold::Verdict::again},
      HistoryEnd{{}, 9},
      SnapshotsTold{{{vault::VaultId{}, 7}, {random_value<vault::VaultId>(entropy), 8}}}};
  for (const SelfWords& words : all) {
    const SelfWord word = encode_self_words(words);
    const auto read = decode_self_words(word);
    ASSERT_TRUE(read);
    EXPECT_EQ(encode_self_words(*read).body, word.body);
    for (std::size_t size = 0; size < word.body.size(); ++size) {
      EXPECT_FALSE(decode_self_words({to_bytes(ByteView(word.body).first(size))}));
    }
    SelfWord longer = word;
    longer.body.push_back(0);
    EXPECT_FALSE(decode_self_words(longer));
  }
  EXPECT_EQ(decode_self_words({Bytes{99}}).error().code, ErrorCode::unsupported);
}

TEST(SelfWords, RefuseValuesThatTheirFieldCannotHave) {
  const auto is_read = [](const SharedRecord& record) {
    return decode_self_words(encode_self_words(SharedRecords{{record}})).has_value();
  };
  EXPECT_TRUE(is_read(some_record(SharedField::muted, {0})));
  EXPECT_FALSE(is_read(some_record(SharedField::muted, {2})));
  EXPECT_FALSE(is_read(some_record(SharedField::muted, {})));
  EXPECT_FALSE(is_read(some_record(SharedField::muted, {0, 0})));
  EXPECT_FALSE(is_read(some_record(SharedField::read, Bytes(31, 1))));
  EXPECT_TRUE(is_read(some_record(SharedField::deleted, Bytes(32, 0))));
  EXPECT_FALSE(is_read(some_record(SharedField::deleted, {1})));
  EXPECT_TRUE(is_read(some_record(SharedField::petname, Bytes(kMaxPetnameSize, 'a'))));
  EXPECT_FALSE(is_read(some_record(SharedField::petname, Bytes(kMaxPetnameSize + 1, 'a'))));
  EXPECT_FALSE(is_read(some_record(SharedField::petname, {0xff})));
  EXPECT_TRUE(is_read(some_record(SharedField::draft, Bytes(kMaxDraftSize, 'a'))));
  EXPECT_FALSE(is_read(some_record(SharedField::draft, Bytes(kMaxDraftSize + 1, 'a'))));
  SharedRecord swapped = some_record(SharedField::muted, {1});
  std::swap(swapped.room.names[0], swapped.room.names[1]);
  EXPECT_FALSE(is_read(swapped));
  swapped = some_record(SharedField::muted, {1});
  swapped.room.names.pop_back();
  EXPECT_FALSE(is_read(swapped));
  swapped = some_record(SharedField::muted, {1});
  swapped.room.channel.mutable_view()[0] = 1;
  EXPECT_FALSE(is_read(swapped));
}

TEST(SelfWords, RefuseMoreVaultsThanAWordHas) {
  SnapshotsTold told{std::vector<SnapshotsTold::One>(SnapshotsTold::kMostTold)};
  EXPECT_TRUE(decode_self_words(encode_self_words(told)));
  told.all.emplace_back();
  EXPECT_EQ(decode_self_words(encode_self_words(told)).error().code, ErrorCode::over_limit);
}

TEST(SelfWords, NameWhoBroughtTheGroupThatWasAccepted) {
  const auto is_read = [](ConversationKind kind, Bytes value) {
    SharedRecord record = some_record(SharedField::accepted, std::move(value));
    if (kind == ConversationKind::group) record.room = {kind, {}, {}};
    return decode_self_words(encode_self_words(SharedRecords{{record}})).has_value();
  };
  const auto with = [](std::uint8_t on, std::string_view name) { return concat({Bytes{on}, as_bytes(name)}); };
  EXPECT_TRUE(is_read(ConversationKind::group, with(1, kCarol)));
  EXPECT_TRUE(is_read(ConversationKind::group, {1}));
  EXPECT_FALSE(is_read(ConversationKind::group, with(0, kCarol)));
  EXPECT_FALSE(is_read(ConversationKind::group, with(1, "Carol@example.org")));
  EXPECT_FALSE(is_read(ConversationKind::pair, with(1, kCarol)));
  EXPECT_EQ(some_record(SharedField::accepted, with(1, kCarol)).brought_by(), kCarol);
  EXPECT_EQ(some_record(SharedField::draft, with(1, kCarol)).brought_by(), "");
}

TEST(SelfWords, RefuseMoreRecordsThanAWordHas) {
  std::vector<SharedRecord> many(kMaxSharedRecords, some_record(SharedField::blocked, {1}));
  EXPECT_TRUE(decode_self_words(encode_self_words(SharedRecords{many})));
  many.push_back(many.back());
  EXPECT_EQ(decode_self_words(encode_self_words(SharedRecords{many})).error().code, ErrorCode::over_limit);
}

TEST(SelfWords, APieceIsSealedToItsKeyAndWay) {
  testing::SeededEntropy entropy(1);
  HistoryPiece piece;
  piece.records.push_back(some_record(SharedField::pinned, {1}));
  const auto key = random_secret<crypto::StreamKey>(entropy);
  const auto nonce = random_value<crypto::StreamNonce>(entropy);
  Bytes sealed = seal_piece(piece, key, nonce);
  const auto opened = open_piece(sealed, key, nonce);
  ASSERT_TRUE(opened);
  EXPECT_TRUE(opened->records == piece.records);
  sealed[9] ^= 1;
  EXPECT_EQ(open_piece(sealed, key, nonce).error().code, ErrorCode::crypto_failed);
  sealed[9] ^= 1;
  EXPECT_FALSE(open_piece(ByteView(sealed).first(sealed.size() - 1), key, nonce));
  EXPECT_FALSE(open_piece(sealed, random_secret<crypto::StreamKey>(entropy), nonce));
  const auto pair = make_history_key(entropy);
  HistoryOffer offer;
  const HistoryWay way{*DeviceId::from(Bytes(DeviceId::kSize, 1)), *DeviceId::from(Bytes(DeviceId::kSize, 2)), 5};
  ASSERT_TRUE(seal_piece_key(offer, key, way, pair.public_key, entropy));
  const auto same = open_piece_key(offer, way, pair.private_key);
  ASSERT_TRUE(same);
  EXPECT_TRUE(equal(same->expose(), key.expose()));
  EXPECT_FALSE(open_piece_key(offer, {way.to, way.from, 5}, pair.private_key));
  EXPECT_FALSE(open_piece_key(offer, {way.from, way.to, 6}, pair.private_key));
  EXPECT_FALSE(open_piece_key(offer, way, make_history_key(entropy).private_key));
}

}  // namespace
}  // namespace cairn::client
