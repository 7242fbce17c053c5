// What becomes of envelopes of other domains for a mailbox that has no room: whose room it is, and that nothing
// vanishes.
#include <gtest/gtest.h>

#include <functional>

#include "core/relay/inspection.h"
#include "core/relay/restoring.h"
#include "tests/support/two_servers.h"

namespace cairn::relay {
namespace {

using testing::error_of;
using testing::Neighbourhood;
using testing::TwoServers;

/// Of one other domain a mailbox of two.example takes half of these.
constexpr std::size_t kRoom = 8;

RelayConfig small_config() {
  RelayConfig config = testing::speaking_config("two.example");
  config.limits.mailbox_envelopes = kRoom;
  return config;
}

/// What a device of two.example has read, by number; each round it acknowledges what waits.
struct Reader {
  TwoServers& servers;
  testing::Member& who;
  std::map<std::uint64_t, std::string> read{};

  void drain() {
    const auto socket = servers.two.open(who.token);
    std::uint64_t last = 0;
    for (const proto::MailboxPush& push : servers.two.pushes[socket]) {
      if (push.kind != proto::MailboxPush::Kind::envelope) continue;
      last = push.envelope.sequence;
      const bool is_message = push.envelope.kind == proto::EnvelopeKind::message;
      read.emplace(last, is_message ? as_text(push.envelope.body) : "");
    }
    if (last != 0) servers.two.acknowledge(socket, last);
  }
  std::vector<std::string> texts() const {
    std::vector<std::string> out;
    for (const auto& [sequence, text] : read) {
      if (!text.empty()) out.push_back(text);
    }
    return out;
  }
};

class ForeignRoomTest : public ::testing::Test {
 protected:
  TwoServers servers{testing::speaking_config("one.example"), small_config()};
  Neighbourhood people{servers};
  Reader reader{servers, people.bob};

  void SetUp() override {
    ASSERT_EQ(people.admit_bob().status, 200);
    servers.settle();
  }
  std::vector<std::string> send_some(int count) {
    std::vector<std::string> said;
    for (int i = 0; i < count; ++i) {
      said.push_back("message " + std::to_string(i));
      EXPECT_EQ(people.channel.send(servers.one, said.back()).status, 200);
    }
    return said;
  }
  void drain_for(std::uint64_t ms) {
    const Time end = after(servers.one.now, ms);
    while (servers.one.now < end) {
      reader.drain();
      servers.pass(kMinuteMs);
    }
    reader.drain();
  }
  /// dave, of bob's domain, in the same channel.
  testing::Member admit_dave() {
    testing::Member dave(servers.two, "dave@two.example", 11);
    servers.one.now = servers.two.now;
    CHECK(dave.upload(servers.two, 3, true).status == 200);
    const auto token = people.fetch(people.alice, dave).join_token;
    auto next = crypto::SigningKey::generate(people.channel.entropy);
    auto add = people.channel.make_commit(next);
    people.channel.add(add, dave, token);
    CHECK(people.channel.commit(servers.one, add, std::move(next), people.alice.token).status == 200);
    servers.settle();
    return dave;
  }
  /// What a third domain brings, under a key that is known here.
  proto::Respond bring_of_three(std::size_t count) {
    testing::SeededEntropy entropy(91);
    const auto key = crypto::SigningKey::generate(entropy);
    const auto channel = random_value<ChannelId>(entropy);
    const MailboxId& mailbox = people.bob.device.device.mailbox;
    const Bytes member = concat({mailbox, domain_key("three.example", channel)});
    servers.two.store.apply({{table::kNeighbours, to_bytes(std::string_view("three.example")),
                              wire::encode(NeighbourRow{key.public_key(), servers.two.now.ms})},
                             {table::kForeignMembers, member, wire::encode(NumberRow{1})}});
    proto::ForwardBatch batch{"three.example", "two.example", servers.two.now.ms, {}, {}};
    for (std::size_t i = 1; i <= count; ++i) {
      batch.items.push_back(
          {i, proto::EnvelopeKind::message, channel, 1, to_bytes("of three"), {mailbox}, false, {}, {}});
    }
    batch.signature = crypto::sign_labelled(key, crypto::kSignForward, batch.content());
    return servers.two.post(proto::kPathForward, wire::encode(batch));
  }
};

TEST_F(ForeignRoomTest, RefusesWhatIsForAMailboxThatIsFullElsewhereUntilItHasRoom) {
  send_some(3);
  servers.settle();  // welcome and three messages: half of its room
  EXPECT_EQ(people.bobs().size(), kRoom / 2);
  EXPECT_EQ(error_of(people.channel.send(servers.one, "another")), ErrorCode::over_limit);
  servers.pass(11 * kMinuteMs);
  ASSERT_EQ(people.channel.send(servers.one, "a try").status, 200);
  servers.settle();
  EXPECT_EQ(people.bobs().size(), kRoom / 2);
  EXPECT_EQ(error_of(people.channel.send(servers.one, "another")), ErrorCode::over_limit);
  drain_for(6 * kMinuteMs);
  EXPECT_EQ(reader.texts().back(), "a try");
  servers.pass(11 * kMinuteMs);
  ASSERT_EQ(people.channel.send(servers.one, "room again").status, 200);
  servers.settle();
  EXPECT_EQ(people.texts(), std::vector<std::string>{"room again"});
}

TEST_F(ForeignRoomTest, LosesNothingOfWhatItsServerAcceptedForWantOfRoom) {
  const auto said = send_some(40);
  servers.pass(kDayMs);
  people.bob.log_in(servers.two);
  EXPECT_EQ(people.bobs().size(), kRoom / 2);
  drain_for(2 * kHourMs);
  EXPECT_EQ(reader.texts(), said);
  EXPECT_EQ(reader.read.size(), 1 + said.size());
  EXPECT_TRUE(servers.one.store.scan(table::kOutgoing, {}, {}, 10).empty());
}

TEST_F(ForeignRoomTest, HoldsUpNobodyElseForAMailboxWithoutRoom) {
  testing::Member dave = admit_dave();
  Reader daves{servers, dave};
  const auto said = send_some(40);
  for (int i = 0; i < 30; ++i) {  // he reads, bob does not
    servers.pass(kMinuteMs);
    daves.drain();
  }
  EXPECT_EQ(daves.texts(), said);
  EXPECT_EQ(people.bobs().size(), kRoom / 2);
  const auto queues = waiting_queues(servers.one.store);
  ASSERT_TRUE(queues);
  ASSERT_EQ(queues->size(), 1u);
  EXPECT_EQ(queues->front().domain, "two.example");
  EXPECT_EQ(queues->front().items, 38u);  // all but what bob has: a welcome, a commit, two messages
  drain_for(kHourMs);
  EXPECT_EQ(reader.texts(), said);
}

TEST_F(ForeignRoomTest, BringsOthersAtOnceWhatWaitsForAMailboxWithoutRoom) {
  testing::Member dave = admit_dave();
  Reader daves{servers, dave};
  const auto said = send_some(10);
  for (int i = 0; i < 20; ++i) {
    servers.pass(kMinuteMs);
    daves.drain();
  }
  ASSERT_EQ(daves.texts(), said);
  // Another channel, without bob.
  testing::TestChannel with_dave(servers.one, people.alice, 35);
  const auto token = people.fetch(people.alice, dave).join_token;
  auto next = crypto::SigningKey::generate(with_dave.entropy);
  auto add = with_dave.make_commit(next);
  with_dave.add(add, dave, token);
  ASSERT_EQ(with_dave.commit(servers.one, add, std::move(next), people.alice.token).status, 200);
  ASSERT_EQ(with_dave.send(servers.one, "after it").status, 200);
  servers.settle();
  daves.drain();
  EXPECT_EQ(daves.texts().back(), "after it");
  EXPECT_EQ(people.bobs().size(), kRoom / 2);
}

TEST_F(ForeignRoomTest, LeavesRoomForOthersWhateverOneDomainBrings) {
  send_some(20);
  servers.pass(kMinuteMs);
  EXPECT_EQ(people.bobs().size(), kRoom / 2);
  // Of what is left half: as much as is still free.
  const auto answer = bring_of_three(20);
  ASSERT_EQ(answer.status, 200);
  const auto said = testing::body_of<proto::ForwardAnswer>(answer);
  EXPECT_EQ(said.up_to, 2u);
  EXPECT_EQ(said.full, std::vector<MailboxId>{people.bob.device.device.mailbox});
  // And the quota of the own domain is its own.
  testing::Member dave(servers.two, "dave@two.example", 11);
  testing::TestChannel at_home(servers.two, dave, 12);
  ASSERT_EQ(at_home.admit(servers.two, dave, people.bob).status, 200);
  for (std::size_t i = 1; i < kRoom; ++i) ASSERT_EQ(at_home.send(servers.two, "of two").status, 200) << i;
  EXPECT_EQ(error_of(at_home.send(servers.two, "one too many")), ErrorCode::over_limit);
}

TEST_F(ForeignRoomTest, AcceptsNothingMoreForAMailboxAsLongAsSomethingIsSetAsideForIt) {
  send_some(20);
  servers.settle();
  for (const Row& row : servers.one.store.scan(table::kFullElsewhere, {}, {}, 10)) {
    servers.one.store.apply({{table::kFullElsewhere, row.key, std::nullopt}});
  }
  const auto refused = people.channel.send(servers.one, "more");
  EXPECT_EQ(error_of(refused), ErrorCode::over_limit);
  EXPECT_TRUE(refused.retry_after_s.has_value());
}

/// What one.example may keep for two.example, and again as much for its full mailboxes.
RelayConfig keeping(std::uint64_t bytes) {
  RelayConfig config = testing::speaking_config("one.example");
  config.federation.queue_bytes = bytes;
  return config;
}

std::uint64_t lost_for_want_of_room(const testing::RelayDriver& server) {
  std::uint64_t out = 0;
  for (const proto::Event& event : server.events) {
    if (event.what.starts_with("envelopes for full mailboxes")) out += event.number;
  }
  return out;
}

TEST_F(ForeignRoomTest, TriesOneItemWhereOneWasNotTaken) {
  send_some(20);
  servers.pass(kHourMs);  // bob reads nothing
  std::size_t tries = 0;
  for (const proto::Call& call : servers.forwarded) {
    const auto batch = wire::decode<proto::ForwardBatch>(call.body);
    ASSERT_TRUE(batch);
    if (batch->only.is_zero()) continue;
    ++tries;
    EXPECT_EQ(batch->items.size(), 1u);
  }
  EXPECT_GT(tries, 5u);
}

TEST_F(ForeignRoomTest, LosesWhatIsTooMuchToSetAsideForThatMailboxAlone) {
  servers.one.set_config(keeping(64 * 1024));  // of which a mailbox has 1 KiB
  servers.one.restart();
  const auto said = send_some(40);
  servers.pass(kMinuteMs);
  drain_for(kHourMs);
  const auto got = reader.texts();
  const std::uint64_t lost = lost_for_want_of_room(servers.one);
  EXPECT_GT(got.size(), kRoom / 2 + 1);
  EXPECT_GT(lost, 10u);
  EXPECT_EQ(got.size() + lost, said.size());
  EXPECT_EQ(got, std::vector<std::string>(said.begin(), said.begin() + static_cast<std::ptrdiff_t>(got.size())));
  EXPECT_TRUE(servers.one.store.scan(table::kOutgoing, {}, {}, 10).empty());
}

TEST_F(ForeignRoomTest, LeavesOthersTheirRoomAndALittleForEachWhateverIsSetAside) {
  testing::Member dave = admit_dave();
  send_some(10);  // too many for both
  servers.pass(kMinuteMs);
  EXPECT_EQ(waiting_queues(servers.one.store)->front().items, 2 * 10u - 5u);
  servers.one.set_config(keeping(1500));  // less than is set aside
  servers.one.restart();
  people.alice.log_in(servers.one);
  testing::Member eve(servers.two, "eve@two.example", 14);
  servers.one.now = servers.two.now;
  ASSERT_EQ(eve.upload(servers.two, 10, true).status, 200);
  testing::TestChannel with_eve(servers.one, people.alice, 35);
  const auto token = people.fetch(people.alice, eve).join_token;
  auto next = crypto::SigningKey::generate(with_eve.entropy);
  auto add = with_eve.make_commit(next);
  with_eve.add(add, eve, token);
  ASSERT_EQ(with_eve.commit(servers.one, add, std::move(next), people.alice.token).status, 200);
  servers.settle();
  for (int i = 0; i < 4; ++i) ASSERT_EQ(with_eve.send(servers.one, std::string(100, 'x')).status, 200) << i;
  servers.settle();
  EXPECT_EQ(testing::Neighbourhood::envelopes(servers.two, eve).size(), kRoom / 2);
  // She is full as well: nothing is left of what can be set aside, but a little is hers.
  EXPECT_EQ(lost_for_want_of_room(servers.one), 0u);
  EXPECT_EQ(waiting_queues(servers.one.store)->front().items, 2 * 10u - 5u + 1u);
}

TEST_F(ForeignRoomTest, TakesNoMailboxOfZeros) {
  auto next = crypto::SigningKey::generate(people.channel.entropy);
  auto commit = people.channel.make_commit(next);
  commit.welcomes.push_back({{"two.example", MailboxId{}}, {}, to_bytes("welcome")});
  commit.next_recipients.push_back({"two.example", MailboxId{}});
  std::ranges::sort(commit.next_recipients);
  EXPECT_EQ(error_of(people.channel.commit(servers.one, commit, std::move(next), people.alice.token)),
            ErrorCode::malformed);
}

TEST_F(ForeignRoomTest, BelievesWhatIsFullOnlyOfMailboxesThatWereAskedAbout) {
  const testing::Member dave = admit_dave();
  const MailboxId& bobs = people.bob.device.device.mailbox;
  // The other server's answer to what is for dave alone names bob, and somebody else.
  ASSERT_EQ(people.remove_bob().status, 200);
  servers.settle();
  ASSERT_EQ(people.channel.send(servers.one, "for dave").status, 200);
  servers.one.batch({proto::TimerFired{}});
  const auto calls = servers.one.take_calls();
  ASSERT_EQ(calls.size(), 1u);
  const auto batch = wire::decode<proto::ForwardBatch>(calls[0].body);
  ASSERT_TRUE(batch);
  proto::ForwardAnswer answer{batch->queue, batch->items.back().sequence, {}};
  answer.full = {bobs, dave.device.device.mailbox, *MailboxId::from(Bytes(MailboxId::kSize, 7))};
  std::ranges::sort(answer.full);
  servers.one.batch({proto::CallDone{calls[0].id, proto::CallReply{200, wire::encode(answer), {}}}});
  const auto believed = servers.one.store.scan(table::kFullElsewhere, {}, {}, 10);
  ASSERT_EQ(believed.size(), 1u);
  EXPECT_EQ(believed[0].key, domain_key("two.example", dave.device.device.mailbox));
}

TEST_F(ForeignRoomTest, CountsBytesAsItCountsEnvelopes) {
  auto config = small_config();
  config.limits.mailbox_envelopes = 1000;
  config.limits.mailbox_bytes = 8000;
  servers.two.set_config(config);
  servers.two.restart();
  std::vector<std::string> said;
  for (int i = 0; i < 10; ++i) {
    said.push_back(std::to_string(i) + std::string(900, 'x'));
    ASSERT_EQ(people.channel.send(servers.one, said.back()).status, 200);
  }
  servers.pass(kMinuteMs);
  EXPECT_EQ(people.bobs().size(), 1u + 4u);  // 4,000 bytes and what the last brought
  drain_for(kHourMs);
  EXPECT_EQ(reader.texts(), said);
}

TEST_F(ForeignRoomTest, GivesRoomBackWithWhatIsAcknowledgedOrTooOld) {
  send_some(2);
  servers.settle();
  EXPECT_EQ(servers.two.store.scan(table::kForeignReferences, {}, {}, 10).size(), 3u);
  EXPECT_EQ(servers.two.store.scan(table::kForeignShares, {}, {}, 10).size(), 2u);
  const auto socket = servers.two.open(people.bob.token);
  servers.two.acknowledge(socket, 2);
  EXPECT_EQ(servers.two.store.scan(table::kForeignReferences, {}, {}, 10).size(), 1u);
  servers.pass(31 * kDayMs);
  EXPECT_TRUE(servers.two.store.scan(table::kForeignReferences, {}, {}, 10).empty());
  EXPECT_TRUE(servers.two.store.scan(table::kForeignShares, {}, {}, 10).empty());
}

TEST_F(ForeignRoomTest, CountsRoomOnInAStoreThatWasPutBack) {
  send_some(2);
  servers.settle();
  const auto writes = make_restored(servers.two.store, AskCosigners::skip, servers.two.now, servers.two.entropy);
  ASSERT_TRUE(writes);
  servers.two.store.apply(*writes);
  servers.two.restart();
  people.bob.log_in(servers.two);
  reader.drain();
  EXPECT_EQ(reader.texts().size(), 2u);
  EXPECT_TRUE(servers.two.store.scan(table::kForeignReferences, {}, {}, 10).empty());
  EXPECT_TRUE(servers.two.store.scan(table::kForeignShares, {}, {}, 10).empty());
}

TEST_F(ForeignRoomTest, KeepsWhatWaitsForRoomThroughRestartsAndAStoreThatWasPutBack) {
  const auto said = send_some(20);
  servers.pass(kMinuteMs);
  servers.one.restart();
  servers.two.restart();
  servers.pass(kMinuteMs);
  const auto writes = make_restored(servers.one.store, AskCosigners::skip, servers.one.now, servers.one.entropy);
  ASSERT_TRUE(writes);
  servers.one.store.apply(*writes);
  servers.one.restart();
  people.bob.log_in(servers.two);
  drain_for(kHourMs);
  EXPECT_EQ(reader.texts(), said);
}

TEST_F(ForeignRoomTest, DropsWhatWaitedForRoomForThirtyDaysAndNoSooner) {
  const auto said = send_some(20);
  servers.pass(29 * kDayMs);
  people.bob.log_in(servers.two);
  drain_for(kHourMs);
  EXPECT_EQ(reader.texts(), said);
}

TEST_F(ForeignRoomTest, TakesNothingTwiceWhenAnswersAreLost) {
  servers.answers_are_lost = true;
  const auto said = send_some(20);
  servers.pass(10 * kMinuteMs);
  servers.answers_are_lost = false;
  servers.pass(6 * kMinuteMs);
  servers.answers_are_lost = true;
  drain_for(30 * kMinuteMs);
  servers.answers_are_lost = false;
  drain_for(kHourMs);
  EXPECT_EQ(reader.texts(), said);
}

/// alice writes more than bob has room for, and he reads it, while the commit of this number fails on one side. How
/// many commits there were on it.
std::size_t overflow(testing::RelayDriver TwoServers::*side, std::optional<std::size_t> failing) {
  TwoServers servers(testing::speaking_config("one.example"), small_config());
  Neighbourhood people(servers);
  Reader reader{servers, people.bob};
  EXPECT_EQ(people.admit_bob().status, 200);
  servers.settle();
  std::vector<std::string> said;
  for (int i = 0; i < 12; ++i) {
    said.push_back("message " + std::to_string(i));
    EXPECT_EQ(people.channel.send(servers.one, said.back()).status, 200);
  }
  const std::size_t before = (servers.*side).commits;
  if (failing) (servers.*side).failing_commit = before + *failing;
  servers.settle();
  for (int i = 0; i < 12; ++i) {
    reader.drain();
    servers.pass(6 * kMinuteMs);
  }
  EXPECT_EQ(reader.texts(), said);
  EXPECT_EQ(reader.read.size(), 1 + said.size());
  EXPECT_TRUE(servers.one.store.scan(table::kOutgoing, {}, {}, 10).empty());
  EXPECT_TRUE(servers.two.store.scan(table::kForeignShares, {}, {}, 10).empty());
  return (servers.*side).commits - before;
}

TEST(ForeignRoomCommits, EachMayFailOnEitherSideAndNothingIsLostOrTwice) {
  for (testing::RelayDriver TwoServers::*side : {&TwoServers::one, &TwoServers::two}) {
    const std::size_t commits = overflow(side, std::nullopt);
    ASSERT_GE(commits, 5u);
    for (std::size_t failing = 0; failing < std::min<std::size_t>(commits, 40); ++failing) {
      SCOPED_TRACE("the commit that fails is number " + std::to_string(failing));
      overflow(side, failing);
      if (::testing::Test::HasFailure()) return;
    }
  }
}

}  // namespace
}  // namespace cairn::relay
