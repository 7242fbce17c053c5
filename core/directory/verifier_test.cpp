// For each of the client's conditions an answer that breaks just that one; the rest of it is honest. Condition 7 has
// verifier_resets_test.cpp.
#include <functional>

#include "tests/support/lookup_fixture.h"

namespace cairn::directory {
namespace {

using cairn::testing::accepted;
using cairn::testing::refused;
using cairn::testing::TestDevice;
using cairn::testing::TestDomain;
using cairn::testing::TestPerson;
using fixtures::Verifier;

// ---- what is accepted ----

TEST_F(Verifier, AcceptsAFirstContact) {
  const auto lookup = verify(answer());
  ASSERT_TRUE(accepted(lookup));
  const VerifiedView& view = lookup->view;
  EXPECT_TRUE(view.exists());
  EXPECT_EQ(view.name(), alice.name());
  EXPECT_EQ(view.state(), alice.state);
  EXPECT_EQ(view.devices(), std::vector<Device>{device.device});
  EXPECT_EQ(view.time_s(), domain.now.ms / kSecondMs);
  EXPECT_EQ(view.quorum().size(), 4u);
  EXPECT_EQ(view.checkpoint(), (Gossip{"example.org/cairn", domain.log_head()}));
  EXPECT_EQ(lookup->domain.newest(), domain.log_head());
  EXPECT_EQ(lookup->domain.config, domain.config);
  EXPECT_EQ(lookup->domain.gossip(), view.checkpoint());
}

TEST_F(Verifier, AcceptsWhatIsNewSinceLastTime) {
  learn();
  grow();
  const LookupResponse response = answer();
  EXPECT_EQ(response.statements.size(), 1u);
  EXPECT_FALSE(response.config);
  const auto lookup = verify(response);
  ASSERT_TRUE(accepted(lookup));
  EXPECT_EQ(lookup->view.state(), alice.state);
  EXPECT_EQ(lookup->domain.newest().size, 3u);
}

TEST_F(Verifier, AcceptsThatNothingIsNew) {
  learn();
  domain.now = after(domain.now, kMinuteMs);
  const auto lookup = verify(answer());
  ASSERT_TRUE(accepted(lookup));
  EXPECT_EQ(lookup->view.time_s(), pinned->time_s() + 60);
  EXPECT_EQ(lookup->view.state(), pinned->state());
}

TEST_F(Verifier, AcceptsAProofOfAbsence) {
  const Name nobody = *Name::from("nobody@example.org");
  const auto lookup = verify_lookup(nobody, {}, *domain.policy, domain.answer(make_lookup(nobody, {})), domain.now);
  ASSERT_TRUE(accepted(lookup));
  EXPECT_FALSE(lookup->view.exists());
  EXPECT_TRUE(lookup->view.devices().empty());
  // And later that the name is there.
  domain_state = lookup->domain;
  TestPerson late("nobody@example.org", 9);
  late.take(late.genesis(late.new_device()));
  domain.publish(late);
  const Known before{&*domain_state, &lookup->view, {}};
  const auto there =
      verify_lookup(nobody, before, *domain.policy, domain.answer(make_lookup(nobody, before)), domain.now);
  ASSERT_TRUE(accepted(there));
  EXPECT_TRUE(there->view.exists());
}

TEST_F(Verifier, AcceptsWhatItReadsBackFromTheWire) {
  learn();
  grow();
  const LookupRequest request = make_lookup(alice.name(), known());
  EXPECT_EQ(wire::decode<LookupRequest>(wire::encode(request)), request);
  const Bytes bytes = wire::encode(answer());
  const auto read = wire::decode<LookupResponse>(bytes);
  ASSERT_TRUE(accepted(read));
  EXPECT_EQ(wire::encode(*read), bytes);
  EXPECT_TRUE(accepted(verify(*read)));
}

TEST_F(Verifier, StoresAndRestoresWhatItVerified) {
  grow();
  alice.take(alice.request(second, 8));
  domain.publish(alice);
  learn();
  EXPECT_EQ(wire::decode<DomainState>(wire::encode(*domain_state)), *domain_state);
  const Bytes bytes = wire::encode(*pinned);
  EXPECT_EQ(wire::decode<VerifiedView>(bytes), *pinned);
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_FALSE(wire::decode<VerifiedView>(ByteView(bytes).first(size)));
  }
}

// One bit of every byte, and more of many: there is nothing in an answer that does not matter.
TEST_F(Verifier, RefusesAnAnswerWithAnyBitFlipped) {
  learn();
  grow();
  alice.take(alice.request(second, 8));
  domain.publish(alice);
  const Bytes bytes = wire::encode(answer());
  ASSERT_TRUE(accepted(verify(*wire::decode<LookupResponse>(bytes))));
  // The lines of the two auditors beyond the quorum, and of cosigners that nobody knows, may be anything.
  const std::string text = answer().checkpoint;
  for (std::size_t bit = 0; bit < bytes.size() * 8; bit += 5) {
    Bytes flipped = bytes;
    flipped[bit / 8] ^= static_cast<std::uint8_t>(1 << (bit % 8));
    const auto read = wire::decode<LookupResponse>(flipped);
    if (!read) continue;
    const auto lookup = verify(*read);
    if (!lookup) continue;
    // A line whose key name or key id is spoilt is one of a stranger's: the quorum stands without it.
    EXPECT_LT(lookup->view.quorum().size(), 4u) << bit;
    EXPECT_LT(bit / 8, text.size() + 4) << bit;
  }
}

// ---- condition 1 ----

TEST_F(Verifier, Condition1RefusesWithoutAQuorum) {
  LookupResponse response = answer();
  response.checkpoint = domain.checkpoint({0, 1});  // one auditor of two
  EXPECT_TRUE(refused(verify(response), "condition 1: no quorum"));
  EXPECT_EQ(verify(response).error().code, ErrorCode::no_quorum);
  response.checkpoint = domain.checkpoint({1, 2, 3});  // no witness
  EXPECT_TRUE(refused(verify(response), "condition 1: no quorum"));
  response.checkpoint = domain.checkpoint({0, 1, 3});
  EXPECT_TRUE(accepted(verify(response)));
}

TEST_F(Verifier, Condition1CountsACosignerOnceHoweverOftenItSigned) {
  const auto with_more_of_auditor_1 = [&](const std::string& checkpoint) {
    const auto body = tlog::Note::parse(checkpoint)->text;
    std::string out = checkpoint;
    for (std::uint64_t i = 1; i <= 3; ++i) {
      out +=
          tlog::cosign(domain.cosigners[1].name, domain.cosigners[1].key, domain.now.ms / kSecondMs + i, body).line();
    }
    return out;
  };
  LookupResponse response = answer();
  response.checkpoint = with_more_of_auditor_1(domain.checkpoint({0, 1}));
  EXPECT_TRUE(refused(verify(response), "condition 1: no quorum"));
  response.checkpoint = with_more_of_auditor_1(domain.checkpoint({0, 1, 2}));
  const auto lookup = verify(response);
  ASSERT_TRUE(accepted(lookup));
  EXPECT_EQ(lookup->view.quorum().size(), 3u);  // who vouches for it is told to people
}

TEST_F(Verifier, Condition1RefusesAWrongCosignature) {
  const auto own = tlog::SignedCheckpoint::sign({domain.config.origin, domain.log_head(), {}}, domain.log_key);
  auto forged = *tlog::SignedCheckpoint::parse(domain.cosign(own, {0, 1}), tlog::ExtensionLines::refuse);
  auto line =
      tlog::cosign(domain.cosigners[2].name, domain.cosigners[3].key, domain.now.ms / kSecondMs, own.note().text);
  line.key_id = domain.cosigners[2].verifier().id();
  ASSERT_TRUE(forged.add(line));
  LookupResponse response = answer();
  response.checkpoint = forged.encode();
  EXPECT_TRUE(refused(verify(response), "condition 1: a cosignature is wrong"));
}

TEST_F(Verifier, Condition1RefusesExtensionLinesAndOtherTexts) {
  LookupResponse response = answer();
  response.checkpoint = domain.cosign(
      tlog::SignedCheckpoint::sign({domain.config.origin, domain.log_head(), {"extension"}}, domain.log_key));
  EXPECT_TRUE(refused(verify(response), "condition 1: not a checkpoint"));
  response.checkpoint = "";
  EXPECT_TRUE(refused(verify(response), "condition 1: not a checkpoint"));
}

// ---- condition 2 ----

TEST_F(Verifier, Condition2RefusesOldCosignatures) {
  const LookupResponse response = answer();
  domain.now = after(domain.now, kDayMs);
  EXPECT_TRUE(accepted(verify(response)));
  domain.now = after(domain.now, 1);
  EXPECT_TRUE(refused(verify(response), "condition 2: not fresh"));
}

TEST_F(Verifier, Condition2CountsFromTheTimeAtWhichThereIsAQuorum) {
  const std::uint64_t now_s = domain.now.ms / kSecondMs;
  const std::uint64_t old_s = now_s - 2 * kDayMs / kSecondMs;
  LookupResponse response = answer();
  response.checkpoint = domain.checkpoint({0, 1, 2, 3}, {now_s, now_s, old_s, old_s});
  EXPECT_TRUE(refused(verify(response), "condition 2: not fresh"));
  response.checkpoint = domain.checkpoint({0, 1, 2, 3}, {now_s, now_s - 10, now_s - 20, old_s});
  const auto lookup = verify(response);
  ASSERT_TRUE(accepted(lookup));
  EXPECT_EQ(lookup->view.time_s(), now_s - 20);
  EXPECT_EQ(lookup->view.quorum().size(), 3u);
}

TEST_F(Verifier, Condition2LeavesOutWhatLiesAheadOfTheClock) {
  const std::uint64_t now_s = domain.now.ms / kSecondMs;
  LookupResponse response = answer();
  response.checkpoint = domain.checkpoint({0, 1, 2}, {now_s, now_s, now_s + 301});
  EXPECT_TRUE(refused(verify(response), "condition 2: cosigned ahead of this clock"));
  response.checkpoint = domain.checkpoint({0, 1, 2}, {now_s, now_s, now_s + 300});
  EXPECT_TRUE(accepted(verify(response)));
}

// Setting the client's clock back does not make an old answer fresh.
TEST_F(Verifier, Condition2RemembersTheGreatestTime) {
  const LookupResponse old_answer = answer();
  const Time then = domain.now;
  domain.now = after(domain.now, 2 * kDayMs);
  learn();
  pinned.reset();
  LookupResponse response = old_answer;
  response.config.reset();
  response.growth.hashes.clear();
  EXPECT_TRUE(refused(verify_lookup(alice.name(), known(), *domain.policy, response, then), "condition 2: not fresh"));
}

// What is refused for its age alone may be waited for: a lie does not become such a thing by being old.
TEST_F(Verifier, Condition2IsTheReasonOnlyWhereAllElseHolds) {
  learn();
  grow();
  const LookupResponse old = answer();
  EXPECT_TRUE(accepted(verify(old)));
  domain.now = after(domain.now, kDayMs + 1);
  EXPECT_TRUE(refused(verify(old), kNotFresh));
  const auto expect = [&](const char* condition, const std::function<void(LookupResponse&)>& lie) {
    LookupResponse response = old;
    lie(response);
    EXPECT_TRUE(refused(verify(response), condition)) << condition;
  };
  expect("condition 1: no quorum", [&](LookupResponse& it) { it.checkpoint = domain.checkpoint({0, 1}); });
  expect("condition 3", [](LookupResponse& it) { it.growth.hashes.emplace_back(); });
  expect("condition 4: not the newest record", [](LookupResponse& it) { it.record.epoch += 1; });
  expect("condition 5: map proof", [](LookupResponse& it) { it.map_proof.leaf.count += 1; });
  expect("condition 6", [](LookupResponse& it) { it.statements.clear(); });
  expect("condition 7", [](LookupResponse& it) { it.notices.emplace_back(); });
  expect("condition 8", [&](LookupResponse& it) { it.statements.front() = bob.statements.front(); });
}

TEST_F(Verifier, Condition2RefusesASmallerLog) {
  LookupResponse response = answer();
  grow();
  learn();
  response.config.reset();
  response.statements.clear();
  EXPECT_TRUE(refused(verify(response), "condition 2: smaller than one verified before"));
}

// ---- condition 3 ----

TEST_F(Verifier, Condition3RefusesAnotherHistory) {
  learn();
  // A second log under the same keys that tells another past.
  domain.records.front().time_ms -= 1;
  domain.log.entries.front() = wire::encode(domain.records.front());
  EXPECT_TRUE(refused(verify(answer()), "condition 3"));  // the same size
  EXPECT_EQ(verify(answer()).error().code, ErrorCode::inconsistent);
  grow();
  EXPECT_TRUE(refused(verify(answer()), "condition 3"));  // a greater one
}

TEST_F(Verifier, Condition3RefusesAMissingProofAndAnIdleOne) {
  learn();
  LookupResponse response = answer();
  ASSERT_TRUE(verify(response));
  response.growth.hashes.push_back(Hash{});
  EXPECT_TRUE(refused(verify(response), "condition 3"));
  grow();
  grow();
  response = answer();
  ASSERT_TRUE(verify(response));
  response.growth.hashes.clear();
  EXPECT_TRUE(refused(verify(response), "condition 3"));
}

TEST_F(Verifier, Condition3RefusesARecordBetweenTheStoredTreeAndTheNewestThatIsAnother) {
  learn();
  grow();
  grow();
  LookupResponse response = answer();
  for (Hash& hash : response.growth.hashes) {
    const Hash honest = hash;
    hash.mutable_view()[0] ^= 1;
    EXPECT_TRUE(refused(verify(response), "condition 3"));
    hash = honest;
  }
  EXPECT_TRUE(verify(response));
}

// ---- condition 4 ----

TEST_F(Verifier, Condition4RefusesARecordThatIsNotInTheLog) {
  LookupResponse response = answer();
  response.record.names += 1;
  EXPECT_TRUE(refused(verify(response), "condition 4: the record is not in the log"));
  learn();  // and where the tree is the one that is known
  EXPECT_TRUE(verify(answer()));
  response.config.reset();
  response.growth.hashes.clear();
  EXPECT_TRUE(refused(verify(response), "condition 4: the record is not in the log"));
}

TEST_F(Verifier, Condition4RefusesAFirstAnswerWithAHashTooManyOrTooFew) {
  LookupResponse response = answer();
  response.growth.hashes.push_back(Hash{});
  EXPECT_TRUE(refused(verify(response), "condition 4: the record is not in the log"));
  response = answer();
  response.growth.hashes.pop_back();
  EXPECT_TRUE(refused(verify(response), "condition 4: the record is not in the log"));
}

TEST_F(Verifier, Condition4RefusesAnOlderRecord) {
  LookupResponse response = answer();
  response.record = domain.records.front();
  response.growth = {};  // what proves it in the tree of one
  EXPECT_TRUE(refused(verify(response), "condition 4: not the newest record"));
}

TEST_F(Verifier, Condition4RefusesARecordOfAnotherEpoch) {
  EpochRecord record = domain.records.back();
  record.epoch += 1;
  EXPECT_TRUE(refused(verify(answer_with(record)), "condition 4: not the newest record"));
}

TEST_F(Verifier, Condition4RefusesAnotherConfigThanTheRecords) {
  LookupResponse response = answer();
  response.config->min_reset_delay_s += 1;
  EXPECT_TRUE(refused(verify(response), "condition 4: not the config of the record"));
  learn();
  domain.config.min_reset_delay_s += 1;
  EpochRecord record = domain.records.back();
  record.config = domain.config.hash();
  domain_state->edge = {};  // whatever the log says, the config stays the one that was verified
  response = answer_with(record);
  response.config.reset();
  response.statements.clear();
  EXPECT_TRUE(refused(verify(response), "condition 4: not the config of the record"));
}

TEST_F(Verifier, Condition4WantsAConfigExactlyWhenNoneIsKnown) {
  LookupResponse response = answer();
  response.config.reset();
  EXPECT_TRUE(refused(verify(response), "condition 4: a config where none belongs"));
  learn();
  response = answer();
  response.config = domain.config;
  EXPECT_TRUE(refused(verify(response), "condition 4: a config where none belongs"));
}

TEST_F(Verifier, Condition4RefusesTheLogOfAnotherDomain) {
  TestDomain other("example.com", 300);
  other.cosigners.clear();
  for (auto& cosigner : domain.cosigners) other.cosigners.push_back({cosigner.name, cosigner.key.clone()});
  other.publish(alice);
  const auto response = other.answer(make_lookup(alice.name(), {}));
  EXPECT_TRUE(refused(verify(response), "condition 4: another domain's log"));
}

TEST_F(Verifier, Condition4RefusesACheckpointOfAnotherOriginThanTheConfigs) {
  LookupResponse response = answer();
  response.checkpoint =
      domain.cosign(tlog::SignedCheckpoint::sign({"example.com/cairn", domain.log_head(), {}}, domain.log_key));
  EXPECT_TRUE(refused(verify(response), "condition 4: another domain's log"));
}

TEST_F(Verifier, Condition4RefusesACheckpointThatTheLogDidNotSign) {
  LookupResponse response = answer();
  const auto key = crypto::SigningKey::generate(domain.entropy);
  response.checkpoint = domain.cosign(tlog::SignedCheckpoint::sign({domain.config.origin, domain.log_head(), {}}, key));
  EXPECT_TRUE(refused(verify(response), "condition 4: not signed by the log"));
}

TEST_F(Verifier, Condition4RefusesAnInvalidVrfKey) {
  domain.config.vrf_key = crypto::VrfPublicKey{};  // y = 0 is of small order
  EpochRecord record = domain.records.back();
  record.config = domain.config.hash();
  EXPECT_TRUE(refused(verify(answer_with(record)), "condition 4: VRF key"));
}

// ---- condition 5 ----

TEST_F(Verifier, Condition5RefusesTheVrfProofOfAnotherName) {
  LookupResponse response = answer();
  response.vrf_proof = domain.vrf(bob.name()).proof;
  EXPECT_TRUE(refused(verify(response), "condition 5: VRF proof"));
  response = answer();
  response.vrf_proof.mutable_view()[79] ^= 1;
  EXPECT_TRUE(refused(verify(response), "condition 5: VRF proof"));
}

TEST_F(Verifier, Condition5RefusesAMapProofOfAnotherKeyOrRoot) {
  LookupResponse response = answer();
  response.map_proof = domain.map.prove(domain.key_of(bob.name()));
  EXPECT_TRUE(refused(verify(response), "condition 5: map proof"));
  response = answer();
  response.map_proof.leaf.count += 1;
  EXPECT_TRUE(refused(verify(response), "condition 5: map proof"));
  response = answer();
  response.map_proof.end = MapProof::End::empty;
  EXPECT_TRUE(refused(verify(response), "condition 5: map proof"));
}

// ---- condition 6 ----

TEST_F(Verifier, Condition6RefusesADeviceThatTheOwnerDidNotAdd) {
  // Validly logged and in the map, but signed by nobody who may.
  Statement forged = alice.by_device(AddDevice{second.device}, second);
  forged.signatures.push_back(sign_as_new_device(forged.content, second.key));
  const Hash key = domain.key_of(alice.name());
  domain.publish_changes({{key, {forged.commitment()}, {}}});
  domain.entries.at("alice@example.org").statements.push_back(forged);
  EXPECT_TRUE(refused(verify(answer()), "condition 6: a statement that is not valid here"));
}

TEST_F(Verifier, Condition6RefusesTooFewOrTooManyStatements) {
  grow();
  LookupResponse response = answer();
  response.statements.pop_back();
  EXPECT_TRUE(refused(verify(response), "condition 6: the statements do not lead to the map's head"));
  const TestDevice unpublished = alice.new_device();
  response = answer();
  response.statements.push_back(alice.add(unpublished, device));
  EXPECT_TRUE(refused(verify(response), "condition 6: the statements do not lead to the map's head"));
}

TEST_F(Verifier, Condition6RefusesAnotherHeadOrCount) {
  NameLeaf lie = leaf();
  lie.head.mutable_view()[0] ^= 1;
  EXPECT_TRUE(refused(verify(answer_with_leaf(lie)), "condition 6: the statements do not lead to the map's head"));
  lie = leaf();
  lie.head.mutable_view()[0] ^= 1;
  lie.count += 1;
  EXPECT_TRUE(refused(verify(answer_with_leaf(lie)), "condition 6: the statements do not lead to the map's head"));
}

// The directory makes a second chain for a name that a contact has pinned.
TEST_F(Verifier, Condition6RefusesAnotherChainThanThePinnedOne) {
  learn();
  TestPerson impostor("alice@example.org", 77);
  impostor.take(impostor.genesis(impostor.new_device()));
  impostor.take(impostor.by_recovery(ReplaceRecovery{}));
  auto& entry = domain.entries.at("alice@example.org");
  entry.statements = impostor.statements;
  const LeafChange change{domain.key_of(alice.name()), {2, impostor.state.head(), {}, {}}};
  domain.map.update({&change, 1});
  EpochRecord record = domain.records.back();
  record.epoch += 1;
  record.map_root = domain.map.root();
  domain.records.push_back(record);
  domain.log.entries.push_back(wire::encode(record));
  EXPECT_TRUE(refused(verify(answer()), "condition 6: a statement that is not valid here"));
  LookupResponse whole = answer();
  whole.statements = impostor.statements;
  EXPECT_TRUE(refused(verify(whole), "condition 6: a statement that is not valid here"));
  whole.statements.clear();
  EXPECT_TRUE(refused(verify(whole), "condition 6: the statements do not lead to the map's head"));
}

TEST_F(Verifier, Condition6RefusesThatAPinnedNameDisappears) {
  learn();
  TestDomain without;
  without.publish(bob);
  without.publish_changes({});
  without.publish_changes({});
  domain_state.reset();
  const auto response = without.answer(make_lookup(alice.name(), known()));
  EXPECT_TRUE(refused(verify(response), "condition 6: the map has no such name"));
}

TEST_F(Verifier, Condition6RefusesALeafWithoutStatements) {
  LookupResponse response = answer_with_leaf(NameLeaf{});
  response.statements.clear();
  EXPECT_TRUE(refused(verify(response), "condition 6: the statements do not lead to the map's head"));
}

// ---- condition 8 ----

// A valid chain of another name, with that name's head in the leaf of the name asked for.
TEST_F(Verifier, Condition8RefusesTheChainOfAnotherName) {
  domain.entries.at("alice@example.org").statements = bob.statements;
  EXPECT_TRUE(
      refused(verify(answer_with_leaf({1, bob.state.head(), {}, {}})), "condition 8: a statement of another name"));
}

// ---- sending ----

TEST_F(Verifier, ViewsGrowOld) {
  learn();
  const Time at{pinned->time_s() * kSecondMs};
  EXPECT_EQ(pinned->age_ms(at), 0u);
  EXPECT_EQ(pinned->age_ms(after(at, kMaxViewAgeNewDeviceMs + 1)), kMaxViewAgeNewDeviceMs + 1);
}

TEST_F(Verifier, ClockThatRunsBackIsNotTrusted) {
  learn();
  EXPECT_EQ(domain_state->trusted_now(Time{0}), Time{pinned->time_s() * kSecondMs});
  EXPECT_EQ(domain_state->trusted_now(Time::never()), Time::never());
}

}  // namespace
}  // namespace cairn::directory
