// How much of a server other domains can use up: queues for them, and what is kept of what they say.
#include <gtest/gtest.h>

#include "core/relay/internal/forwarder.h"
#include "tests/support/two_servers.h"

namespace cairn::relay {
namespace {

using testing::error_of;
using testing::Neighbourhood;
using testing::TwoServers;

class ForwardBoundsTest : public ::testing::Test {
 protected:
  TwoServers servers;
  Neighbourhood people{servers};
  testing::TestChannel other{servers.one, people.alice, 33};

  void SetUp() override {
    ASSERT_EQ(people.admit_bob().status, 200);
    ASSERT_EQ(people.channel.send(servers.one, "hello").status, 200);
    servers.settle();
    ASSERT_EQ(people.bobs().size(), 2u);
    people.alice.log_in(servers.one);
  }
  /// alice adds somebody at each of these domains to the other channel.
  proto::Respond add_at(const std::vector<std::string>& domains) {
    auto next = crypto::SigningKey::generate(other.entropy);
    auto commit = other.make_commit(next);
    for (const std::string& domain : domains) {
      const proto::Address to{domain, random_value<MailboxId>(other.entropy)};
      commit.welcomes.push_back({to, {}, to_bytes("welcome")});
      commit.next_recipients.push_back(to);
    }
    std::ranges::sort(commit.next_recipients);
    return other.commit(servers.one, commit, std::move(next), people.alice.token);
  }
  static std::vector<std::string> strangers(std::size_t first, std::size_t count) {
    std::vector<std::string> out;
    for (std::size_t i = first; i < first + count; ++i) out.push_back("d" + std::to_string(i) + ".example");
    return out;
  }
  std::size_t queues() { return servers.one.store.scan(table::kOutgoingQueues, {}, {}, 10'000).size(); }
};

TEST_F(ForwardBoundsTest, HasPlaceForSoManyDomainsThatNeverAnswered) {
  auto config = testing::speaking_config("one.example");
  config.limits.undelivered_ms = 2 * kHourMs;
  servers.one.set_config(config);
  servers.one.restart();
  std::size_t added = 0;
  for (; added < Forwarder::kMostStrangers; added += 64) ASSERT_EQ(add_at(strangers(added, 64)).status, 200) << added;
  const auto refused = add_at(strangers(added, 1));
  EXPECT_EQ(error_of(refused), ErrorCode::unavailable);
  EXPECT_TRUE(refused.retry_after_s.has_value());
  EXPECT_EQ(queues(), Forwarder::kMostStrangers + 1);
  servers.pass(20 * kMinuteMs);
  EXPECT_EQ(error_of(add_at(strangers(added, 1))), ErrorCode::unavailable);
  // Whom it has reached before is written to all the same.
  ASSERT_EQ(people.channel.send(servers.one, "still").status, 200);
  servers.settle();
  EXPECT_EQ(people.texts(), (std::vector<std::string>{"hello", "still"}));
  // When what waited is too old there is place again.
  servers.pass(2 * kHourMs);
  EXPECT_EQ(add_at(strangers(added, 1)).status, 200);
}

TEST_F(ForwardBoundsTest, CountsThoseOfOneCommitToo) {
  for (std::size_t added = 0; added < Forwarder::kMostStrangers - 64; added += 64) {
    ASSERT_EQ(add_at(strangers(added, 64)).status, 200);
  }
  ASSERT_EQ(add_at(strangers(Forwarder::kMostStrangers - 64, 32)).status, 200);
  EXPECT_EQ(error_of(add_at(strangers(Forwarder::kMostStrangers, 33))), ErrorCode::unavailable);
  EXPECT_EQ(add_at(strangers(Forwarder::kMostStrangers, 32)).status, 200);
}

TEST_F(ForwardBoundsTest, CallsFewOfThemAtOnceAndAllInTurn) {
  for (std::size_t added = 0; added < 128; added += 64) ASSERT_EQ(add_at(strangers(added, 64)).status, 200);
  std::set<std::string> called;
  for (int rounds = 0; rounds < 20; ++rounds) {
    servers.one.batch({proto::TimerFired{}});
    const auto calls = servers.one.take_calls();
    EXPECT_LE(calls.size(), Forwarder::kStrangersAtOnce);
    for (const proto::Call& call : calls) {
      called.insert(call.url);
      servers.one.batch({proto::CallDone{call.id, fail(ErrorCode::unavailable, "nobody is there")}});
    }
  }
  EXPECT_EQ(called.size(), 128u);
}

TEST_F(ForwardBoundsTest, IsNotHeldUpByThemWhereItHasReachedSomebody) {
  for (std::size_t added = 0; added < 128; added += 64) ASSERT_EQ(add_at(strangers(added, 64)).status, 200);
  servers.one.batch({proto::TimerFired{}});  // whose answers are long in coming
  ASSERT_EQ(people.channel.send(servers.one, "at once").status, 200);
  EXPECT_LE(servers.one.next_deadline(), servers.one.now);
  const std::size_t before = servers.one.calls.size();
  servers.one.batch({proto::TimerFired{}});
  ASSERT_EQ(servers.one.calls.size(), before + 1);
  EXPECT_EQ(servers.one.calls.back().url, "https://two.example/v1/forward");
  EXPECT_GT(servers.one.next_deadline(), servers.one.now);  // those who wait for their turn are no reason to wake up
}

TEST_F(ForwardBoundsTest, ForgetsAQueueThatIsLongEmptyAndBeginsItAnew) {
  EXPECT_EQ(queues(), 1u);
  servers.pass(Forwarder::kIdleQueueMs + kHourMs);
  EXPECT_EQ(queues(), 0u);
  ASSERT_EQ(people.channel.send(servers.one, "after a while").status, 200);
  servers.pass(kMinuteMs);  // it is asked for its key once more
  people.bob.log_in(servers.two);
  EXPECT_EQ(people.texts(), std::vector<std::string>{"after a while"});
}

TEST_F(ForwardBoundsTest, ForgetsTheKeyOfADomainThatWasNotHeardOfForLong) {
  ASSERT_EQ(servers.two.store.scan(table::kNeighbours, {}, {}, 10).size(), 1u);
  servers.pass(6 * kDayMs);
  EXPECT_EQ(servers.two.store.scan(table::kNeighbours, {}, {}, 10).size(), 1u);
  servers.pass(2 * kDayMs);
  EXPECT_TRUE(servers.two.store.scan(table::kNeighbours, {}, {}, 10).empty());
  ASSERT_EQ(people.channel.send(servers.one, "known again").status, 200);
  servers.pass(kMinuteMs);
  people.bob.log_in(servers.two);
  EXPECT_EQ(people.texts(), (std::vector<std::string>{"hello", "known again"}));
}

TEST_F(ForwardBoundsTest, KeepsSoManyMailboxesOfADomainAsFullAndNoMore) {
  for (std::size_t i = 0; i < 17; ++i) {
    ASSERT_EQ(add_at(std::vector<std::string>(64, "two.example")).status, 200);
    servers.settle();
  }
  ASSERT_EQ(other.send(servers.one, "to all").status, 200);
  servers.one.batch({proto::TimerFired{}});
  const auto calls = servers.one.take_calls();
  ASSERT_EQ(calls.size(), 1u);
  const auto batch = wire::decode<proto::ForwardBatch>(calls[0].body);
  ASSERT_TRUE(batch);
  const proto::ForwardItem& item = batch->items.back();
  ASSERT_GT(item.recipients.size(), Forwarder::kMostFullElsewhere);
  const proto::ForwardAnswer answer{batch->queue, item.sequence, item.recipients};
  servers.one.batch({proto::CallDone{calls[0].id, proto::CallReply{200, wire::encode(answer), {}}}});
  EXPECT_EQ(servers.one.store.scan(table::kFullElsewhere, {}, {}, 10'000).size(), Forwarder::kMostFullElsewhere);
}

TEST_F(ForwardBoundsTest, SetsAsideForSoManyMailboxesOfADomainAndGoesOnWithoutTheOthers) {
  constexpr std::size_t kMore = 64;
  for (std::size_t added = 0; added < Forwarder::kMostLanesOfOne + kMore; added += 64) {
    ASSERT_EQ(add_at(std::vector<std::string>(64, "two.example")).status, 200);
    servers.settle();
  }
  ASSERT_EQ(other.send(servers.one, "to all").status, 200);
  ASSERT_EQ(people.channel.send(servers.one, "behind it").status, 200);
  for (int rounds = 0; rounds < 100 && people.bobs().size() < 3; ++rounds) {
    servers.one.batch({proto::TimerFired{}});
    for (const proto::Call& call : servers.one.take_calls()) {
      const auto batch = wire::decode<proto::ForwardBatch>(call.body);
      ASSERT_TRUE(batch);
      const proto::ForwardItem& first = batch->items.front();
      // Whoever is in the other channel is full.
      Result<proto::CallReply> reply = proto::CallReply{200, {}, {}};
      if (first.channel == other.id) {
        reply->body = wire::encode(proto::ForwardAnswer{batch->queue, first.sequence - 1, first.recipients});
      } else {
        const auto answer = servers.two.post(proto::kPathForward, call.body);
        reply = proto::CallReply{answer.status, answer.body, {}};
      }
      servers.one.batch({proto::CallDone{call.id, reply}});
    }
  }
  EXPECT_EQ(people.texts().back(), "behind it");
  EXPECT_EQ(queues(), 1 + Forwarder::kMostLanesOfOne);
  std::uint64_t lost = 0;
  for (const proto::Event& event : servers.one.events) {
    if (event.what.starts_with("envelopes for full mailboxes")) lost += event.number;
  }
  EXPECT_EQ(lost, kMore);
}

}  // namespace
}  // namespace cairn::relay
