// What members, strangers and servers try against a client that keeps to the rules: nothing of it may reach a device
// that the message was not for.
#include <gtest/gtest.h>

#include "core/base/encoding.h"
#include "core/client/own_name.h"
#include "core/client/rejoin.h"
#include "core/client/tables.h"
#include "core/mls/message.h"
#include "core/proto/federation.h"
#include "tests/support/answers.h"
#include "tests/support/example_names.h"
#include "tests/support/hostile_device.h"

namespace cairn::client {
namespace {

using nlohmann::json;
using testing::bad;
using testing::good;
using testing::kAlice;
using testing::kBob;
using testing::Texts;

constexpr const char* kMallory = "mallory@example.org";

class Hostile : public ::testing::Test {
 protected:
  void SetUp() override {
    for (const std::string name : {"alice", "bob", "mallory"}) {
      recovery_keys[name] = good(village.register_person(name + "-1", of(name)))["recovery_key"];
    }
  }

  static std::string of(const std::string& name) { return name + "@example.org"; }

  json send(const std::string& device, const std::string& to, const std::string& text) {
    return village.ask(device, "send", {{"to", to}, {"text", text}});
  }
  json messages(const std::string& device, const std::string& conversation) {
    const json answer = village.ask(device, "read", {{"conversation", conversation}});
    return answer.contains("result") ? answer["result"]["messages"] : json::array();
  }
  Texts texts(const std::string& device, const std::string& conversation) {
    Texts out;
    for (const json& message : messages(device, conversation)) {
      if (message["delivery"] != "notice") out.push_back(message["text"]);
    }
    return out;
  }
  Account account(const std::string& device) { return *load_account(village.device(device).store()); }
  ChannelId channel_of(const json& conversation) {
    return *ChannelId::from(*from_hex(conversation["conversation"].get<std::string>()));
  }

  /// A device of `name` of which its chain knows nothing.
  testing::HostileDevice invented(const std::string& name) {
    testing::TestPerson forger(name, 666);
    return testing::HostileDevice(village, name, forger.new_device(), testing::HostileDevice::Login::no);
  }
  /// alice and bob in a conversation; gives its channel.
  ChannelId board() {
    const json made = good(village.ask("alice-1", "group.create", {{"title", "board"}, {"names", {"bob"}}}));
    good(send("alice-1", "board", "we begin"));
    EXPECT_TRUE(village.until([&] { return texts("bob-1", "board") == Texts{"we begin"}; }));
    return channel_of(made);
  }
  /// Bob's device sends this commit; alice refuses it, and says nothing more there.
  void expect_refused(const ChannelId& channel, const mls::CommitRequest& request, const std::string& why) {
    auto bob = testing::HostileDevice::like(village, "bob-1");
    mls::Group group = bob.group_of("bob-1", channel);
    const std::uint64_t epoch = group.epoch();
    bob.deliver(account("alice-1").mailbox, proto::EnvelopeKind::commit, channel, epoch,
                bob.stage(group, request).commit());
    village.pass_all(kMinuteMs);
    const std::size_t sends = village.server.post.sends;
    EXPECT_NE(bad(send("alice-1", to_hex(channel), "anything")).find("can only be read"), std::string::npos);
    EXPECT_EQ(village.server.post.sends, sends);
    const json conversations = good(village.ask("alice-1", "conversations"))["conversations"];
    ASSERT_EQ(conversations.size(), 1u);
    EXPECT_NE(conversations[0]["trouble"].get<std::string>().find(why), std::string::npos) << conversations[0].dump();
  }

  testing::ClientVillage village;
  std::map<std::string, std::string> recovery_keys;
};

// ---- who is written to ----

TEST_F(Hostile, AStrangersTitleIsNotTakenForAName) {
  for (const char* title : {kBob, "bob@example.org ", "BOB@example.org"}) {
    const json made = good(village.ask("mallory-1", "group.create", {{"title", title}, {"names", {"alice"}}}));
    good(send("mallory-1", made.at("conversation"), "hi"));
  }
  ASSERT_EQ(good(village.ask("alice-1", "conversations"))["conversations"].size(), 3u);
  good(send("alice-1", kBob, "for bob alone"));
  EXPECT_TRUE(village.until([&] { return texts("bob-1", kAlice) == Texts{"for bob alone"}; }));
  const json all = good(village.ask("mallory-1", "conversations"));
  ASSERT_EQ(all["conversations"].size(), 3u);
  for (const json& one : all["conversations"]) {
    EXPECT_EQ(texts("mallory-1", one["id"]), Texts{"hi"});
  }
}

TEST_F(Hostile, WhatWaitsWhenOneIsRemovedIsNotSaidToAStrangersGroupOfThatChannel) {
  const json made = good(village.ask("bob-1", "group.create", {{"title", "board"}, {"names", {"alice"}}}));
  const ChannelId channel = channel_of(made);
  good(send("bob-1", "board", "we begin"));
  ASSERT_TRUE(village.until([&] { return texts("alice-1", "board") == Texts{"we begin"}; }));
  const MailboxId alice = account("alice-1").mailbox;

  // Alice writes where nobody hears her; meanwhile she is removed, and the server has a group made for that channel.
  village.set_online("alice-1", false);
  village.begin("alice-1", "send", {{"to", "board"}, {"text", "for the board alone"}});
  village.settle();
  auto bob = testing::HostileDevice::like(village, "bob-1");
  mls::Group board = bob.group_of("bob-1", channel);
  mls::CommitRequest removal;
  for (const mls::Member& member : board.members()) {
    if (parse_identity(*member.node)->name.text() == kAlice) removal.removes.push_back(member.leaf);
  }
  const std::uint64_t epoch = board.epoch();
  bob.deliver(alice, proto::EnvelopeKind::commit, channel, epoch, bob.stage(board, removal).commit());
  auto mallory = testing::HostileDevice::like(village, "mallory-1");
  mls::Group trap = mallory.begin({ConversationKind::group, channel, "example.org", "board"});
  for (std::uint64_t i = 0; i <= epoch; ++i) {  // it looks as if it went on
    mallory.stage(trap, {});
    ASSERT_TRUE(trap.merge_pending());
  }
  const Bytes welcome = mallory.add(trap, mallory.key_package_of(kAlice, account("alice-1").device_id()));
  mallory.deliver(alice, proto::EnvelopeKind::welcome, channel, trap.epoch(), welcome);

  Texts overheard;
  village.server.overhear = [&](const proto::Call& call) {
    const auto request = wire::decode<proto::ChannelSend>(call.body);
    if (!call.url.ends_with(proto::kPathChannelSend) || !request || request->channel != channel) return;
    auto read = trap.process(request->ciphertext, mallory.rules());
    if (!read) return;
    const auto* said = std::get_if<mls::ApplicationMessage>(&*read);
    if (said == nullptr) return;
    const auto plaintext = decode_plaintext(said->plaintext.expose());
    overheard.push_back(plaintext && plaintext->content.text ? plaintext->content.text->text : "?");
  };
  village.set_online("alice-1", true);
  village.pass_all(5 * kMinuteMs);
  EXPECT_EQ(overheard, Texts{});
  bool refused = false;
  for (const json& message : messages("alice-1", to_hex(channel))) {
    refused = refused || (message["text"] == "for the board alone" && message["delivery"] == "refused");
  }
  EXPECT_TRUE(refused);
}

TEST_F(Hostile, AWelcomeFromThePastBringsNoRemovedDeviceBack) {
  auto bob = testing::HostileDevice::like(village, "bob-1");
  const Account alice = account("alice-1");
  mls::KeyPackage last_resort = bob.key_package_of(kAlice, alice.device_id());
  while (!last_resort.is_last_resort()) last_resort = bob.key_package_of(kAlice, alice.device_id());
  const auto channel = random_value<ChannelId>(bob.entropy());
  mls::Group board = bob.begin({ConversationKind::group, channel, "example.org", "board"});
  const Bytes welcome = bob.add(board, last_resort);
  const std::uint64_t epoch = board.epoch();
  bob.deliver(alice.mailbox, proto::EnvelopeKind::welcome, channel, epoch, welcome);
  const auto readable_only = [&] {
    return bad(send("alice-1", "board", "hello")).find("can only be read") != std::string::npos;
  };
  mls::CommitRequest removal;
  removal.removes = {mls::LeafIndex{1}};
  bob.deliver(alice.mailbox, proto::EnvelopeKind::commit, channel, epoch, bob.stage(board, removal).commit());
  village.pass_all(kSecondMs);
  EXPECT_TRUE(readable_only());
  bob.deliver(alice.mailbox, proto::EnvelopeKind::welcome, channel, epoch, welcome);
  village.pass_all(kSecondMs);
  EXPECT_TRUE(readable_only());
}

TEST_F(Hostile, AnOwnDeviceThatWasRemovedIsNotTakenIntoANewConversation) {
  good(village.link_device("alice-2", kAlice, "alice-1"));
  village.pass_all(2 * kHourMs);
  // The directory says that the second one is hers no more, and nobody tells the first.
  const Account own = account("alice-1");
  auto& person = village.server.people.at(kAlice);
  person.take(person.by_device(directory::RemoveDevice{account("alice-2").device_id()},
                               testing::TestDevice{own.signing_key.clone(), own.device()}));
  village.server.publish_all();
  good(send("alice-1", kBob, "not for a thief"));
  village.pass_all(kSecondMs);
  EXPECT_EQ(texts("alice-2", kBob), Texts{});
  EXPECT_EQ(texts("bob-1", kAlice), Texts{"not for a thief"});
}

TEST_F(Hostile, ANameOfThisClientCannotBeResetByItsServer) {
  auto& alice = village.server.people.at(kAlice);
  EXPECT_EQ(alice.state.reset_delay_s(), 0u);
  EXPECT_FALSE(directory::apply(alice.state, alice.request(alice.new_device(), 9)));
}

TEST_F(Hostile, ANameThatWasResetIsNotWrittenToBeforeItsContactAcceptsIt) {
  good(send("alice-1", kBob, "to bob"));
  auto& bob = village.server.people.at(kBob);
  bob.secret = *parse_recovery_text(recovery_keys["bob"]);
  bob.take(bob.by_recovery(directory::SetResetDelay{directory::kMinResetDelayS}));
  village.server.publish_all();
  const testing::TestDevice taker = bob.new_device();
  bob.take(bob.request(taker, 9));
  village.server.publish_all();
  village.pass_all(directory::kMinResetDelayS * kSecondMs + kMinuteMs);
  bob.take(bob.by_new_device(directory::CompleteReset{bob.state.open_reset()->sequence}, taker));
  village.server.publish_all();
  village.pass_all(kDayMs);  // until then she may write to those devices of his that she knows
  testing::HostileDevice thief(village, kBob, taker);
  thief.offer_key_package();

  const std::size_t sends = village.server.post.sends;
  EXPECT_NE(bad(send("alice-1", kBob, "for bob alone")).find("was reset"), std::string::npos);
  village.pass_all(kDayMs);
  EXPECT_EQ(village.server.post.sends, sends);
  EXPECT_TRUE(village.server.post.mailboxes[taker.device.mailbox].envelopes.empty());
  const auto shown = messages("alice-1", kBob);
  EXPECT_EQ(shown[shown.size() - 2]["delivery"], "refused");
  EXPECT_EQ(shown.back()["delivery"], "notice");
  EXPECT_EQ(good(village.ask("alice-1", "contact.show", {{"name", kBob}}))["accepted"], false);

  village.device("alice-1").restart();
  EXPECT_NE(bad(send("alice-1", kBob, "still not")).find("was reset"), std::string::npos);
  EXPECT_EQ(good(village.ask("alice-1", "contact.accept", {{"name", kBob}}))["accepted"], true);
  good(send("alice-1", kBob, "it is you"));
  EXPECT_FALSE(village.server.post.mailboxes[taker.device.mailbox].envelopes.empty());
  bad(village.ask("alice-1", "contact.accept", {{"name", kBob}}));
  EXPECT_GT(village.device("bob-1").next_deadline(), village.now);  // which was removed while it could not log in
  // Who meets the name only now takes it as it is.
  EXPECT_EQ(good(village.ask("mallory-1", "contact.verify", {{"name", kBob}}))["accepted"], true);
}

// ---- what members do ----

TEST_F(Hostile, AWelcomeWithADeviceThatItsNameDoesNotHaveIsRefused) {
  auto mallory = testing::HostileDevice::like(village, "mallory-1");
  const auto channel = random_value<ChannelId>(mallory.entropy());
  mls::Group group = mallory.begin({ConversationKind::group, channel, "example.org", "board"});
  mallory.add(group, invented(kBob).key_package());
  const Bytes welcome = mallory.add(group, mallory.key_package_of(kAlice, account("alice-1").device_id()));
  mallory.deliver(account("alice-1").mailbox, proto::EnvelopeKind::welcome, channel, group.epoch(), welcome);
  village.pass_all(kMinuteMs);
  EXPECT_EQ(good(village.ask("alice-1", "conversations"))["conversations"].size(), 0u);
}

TEST_F(Hostile, ACommitThatAddsADeviceThatItsNameDoesNotHaveIsRefused) {
  const ChannelId channel = board();
  mls::CommitRequest request;
  request.adds.push_back(invented(kMallory).key_package());
  expect_refused(channel, request, "no such device in the chain of its name");
}

TEST_F(Hostile, ACommitOfNoAdminThatChangesTheGroupIsRefused) {
  const ChannelId channel = board();
  mls::CommitRequest request;
  request.group_context_extensions.emplace();
  request.group_context_extensions->set(
      ConversationInfo::kExtensionType,
      wire::encode(ConversationInfo{ConversationKind::group, channel, "example.org", "another title"}));
  expect_refused(channel, request, "a change that is for admins");
}

TEST_F(Hostile, ACommitThatChangesWhatAPairIsIsRefused) {
  const ChannelId channel = channel_of(good(send("alice-1", kBob, "we two")));
  village.pass_all(kSecondMs);
  mls::CommitRequest request;
  request.group_context_extensions.emplace();
  request.group_context_extensions->set(
      ConversationInfo::kExtensionType,
      wire::encode(ConversationInfo{ConversationKind::pair, channel, "example.org", "another title"}));
  expect_refused(channel, request, "kind and title stay");
}

TEST_F(Hostile, ACommitOfNoAdminThatRemovesANameIsRefused) {
  const json made = good(village.ask("alice-1", "group.create", {{"title", "board"}, {"names", {"bob", "mallory"}}}));
  good(send("alice-1", "board", "we begin"));
  village.pass_all(kSecondMs);
  const ChannelId channel = channel_of(made);
  auto bob = testing::HostileDevice::like(village, "bob-1");
  mls::CommitRequest request;
  for (const mls::Member& member : bob.group_of("bob-1", channel).members()) {
    if (parse_identity(*member.node)->name.text() == kMallory) request.removes.push_back(member.leaf);
  }
  ASSERT_FALSE(request.removes.empty());
  expect_refused(channel, request, "an active device of another name was removed");
}

TEST_F(Hostile, ACommitThatDoesNotNameItsMembersMailboxesIsRefused) {
  const ChannelId channel = board();
  mls::CommitRequest request;
  request.authenticated_data = commit_binding(channel, 2, {{"example.org", account("mallory-1").mailbox}});
  expect_refused(channel, request, "does not name the mailboxes");
}

TEST_F(Hostile, AThirdNameInAPairIsRefused) {
  const ChannelId channel = channel_of(good(send("alice-1", kBob, "we two")));
  village.pass_all(kSecondMs);
  auto mallory = testing::HostileDevice::like(village, "mallory-1");
  mls::CommitRequest request;
  request.adds.push_back(mallory.key_package());
  expect_refused(channel, request, "nobody enters a pair");
}

TEST_F(Hostile, WhatARemovedDeviceSaysIsShownAsThat) {
  good(village.link_device("bob-2", kBob, "bob-1"));
  auto thief = testing::HostileDevice::like(village, "bob-2");
  const DeviceId lost = account("bob-2").device_id();
  good(village.ask("bob-1", "device.remove", {{"device", to_hex(lost)}}));
  const auto channel = random_value<ChannelId>(thief.entropy());
  mls::Group group = thief.begin({ConversationKind::pair, channel, "example.org", ""});
  auto mallory = testing::HostileDevice::like(village, "mallory-1");  // she can log in
  const Bytes welcome = thief.add(group, mallory.key_package_of(kAlice, account("alice-1").device_id()));
  TextContent content;
  content.text = "send money";
  const auto said = group.protect(encode_plaintext({}, encode_content(content)).expose(), {}, thief.entropy());
  ASSERT_TRUE(said);
  const MailboxId alice = account("alice-1").mailbox;
  thief.deliver(alice, proto::EnvelopeKind::welcome, channel, group.epoch(), welcome);
  thief.deliver(alice, proto::EnvelopeKind::message, channel, group.epoch(), *said);
  std::string after_it;
  const json all = messages("alice-1", to_hex(channel));
  for (std::size_t i = 0; i + 1 < all.size(); ++i) {
    if (all[i]["text"] == "send money") after_it = all[i + 1]["text"];
  }
  EXPECT_NE(after_it.find("has removed"), std::string::npos) << all.dump();
}

TEST_F(Hostile, AMembersProposalIsNeitherCarriedOutNorInTheWay) {
  const json made = good(village.ask("alice-1", "group.create", {{"title", "board"}, {"names", {"bob"}}}));
  const ChannelId channel = channel_of(made);
  good(send("alice-1", "board", "we begin"));
  ASSERT_TRUE(village.until([&] { return texts("bob-1", "board") == Texts{"we begin"}; }));
  auto bob = testing::HostileDevice::like(village, "bob-1");
  mls::Group board = bob.group_of("bob-1", channel);
  const auto proposal = board.propose_add(bob.key_package_of(kMallory, account("mallory-1").device_id()), bob.rules(),
                                          village.now, bob.entropy());
  ASSERT_TRUE(proposal);
  good(village.ask("alice-1", "contact.verify", {{"name", kMallory}}));
  bob.deliver(account("alice-1").mailbox, proto::EnvelopeKind::message, channel, board.epoch(), *proposal);
  good(send("alice-1", "board", "we go on"));
  EXPECT_TRUE(village.until([&] { return texts("bob-1", "board") == Texts{"we begin", "we go on"}; }));
  good(village.register_person("carol-1", "carol@example.org"));
  good(village.ask("alice-1", "group.add", {{"conversation", "board"}, {"name", "carol"}}));
  good(send("alice-1", "board", "with carol"));
  EXPECT_TRUE(village.until([&] { return texts("bob-1", "board").size() == 3; }));
  EXPECT_EQ(good(village.ask("mallory-1", "conversations"))["conversations"].size(), 0u);
}

// ---- what servers do ----

TEST_F(Hostile, AKeyPackageWithAnotherKeyThanTheDevicesIsNotUsed) {
  auto bob = testing::HostileDevice::like(village, "bob-1");
  testing::TestPerson forger(kBob, 666);
  const auto other = forger.new_device();
  village.server.tamper = [&](const std::string& path, ByteView, Bytes& body) {
    if (path != proto::kPathKeyPackageFetch) return;
    auto answer = *wire::decode<proto::KeyPackageAnswer>(body);
    // In the device's name, and signed with a key of the server's.
    auto identity = *mls::SigningIdentity::from(
        crypto::SignatureAlgorithm::ed25519,
        mls::Credential::basic(identity_of(*directory::Name::from(kBob), bob.device().id())),
        crypto::SignaturePrivateKey(other.key.seed().expose()));
    const auto package =
        mls::PrivateKeyPackage::create(mls::kDefaultSuite, identity, leaf_options(village.now, kDayMs), bob.entropy());
    for (auto& item : answer.items) item.key_package = wire::encode(package->package());
    body = wire::encode(answer);
  };
  village.server.paths.clear();
  EXPECT_NE(bad(send("alice-1", kBob, "for bob alone")).find("leaf key is not the device's"), std::string::npos);
  const auto& paths = village.server.paths;
  EXPECT_EQ(std::count(paths.begin(), paths.end(), proto::kPathChannelCommit), 0);
  EXPECT_EQ(village.server.post.sends, 0u);
}

TEST_F(Hostile, APairThatTheServerSpoiltIsBegunAnew) {
  const ChannelId channel = channel_of(good(send("alice-1", kBob, "one")));
  auto mallory = testing::HostileDevice::like(village, "mallory-1");
  mallory.deliver(account("alice-1").mailbox, proto::EnvelopeKind::commit, channel, 1, to_bytes("no commit"));
  std::vector<ChannelId> sent_to;
  village.server.overhear = [&](const proto::Call& call) {
    const auto request = wire::decode<proto::ChannelSend>(call.body);
    if (call.url.ends_with(proto::kPathChannelSend) && request) sent_to.push_back(request->channel);
  };
  good(send("alice-1", kBob, "two"));
  EXPECT_TRUE(village.until([&] { return texts("bob-1", kAlice) == Texts{"one", "two"}; }));
  good(send("bob-1", kAlice, "three"));  // follows her, though nothing is wrong with his
  EXPECT_TRUE(village.until([&] { return texts("alice-1", kBob) == Texts{"one", "two", "three"}; }));
  ASSERT_EQ(sent_to.size(), 2u);
  EXPECT_NE(sent_to[0], channel);
  EXPECT_EQ(sent_to[1], sent_to[0]);
  for (const char* device : {"alice-1", "bob-1"}) {
    EXPECT_EQ(good(village.ask(device, "conversations"))["conversations"].size(), 1u) << device;
  }
}

// Its server orders commits; one that comes past it would lead us where nobody else goes.
TEST_F(Hostile, ACommitThatComesAsAMessageIsNotFollowed) {
  const ChannelId channel = board();
  auto bob = testing::HostileDevice::like(village, "bob-1");
  mls::Group group = bob.group_of("bob-1", channel);
  const std::uint64_t epoch = group.epoch();
  bob.deliver(account("alice-1").mailbox, proto::EnvelopeKind::message, channel, epoch, bob.stage(group, {}).commit());
  village.pass_all(kMinuteMs);
  good(send("alice-1", "board", "we go on"));
  EXPECT_TRUE(village.until([&] { return texts("bob-1", "board").back() == "we go on"; }));
}

// Anybody can write a later epoch into what he sends; that of the envelope was checked.
TEST_F(Hostile, AMessageThatSaysItIsOfALaterEpochMakesNobodyRejoin) {
  const ChannelId channel = board();
  auto bob = testing::HostileDevice::like(village, "bob-1");
  mls::Group group = bob.group_of("bob-1", channel);
  auto message = *wire::decode<mls::MlsMessage>(*group.protect(as_bytes("text"), {}, bob.entropy()));
  std::get<mls::PrivateMessage>(message.body).epoch += 5;
  bob.deliver(account("alice-1").mailbox, proto::EnvelopeKind::message, channel, group.epoch(), wire::encode(message));
  village.pass_all(kMinuteMs);
  EXPECT_FALSE(needs_rejoin(village.device("alice-1").store(), channel));
  good(send("alice-1", "board", "we go on"));
  EXPECT_TRUE(village.until([&] { return texts("bob-1", "board").back() == "we go on"; }));
}

// directory.md s.2: it is obeyed as soon as it is seen on any path, logged or not.
TEST_F(Hostile, ARemovalInAnAnswerThatIsRefusedIsObeyed) {
  good(village.link_device("bob-2", kBob, "bob-1"));
  const ChannelId channel = channel_of(good(send("alice-1", kBob, "to both")));
  ASSERT_TRUE(village.until([&] { return texts("bob-2", kAlice) == Texts{"to both"}; }));
  const std::string second = to_hex(account("bob-2").device_id());
  // He cannot take it out of the conversation himself.
  village.device("bob-1").cut_off_from("https://example.org" + std::string(proto::kPathChannelCommit));
  good(village.ask("bob-1", "device.remove", {{"device", second}}));
  village.server.tamper = [](const std::string& path, ByteView, Bytes& body) {
    if (path != proto::kPathLookup) return;
    auto response = *wire::decode<directory::LookupResponse>(body);
    response.checkpoint.erase(response.checkpoint.find("\n\n") + 2);  // nobody signed it
    response.checkpoint += "\u2014 nobody AAAAAAAA\n";
    body = wire::encode(response);
  };
  int sent = 0;
  village.server.overhear = [&](const proto::Call& call) {
    const auto request = wire::decode<proto::ChannelSend>(call.body);
    if (call.url.ends_with(proto::kPathChannelSend) && request && request->channel == channel) ++sent;
  };
  EXPECT_NE(bad(village.ask("alice-1", "contact.verify", {{"name", kBob}})).find("condition 1"), std::string::npos);
  bad(send("alice-1", kBob, "to nobody"));  // though her view is minutes old, and knows both
  village.pass_all(kMinuteMs);
  EXPECT_EQ(sent, 0);
  village.server.tamper = nullptr;
  village.device("bob-1").cut_off_from({});
  good(village.ask("alice-1", "contact.verify", {{"name", kBob}}));
  good(send("alice-1", kBob, "to the first alone"));
  EXPECT_TRUE(village.until([&] { return texts("bob-1", kAlice).back() == "to the first alone"; }));
  EXPECT_EQ(texts("bob-2", kAlice), Texts{"to both"});
}

TEST_F(Hostile, AWelcomeOfAnotherDomainSendsNoDeviceThereForAConversationOfItsOwn) {
  good(village.ask("bob-1", "group.create", {{"title", "walkers"}, {"names", {"alice"}}}));
  const ChannelId channel = channel_of(good(send("bob-1", "walkers", "we begin")));
  ASSERT_TRUE(village.until([&] { return texts("alice-1", "walkers") == Texts{"we begin"}; }));
  good(village.ask("bob-1", "group.remove", {{"conversation", "walkers"}, {"name", "alice"}}));
  village.pass_all(kMinuteMs);
  testing::TestStore& store = village.device("alice-1").store();
  ASSERT_FALSE(store.get(tables::kRejoins, channel));
  std::size_t calls = 0;
  village.server.overhear = [&](const proto::Call& call) { calls += call.url.starts_with("https://evil.example"); };
  auto mallory = testing::HostileDevice::like(village, "mallory-1");
  mallory.deliver(account("alice-1").mailbox, proto::EnvelopeKind::welcome, channel, 99, to_bytes("welcome back"),
                  "evil.example");
  village.pass_all(kMinuteMs);
  EXPECT_FALSE(store.get(tables::kRejoins, channel));
  EXPECT_EQ(calls, 0u);
  // Of its own domain it says that this device was added again.
  mallory.deliver(account("alice-1").mailbox, proto::EnvelopeKind::welcome, channel, 99, to_bytes("welcome back"));
  village.settle();
  EXPECT_TRUE(store.get(tables::kRejoins, channel));
}

TEST_F(Hostile, TheServerOfAnotherDomainIsNotGivenTheTokenOfOnesOwn) {
  good(village.link_device("alice-2", kAlice, "alice-1"));
  auto mallory = testing::HostileDevice::like(village, "mallory-1");
  const auto channel = random_value<ChannelId>(mallory.entropy());
  mls::Group group = mallory.begin({ConversationKind::group, channel, "evil.example", "walkers"});
  const Bytes welcome = mallory.add(group, mallory.key_package_of(kAlice, account("alice-1").device_id()));
  std::size_t calls = 0;
  village.server.elsewhere = [&](const proto::Call& call) -> std::optional<Result<proto::CallReply>> {
    if (!call.url.ends_with(proto::kPathPassport)) return std::nullopt;
    EXPECT_EQ(wire::decode<proto::PassportRequest>(call.body)->audience, "evil.example");
    return proto::CallReply{200, wire::encode(proto::PassportAnswer{"p.passport", village.now.ms + kHourMs}), {}};
  };
  village.server.overhear = [&](const proto::Call& call) {
    if (!call.url.starts_with("https://evil.example")) return;
    ++calls;
    EXPECT_EQ(call.bearer, "p.passport") << call.url;
    EXPECT_EQ(call.reach, proto::CallReach::public_only) << call.url;
  };
  mallory.deliver(account("alice-1").mailbox, proto::EnvelopeKind::welcome, channel, group.epoch(), welcome,
                  "evil.example");
  village.pass_all(kMinuteMs);
  EXPECT_GT(calls, 0u);  // it was asked to take alice's second device in
}

}  // namespace
}  // namespace cairn::client
