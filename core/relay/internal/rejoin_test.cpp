// Asking to be let in again, and answering: who may, who gets it, and how often (docs/spec/relay.md s.2).
#include "core/proto/rejoin.h"

#include <gtest/gtest.h>

#include "core/relay/tables.h"
#include "tests/support/relay_people.h"

namespace cairn::relay {
namespace {

using proto::EnvelopeKind;
using proto::MailboxPush;
using testing::body_of;
using testing::error_of;
using testing::Member;
using testing::RelayDriver;
using testing::TestChannel;

/// Alice's channel, with bob in it; carol is not.
class RejoinRoutes : public ::testing::Test {
 protected:
  RejoinRoutes() { EXPECT_EQ(channel.admit(driver, alice, bob).status, 200); }

  proto::Respond ask(const Member& who, Bytes request = to_bytes("let me in")) {
    return driver.post(proto::kPathRejoin, wire::encode(proto::ChannelRejoin{channel.id, std::move(request)}),
                       who.token);
  }
  proto::ChannelRejoinAnswer good() { return {channel.id, channel.epoch, bob.address(), to_bytes("come in"), {}}; }
  proto::Respond answer(proto::ChannelRejoinAnswer it, const crypto::SigningKey& key) {
    it.signature = crypto::sign_labelled(key, crypto::kSignRejoinAnswer, it.content());
    return driver.post(proto::kPathRejoinAnswer, wire::encode(it));
  }
  std::vector<proto::Envelope> got(const Member& who, EnvelopeKind kind) {
    std::vector<proto::Envelope> out;
    for (const MailboxPush& push : driver.pushes[driver.open(who.token)]) {
      if (push.kind == MailboxPush::Kind::envelope && push.envelope.kind == kind) out.push_back(push.envelope);
    }
    return out;
  }

  RelayDriver driver{testing::open_config()};
  Member alice{driver, "alice@example.org", 1};
  Member bob{driver, "bob@example.org", 2};
  Member carol{driver, "carol@example.org", 3};
  proto::Respond uploads[2] = {alice.upload(driver, 30), bob.upload(driver, 30)};
  TestChannel channel{driver, alice, 4};
};

TEST_F(RejoinRoutes, ARequestReachesAllOthersOfTheChannel) {
  const auto answer = ask(bob);
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(body_of<proto::RejoinAsked>(answer).mailboxes, 1u);
  const auto envelopes = got(alice, EnvelopeKind::rejoin);
  ASSERT_EQ(envelopes.size(), 1u);
  EXPECT_EQ(envelopes[0].body, to_bytes("let me in"));
  EXPECT_EQ(envelopes[0].channel, channel.id);
  EXPECT_EQ(envelopes[0].epoch, channel.epoch);
  EXPECT_TRUE(got(bob, EnvelopeKind::rejoin).empty());
  EXPECT_TRUE(got(carol, EnvelopeKind::rejoin).empty());
}

TEST_F(RejoinRoutes, ARequestIsRefusedOfWhoIsNotInTheChannelOrNotLoggedIn) {
  const MemoryView before = driver.store;
  EXPECT_EQ(error_of(ask(carol)), ErrorCode::not_authorised);
  EXPECT_EQ(driver.post(proto::kPathRejoin, wire::encode(proto::ChannelRejoin{channel.id, {}})).status, 401);
  proto::ChannelRejoin other{random_value<ChannelId>(channel.entropy), {}};
  EXPECT_EQ(driver.post(proto::kPathRejoin, wire::encode(other), bob.token).status, 404);
  EXPECT_EQ(ask(bob, Bytes(proto::kMaxRejoinRequest + 1)).status, 413);
  EXPECT_EQ(driver.store, before);
  EXPECT_EQ(ask(bob, Bytes(proto::kMaxRejoinRequest)).status, 200);
}

TEST_F(RejoinRoutes, ADeviceThatWasRemovedFromTheChannelAsksInVain) {
  const auto next = crypto::SigningKey::generate(channel.entropy);
  auto removal = channel.make_commit(next);
  std::erase(removal.next_recipients, bob.address());
  ASSERT_EQ(channel.commit(driver, removal, next.clone()).status, 200);
  EXPECT_EQ(error_of(ask(bob)), ErrorCode::not_authorised);
}

TEST_F(RejoinRoutes, NoMailboxMeansThatNobodyElseIsThere) {
  TestChannel alone(driver, alice, 5);
  const Bytes request = wire::encode(proto::ChannelRejoin{alone.id, to_bytes("let me in")});
  const auto answer = driver.post(proto::kPathRejoin, request, alice.token);
  ASSERT_EQ(answer.status, 200);
  EXPECT_EQ(body_of<proto::RejoinAsked>(answer).mailboxes, 0u);
  EXPECT_TRUE(got(alice, EnvelopeKind::rejoin).empty());
}

TEST(RejoinRoom, ARequestThatReachesNoneOfTheOthersIsRefused) {
  RelayConfig config = testing::open_config();
  config.limits.mailbox_envelopes = 3;
  RelayDriver driver(config);
  Member alice(driver, "alice@example.org", 1);
  Member bob(driver, "bob@example.org", 2);
  bob.upload(driver, 1);
  TestChannel channel(driver, alice, 4);
  ASSERT_EQ(channel.admit(driver, alice, bob).status, 200);
  const Bytes request = wire::encode(proto::ChannelRejoin{channel.id, to_bytes("let me in")});
  const auto ask = [&] { return driver.post(proto::kPathRejoin, request, alice.token); };
  std::size_t taken = 0;
  auto answer = ask();
  for (; answer.status == 200 && taken < 3; answer = ask()) {
    EXPECT_EQ(body_of<proto::RejoinAsked>(answer).mailboxes, 1u);
    ++taken;
  }
  EXPECT_GT(taken, 0u);
  EXPECT_EQ(error_of(answer), ErrorCode::over_limit) << "bob's mailbox is full";
  const MemoryView before = driver.store;
  EXPECT_EQ(ask().status, 413);
  EXPECT_EQ(driver.store, before);
}

TEST_F(RejoinRoutes, ADeviceAsksEightTimesAtOnceAndThenEveryThreeHours) {
  for (int i = 0; i < 8; ++i) EXPECT_EQ(ask(bob).status, 200) << i;
  const auto refused = ask(bob);
  EXPECT_EQ(refused.status, 429);
  EXPECT_GT(refused.retry_after_s.value_or(0), 2u * 3600);
  EXPECT_EQ(ask(alice).status, 200);  // another device has a bucket of its own
  driver.now = after(driver.now, 3 * kHourMs);
  bob.log_in(driver);
  EXPECT_EQ(ask(bob).status, 200);
  EXPECT_EQ(ask(bob).status, 429);
}

TEST_F(RejoinRoutes, AnAnswerReachesThatOneMailbox) {
  EXPECT_EQ(answer(good(), channel.key).status, 200);
  const auto envelopes = got(bob, EnvelopeKind::rejoin_answer);
  ASSERT_EQ(envelopes.size(), 1u);
  EXPECT_EQ(envelopes[0].body, to_bytes("come in"));
  EXPECT_TRUE(got(alice, EnvelopeKind::rejoin_answer).empty());
}

TEST_F(RejoinRoutes, AnAnswerIsRefusedOfWhoCannotWrite) {
  const MemoryView before = driver.store;
  EXPECT_EQ(error_of(answer(good(), crypto::SigningKey::generate(channel.entropy))), ErrorCode::invalid_signature);
  auto spoilt = good();
  spoilt.signature = crypto::sign_labelled(channel.key, crypto::kSignRejoinAnswer, spoilt.content());
  spoilt.answer.push_back(0);
  EXPECT_EQ(driver.post(proto::kPathRejoinAnswer, wire::encode(spoilt)).status, 403);
  auto other_label = good();
  other_label.signature = crypto::sign_labelled(channel.key, crypto::kSignChannelSend, other_label.content());
  EXPECT_EQ(driver.post(proto::kPathRejoinAnswer, wire::encode(other_label)).status, 403);
  EXPECT_EQ(driver.store, before);
}

TEST_F(RejoinRoutes, AnAnswerIsRefusedToWhoIsNotInTheChannel) {
  auto to_carol = good();
  to_carol.to = carol.address();
  EXPECT_EQ(error_of(answer(to_carol, channel.key)), ErrorCode::not_authorised);
  auto elsewhere = good();
  elsewhere.to.domain = "other.org";
  EXPECT_EQ(answer(elsewhere, channel.key).status, 403);
}

TEST_F(RejoinRoutes, AnAnswerAboutAnotherEpochIsRefused) {
  const auto former = good();
  const auto former_key = channel.key.clone();
  const auto next = crypto::SigningKey::generate(channel.entropy);
  ASSERT_EQ(channel.commit(driver, channel.make_commit(next), next.clone()).status, 200);
  EXPECT_EQ(error_of(answer(former, former_key)), ErrorCode::wrong_epoch);
  auto ahead = good();
  ++ahead.epoch;
  EXPECT_EQ(error_of(answer(ahead, channel.key)), ErrorCode::wrong_epoch);
  EXPECT_EQ(answer(good(), channel.key).status, 200);
}

TEST_F(RejoinRoutes, ACommitByWhoWasLetInIsOrderedAsAnyOther) {
  const auto next = crypto::SigningKey::generate(channel.entropy);
  const auto commit = channel.make_commit(next);
  EXPECT_EQ(driver
                .post(proto::kPathChannelCommit,
                      wire::encode(channel.signed_by(commit, crypto::SigningKey::generate(channel.entropy))))
                .status,
            403);
  EXPECT_EQ(channel.commit(driver, commit, next.clone()).status, 200);
}

TEST_F(RejoinRoutes, TheEndOfAMailboxIsToldWithItsNumber) {
  const auto last_of = [&](const Member& who) {
    for (const MailboxPush& push : driver.pushes[driver.open(who.token)]) {
      if (push.kind == MailboxPush::Kind::caught_up) return push.last;
    }
    return ~std::uint64_t{0};
  };
  EXPECT_EQ(last_of(carol), 0u);
  EXPECT_EQ(last_of(bob), 1u);
  ASSERT_EQ(channel.send(driver, "one more").status, 200);
  EXPECT_EQ(last_of(bob), 2u);
  driver.pass(31 * kDayMs);
  bob.log_in(driver);
  const auto socket = driver.open(bob.token);
  ASSERT_EQ(driver.pushes[socket].size(), 1u) << "what waited for too long is gone";
  EXPECT_EQ(driver.pushes[socket][0].last, 2u);
}

TEST(RejoinBodies, HaveOneEncoding) {
  const proto::ChannelRejoin ask{{}, to_bytes("x")};
  EXPECT_EQ(wire::decode<proto::ChannelRejoin>(wire::encode(ask))->request, ask.request);
  Bytes longer = wire::encode(ask);
  longer.push_back(0);
  EXPECT_FALSE(wire::decode<proto::ChannelRejoin>(longer));
  const proto::ChannelRejoinAnswer answer{{}, 7, {"example.org", {}}, to_bytes("y"), {}};
  const auto again = wire::decode<proto::ChannelRejoinAnswer>(wire::encode(answer));
  EXPECT_EQ(again->content(), answer.content());
  longer = wire::encode(answer);
  longer.push_back(0);
  EXPECT_FALSE(wire::decode<proto::ChannelRejoinAnswer>(longer));
  longer.resize(longer.size() - 2);
  EXPECT_FALSE(wire::decode<proto::ChannelRejoinAnswer>(longer));
}

}  // namespace
}  // namespace cairn::relay
