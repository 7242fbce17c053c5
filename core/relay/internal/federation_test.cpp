// Two domains: what crosses over, what does not, and what is lost on the way (nothing).
#include <gtest/gtest.h>

#include <functional>

#include "core/crypto/hash.h"
#include "core/proto/refusals.h"
#include "core/relay/internal/forwarder.h"
#include "core/relay/restoring.h"
#include "tests/support/two_servers.h"

namespace cairn::relay {
namespace {

using proto::EnvelopeKind;
using testing::body_of;
using testing::error_of;
using testing::Neighbourhood;
using testing::TwoServers;

class FederationTest : public ::testing::Test {
 protected:
  TwoServers servers;
  Neighbourhood people{servers};

  std::vector<std::string> send_some(int from, int to) {
    std::vector<std::string> said;
    for (int i = from; i < to; ++i) {
      said.push_back("message " + std::to_string(i));
      EXPECT_EQ(people.channel.send(servers.one, said.back()).status, 200);
    }
    return said;
  }
};

TEST_F(FederationTest, BringsAWelcomeAndWhatFollowsToAnotherDomain) {
  ASSERT_EQ(people.admit_bob().status, 200);
  ASSERT_EQ(people.channel.send(servers.one, "hello").status, 200);
  servers.settle();
  const auto envelopes = people.bobs();
  ASSERT_EQ(envelopes.size(), 2u);
  EXPECT_EQ(envelopes[0].kind, EnvelopeKind::welcome);
  EXPECT_EQ(envelopes[0].domain, "one.example");
  EXPECT_EQ(envelopes[0].channel, people.channel.id);
  EXPECT_EQ(envelopes[0].epoch, 1u);
  EXPECT_EQ(as_text(envelopes[0].body), "welcome bob@two.example");
  EXPECT_EQ(envelopes[1].kind, EnvelopeKind::message);
  EXPECT_EQ(as_text(envelopes[1].body), "hello");
  EXPECT_EQ(envelopes[1].domain, "one.example");
  EXPECT_EQ(envelopes[1].sequence, 2u);
  // alice's own mailbox has her commit and her message, of her own domain.
  const auto own = Neighbourhood::envelopes(servers.one, people.alice);
  ASSERT_EQ(own.size(), 2u);
  EXPECT_EQ(own[0].domain, "one.example");
}

TEST_F(FederationTest, TakesACommitOfAVisitorAndBringsItToAll) {
  ASSERT_EQ(people.admit_bob().status, 200);
  servers.settle();
  // bob, with the write key alone, begins an epoch, and then adds carol of alice's domain with a passport.
  auto next = crypto::SigningKey::generate(people.channel.entropy);
  auto update = people.channel.make_commit(next);
  ASSERT_EQ(people.channel.commit(servers.one, update, std::move(next)).status, 200);
  testing::Member carol(servers.one, "carol@one.example", 9);
  servers.two.now = servers.one.now;
  ASSERT_EQ(carol.upload(servers.one, 3).status, 200);
  const auto token = people.fetch(people.bob, carol).join_token;
  auto last = crypto::SigningKey::generate(people.channel.entropy);
  auto add = people.channel.make_commit(last);
  people.channel.add(add, carol, token);
  EXPECT_EQ(error_of(people.channel.commit(servers.one, add, last.clone())), ErrorCode::unauthenticated);
  const std::string passport = Neighbourhood::passport(servers, people.bob, "one.example");
  ASSERT_EQ(people.channel.commit(servers.one, add, std::move(last), passport).status, 200);
  servers.settle();
  const auto bobs = people.bobs();
  ASSERT_EQ(bobs.size(), 3u);
  EXPECT_EQ(bobs[1].kind, EnvelopeKind::commit);
  EXPECT_EQ(bobs[2].kind, EnvelopeKind::commit);
  EXPECT_EQ(Neighbourhood::envelopes(servers.one, carol).size(), 1u);
}

TEST_F(FederationTest, LosesNothingWhenTheOtherServerIsAwayForADay) {
  ASSERT_EQ(people.admit_bob().status, 200);
  servers.two_is_down = true;
  auto said = send_some(0, 300);
  servers.pass(kDayMs);
  const auto more = send_some(300, 310);
  said.insert(said.end(), more.begin(), more.end());
  EXPECT_LT(servers.forwarded.size(), 700u);  // a day of five minutes, of which a random half
  EXPECT_GT(servers.forwarded.size(), 280u);
  servers.two_is_down = false;
  people.bob.log_in(servers.two);
  servers.pass(6 * kMinuteMs);
  EXPECT_EQ(people.bobs().size(), 256u);  // the push window
  const auto socket = servers.two.open(people.bob.token);
  servers.two.acknowledge(socket, 200);
  const auto& pushes = servers.two.pushes[socket];
  std::vector<std::string> got;
  for (const auto& push : pushes) {
    if (push.kind == proto::MailboxPush::Kind::envelope && push.envelope.kind == EnvelopeKind::message) {
      got.push_back(as_text(push.envelope.body));
    }
  }
  EXPECT_EQ(got, said);  // all, once, in order
}

TEST_F(FederationTest, BringsNothingTwiceWhenAnswersAreLostOrOneRestarts) {
  ASSERT_EQ(people.admit_bob().status, 200);
  servers.answers_are_lost = true;
  const auto said = send_some(0, 5);
  servers.pass(10 * kMinuteMs);
  EXPECT_EQ(people.texts(), said);
  servers.one.restart();
  servers.pass(kMinuteMs);
  servers.two.restart();
  servers.answers_are_lost = false;
  servers.pass(kHourMs);
  EXPECT_EQ(people.texts(), said);
  EXPECT_TRUE(servers.one.store.scan(table::kOutgoing, {}, {}, 10).empty());
  EXPECT_GT(servers.forwarded.size(), 3u);
}

TEST_F(FederationTest, KeepsWhatWaitsThroughARestart) {
  servers.two_is_down = true;
  EXPECT_EQ(error_of(servers.one.post(proto::kPathPassport, wire::encode(proto::PassportRequest{"two.example"}))),
            ErrorCode::unauthenticated);
  servers.two_is_down = false;
  ASSERT_EQ(people.admit_bob().status, 200);
  servers.one.take_calls();
  servers.one.restart();  // before anything was brought
  servers.settle();
  EXPECT_EQ(people.bobs().size(), 1u);
}

TEST_F(FederationTest, QueuesNothingTwiceForABatchThatIsReplayed) {
  ASSERT_EQ(people.admit_bob().status, 200);
  const auto said = send_some(0, 2);
  servers.settle();
  ASSERT_FALSE(servers.forwarded.empty());
  for (const proto::Call& call : std::vector<proto::Call>(servers.forwarded)) {
    const auto answer = servers.two.post(proto::kPathForward, call.body);
    EXPECT_EQ(answer.status, 200);
    EXPECT_GE(body_of<proto::ForwardAnswer>(answer).up_to, 3u);
  }
  EXPECT_EQ(people.texts(), said);
  EXPECT_EQ(people.bobs().size(), 3u);
}

TEST_F(FederationTest, ShowsAStrangersMailboxNothing) {
  ASSERT_EQ(people.admit_bob().status, 200);
  servers.settle();
  testing::Member dave(servers.two, "dave@two.example", 11);
  servers.one.now = servers.two.now;
  // The channel's server claims that dave and somebody who is not there are in it too.
  auto liar = testing::TestChannel(servers.one, people.alice, 12);
  for (const MailboxId& mailbox : {dave.device.device.mailbox, *MailboxId::from(Bytes(MailboxId::kSize, 9))}) {
    auto next = crypto::SigningKey::generate(liar.entropy);
    auto commit = liar.make_commit(next);
    commit.welcomes.push_back({{"two.example", mailbox}, {}, to_bytes("welcome")});
    commit.next_recipients.push_back({"two.example", mailbox});
    std::ranges::sort(commit.next_recipients);
    ASSERT_EQ(liar.commit(servers.one, commit, std::move(next), people.alice.token).status, 200);
    ASSERT_EQ(liar.send(servers.one, "spam").status, 200);
  }
  servers.pass(kMinuteMs);
  EXPECT_TRUE(Neighbourhood::envelopes(servers.two, dave).empty());
  EXPECT_TRUE(servers.one.store.scan(table::kOutgoing, {}, {}, 10).empty());  // and it does not stop the others
  ASSERT_EQ(people.channel.send(servers.one, "hello").status, 200);
  servers.settle();
  EXPECT_EQ(people.texts(), std::vector<std::string>{"hello"});
}

TEST_F(FederationTest, TakesAJoinTokenOnce) {
  const auto token = people.fetch(people.alice, people.bob).join_token;
  ASSERT_EQ(people.admit_bob(token).status, 200);
  servers.settle();
  testing::TestChannel second(servers.one, people.alice, 13);
  auto next = crypto::SigningKey::generate(second.entropy);
  auto commit = second.make_commit(next);
  second.add(commit, people.bob, token);
  ASSERT_EQ(second.commit(servers.one, commit, std::move(next), people.alice.token).status, 200);
  servers.settle();
  EXPECT_EQ(people.bobs().size(), 1u);
}

TEST_F(FederationTest, BringsNothingOfASenderThatAMailboxRefuses) {
  const proto::Refusals refusals{
      {crypto::sha256(concat({people.bob.device.device.mailbox, as_bytes("alice@one.example")}))}};
  ASSERT_EQ(servers.two.post(proto::kPathRefusals, wire::encode(refusals), people.bob.token).status, 200);
  ASSERT_EQ(people.admit_bob().status, 200);
  ASSERT_EQ(people.channel.send(servers.one, "hello").status, 200);
  servers.settle();
  EXPECT_TRUE(people.bobs().empty());
}

TEST_F(FederationTest, BringsNothingMoreToWhoHasLeft) {
  ASSERT_EQ(people.admit_bob().status, 200);
  servers.settle();
  const auto key = people.channel.key.clone();
  ASSERT_EQ(people.remove_bob().status, 200);
  servers.settle();
  ASSERT_EQ(people.bobs().size(), 2u);
  EXPECT_EQ(people.bobs()[1].kind, EnvelopeKind::commit);
  EXPECT_TRUE(servers.two.store.scan(table::kForeignMembers, {}, {}, 10).empty());
  ASSERT_EQ(people.channel.send(servers.one, "without bob").status, 200);
  servers.settle();
  EXPECT_EQ(people.bobs().size(), 2u);
}

TEST_F(FederationTest, DropsWhatWaitedForThirtyDays) {
  ASSERT_EQ(people.admit_bob().status, 200);
  servers.settle();
  servers.two_is_down = true;
  send_some(0, 3);
  servers.pass(29 * kDayMs);
  const auto late = send_some(3, 5);
  servers.pass(2 * kDayMs);
  servers.two_is_down = false;
  people.bob.log_in(servers.two);
  servers.pass(10 * kMinuteMs);
  EXPECT_EQ(people.texts(), late);
}

TEST_F(FederationTest, RefusesMoreThanAQueueHolds) {
  auto small = testing::speaking_config("one.example");
  small.federation.queue_bytes = 2000;
  servers.one.set_config(small);
  servers.one.restart();
  ASSERT_EQ(people.admit_bob().status, 200);
  servers.settle();
  servers.two_is_down = true;
  int taken = 0;
  proto::Respond last;
  for (; taken < 100 && (last = people.channel.send(servers.one, std::string(500, 'x'))).status == 200; ++taken) {
  }
  EXPECT_EQ(taken, 4);
  EXPECT_EQ(error_of(last), ErrorCode::over_limit);
  servers.two_is_down = false;
  servers.pass(kMinuteMs);
  EXPECT_EQ(people.channel.send(servers.one, "room again").status, 200);
}

TEST_F(FederationTest, LetsVisitorsNotDrainKeyPackages) {
  for (int i = 0; i < 60; ++i) {
    const auto item = people.fetch(people.alice, people.bob);
    EXPECT_EQ(item.key_package == Bytes{0xff}, i >= 15) << i;  // of 40 the last 25 are for his own domain
  }
}

TEST_F(FederationTest, CountsOnInALaterQueueAfterItsStoreWasPutBack) {
  ASSERT_EQ(people.admit_bob().status, 200);
  servers.settle();
  const MemoryView backup = servers.one.store;
  auto said = send_some(0, 2);
  servers.settle();
  servers.one.store = backup;
  const auto writes = make_restored(servers.one.store, AskCosigners::skip, servers.one.now, servers.one.entropy);
  ASSERT_TRUE(writes);
  servers.one.store.apply(*writes);
  servers.one.restart();
  const auto more = send_some(2, 4);  // with the sequences of the first two
  said.insert(said.end(), more.begin(), more.end());
  servers.pass(10 * kMinuteMs);
  EXPECT_EQ(people.texts(), said);
  // And what the old queue had is refused from now on.
  const auto replayed = servers.two.post(proto::kPathForward, servers.forwarded.front().body);
  EXPECT_EQ(replayed.status, 409);
  EXPECT_EQ(people.texts(), said);
}

TEST_F(FederationTest, CountsOnInALaterQueueThanSomebodyElseUsedInItsName) {
  ASSERT_EQ(people.admit_bob().status, 200);
  servers.settle();
  // Whoever had one's key for a moment has counted far ahead in its name.
  const IncomingRow ahead{servers.one.now.ms + kHourMs, 1'000'000};
  servers.two.store.apply({{table::kIncoming, to_bytes(std::string_view("one.example")), wire::encode(ahead)}});
  const auto said = send_some(0, 2);
  servers.pass(10 * kMinuteMs);
  EXPECT_EQ(people.texts(), said);
}

/// alice adds bob and writes to him, and repeats what failed, while the commit of this number fails on one side. How
/// many commits there were on it.
std::size_t talk(testing::RelayDriver TwoServers::*side, std::optional<std::size_t> failing) {
  TwoServers servers;
  Neighbourhood people(servers);
  const std::size_t before = (servers.*side).commits;
  if (failing) (servers.*side).failing_commit = before + *failing;
  const auto token = people.fetch(people.alice, people.bob).join_token;
  const auto repeated = [](const std::function<proto::Respond()>& ask) {
    const auto answer = ask();
    if (answer.status != 507) return;
    EXPECT_EQ(ask().status, 200);
  };
  repeated([&] { return people.admit_bob(token); });
  std::vector<std::string> said;
  for (int i = 0; i < 3; ++i) {
    said.push_back("message " + std::to_string(i));
    repeated([&] { return people.channel.send(servers.one, said.back()); });
    servers.settle();
  }
  repeated([&] { return people.remove_bob(); });
  servers.pass(10 * kMinuteMs);
  EXPECT_EQ(people.texts(), said);
  EXPECT_EQ(people.bobs().size(), 5u);
  EXPECT_TRUE(servers.one.store.scan(table::kOutgoing, {}, {}, 10).empty());
  EXPECT_TRUE(servers.two.store.scan(table::kForeignMembers, {}, {}, 10).empty());
  return (servers.*side).commits - before;
}

TEST(FederationCommits, EachMayFailOnEitherSideAndNothingIsLostOrTwice) {
  for (testing::RelayDriver TwoServers::*side : {&TwoServers::one, &TwoServers::two}) {
    const std::size_t commits = talk(side, std::nullopt);
    ASSERT_GT(commits, 5u);
    for (std::size_t failing = 0; failing < commits; ++failing) {
      SCOPED_TRACE("the commit that fails is number " + std::to_string(failing));
      talk(side, failing);
      if (::testing::Test::HasFailure()) return;
    }
  }
}

TEST_F(FederationTest, TellsItsServerKeyWhereItSpeaksToOthers) {
  const std::string said = as_text(servers.one.get(proto::kPathWellKnown).body);
  EXPECT_NE(said.find("\"federation\": {\n    \"key\": \"one.example/server+"), std::string::npos) << said;
  auto silent = testing::open_config("one.example");
  servers.one.set_config(silent);
  servers.one.restart();
  EXPECT_NE(as_text(servers.one.get(proto::kPathWellKnown).body).find("\"federation\": null"), std::string::npos);
}

}  // namespace
}  // namespace cairn::relay
