// What others verified of a log: honest differences are proved and never alarm, two histories become evidence by one
// message, and whoever invents one gains nothing but what its owner can dismiss.
#include "core/client/gossips.h"

#include <gtest/gtest.h>

#include "core/base/encoding.h"
#include "core/client/tables.h"
#include "core/tlog/checkpoint.h"
#include "tests/support/answers.h"
#include "tests/support/example_names.h"
#include "tests/support/hostile_device.h"
#include "tests/support/refused.h"

namespace cairn::client {
namespace {

using nlohmann::json;
using testing::bad;
using testing::good;
using testing::kAlice;
using testing::kBob;
using testing::kCarol;

constexpr const char* kDomain = "example.org";

/// The rooms of alice's client, one by one, over a copy of what it has stored.
struct GossipRooms {
  GossipRooms(testing::ClientVillage& village, Entropy& entropy)
      : store(village.device("alice-1").store()), context{store, village.now, entropy, sends, events} {}

  Overlay store;
  std::vector<proto::Send> sends;
  std::vector<proto::Event> events;
  Context context;
  Calls calls;
  Views views{calls};
  Session session{calls};
  Conversations conversations{calls, views, session};
  Gossips gossips{calls, views, conversations};
};

/// alice and bob have written to each other; carol is known to nobody.
class GossipsTest : public ::testing::Test {
 protected:
  void SetUp() override {
    for (const auto& [device, name] : {std::pair{"alice-1", kAlice}, {"bob-1", kBob}, {"carol-1", kCarol}}) {
      good(village.register_person(device, name));
    }
    good(send("bob-1", kAlice, "hello"));
    channel = *ChannelId::from(*from_hex(good(send("alice-1", kBob, "hello"))["conversation"].get<std::string>()));
    village.pass_all(kMinuteMs);
  }

  json send(const std::string& device, const std::string& to, const std::string& text) {
    return village.ask(device, "send", {{"to", to}, {"text", text}});
  }
  json verify(const std::string& device, const std::string& name) {
    return village.ask(device, "contact.verify", {{"name", name}});
  }
  json gossip() { return good(village.ask("alice-1", "gossip.list")); }
  json alarms() { return good(village.ask("alice-1", "status"))["alarms"]; }
  std::string state() {
    const json list = gossip();
    if (!list["evidence"].empty()) return "evidence";
    return list["claims"].empty() ? "none" : list["claims"][0]["state"].get<std::string>();
  }
  Account account(const std::string& device) { return *load_account(village.device(device).store()); }
  directory::DomainState log(const std::string& device) {
    const Account own = account(device);
    const auto row = village.device(device).store().get(tables::kDomains, name_key(own, kDomain));
    return *wire::decode<directory::DomainState>(*row);
  }
  std::size_t proofs_asked() const {
    const auto& paths = village.server.paths;
    return static_cast<std::size_t>(std::count_if(
        paths.begin(), paths.end(), [](const std::string& path) { return path.starts_with("/log/prefix/"); }));
  }
  /// The log gets so many epochs.
  void grow(int epochs = 1) {
    for (int i = 0; i < epochs; ++i) {
      ++strangers;
      testing::TestPerson somebody("somebody" + std::to_string(strangers) + "@example.org", 500 + strangers);
      somebody.take(somebody.genesis(somebody.new_device()));
      village.server.domain.publish(somebody);
    }
  }
  /// Bob's newest head is one that alice never had, and smaller than hers.
  void bob_falls_behind() {
    grow(2);
    good(verify("bob-1", kAlice));
    grow(3);
    good(verify("alice-1", kBob));
    ASSERT_GT(log("alice-1").edge.size(), log("bob-1").edge.size());
  }
  /// Everybody new is written to, or nobody; devices that are known always are.
  void expect_first_contacts(bool allowed) {
    good(send("alice-1", kBob, "to a known device"));
    const json answer = send("alice-1", kCarol, "to a new one");
    if (allowed) {
      good(answer);
    } else {
      EXPECT_NE(bad(answer).find("nobody new of example.org"), std::string::npos) << answer.dump();
    }
  }

  // ---- a member that says what it likes, in bob's name ----

  /// Bob's device says this, and his client no more.
  void say(const directory::Gossip& gossip, const std::optional<Control>& control = {}) {
    if (!liar) {
      village.pass_all(kSecondMs);
      liar.emplace(testing::HostileDevice::like(village, speaker));
      group.emplace(liar->group_of(speaker, channel));
    }
    TextContent text;
    liar->entropy().fill(text.salt);
    text.text = "look";
    const Bytes content = control ? encode_content(text.salt, *control) : encode_content(text);
    const auto body = group->protect(encode_plaintext({gossip}, content).expose(), {}, liar->entropy());
    ASSERT_TRUE(body);
    liar->deliver(account("alice-1").mailbox, proto::EnvelopeKind::message, channel, group->epoch(), *body);
    village.pass_all(kSecondMs);
  }
  directory::Gossip invented(std::uint64_t size) {
    return {directory::origin_of(kDomain), {size, random_value<Hash>(entropy)}};
  }
  /// As if the log and all its cosigners had signed it; or these alone.
  std::string note_of(const directory::Gossip& gossip, const std::vector<std::size_t>& who = {}) {
    const auto& domain = village.server.domain;
    return domain.cosign(tlog::SignedCheckpoint::sign({gossip.origin, gossip.tree, {}}, domain.log_key), who);
  }

  /// A row as it is when that device has said this.
  StoredClaim claim_of(const std::string& name, const DeviceId& device, const directory::Gossip& gossip) {
    wire::Writer key;
    key.raw(name_key(account("alice-1"), kDomain));
    key.raw(device);
    key.u8(0);
    Claim claim;
    claim.gossip = gossip;
    claim.about = kBob;
    claim.name = name;
    claim.device = device;
    claim.home = channel;
    claim.since_ms = village.now.ms;
    return {key.take(), claim};
  }
  static void put(Overlay& store, const StoredClaim& one) {
    store.put(tables::kGossips, one.key, wire::encode(one.claim));
  }

  // ---- a server that shows bob another history, with all cosigners ----

  /// The next epoch is another one for bob than for alice.
  void split() {
    village.set_online("alice-1", false);
    grow();
    auto& domain = village.server.domain;
    const auto honest = domain.records.back();
    domain.records.back().time_ms += 1;
    domain.log.entries.back() = wire::encode(domain.records.back());
    good(verify("bob-1", kAlice));
    domain.records.back() = honest;
    domain.log.entries.back() = wire::encode(honest);
    village.set_online("alice-1", true);
    village.pass_all(kSecondMs);
    good(verify("alice-1", kBob));
    ASSERT_EQ(log("alice-1").edge.size(), log("bob-1").edge.size());
    ASSERT_NE(log("alice-1").newest(), log("bob-1").newest());
  }
  void expect_evidence() {
    ASSERT_TRUE(village.until([&] { return state() == "evidence"; }, kMinuteMs)) << gossip().dump();
    const json exported = good(village.ask("alice-1", "evidence.export", {{"domain", kDomain}}));
    const auto evidence = directory::Evidence::decode(*from_base64(exported["evidence"].get<std::string>()));
    ASSERT_TRUE(testing::accepted(evidence));
    const auto finding = directory::verify_evidence(*evidence, village.server.domain.config.log_key, nullptr);
    ASSERT_TRUE(testing::accepted(finding));
    EXPECT_TRUE(finding->first.quorum && finding->second.quorum);
    EXPECT_EQ(alarms().size(), 1u);
    EXPECT_NE(alarms()[0]["sentence"].get<std::string>().find(kBob), std::string::npos);
    expect_first_contacts(false);
    bad(village.ask("alice-1", "gossip.dismiss", {{"name", kBob}}));
    village.device("alice-1").restart();
    village.pass_all(kSecondMs);
    EXPECT_EQ(state(), "evidence");
    expect_first_contacts(false);
  }

  testing::ClientVillage village;
  testing::SeededEntropy entropy{77};
  ChannelId channel;
  std::string speaker = "bob-1";  ///< who says what it likes
  std::optional<testing::HostileDevice> liar;
  std::optional<mls::Group> group;
  std::uint64_t strangers = 0;
};

// ---- honest differences ----

TEST_F(GossipsTest, WhoeverIsBehindIsProvedToHaveSeenTheSameHistory) {
  bob_falls_behind();
  const std::size_t before = proofs_asked();
  good(send("bob-1", kAlice, "I have not looked for a while"));
  village.pass_all(kMinuteMs);
  EXPECT_EQ(proofs_asked(), before + 1);
  EXPECT_EQ(state(), "none");
  good(send("bob-1", kAlice, "and still have not"));  // known by now
  village.pass_all(kMinuteMs);
  EXPECT_EQ(proofs_asked(), before + 1);
  EXPECT_EQ(alarms(), json::array());
}

TEST_F(GossipsTest, WhoeverIsAheadIsProvedAsSoonAsTheOwnViewHasGrown) {
  grow(3);
  good(verify("bob-1", kAlice));
  grow(2);
  ASSERT_LT(log("alice-1").edge.size(), log("bob-1").edge.size());
  good(send("bob-1", kAlice, "there is something new"));
  village.pass_all(kMinuteMs);
  EXPECT_GE(log("alice-1").edge.size(), log("bob-1").edge.size());
  EXPECT_EQ(state(), "none");
  EXPECT_EQ(alarms(), json::array());
  expect_first_contacts(true);
}

TEST_F(GossipsTest, ManyMessagesOfManyHeadsAreFewProofsAndNoAlarm) {
  for (int i = 0; i < 30; ++i) {
    grow();
    good(verify("bob-1", kAlice));
    good(send("bob-1", kAlice, "news " + std::to_string(i)));
    village.pass_all(100);
  }
  village.pass_all(5 * kMinuteMs);
  EXPECT_EQ(state(), "none");
  EXPECT_LE(proofs_asked(), 10u);
  EXPECT_EQ(alarms(), json::array());
}

// ---- two histories ----

TEST_F(GossipsTest, TwoHistoriesOfOneSizeAreEvidenceByOneMessage) {
  split();
  good(send("bob-1", kAlice, "one unaltered message"));
  expect_evidence();
}

TEST_F(GossipsTest, TwoHistoriesOfDifferentSizesAreEvidenceByTheServersOwnProof) {
  split();
  grow(3);
  good(verify("alice-1", kBob));
  good(send("bob-1", kAlice, "one unaltered message"));
  expect_evidence();
}

TEST_F(GossipsTest, ALiarThatShowsNoProofEitherIsASuspicionAfterADay) {
  split();
  grow(3);
  good(verify("alice-1", kBob));
  village.server.proves = false;
  good(send("bob-1", kAlice, "one unaltered message"));
  village.pass_all(23 * kHourMs);
  EXPECT_EQ(state(), "waiting");
  EXPECT_EQ(alarms(), json::array());
  good(verify("alice-1", kBob));
  village.device("alice-1").restart();
  village.pass_all(2 * kHourMs);
  EXPECT_EQ(state(), "unproved");
  EXPECT_NE(alarms()[0]["sentence"].get<std::string>().find(kBob), std::string::npos);
  const directory::Gossip his = log("bob-1").gossip();
  say(his, NoteAnswer{note_of(his)});  // it does not tell who lies, but that he invented nothing
  EXPECT_EQ(state(), "unproved");
  EXPECT_EQ(gossip()["claims"][0]["note_shown"], true);
  good(verify("alice-1", kBob));
  expect_first_contacts(false);
  village.device("alice-1").restart();
  village.pass_all(kSecondMs);
  expect_first_contacts(false);
  village.server.proves = true;  // its own proof convicts it
  village.pass_all(2 * kMinuteMs);
  expect_evidence();
}

TEST_F(GossipsTest, AProofThatComesLateEndsTheSuspicion) {
  bob_falls_behind();
  village.server.proves = false;
  good(send("bob-1", kAlice, "I have not looked for a while"));
  village.pass_all(25 * kHourMs);
  EXPECT_EQ(state(), "unproved");
  good(verify("alice-1", kBob));
  expect_first_contacts(false);
  village.server.proves = true;
  village.pass_all(2 * kMinuteMs);
  EXPECT_EQ(state(), "none");
  EXPECT_EQ(alarms(), json::array());
  expect_first_contacts(true);
}

TEST_F(GossipsTest, NoClaimKeepsAnotherFromBeingTriedInTime) {
  grow(20);
  good(verify("alice-1", kBob));
  village.server.proves = false;
  auto& store = village.device("alice-1").store();
  Overlay rows(store);
  const std::uint64_t size = log("alice-1").edge.size();
  StoredClaim least = claim_of(kBob, account("bob-1").device_id(), invented(size - 14));
  least.claim.since_ms += 30 * kDayMs;  // the clock was ahead when it came
  put(rows, least);
  for (std::uint64_t i = 1; i <= 12; ++i) {
    put(rows, claim_of("eve@example.org", random_value<DeviceId>(entropy), invented(size - i)));
  }
  ASSERT_TRUE(store.apply(rows.take_writes()));
  village.device("alice-1").restart();
  village.pass_all(25 * kHourMs);
  for (const StoredClaim& one : claims(store)) {
    EXPECT_EQ(one.claim.state, ClaimState::unproved) << one.claim.name << " " << one.claim.gossip.tree.size;
  }
}

// ---- members that invent ----

TEST_F(GossipsTest, AnInventedRootStopsFirstContactsOfThatDomainUntilItIsDismissed) {
  const directory::Gossip lie = invented(log("alice-1").edge.size());
  say(lie);
  EXPECT_EQ(state(), "contradicted");
  const std::string sentence = alarms()[0]["sentence"];
  EXPECT_NE(sentence.find(kBob), std::string::npos) << sentence;
  EXPECT_NE(sentence.find(kDomain), std::string::npos) << sentence;
  const Account own = account("alice-1");
  EXPECT_TRUE(no_first_contacts(village.device("alice-1").store(), own, kDomain));
  EXPECT_FALSE(no_first_contacts(village.device("alice-1").store(), own, "other.example"));
  expect_first_contacts(false);
  EXPECT_NE(bad(verify("alice-1", kCarol)).find("nobody new"), std::string::npos);

  village.device("alice-1").restart();
  village.pass_all(3 * kDayMs);
  EXPECT_EQ(state(), "contradicted");  // time alone ends nothing
  good(verify("alice-1", kBob));
  expect_first_contacts(false);
  bad(village.ask("alice-1", "gossip.dismiss", {{"name", kCarol}}));
  EXPECT_EQ(good(village.ask("alice-1", "gossip.dismiss", {{"name", kBob}}))["claims"][0]["state"], "dismissed");
  EXPECT_EQ(alarms(), json::array());
  expect_first_contacts(true);
  say(lie);  // said again, it is nothing new
  EXPECT_EQ(state(), "dismissed");
  village.device("alice-1").restart();
  village.pass_all(kSecondMs);
  EXPECT_EQ(alarms(), json::array());
  say(invented(log("alice-1").edge.size()));
  EXPECT_EQ(alarms().size(), 1u);
}

TEST_F(GossipsTest, ANoteThatComesAfterTheDismissalConvictsAllTheSame) {
  const directory::Gossip lie = invented(log("alice-1").edge.size());
  say(lie);
  good(village.ask("alice-1", "gossip.dismiss", {{"name", kBob}}));
  ASSERT_EQ(state(), "dismissed");
  say(lie, NoteAnswer{note_of(lie)});
  EXPECT_EQ(state(), "evidence");
}

TEST_F(GossipsTest, WhatAClientAnswersByItselfMakesNobodyKnownAndWaitsWhileNothingMayBeSent) {
  const std::string id = good(send("carol-1", kAlice, "you do not know me"))["conversation"];
  village.pass_all(kMinuteMs);
  channel = *ChannelId::from(*from_hex(id));
  speaker = "carol-1";
  std::size_t sent = 0;
  village.server.overhear = [&](const proto::Call& call) { sent += call.url.ends_with(proto::kPathChannelSend); };
  const directory::Gossip own = log("alice-1").gossip();  // alice has said this to bob
  say(own, NoteRequest{account("alice-1").device_id(), own});
  ASSERT_EQ(sent, 1u);
  say(invented(log("alice-1").edge.size()));
  ASSERT_EQ(state(), "contradicted");
  good(verify("alice-1", kBob));
  EXPECT_NE(bad(send("alice-1", kCarol, "a first message")).find("nobody new"), std::string::npos);
  village.pass_all(kMinuteMs);
  EXPECT_EQ(sent, 1u);
  EXPECT_EQ(village.device("alice-1").store().scan(tables::kOutbox, {}, {}, 9).size(), 1u);  // a question for a note
  good(village.ask("alice-1", "gossip.dismiss", {{"name", kCarol}}));
  good(verify("alice-1", kCarol));
  village.pass_all(kMinuteMs);
  EXPECT_EQ(sent, 2u);
}

TEST_F(GossipsTest, ALookUpThatIsRefusedLetsTheOthersOfItsDomainGoOn) {
  GossipRooms rooms(village, entropy);
  const Account own = account("alice-1");
  const auto bob = *directory::Name::from(kBob);
  const auto stranger = *directory::Name::from("aaron@example.org");
  rooms.views.look_up_now(rooms.context, own, bob);
  rooms.views.look_up_now(rooms.context, own, stranger);
  rooms.views.look_up_now(rooms.context, own, own.name);
  StoredClaim suspicion = claim_of(kBob, account("bob-1").device_id(), invented(3));
  suspicion.claim.state = ClaimState::unproved;
  put(rooms.store, suspicion);
  ASSERT_EQ(rooms.sends.size(), 1u);
  rooms.calls.done(rooms.context, {std::get<proto::Call>(rooms.sends[0]).id, proto::CallReply{503, {}, {}}});
  EXPECT_FALSE(rooms.views.looking_up(stranger));
  EXPECT_TRUE(rooms.views.outcome(stranger).refused);
  EXPECT_EQ(rooms.sends.size(), 2u);  // the own name's
  EXPECT_TRUE(rooms.views.looking_up(own.name));
}

TEST_F(GossipsTest, ANoteThatTheQuorumDidNotSignIsNoEvidence) {
  const directory::Gossip lie = invented(log("alice-1").edge.size());
  say(lie);
  const testing::TestDomain others("example.org", 900);
  const auto of_others = others.cosign(tlog::SignedCheckpoint::sign({lie.origin, lie.tree, {}}, others.log_key));
  for (const std::string& note : {std::string("no note"), of_others, note_of(lie, {0}), note_of(lie, {1, 2, 3}),
                                  note_of(invented(lie.tree.size))}) {
    say(lie, NoteAnswer{note});
    EXPECT_EQ(state(), "contradicted");
    EXPECT_EQ(gossip()["claims"][0]["note_shown"], false);
  }
  say(lie, NoteAnswer{note_of(lie)});
  EXPECT_EQ(state(), "evidence");
}

TEST_F(GossipsTest, ANewDeviceOfAKnownNameIsNotTakenInMeanwhileAndTheOthersAreWrittenTo) {
  say(invented(log("alice-1").edge.size()));
  ASSERT_EQ(state(), "contradicted");
  village.set_online("bob-1", false);  // it would take the new one in
  auto& bob = village.server.people.at(kBob);
  const testing::TestDevice added = bob.new_device();
  const Account own = account("bob-1");
  bob.take(bob.add(added, testing::TestDevice{own.signing_key.clone(), own.device()}));
  village.server.publish_all();
  testing::HostileDevice newcomer(village, kBob, added);
  newcomer.offer_key_package();
  good(verify("alice-1", kBob));
  good(send("alice-1", kBob, "for those that I know"));
  village.pass_all(kMinuteMs);
  EXPECT_TRUE(village.server.post.mailboxes[added.device.mailbox].envelopes.empty());
  good(village.ask("alice-1", "gossip.dismiss", {{"name", kBob}}));
  good(verify("alice-1", kBob));
  good(send("alice-1", kBob, "for all of them"));
  village.pass_all(kMinuteMs);
  EXPECT_FALSE(village.server.post.mailboxes[added.device.mailbox].envelopes.empty());
}

TEST_F(GossipsTest, WhatIsSaidOfALogThatTheConversationHasNothingToDoWithIsNotHeard) {
  say({"other.example/cairn", {5, random_value<Hash>(entropy)}});
  say({"example.org/elsewhere", {5, random_value<Hash>(entropy)}});
  say({"example.org/cairn", {0, random_value<Hash>(entropy)}});
  EXPECT_EQ(state(), "none");
}

TEST_F(GossipsTest, ANoteIsShownOnlyByTheDeviceThatSaidItAndNotWithoutEnd) {
  // What is sent is counted.
  good(village.ask("alice-1", "contact.set", {{"name", kBob}, {"receipts", false}}));
  good(village.ask("bob-1", "contact.set", {{"name", kAlice}, {"receipts", false}}));
  std::size_t shown = 0;
  village.server.overhear = [&](const proto::Call& call) {
    if (call.url.ends_with(proto::kPathChannelSend) && !call.bearer.size()) ++shown;
  };
  const directory::Gossip own = log("alice-1").gossip();  // alice has said this
  say(own);
  const DeviceId alice = account("alice-1").device_id();
  say(own, NoteRequest{account("carol-1").device_id(), own});
  say(own, NoteRequest{alice, invented(own.tree.size)});
  EXPECT_EQ(shown, 0u);
  for (int i = 0; i < 5; ++i) say(own, NoteRequest{alice, own});
  EXPECT_EQ(shown, 1u);
  grow();
  good(verify("alice-1", kBob));
  good(send("alice-1", kBob, "there is something new"));
  village.pass_all(kSecondMs);
  const std::size_t before = shown;
  const directory::Gossip newer = log("alice-1").gossip();
  ASSERT_NE(newer, own);
  for (int i = 0; i < 5; ++i) say(newer, NoteRequest{alice, newer});  // one note does not keep another back
  EXPECT_EQ(shown, before + 1);
}

// ---- a flood, in the room alone ----

TEST_F(GossipsTest, AFloodTakesAFewRowsAndCalls) {
  GossipRooms rooms(village, entropy);
  const Account own = account("alice-1");
  const std::uint64_t size = log("alice-1").edge.size();
  Heard heard{channel, {kAlice, kBob}, *directory::Name::from(kBob), account("bob-1").device_id(), {}, {}};
  for (std::uint64_t i = 0; i < 10'000; ++i) {
    heard.gossip = {invented(1 + entropy.below(2 * size))};
    if (heard.gossip[0].tree.size == size) continue;
    rooms.gossips.heard(rooms.context, own, heard);
    rooms.gossips.step(rooms.context, own);
  }
  EXPECT_LE(claims(rooms.store).size(), 2u);
  EXPECT_LE(rooms.sends.size(), 2u);

  // From ever new devices of two names; the third is heard all the same.
  heard.gossip = {invented(size - 1)};
  for (std::uint64_t i = 0; i < 1'000; ++i) {
    heard.name = *directory::Name::from(i % 2 == 0 ? kBob : "eve@example.org");
    heard.device = random_value<DeviceId>(entropy);
    rooms.gossips.heard(rooms.context, own, heard);
  }
  EXPECT_LE(claims(rooms.store).size(), kMaxClaimants + 2);
  heard.name = *directory::Name::from(kCarol);
  heard.device = account("carol-1").device_id();
  rooms.gossips.heard(rooms.context, own, heard);
  const auto all = claims(rooms.store);
  EXPECT_LE(all.size(), kMaxClaimants + 2);
  EXPECT_TRUE(std::any_of(all.begin(), all.end(), [](const auto& one) { return one.claim.name == kCarol; }));

  // What is kept to be shown is bounded in number and time.
  directory::DomainState grown = log("alice-1");
  for (int i = 0; i < 1'000; ++i) {
    grown.edge.append(random_value<Hash>(entropy));
    keep_said(rooms.context, own, grown);
  }
  const Bytes of_domain = name_key(own, kDomain);
  EXPECT_EQ(rooms.store.scan_prefix(tables::kKnownHeads, of_domain, 10'000).size(), kMaxKnownHeads);
  rooms.context.now = after(rooms.context.now, kKnownHeadLifeMs + 1);
  grown.edge.append(random_value<Hash>(entropy));
  keep_said(rooms.context, own, grown);
  EXPECT_EQ(rooms.store.scan_prefix(tables::kKnownHeads, of_domain, 10'000).size(), 1u);
}

TEST_F(GossipsTest, StrangersDoNotKeepThoseFromBeingHeardWhomTheOwnerHasWrittenTo) {
  GossipRooms rooms(village, entropy);
  const Account own = account("alice-1");
  const std::uint64_t size = log("alice-1").edge.size();
  Heard heard{channel, {kAlice, kBob}, *directory::Name::from(kCarol), account("carol-1").device_id(), {}, {}};
  heard.gossip = {invented(size - 1)};
  const auto said_by = [&](const std::string& name) {
    const auto all = claims(rooms.store);
    return std::count_if(all.begin(), all.end(), [&](const StoredClaim& one) { return one.claim.name == name; });
  };
  // One device of each of as many names as there is room for; a stranger more is not heard, a contact is.
  for (std::size_t i = 0; i < kMaxClaimants; ++i) {
    put(rooms.store,
        claim_of("eve" + std::to_string(i) + "@example.org", random_value<DeviceId>(entropy), heard.gossip[0]));
  }
  rooms.gossips.heard(rooms.context, own, heard);
  EXPECT_EQ(said_by(kCarol), 0);
  heard.name = *directory::Name::from(kBob);
  heard.device = account("bob-1").device_id();
  rooms.gossips.heard(rooms.context, own, heard);
  EXPECT_EQ(said_by(kBob), 1);

  // What was dismissed takes no room.
  for (StoredClaim& one : claims(rooms.store)) {
    one.claim.state = ClaimState::dismissed;
    put(rooms.store, one);
  }
  heard.name = *directory::Name::from(kCarol);
  heard.device = account("carol-1").device_id();
  rooms.gossips.heard(rooms.context, own, heard);
  EXPECT_EQ(said_by(kCarol), 1);
}

TEST_F(GossipsTest, ASuspicionYieldsToNobody) {
  GossipRooms rooms(village, entropy);
  const directory::Gossip said = invented(log("alice-1").edge.size() - 1);
  std::vector<StoredClaim> rows;
  for (std::size_t i = 0; i < kMaxClaimants; ++i) {
    rows.push_back(claim_of("eve@example.org", random_value<DeviceId>(entropy), said));
  }
  // The youngest has a suspicion, and a claim that waits.
  StoredClaim suspicion = rows.back();
  rows.back().key.back() = 1;
  rows.back().claim.since_ms += 1;
  suspicion.claim.state = ClaimState::unproved;
  rows.push_back(suspicion);
  for (const StoredClaim& one : rows) put(rooms.store, one);
  rooms.gossips.heard(
      rooms.context, account("alice-1"),
      {channel, {kAlice, kBob}, *directory::Name::from(kCarol), account("carol-1").device_id(), {said}, {}});
  const auto all = claims(rooms.store);
  EXPECT_EQ(all.size(), rows.size());
  EXPECT_TRUE(std::any_of(all.begin(), all.end(), [](const auto& one) { return one.claim.name == kCarol; }));
  EXPECT_TRUE(rooms.store.get(tables::kGossips, suspicion.key));
}

}  // namespace
}  // namespace cairn::client
