#include <gtest/gtest.h>

#include "core/relay/tables.h"
#include "tests/support/relay_people.h"

namespace cairn::relay {
namespace {

using proto::EnvelopeKind;
using proto::MailboxPush;
using testing::body_of;
using testing::Commit;
using testing::error_of;
using testing::Member;
using testing::RelayDriver;
using testing::TestChannel;

/// Alice's channel, with bob in it.
class ChannelTest : public ::testing::Test {
 protected:
  ChannelTest() { EXPECT_EQ(channel.admit(driver, alice, bob).status, 200); }

  /// A commit that would be accepted.
  proto::ChannelCommit good() { return channel.make_commit(next_key); }
  proto::Respond post(const proto::ChannelCommit& commit, std::string bearer = {}) {
    return driver.post(proto::kPathChannelCommit, wire::encode(channel.signed_by(commit, channel.key)),
                       std::move(bearer));
  }
  proto::JoinToken token_of(const Member& who) { return alice.fetch(driver, who).items.at(0).join_token; }
  /// What a request that is refused must leave behind: nothing.
  void expect_nothing_changed(const MemoryView& before) { EXPECT_EQ(driver.store, before); }
  std::vector<proto::Envelope> envelopes(const Member& who) {
    std::vector<proto::Envelope> out;
    for (const MailboxPush& push : driver.pushes[driver.open(who.token)]) {
      if (push.kind == MailboxPush::Kind::envelope) out.push_back(push.envelope);
    }
    return out;
  }

  RelayDriver driver{testing::open_config()};
  Member alice{driver, "alice@example.org", 1};
  Member bob{driver, "bob@example.org", 2};
  Member carol{driver, "carol@example.org", 3};
  proto::Respond uploads[3] = {alice.upload(driver, 30), bob.upload(driver, 30), carol.upload(driver, 30)};
  TestChannel channel{driver, alice, 4};
  crypto::SigningKey next_key = crypto::SigningKey::generate(channel.entropy);
};

TEST_F(ChannelTest, ASendReachesEveryRecipientTheSenderToo) {
  EXPECT_EQ(channel.send(driver, "hello").status, 200);
  for (const Member* who : {&alice, &bob}) {
    const auto got = envelopes(*who);
    ASSERT_EQ(got.size(), 2u);
    EXPECT_EQ(got[0].kind, who == &alice ? EnvelopeKind::commit : EnvelopeKind::welcome);
    EXPECT_EQ(got[1].kind, EnvelopeKind::message);
    EXPECT_EQ(got[1].body, to_bytes("hello"));
    EXPECT_EQ(got[1].channel, channel.id);
    EXPECT_EQ(got[1].epoch, 1u);
    EXPECT_EQ(got[1].sequence, 2u);
    EXPECT_EQ(got[1].domain, "example.org");
  }
  EXPECT_TRUE(envelopes(carol).empty());
}

TEST_F(ChannelTest, ARepeatedCreateIsFineAndAnotherOneIsNot) {
  proto::ChannelCreate create{random_value<ChannelId>(channel.entropy), 5, next_key.public_key(),
                              alice.address().mailbox};
  const auto post_create = [&](const proto::ChannelCreate& it, const Member& who) {
    return driver.post(proto::kPathChannelCreate, wire::encode(it), who.token);
  };
  EXPECT_EQ(post_create(create, alice).status, 200);
  EXPECT_EQ(post_create(create, alice).status, 200);
  for (int change = 0; change < 3; ++change) {
    proto::ChannelCreate other = create;
    if (change == 0) other.epoch = 6;
    if (change == 1) other.write_key = channel.key.public_key();
    if (change == 2) other.mailbox = bob.address().mailbox;
    const auto answer = post_create(other, change == 2 ? bob : alice);
    EXPECT_EQ(answer.status, 409) << change;
  }
  EXPECT_EQ(driver.post(proto::kPathChannelCreate, wire::encode(create)).status, 401);
}

TEST_F(ChannelTest, IsNotCreatedWithAnothersMailbox) {
  const proto::ChannelCreate create{random_value<ChannelId>(channel.entropy), 0, next_key.public_key(),
                                    bob.address().mailbox};
  EXPECT_EQ(driver.post(proto::kPathChannelCreate, wire::encode(create), alice.token).status, 403);
}

TEST_F(ChannelTest, AcceptsTheCommitThatTheOtherTestsBreak) {
  EXPECT_EQ(post(good()).status, 200);
  EXPECT_EQ(body_of<proto::CommitAnswer>(post(good())).epoch, 2u);
}

TEST_F(ChannelTest, RefusesACommitSignedByAnotherKey) {
  const MemoryView before = driver.store;
  const auto answer = driver.post(proto::kPathChannelCommit, wire::encode(channel.signed_by(good(), next_key)));
  EXPECT_EQ(answer.status, 403);
  EXPECT_EQ(error_of(answer), ErrorCode::invalid_signature);
  expect_nothing_changed(before);
}

TEST_F(ChannelTest, RefusesACommitWhoseContentIsNotWhatWasSigned) {
  const MemoryView before = driver.store;
  auto commit = channel.signed_by(good(), channel.key);
  commit.revoke = proto::Revoke::yes;
  EXPECT_EQ(driver.post(proto::kPathChannelCommit, wire::encode(commit)).status, 403);
  expect_nothing_changed(before);
}

TEST_F(ChannelTest, RefusesACommitToAChannelThatIsNot) {
  auto commit = good();
  commit.channel = random_value<ChannelId>(channel.entropy);
  EXPECT_EQ(post(commit).status, 404);
}

TEST_F(ChannelTest, RefusesAWelcomeToWhoIsNoRecipient) {
  auto commit = good();
  channel.add(commit, carol, token_of(carol));
  std::erase(commit.next_recipients, carol.address());
  const MemoryView before = driver.store;
  EXPECT_EQ(error_of(post(commit, alice.token)), ErrorCode::malformed);
  expect_nothing_changed(before);
}

TEST_F(ChannelTest, RefusesANewRecipientWithoutAWelcome) {
  auto commit = good();
  commit.next_recipients.push_back(carol.address());
  std::ranges::sort(commit.next_recipients);
  const MemoryView before = driver.store;
  EXPECT_EQ(error_of(post(commit, alice.token)), ErrorCode::not_authorised);
  expect_nothing_changed(before);
}

TEST_F(ChannelTest, RefusesTwoWelcomesForOneMailbox) {
  auto commit = good();
  channel.add(commit, carol, token_of(carol));
  commit.welcomes.push_back({carol.address(), token_of(carol), to_bytes("again")});
  EXPECT_EQ(error_of(post(commit, alice.token)), ErrorCode::malformed);
}

TEST_F(ChannelTest, RefusesAWelcomeWithoutALogin) {
  auto commit = good();
  channel.add(commit, carol, token_of(carol));
  const MemoryView before = driver.store;
  EXPECT_EQ(post(commit).status, 401);
  expect_nothing_changed(before);
  EXPECT_EQ(post(commit, alice.token).status, 200);
}

TEST_F(ChannelTest, RefusesAJoinTokenThatWasNeverHandedOut) {
  auto commit = good();
  channel.add(commit, carol, random_value<proto::JoinToken>(channel.entropy));
  const MemoryView before = driver.store;
  EXPECT_EQ(error_of(post(commit, alice.token)), ErrorCode::not_authorised);
  expect_nothing_changed(before);
}

TEST_F(ChannelTest, RefusesAJoinTokenOfAnotherDevice) {
  auto commit = good();
  channel.add(commit, carol, token_of(bob));
  EXPECT_EQ(error_of(post(commit, alice.token)), ErrorCode::not_authorised);
}

TEST_F(ChannelTest, RefusesAJoinTokenThatWasUsed) {
  const proto::JoinToken token = token_of(carol);
  auto commit = good();
  channel.add(commit, carol, token);
  ASSERT_EQ(channel.commit(driver, commit, next_key.clone(), alice.token).status, 200);
  auto without = channel.make_commit(next_key);
  std::erase(without.next_recipients, carol.address());
  ASSERT_EQ(channel.commit(driver, without, next_key.clone()).status, 200);
  auto again = channel.make_commit(next_key);
  channel.add(again, carol, token);
  EXPECT_EQ(error_of(post(again, alice.token)), ErrorCode::not_authorised);
}

TEST_F(ChannelTest, RefusesARecipientOfAnotherDomain) {
  auto commit = good();
  commit.next_recipients.push_back({"zoo.example", carol.address().mailbox});
  EXPECT_EQ(post(commit, alice.token).status, 501);
}

TEST_F(ChannelTest, RefusesACommitThatLeavesNobody) {
  auto commit = good();
  commit.next_recipients.clear();
  EXPECT_EQ(error_of(post(commit)), ErrorCode::malformed);
}

TEST_F(ChannelTest, ALoserGetsTheWinnersCommit) {
  const auto winner = good();
  const auto loser = channel.signed_by(good(), channel.key);
  ASSERT_EQ(post(winner).status, 200);
  const auto answer = driver.post(proto::kPathChannelCommit, wire::encode(loser));
  EXPECT_EQ(answer.status, 409);
  EXPECT_EQ(body_of<proto::CommitAnswer>(answer).winning_commit, winner.commit);
  EXPECT_EQ(body_of<proto::CommitAnswer>(answer).epoch, 2u);
}

TEST_F(ChannelTest, ARepeatedCommitGetsItsOwnBytes) {
  const auto commit = good();
  ASSERT_EQ(post(commit).status, 200);
  EXPECT_EQ(body_of<proto::CommitAnswer>(post(commit)).winning_commit, commit.commit);
}

TEST_F(ChannelTest, TheWinnersBytesAreForWhoCouldHaveWonOnly) {
  ASSERT_EQ(post(good()).status, 200);
  const auto answer = driver.post(proto::kPathChannelCommit, wire::encode(channel.signed_by(good(), next_key)));
  EXPECT_EQ(answer.status, 403);
}

TEST_F(ChannelTest, ACommitForAnEpochThatIsLongerGoneGetsNoBytes) {
  const auto old = channel.signed_by(good(), channel.key);
  for (int i = 0; i < 2; ++i)
    ASSERT_EQ(channel.commit(driver, channel.make_commit(next_key), next_key.clone()).status, 200);
  const auto answer = driver.post(proto::kPathChannelCommit, wire::encode(old));
  EXPECT_EQ(answer.status, 409);
  EXPECT_TRUE(body_of<proto::CommitAnswer>(answer).winning_commit.empty());
  EXPECT_EQ(body_of<proto::CommitAnswer>(answer).epoch, 3u);
}

TEST_F(ChannelTest, OfManyCommitsInOneBatchExactlyOneWins) {
  std::vector<proto::Input> inputs;
  std::vector<proto::RequestArrived> requests;
  std::vector<Bytes> bodies;
  for (int i = 0; i < 5; ++i) {
    const auto commit = channel.signed_by(good(), channel.key);
    bodies.push_back(commit.commit);
    requests.push_back(driver.make_request(proto::Method::post, proto::kPathChannelCommit, wire::encode(commit)));
    inputs.emplace_back(requests.back());
  }
  ASSERT_TRUE(driver.batch(inputs));
  EXPECT_EQ(driver.answer_to(requests[0]).status, 200);
  for (int i = 1; i < 5; ++i) {
    EXPECT_EQ(driver.answer_to(requests[static_cast<std::size_t>(i)]).status, 409);
    EXPECT_EQ(body_of<proto::CommitAnswer>(driver.answer_to(requests[static_cast<std::size_t>(i)])).winning_commit,
              bodies[0]);
  }
  EXPECT_EQ(envelopes(bob).size(), 2u);
}

TEST_F(ChannelTest, ThePreviousWriteKeyIsGoodForAMinute) {
  const auto old = channel.make_send(to_bytes("late"), channel.key, channel.epoch);
  ASSERT_EQ(post(good()).status, 200);
  driver.pass(proto::kPreviousWriteKeyMs - 1);
  EXPECT_EQ(driver.post(proto::kPathChannelSend, wire::encode(old)).status, 200);
  driver.pass(1);
  const auto answer = driver.post(proto::kPathChannelSend, wire::encode(old));
  EXPECT_EQ(answer.status, 409);
  EXPECT_EQ(error_of(answer), ErrorCode::wrong_epoch);
}

TEST_F(ChannelTest, ARevokedWriteKeyIsGoodForNothing) {
  const auto old = channel.make_send(to_bytes("late"), channel.key, channel.epoch);
  auto commit = good();
  commit.revoke = proto::Revoke::yes;
  ASSERT_EQ(post(commit).status, 200);
  EXPECT_EQ(error_of(driver.post(proto::kPathChannelSend, wire::encode(old))), ErrorCode::wrong_epoch);
}

TEST_F(ChannelTest, ALateSendGoesToTheRecipientsOfItsOwnEpoch) {
  const auto old = channel.make_send(to_bytes("late"), channel.key, channel.epoch);
  auto commit = good();
  std::erase(commit.next_recipients, bob.address());
  ASSERT_EQ(channel.commit(driver, commit, next_key.clone()).status, 200);
  EXPECT_EQ(driver.post(proto::kPathChannelSend, wire::encode(old)).status, 200);
  EXPECT_EQ(channel.send(driver, "new").status, 200);
  const auto bobs = envelopes(bob);
  ASSERT_EQ(bobs.size(), 3u);
  EXPECT_EQ(bobs[1].kind, EnvelopeKind::commit);
  EXPECT_EQ(bobs[2].body, to_bytes("late"));
  EXPECT_EQ(envelopes(alice).size(), 4u);
}

TEST_F(ChannelTest, RefusesASendByAnotherKeyOrForAnotherEpoch) {
  const MemoryView before = driver.store;
  const auto post_send = [&](const proto::ChannelSend& send) {
    return error_of(driver.post(proto::kPathChannelSend, wire::encode(send)));
  };
  EXPECT_EQ(post_send(channel.make_send({1}, next_key, channel.epoch)), ErrorCode::invalid_signature);
  EXPECT_EQ(post_send(channel.make_send({1}, channel.key, channel.epoch + 1)), ErrorCode::wrong_epoch);
  EXPECT_EQ(post_send(channel.make_send({1}, channel.key, channel.epoch - 1)), ErrorCode::invalid_signature);
  auto moved = channel.make_send({1}, channel.key, channel.epoch);
  moved.ciphertext = {2};
  EXPECT_EQ(post_send(moved), ErrorCode::invalid_signature);
  moved.channel = random_value<ChannelId>(channel.entropy);
  EXPECT_EQ(post_send(moved), ErrorCode::not_found);
  expect_nothing_changed(before);
}

TEST_F(ChannelTest, AWelcomeIsQueuedBeforeEverythingOfItsEpoch) {
  const auto bob_socket = driver.open(bob.token);
  const auto carol_socket = driver.open(carol.token);
  auto commit = good();
  channel.add(commit, carol, token_of(carol));
  const auto request = driver.make_request(proto::Method::post, proto::kPathChannelCommit,
                                           wire::encode(channel.signed_by(commit, channel.key)), alice.token);
  const auto send = driver.make_request(proto::Method::post, proto::kPathChannelSend,
                                        wire::encode(channel.make_send(to_bytes("first"), next_key, 2)));
  ASSERT_TRUE(driver.batch({request, send}));
  const auto kinds = [&](proto::SocketId socket) {
    std::vector<EnvelopeKind> out;
    for (const MailboxPush& push : driver.pushes[socket]) {
      if (push.kind == MailboxPush::Kind::envelope) out.push_back(push.envelope.kind);
    }
    return out;
  };
  EXPECT_EQ(kinds(carol_socket), (std::vector{EnvelopeKind::welcome, EnvelopeKind::message}));
  EXPECT_EQ(kinds(bob_socket), (std::vector{EnvelopeKind::welcome, EnvelopeKind::commit, EnvelopeKind::message}));
}

TEST_F(ChannelTest, ACommitThatDidNotGetToDiskNeverWas) {
  auto commit = good();
  channel.add(commit, carol, token_of(carol));
  const MemoryView fetched = driver.store;
  const auto request = driver.make_request(proto::Method::post, proto::kPathChannelCommit,
                                           wire::encode(channel.signed_by(commit, channel.key)), alice.token);
  EXPECT_FALSE(driver.batch({request}, Commit::fails));
  EXPECT_FALSE(driver.answers.contains(request.id));
  EXPECT_EQ(driver.store, fetched);
  EXPECT_EQ(driver.post(proto::kPathChannelCommit, request.body, alice.token).status, 200);
  EXPECT_EQ(envelopes(carol).at(0).sequence, 1u);
  EXPECT_EQ(envelopes(bob).back().sequence, 2u);
}

TEST_F(ChannelTest, StoresABodyOnceAndDropsItWithTheLastReference) {
  const auto count = [&](Table table) { return driver.store.scan(table, {}, {}, 1000).size(); };
  const std::size_t bodies = count(table::kBodies);
  ASSERT_EQ(channel.send(driver, "once").status, 200);
  EXPECT_EQ(count(table::kBodies), bodies + 1);
  driver.acknowledge(driver.open(alice.token), 2);
  EXPECT_EQ(count(table::kBodies), bodies + 1);
  driver.acknowledge(driver.open(bob.token), 2);
  // What is left is the commit that began the epoch: kept for a loser.
  EXPECT_EQ(count(table::kBodies), 1u);
  EXPECT_EQ(count(table::kBodyCounts), 1u);
  EXPECT_EQ(count(table::kReferences), 0u);
}

TEST_F(ChannelTest, OldEpochsLeaveNothingBehind) {
  for (int i = 0; i < 5; ++i) {
    ASSERT_EQ(channel.commit(driver, channel.make_commit(next_key), next_key.clone()).status, 200);
  }
  EXPECT_EQ(driver.store.scan(table::kRecipients, {}, {}, 100).size(), 2u);
  driver.acknowledge(driver.open(alice.token), 6);
  driver.acknowledge(driver.open(bob.token), 6);
  EXPECT_EQ(driver.store.scan(table::kBodies, {}, {}, 100).size(), 1u);
}

TEST_F(ChannelTest, ACommitIsKeptForALoserForAnHourAndTakesNoRoomAfterThat) {
  const auto winner = good();
  const auto loser = channel.signed_by(good(), channel.key);
  ASSERT_EQ(channel.commit(driver, winner, next_key.clone()).status, 200);
  driver.acknowledge(driver.open(alice.token), 2);
  driver.acknowledge(driver.open(bob.token), 2);
  const auto count = [&](Table table) { return driver.store.scan(table, {}, {}, 1000).size(); };
  driver.pass(59 * kMinuteMs);
  const auto in_time = driver.post(proto::kPathChannelCommit, wire::encode(loser));
  EXPECT_EQ(body_of<proto::CommitAnswer>(in_time).winning_commit, winner.commit);
  EXPECT_EQ(count(table::kBodies), 1u);
  driver.pass(10 * kMinuteMs);
  EXPECT_EQ(count(table::kBodies), 0u);
  EXPECT_EQ(count(table::kBodyCounts), 0u);
  EXPECT_EQ(count(table::kRecipients), 1u);
  const auto late = driver.post(proto::kPathChannelCommit, wire::encode(loser));
  EXPECT_EQ(late.status, 409);
  EXPECT_TRUE(body_of<proto::CommitAnswer>(late).winning_commit.empty());
  EXPECT_EQ(body_of<proto::CommitAnswer>(late).epoch, 2u);
  // The channel goes on, however long nobody wrote there.
  driver.pass(200 * kDayMs);
  alice.log_in(driver);
  bob.log_in(driver);
  EXPECT_EQ(channel.send(driver, "later").status, 200);
  ASSERT_EQ(channel.commit(driver, good(), next_key.clone()).status, 200);
  EXPECT_EQ(channel.send(driver, "and on").status, 200);
  EXPECT_EQ(count(table::kRecipients), 2u);
  EXPECT_EQ(count(table::kChannels), 1u);
}

TEST_F(ChannelTest, WhoHasWonLearnsItHoweverLateTheSameCommitIsSentAgain) {
  const auto winner = channel.signed_by(good(), channel.key);
  const auto loser = channel.signed_by(good(), channel.key);
  ASSERT_NE(winner.commit, loser.commit);
  ASSERT_EQ(channel.commit(driver, winner, next_key.clone()).status, 200);
  const auto again = [&](const proto::ChannelCommit& it) {
    return driver.post(proto::kPathChannelCommit, wire::encode(it));
  };
  driver.pass(20 * kDayMs);
  const auto late = again(winner);
  EXPECT_EQ(late.status, 409);
  EXPECT_EQ(body_of<proto::CommitAnswer>(late).winning_commit, winner.commit);
  EXPECT_EQ(body_of<proto::CommitAnswer>(late).epoch, 2u);
  EXPECT_TRUE(body_of<proto::CommitAnswer>(again(loser)).winning_commit.empty());
  // Not for who only knows its bytes.
  EXPECT_EQ(error_of(again(channel.signed_by(winner, next_key))), ErrorCode::invalid_signature);
  // A row that an older server wrote has no digest.
  auto row = *wire::decode<ChannelRow>(*driver.store.get(table::kChannels, channel.id));
  row.winner.reset();
  driver.store.apply({{table::kChannels, to_bytes(channel.id), wire::encode(row)}});
  driver.restart();
  EXPECT_TRUE(body_of<proto::CommitAnswer>(again(winner)).winning_commit.empty());
  // It is of the last epoch alone.
  ASSERT_EQ(channel.commit(driver, good(), next_key.clone()).status, 200);
  EXPECT_TRUE(body_of<proto::CommitAnswer>(again(winner)).winning_commit.empty());
}

TEST(ChannelLimits, AChannelHasABucketThatAStrangerCannotEmpty) {
  RelayConfig config = testing::open_config();
  config.limits.channel = {3, 60};
  RelayDriver driver(config);
  Member alice(driver, "alice@example.org", 1);
  TestChannel channel(driver, alice, 4);
  const auto stranger = crypto::SigningKey::generate(channel.entropy);
  for (int i = 0; i < 10; ++i) {
    EXPECT_EQ(driver.post(proto::kPathChannelSend, wire::encode(channel.make_send({1}, stranger, 0))).status, 403);
  }
  for (int i = 0; i < 3; ++i) EXPECT_EQ(channel.send(driver, "fast").status, 200);
  const auto answer = channel.send(driver, "too fast");
  EXPECT_EQ(answer.status, 429);
  EXPECT_EQ(answer.retry_after_s, 1u);
  driver.pass(1000);
  EXPECT_EQ(channel.send(driver, "slowly").status, 200);
}

TEST(ChannelLimits, WhatGoesToManyCostsMore) {
  RelayConfig config = testing::open_config();
  config.limits.channel = {4, 60};
  RelayDriver driver(config);
  Member alice(driver, "alice@example.org", 1);
  TestChannel channel(driver, alice, 4);
  auto key = crypto::SigningKey::generate(channel.entropy);
  auto commit = channel.make_commit(key);
  for (std::uint64_t i = 0; i < 64; ++i) {
    Member member(driver, "m" + std::to_string(i) + "@example.org", 100 + i);
    member.upload(driver, 1);
    channel.add(commit, member, alice.fetch(driver, member).items.at(0).join_token);
  }
  ASSERT_EQ(channel.commit(driver, commit, key.clone(), alice.token).status, 200);
  driver.pass(10'000);
  EXPECT_EQ(channel.send(driver, "to 65").status, 200);
  EXPECT_EQ(channel.send(driver, "to 65").status, 200);
  const auto answer = channel.send(driver, "to 65");
  EXPECT_EQ(answer.status, 429);
  EXPECT_EQ(answer.retry_after_s, 2u);
  driver.pass(2000);
  EXPECT_EQ(channel.send(driver, "to 65").status, 200);
}

TEST(ChannelLimits, AFullMailboxStopsSendsUntilItDrainsOrLeaves) {
  RelayConfig config = testing::open_config();
  config.limits.mailbox_envelopes = 3;
  RelayDriver driver(config);
  Member alice(driver, "alice@example.org", 1);
  Member bob(driver, "bob@example.org", 2);
  bob.upload(driver, 1);
  TestChannel channel(driver, alice, 4);
  ASSERT_EQ(channel.admit(driver, alice, bob).status, 200);
  const auto socket = driver.open(alice.token);
  const auto send = [&] {
    const auto answer = channel.send(driver, "x");
    driver.acknowledge(socket, driver.pushes[socket].back().envelope.sequence);
    return answer.status;
  };
  EXPECT_EQ(send(), 200);
  EXPECT_EQ(send(), 200);
  EXPECT_EQ(send(), 413);
  const auto key = crypto::SigningKey::generate(channel.entropy);
  EXPECT_EQ(channel.commit(driver, channel.make_commit(key), key.clone()).status, 413);
  auto without = channel.make_commit(key);
  std::erase(without.next_recipients, bob.address());
  EXPECT_EQ(channel.commit(driver, without, key.clone()).status, 200);
  EXPECT_EQ(send(), 200);
}

}  // namespace
}  // namespace cairn::relay
