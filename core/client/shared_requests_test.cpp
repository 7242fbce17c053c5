// That a request was deleted, or one to a group accepted, on one device, and what another one makes of that: the id of
// a group says nothing of who made it (docs/spec/client.md s.16 and 20).
#include "core/base/encoding.h"
#include "core/client/invitation_tables.h"
#include "core/client/messages.h"
#include "core/client/own_fixture.h"
#include "core/client/requests.h"
#include "tests/support/hostile_device.h"

namespace cairn::client {
namespace {

class SharedRequests : public OwnDevicesTest {
 protected:
  void SetUp() override {
    OwnDevicesTest::SetUp();
    meet();
    link("alice-2");
    ASSERT_TRUE(comes_to_an_end("alice-2"));
    ASSERT_TRUE(village.until([&] { return texts("alice-2", kBob).size() == 2; }));
    good(village.register_person("carol-1", kCarol));
  }
  bool is_request(const std::string& device, const std::string& conversation) {
    return this->conversation(device, conversation).value("request", false);
  }
  /// Whether a yes waits there.
  bool waits(const std::string& device) {
    const Bytes yes = {static_cast<std::uint8_t>(SharedField::accepted)};
    return !village.device(device).store().scan_prefix(tables::kSharedWaiting, yes, 1).empty();
  }
  /// bob's group, which alice may enter by this link.
  std::string link_to_walkers() {
    const json made = good(village.ask("bob-1", "group.create", {{"title", "walkers"}, {"names", json::array()}}));
    channel = *ChannelId::from(*from_hex(made["conversation"].get<std::string>()));
    return good(village.ask("bob-1", "invitation.create", {{"conversation", "walkers"}}))["link"];
  }
  /// carol makes another group of that id, in league with the server, and welcomes alice's second device alone.
  void forge() {
    auto carol = testing::HostileDevice::like(village, "carol-1");
    const Account second = *load_account(village.device("alice-2").store());
    mls::Group group = carol.begin({ConversationKind::group, channel, "example.org", "walkers"});
    const Bytes welcome = carol.add(group, carol.key_package_of(kAlice, second.device_id()));
    carol.deliver(second.mailbox, proto::EnvelopeKind::welcome, channel, group.epoch(), welcome);
  }

  ChannelId channel;
};

TEST_F(SharedRequests, AGroupThatAStrangerMadeUnderThatIdStaysOne) {
  const std::string text = link_to_walkers();
  forge();
  ASSERT_TRUE(village.until([&] { return is_request("alice-2", "walkers"); }));
  good(village.ask("alice-1", "invitation.accept", {{"link", text}}));
  EXPECT_FALSE(is_request("alice-1", "walkers"));
  village.pass_all(5 * kMinuteMs);
  EXPECT_TRUE(is_request("alice-2", "walkers"));
  EXPECT_TRUE(waits("alice-2"));
  // Its owner says it there.
  good(village.ask("alice-2", "request.accept", {{"conversation", "walkers"}}));
  EXPECT_FALSE(is_request("alice-2", "walkers"));
}

TEST_F(SharedRequests, AGroupThatAStrangerMadeUnderThatIdStaysOneAlsoWhenTheWordCameFirst) {
  const std::string text = link_to_walkers();
  village.set_online("alice-2", false);
  good(village.ask("alice-1", "invitation.accept", {{"link", text}}));
  village.pass_all(kMinuteMs);
  // The server keeps back what is of that group, and brings the forged one last.
  auto& mailbox = village.server.post.mailboxes[load_account(village.device("alice-2").store())->mailbox];
  mailbox.next -= mailbox.envelopes.size();
  ASSERT_NE(std::erase_if(mailbox.envelopes, [&](const auto& one) { return one.channel == channel; }), 0u);
  for (proto::Envelope& one : mailbox.envelopes) one.sequence = mailbox.next++;
  village.set_online("alice-2", true);
  ASSERT_TRUE(village.until([&] { return waits("alice-2"); }));
  forge();
  ASSERT_TRUE(village.until([&] { return conversation("alice-2", "walkers").contains("id"); }));
  village.pass_all(kMinuteMs);
  EXPECT_TRUE(is_request("alice-2", "walkers"));
}

TEST_F(SharedRequests, AStrangersGroupIsAcceptedOnAllDevicesOfWhomThatStrangerBroughtThere) {
  good(village.ask("carol-1", "group.create", {{"title", "runners"}, {"names", {kAlice}}}));
  say("carol-1", "runners", "come along");
  for (const std::string device : {"alice-1", "alice-2"}) {
    ASSERT_TRUE(village.until([&] { return is_request(device, "runners"); })) << device;
  }
  // So that nothing but the word itself tells of it: what is reported there is said there, too.
  good(village.ask("alice-1", "conversation.set", {{"conversation", "runners"}, {"receipts", false}}));
  good(village.ask("alice-1", "request.accept", {{"conversation", "runners"}}));
  EXPECT_TRUE(village.until([&] { return !is_request("alice-2", "runners"); }));
  EXPECT_FALSE(waits("alice-2"));
}

// ---- deleted ----

TEST_F(SharedRequests, ADeletedOneIsGoneOnAllDevicesUntilSomethingComes) {
  const std::vector<std::string> both = {"alice-1", "alice-2"};
  say("carol-1", kAlice, "buy my rabbits");
  for (const std::string& device : both) {
    ASSERT_TRUE(village.until([&] { return texts(device, kCarol).size() == 1; })) << device;
  }
  good(village.ask("alice-2", "request.delete", {{"conversation", kCarol}}));
  EXPECT_TRUE(village.until([&] { return texts("alice-1", kCarol).empty(); }));
  for (const std::string& device : both) EXPECT_EQ(conversation(device, kCarol), json::object()) << device;
  say("carol-1", kAlice, "buy my hares");
  for (const std::string& device : both) {
    EXPECT_TRUE(village.until([&] { return texts(device, kCarol) == Texts{"buy my hares"}; })) << device;
    EXPECT_TRUE(is_request(device, kCarol)) << device;
  }
  good(village.ask("alice-1", "request.accept", {{"conversation", kCarol}}));
  EXPECT_TRUE(village.until([&] { return !is_request("alice-2", kCarol); }));
  EXPECT_EQ(texts("alice-2", kCarol), Texts{"buy my hares"});
}

TEST_F(SharedRequests, WhatWasSaidBehindADeletionStaysOne) {
  const std::vector<std::string> both = {"alice-1", "alice-2"};
  say("carol-1", kAlice, "first");
  for (const std::string& device : both) {
    ASSERT_TRUE(village.until([&] { return texts(device, kCarol).size() == 1; })) << device;
  }
  village.set_online("alice-1", false);
  say("carol-1", kAlice, "second");
  ASSERT_TRUE(village.until([&] { return texts("alice-2", kCarol).size() == 2; }));
  good(village.ask("alice-1", "request.delete", {{"conversation", kCarol}}));
  village.set_online("alice-1", true);
  for (const std::string& device : both) {
    EXPECT_TRUE(village.until([&] { return texts(device, kCarol) == Texts{"second"}; }, 5 * kMinuteMs)) << device;
    EXPECT_TRUE(is_request(device, kCarol)) << device;
  }
}

TEST_F(SharedRequests, AYesOnOneDeviceOutlivesADeletionOnAnother) {
  say("carol-1", kAlice, "first");
  for (const std::string device : {"alice-1", "alice-2"}) {
    ASSERT_TRUE(village.until([&] { return texts(device, kCarol).size() == 1; })) << device;
    village.set_online(device, false);
  }
  good(village.ask("alice-1", "request.accept", {{"conversation", kCarol}}));
  village.pass_all(kSecondMs);
  good(village.ask("alice-2", "request.delete", {{"conversation", kCarol}}));
  for (const std::string device : {"alice-1", "alice-2"}) village.set_online(device, true);
  village.pass_all(5 * kMinuteMs);
  for (const std::string device : {"alice-1", "alice-2"}) {
    EXPECT_TRUE(conversation(device, kCarol).contains("id")) << device;
    EXPECT_FALSE(is_request(device, kCarol)) << device;
  }
  EXPECT_EQ(texts("alice-1", kCarol), Texts{"first"});
}

// ---- whose Welcome it was ----

class BroughtBy : public SharedRequests {
 protected:
  void SetUp() override {
    SharedRequests::SetUp();
    first = *DeviceId::from(*from_hex(id_of("alice-1")));
  }
  /// On alice's second device a group is a request, brought there by `name`; and then her first one says yes.
  void hear_yes(Aside& aside, const std::optional<std::string>& name) {
    Conversation group;
    group.channel = random_value<ChannelId>(aside.entropy());
    group.domain = "example.org";
    group.kind = ConversationKind::group;
    group.state = ConversationState::active;
    group.names = {kAlice, kCarol};
    home = group.channel;
    Overlay& store = aside.context().store;
    store.put(tables::kConversations, to_bytes(home), wire::encode(group));
    ConversationSettings settings;
    settings.is_request = true;
    put_settings(aside.context(), home, settings);
    if (name) store.put(tables::kBroughtBy, to_bytes(home), to_bytes(as_bytes(*name)));
    aside.hear(SharedRecords{{yes_to(room_of(group))}}, first);
  }
  SharedRecord yes_to(const Room& room) {
    SharedRecord out;
    out.field = SharedField::accepted;
    out.stamp = {village.now.ms, first};
    out.room = room;
    out.value = {1};
    return out;
  }
  static std::size_t waiting(const Aside& aside) {
    const Bytes yes = {static_cast<std::uint8_t>(SharedField::accepted)};
    return aside.store().scan_prefix(tables::kSharedWaiting, yes, 100).size();
  }
  bool stays(const Aside& aside) { return settings_of(aside.store(), home).is_request; }

  DeviceId first;
  ChannelId home;
};

TEST_F(BroughtBy, DecidesWhetherAnotherDevicesYesCounts) {
  Aside aside(village, "alice-2");
  hear_yes(aside, kBob);
  EXPECT_FALSE(stays(aside));
  hear_yes(aside, kAlice);
  EXPECT_FALSE(stays(aside));
  EXPECT_EQ(waiting(aside), 0u);
  hear_yes(aside, kCarol);
  EXPECT_TRUE(stays(aside));
  hear_yes(aside, std::nullopt);  // of an earlier build, which did not keep it
  EXPECT_TRUE(stays(aside));
  EXPECT_EQ(waiting(aside), 2u);
  set_blocked(aside.context(), aside.account(), kBob, true);
  hear_yes(aside, kBob);
  EXPECT_TRUE(stays(aside));
}

TEST_F(BroughtBy, CountsWhereTheYesNamesIt) {
  Aside aside(village, "alice-2");
  const auto hear_yes_to_group_of = [&](const char* name) {
    SharedRecord yes = yes_to(room_of(*aside.conversations().find(aside.store(), home)));
    yes.value = concat({yes.value, as_bytes(name)});
    aside.hear(SharedRecords{{yes}}, first);
  };
  hear_yes(aside, kCarol);
  hear_yes_to_group_of("dora@example.org");
  EXPECT_TRUE(stays(aside)) << "another group of that id";
  hear_yes_to_group_of(kCarol);
  EXPECT_FALSE(stays(aside));
  hear_yes(aside, std::nullopt);
  hear_yes_to_group_of(kCarol);
  EXPECT_TRUE(stays(aside)) << "nobody knows whose this one is";
}

TEST_F(BroughtBy, IsLookedAtAgainBehindThePairsThatWereAccepted) {
  for (int i = 0; i < 8; ++i) {  // whichever of the two stands first among what waits
    Aside aside(village, "alice-2");
    for (int drawn = 0; drawn < i; ++drawn) (void)random_value<ChannelId>(aside.entropy());
    hear_yes(aside, kCarol);
    ASSERT_TRUE(stays(aside));
    Conversation pair;
    pair.channel = random_value<ChannelId>(aside.entropy());
    pair.domain = "example.org";
    pair.state = ConversationState::active;
    pair.names = {kAlice, kCarol};
    aside.hear(SharedRecords{{yes_to(room_of(pair))}}, first);
    ASSERT_EQ(waiting(aside), 2u);
    aside.context().store.put(tables::kConversations, to_bytes(pair.channel), wire::encode(pair));
    aside.sharing().forget_all();  // as if it had been entered
    aside.step();
    EXPECT_FALSE(stays(aside));
    EXPECT_EQ(waiting(aside), 0u);
  }
}

TEST_F(BroughtBy, IsForgottenOfAGroupThatThisDeviceIsOutOf) {
  Aside aside(village, "alice-2");
  const auto is_kept = [&] { return aside.store().get(tables::kBroughtBy, home).has_value(); };
  const auto group = [&](ConversationState state) {
    auto out = wire::decode<Conversation>(*aside.store().get(tables::kConversations, home));
    out->state = state;
    aside.context().store.put(tables::kConversations, to_bytes(home), wire::encode(*out));
    return *out;
  };
  hear_yes(aside, kCarol);
  accept_conversation(aside.context(), aside.account(), group(ConversationState::active));
  EXPECT_TRUE(is_kept()) << "in it";
  forget_who_brought(aside.context(), group(ConversationState::left));
  EXPECT_FALSE(is_kept());
  // What a stranger's group has said stays a stranger's until its owner says yes, or deletes it.
  hear_yes(aside, kCarol);
  forget_who_brought(aside.context(), group(ConversationState::left));
  EXPECT_TRUE(is_kept());
  accept_conversation(aside.context(), aside.account(), group(ConversationState::left));
  EXPECT_FALSE(is_kept());
  hear_yes(aside, kCarol);
  delete_conversation(aside.conversations(), aside.context(), home);
  EXPECT_TRUE(is_kept()) << "in it";
  hear_yes(aside, kCarol);
  group(ConversationState::broken);
  delete_conversation(aside.conversations(), aside.context(), home);
  EXPECT_FALSE(is_kept());
  // Whoever brings it there again counts.
  const ConversationInfo info{ConversationKind::group, home, "example.org", "walkers"};
  note_welcome(aside.context(), aside.account(), home, info, *directory::Name::from(kBob));
  EXPECT_TRUE(is_brought_by_known(aside.store(), aside.account(), home));
}

TEST_F(BroughtBy, IsKeptOfTheStrangerWhereOneCameFirst) {
  Aside aside(village, "alice-2");
  hear_yes(aside, kCarol);
  const ConversationInfo info{ConversationKind::group, home, "example.org", "walkers"};
  note_welcome(aside.context(), aside.account(), home, info, *directory::Name::from(kBob));
  EXPECT_TRUE(stays(aside));
  EXPECT_FALSE(is_brought_by_known(aside.store(), aside.account(), home));
}

// ---- a deletion, told by hand ----

class DeletedElsewhere : public BroughtBy {
 protected:
  void SetUp() override {
    BroughtBy::SetUp();
    aside.emplace(village, "alice-2");
    home = aside->home(kBob);
    for (const auto& one : said()) ids.push_back(one.message.id);
    ASSERT_EQ(ids.size(), 2u);
  }
  std::vector<Conversations::Numbered> said() const {
    auto out = aside->conversations().messages(aside->store(), home, 0, 100);
    std::erase_if(out, [](const auto& one) { return one.message.sender.empty(); });
    return out;
  }
  ConversationSettings settings() const { return settings_of(aside->store(), home); }
  void make_request() {
    ConversationSettings now = settings();
    now.is_request = true;
    put_settings(aside->context(), home, now);
  }
  void hear_deletion(const MessageId& last) {
    SharedRecord out;
    out.field = SharedField::deleted;
    out.stamp = {village.now.ms, first};
    out.room = aside->room(kBob);
    out.value = to_bytes(last);
    aside->hear(SharedRecords{{out}}, first);
  }
  std::size_t told_to_a_new_device() const {
    SettingsCursor place;
    const auto all = aside->sharing().settings_from(aside->store(), aside->account(), place, kSharedWordBytes);
    return static_cast<std::size_t>(
        std::ranges::count(all, SharedField::deleted, [](const SharedRecord& one) { return one.field; }));
  }

  mutable std::optional<Aside> aside;
  std::vector<MessageId> ids;  ///< of what was said in the pair with bob
};

TEST_F(DeletedElsewhere, CountsInARequestAlone) {
  hear_deletion(ids[1]);
  EXPECT_EQ(said().size(), 2u);
  EXPECT_FALSE(settings().is_hidden);
  EXPECT_EQ(aside->rows(tables::kSharedWaiting), 0u);
}

TEST_F(DeletedElsewhere, CountsUpToItsMessage) {
  make_request();
  hear_deletion(ids[0]);
  ASSERT_EQ(said().size(), 1u);
  EXPECT_EQ(said()[0].message.id, ids[1]);
  EXPECT_FALSE(settings().is_hidden);
  hear_deletion(ids[1]);
  EXPECT_TRUE(said().empty());
  EXPECT_TRUE(settings().is_hidden);
  EXPECT_TRUE(settings().is_request);
}

TEST_F(DeletedElsewhere, WaitsForAMessageThatIsNotHere) {
  make_request();
  hear_deletion(random_value<MessageId>(aside->entropy()));
  EXPECT_EQ(said().size(), 2u);
  EXPECT_FALSE(settings().is_hidden);
  EXPECT_EQ(aside->rows(tables::kSharedWaiting), 1u);
}

TEST_F(DeletedElsewhere, OfNothingHidesWhatNothingWasSaidIn) {
  make_request();
  hear_deletion({});
  EXPECT_EQ(said().size(), 2u);
  EXPECT_FALSE(settings().is_hidden);
  for (const auto& one : said()) wipe_message(aside->context(), home, one.index, one.message);
  hear_deletion({});
  EXPECT_TRUE(settings().is_hidden);
  EXPECT_EQ(aside->rows(tables::kSharedWaiting), 0u);
}

TEST_F(DeletedElsewhere, IsToldToANewDeviceUntilItIsShownAgain) {
  EXPECT_EQ(told_to_a_new_device(), 0u);
  make_request();
  delete_conversation(aside->conversations(), aside->context(), home);
  EXPECT_EQ(told_to_a_new_device(), 1u);
  show_again(aside->context(), home);
  EXPECT_EQ(told_to_a_new_device(), 0u);
}

}  // namespace
}  // namespace cairn::client
