// Everything that a server does not take from another domain, or from whom it claims to be.
#include <gtest/gtest.h>

#include <functional>

#include "core/proto/refusals.h"
#include "core/relay/internal/neighbours.h"
#include "tests/support/two_servers.h"

namespace cairn::relay {
namespace {

using testing::body_of;
using testing::error_of;
using testing::Neighbourhood;
using testing::TwoServers;

class ForwardRefusalsTest : public ::testing::Test {
 protected:
  TwoServers servers;
  Neighbourhood people{servers};

  void SetUp() override {
    ASSERT_EQ(people.admit_bob().status, 200);
    ASSERT_EQ(people.channel.send(servers.one, "hello").status, 200);
    servers.settle();
    ASSERT_EQ(people.bobs().size(), 2u);
  }

  crypto::SigningKey key_of(testing::RelayDriver& server) {
    const auto seed = server.store.get(table::kKeys, as_bytes(kServerKeyRow));
    CHECK(seed.has_value());
    return crypto::SigningKey::from_seed(std::move(*crypto::Ed25519Seed::from(*seed)));
  }
  /// One more message, as one would bring it.
  proto::ForwardBatch make_batch(std::uint64_t sequence = 100) {
    proto::ForwardBatch batch{"one.example", "two.example", servers.one.now.ms, {}, {}};
    batch.items.push_back({sequence,
                           proto::EnvelopeKind::message,
                           people.channel.id,
                           1,
                           to_bytes("more"),
                           {people.bob.device.device.mailbox},
                           false,
                           {},
                           {}});
    return batch;
  }
  proto::Respond bring(proto::ForwardBatch batch) { return bring(std::move(batch), key_of(servers.one)); }
  proto::Respond bring(proto::ForwardBatch batch, const crypto::SigningKey& key) {
    batch.signature = crypto::sign_labelled(key, crypto::kSignForward, batch.content());
    return servers.two.post(proto::kPathForward, wire::encode(batch));
  }
  std::size_t waiting() { return people.bobs().size(); }
};

TEST_F(ForwardRefusalsTest, TakesWhatIsRight) {
  EXPECT_EQ(bring(make_batch()).status, 200);
  EXPECT_EQ(waiting(), 3u);
}

TEST_F(ForwardRefusalsTest, RefusesAnotherSignature) {
  testing::SeededEntropy entropy(77);
  const auto stranger = crypto::SigningKey::generate(entropy);
  EXPECT_EQ(error_of(bring(make_batch(), stranger)), ErrorCode::invalid_signature);
  EXPECT_EQ(error_of(bring(make_batch(), key_of(servers.two))), ErrorCode::invalid_signature);
  proto::ForwardBatch changed = make_batch();
  changed.signature = crypto::sign_labelled(key_of(servers.one), crypto::kSignForward, changed.content());
  changed.items[0].body.back() ^= 1;
  EXPECT_EQ(error_of(servers.two.post(proto::kPathForward, wire::encode(changed))), ErrorCode::invalid_signature);
  changed = make_batch();
  changed.signature = crypto::sign_labelled(key_of(servers.one), crypto::kSignPassport, changed.content());
  EXPECT_EQ(error_of(servers.two.post(proto::kPathForward, wire::encode(changed))), ErrorCode::invalid_signature);
  EXPECT_EQ(waiting(), 2u);
}

TEST_F(ForwardRefusalsTest, RefusesWhatIsForAnotherDomain) {
  proto::ForwardBatch batch = make_batch();
  batch.to = "three.example";
  EXPECT_EQ(error_of(bring(batch)), ErrorCode::not_authorised);
  batch = make_batch();
  batch.from = "two.example";
  EXPECT_EQ(error_of(bring(batch, key_of(servers.two))), ErrorCode::not_authorised);
  batch.from = "127.0.0.1";
  EXPECT_EQ(error_of(bring(batch)), ErrorCode::malformed);
  batch.from = "localhost/../x";
  EXPECT_EQ(error_of(bring(batch)), ErrorCode::malformed);
  EXPECT_EQ(waiting(), 2u);
}

TEST_F(ForwardRefusalsTest, RefusesADomainThatIsBlocked) {
  auto config = testing::speaking_config("two.example");
  config.federation.blocked.insert("one.example");
  servers.two.set_config(config);
  servers.two.restart();
  EXPECT_EQ(error_of(bring(make_batch())), ErrorCode::not_authorised);
  const std::string passport = Neighbourhood::passport(servers, people.alice, "two.example");
  const proto::KeyPackageFetch wanted{"bob@two.example", {people.bob.device.device.id()}};
  EXPECT_EQ(error_of(servers.two.post(proto::kPathKeyPackageFetch, wire::encode(wanted), passport)),
            ErrorCode::not_authorised);
  config.federation.blocked.clear();
  config.federation.mode = Federation::Mode::listed;
  servers.two.set_config(config);
  servers.two.restart();
  EXPECT_EQ(error_of(bring(make_batch())), ErrorCode::not_authorised);
  config.federation.allowed.insert("one.example");
  servers.two.set_config(config);
  servers.two.restart();
  EXPECT_EQ(bring(make_batch()).status, 200);
}

TEST_F(ForwardRefusalsTest, RefusesToSpeakToABlockedDomainAndLetsItsMembersGo) {
  auto config = testing::speaking_config("one.example");
  config.federation.blocked.insert("two.example");
  servers.one.set_config(config);
  servers.one.restart();
  EXPECT_EQ(error_of(people.channel.send(servers.one, "x")), ErrorCode::not_authorised);
  EXPECT_EQ(error_of(servers.one.post(proto::kPathPassport, wire::encode(proto::PassportRequest{"two.example"}),
                                      people.alice.token)),
            ErrorCode::not_authorised);
  EXPECT_EQ(people.remove_bob().status, 200);
  EXPECT_EQ(people.channel.send(servers.one, "x").status, 200);
}

TEST_F(ForwardRefusalsTest, TakesNothingWhereItIsOff) {
  servers.two.set_config(testing::open_config("two.example"));
  servers.two.restart();
  EXPECT_EQ(error_of(bring(make_batch())), ErrorCode::not_authorised);
  servers.one.set_config(testing::open_config("one.example"));
  servers.one.restart();
  EXPECT_EQ(error_of(people.channel.send(servers.one, "x")), ErrorCode::unsupported);
}

TEST_F(ForwardRefusalsTest, RefusesSequencesThatDoNotGrow) {
  proto::ForwardBatch batch = make_batch();
  batch.items.push_back(batch.items[0]);
  EXPECT_EQ(error_of(bring(batch)), ErrorCode::malformed);
  batch.items[1].sequence = 99;
  EXPECT_EQ(error_of(bring(batch)), ErrorCode::malformed);
  batch = make_batch(0);
  EXPECT_EQ(error_of(bring(batch)), ErrorCode::malformed);
  batch.items.clear();
  EXPECT_EQ(error_of(bring(batch)), ErrorCode::malformed);
  EXPECT_EQ(waiting(), 2u);
}

TEST_F(ForwardRefusalsTest, RefusesWhatIsTooLarge) {
  proto::ForwardBatch batch = make_batch();
  batch.items[0].body = Bytes(proto::kMaxEnvelopeBody + 1);
  EXPECT_GE(bring(batch).status, 400);
  batch = make_batch();
  batch.items.clear();
  for (std::uint64_t i = 0; i <= proto::kMaxForwardItems; ++i) {
    batch.items.push_back({200 + i,
                           proto::EnvelopeKind::message,
                           people.channel.id,
                           1,
                           to_bytes("x"),
                           {people.bob.device.device.mailbox},
                           false,
                           {},
                           {}});
  }
  EXPECT_GE(bring(batch).status, 400);
  batch = make_batch();
  batch.items[0].body = Bytes(proto::kMaxEnvelopeBody);
  for (std::uint64_t i = 1; i < 10; ++i) {
    batch.items.push_back(batch.items[0]);
    batch.items.back().sequence += i;
  }
  EXPECT_GE(bring(batch).status, 400);  // more than 512 KiB
  EXPECT_EQ(waiting(), 2u);
}

TEST_F(ForwardRefusalsTest, RefusesItemsOfOtherForms) {
  const auto refused = [&](const std::function<void(proto::ForwardItem&)>& change) {
    proto::ForwardBatch batch = make_batch();
    change(batch.items[0]);
    return error_of(bring(batch)) == ErrorCode::malformed;
  };
  EXPECT_TRUE(refused([](auto& it) { it.recipients.clear(); }));
  EXPECT_TRUE(refused([](auto& it) { it.recipients.push_back(it.recipients[0]); }));
  EXPECT_TRUE(refused([](auto& it) { it.leaving = true; }));  // a message
  EXPECT_TRUE(refused([](auto& it) { it.sender = "alice@one.example"; }));
  EXPECT_TRUE(refused([](auto& it) { it.join_token = *proto::JoinToken::from(Bytes(16, 1)); }));
  EXPECT_TRUE(refused([](auto& it) { it.kind = static_cast<proto::EnvelopeKind>(8); }));
  EXPECT_TRUE(refused([](auto& it) {
    it.kind = proto::EnvelopeKind::rejoin_answer;  // for more than one
    it.recipients.push_back(*MailboxId::from(Bytes(MailboxId::kSize, 0xff)));
  }));
  EXPECT_TRUE(refused([](auto& it) {
    it.kind = proto::EnvelopeKind::rejoin;
    it.leaving = true;
  }));
  EXPECT_TRUE(refused([](auto& it) { it.kind = static_cast<proto::EnvelopeKind>(0); }));
  EXPECT_TRUE(refused([](auto& it) { it.kind = proto::EnvelopeKind::welcome; }));  // of nobody
  EXPECT_EQ(waiting(), 2u);
}

TEST_F(ForwardRefusalsTest, CountsTheQueueOfAMailboxByItselfAndOfNoOther) {
  proto::ForwardBatch batch = make_batch(1);
  batch.only = people.bob.device.device.mailbox;
  EXPECT_EQ(bring(batch).status, 200);
  EXPECT_EQ(bring(batch).status, 200);  // a repetition
  EXPECT_EQ(waiting(), 3u);
  EXPECT_EQ(bring(make_batch(100)).status, 200);
  EXPECT_EQ(waiting(), 4u);
  testing::Member dave(servers.two, "dave@two.example", 11);
  batch.items[0].recipients = {dave.device.device.mailbox};
  EXPECT_EQ(error_of(bring(batch)), ErrorCode::malformed);
  batch.items[0].recipients.push_back(batch.only);
  std::ranges::sort(batch.items[0].recipients);
  EXPECT_EQ(error_of(bring(batch)), ErrorCode::malformed);
  // One that is not there leaves nothing here.
  const std::size_t rows = servers.two.store.scan(table::kIncoming, {}, {}, 100).size();
  batch.only = *MailboxId::from(Bytes(MailboxId::kSize, 7));
  batch.items[0].recipients = {batch.only};
  EXPECT_EQ(body_of<proto::ForwardAnswer>(bring(batch)).up_to, 1u);
  EXPECT_EQ(servers.two.store.scan(table::kIncoming, {}, {}, 100).size(), rows);
}

TEST_F(ForwardRefusalsTest, SaysOfAMailboxThatAdmitsNothingWhatItSaysOfOneThatIsNotThere) {
  proto::ForwardBatch batch = make_batch(1);
  batch.items[0].channel = *ChannelId::from(Bytes(ChannelId::kSize, 5));  // bob is in no such one
  for (const MailboxId& mailbox : {people.bob.device.device.mailbox, *MailboxId::from(Bytes(MailboxId::kSize, 7))}) {
    batch.only = mailbox;
    batch.items[0].recipients = {mailbox};
    for (const std::uint64_t queue : {servers.one.now.ms, servers.one.now.ms - 50}) {
      batch.queue = queue;
      const auto answer = bring(batch);
      ASSERT_EQ(answer.status, 200);
      EXPECT_EQ(body_of<proto::ForwardAnswer>(answer).queue, queue);
      EXPECT_EQ(body_of<proto::ForwardAnswer>(answer).up_to, 1u);
    }
  }
  EXPECT_EQ(waiting(), 2u);
}

TEST_F(ForwardRefusalsTest, RefusesAQueueOfTheFutureAndAnOlderOne) {
  proto::ForwardBatch batch = make_batch();
  batch.queue += 2 * kDayMs;
  EXPECT_EQ(bring(batch).status, 503);
  batch.queue = servers.one.now.ms + kHourMs;
  EXPECT_EQ(bring(batch).status, 200);
  batch.queue -= 1;
  const auto answer = bring(batch);
  EXPECT_EQ(answer.status, 409);
  EXPECT_EQ(body_of<proto::ForwardAnswer>(answer).queue, servers.one.now.ms + kHourMs);
  EXPECT_EQ(waiting(), 3u);
}

TEST_F(ForwardRefusalsTest, BoundsTheWelcomesOfADomainAndTakesWhatCameBefore) {
  auto config = testing::speaking_config("two.example");
  config.limits.first_welcomes = Rate{2, 1};
  servers.two.set_config(config);
  servers.two.restart();
  proto::ForwardBatch batch = make_batch(100);
  for (std::uint64_t i = 1; i <= 4; ++i) {
    const auto token = people.fetch(people.alice, people.bob).join_token;
    testing::SeededEntropy entropy(i);
    batch.items.push_back({100 + i,
                           proto::EnvelopeKind::welcome,
                           random_value<ChannelId>(entropy),
                           1,
                           to_bytes("welcome"),
                           {people.bob.device.device.mailbox},
                           false,
                           "alice@one.example",
                           token});
  }
  const auto answer = bring(batch);
  ASSERT_EQ(answer.status, 200);
  EXPECT_EQ(body_of<proto::ForwardAnswer>(answer).up_to, 102u);
  EXPECT_EQ(waiting(), 5u);
  const auto again = bring(batch);
  EXPECT_EQ(again.status, 429);
  EXPECT_TRUE(again.retry_after_s.has_value());
  servers.pass(2 * kMinuteMs);
  EXPECT_EQ(body_of<proto::ForwardAnswer>(bring(batch)).up_to, 104u);
  EXPECT_EQ(waiting(), 7u);
}

TEST_F(ForwardRefusalsTest, IsNotHeldUpByWelcomesThatNobodyTakes) {
  auto config = testing::speaking_config("two.example");
  config.limits.first_welcomes = Rate{2, 1};
  servers.two.set_config(config);
  servers.two.restart();
  proto::ForwardBatch batch{"one.example", "two.example", servers.one.now.ms, {}, {}};
  const proto::JoinToken none = *proto::JoinToken::from(Bytes(16, 1));
  for (std::uint64_t i = 0; i < 8; ++i) {
    batch.items.push_back({100 + i,
                           proto::EnvelopeKind::welcome,
                           {},
                           1,
                           to_bytes("welcome"),
                           {people.bob.device.device.mailbox},
                           false,
                           "alice@one.example",
                           none});
  }
  EXPECT_EQ(body_of<proto::ForwardAnswer>(bring(batch)).up_to, 107u);
  EXPECT_EQ(waiting(), 2u);
}

TEST_F(ForwardRefusalsTest, BoundsWhatADomainForwards) {
  auto config = testing::speaking_config("two.example");
  config.limits.forwards = Rate{2, 1};
  servers.two.set_config(config);
  servers.two.restart();
  EXPECT_EQ(bring(make_batch(100)).status, 200);
  EXPECT_EQ(bring(make_batch(101)).status, 200);
  const auto refused = bring(make_batch(102));
  EXPECT_EQ(refused.status, 429);
  EXPECT_TRUE(refused.retry_after_s.has_value());
}

TEST_F(ForwardRefusalsTest, TakesAPassportHereNowAndOfItsIssuerAlone) {
  testing::Member carol(servers.one, "carol@one.example", 9);
  servers.two.now = servers.one.now;
  const proto::KeyPackageFetch wanted{"bob@two.example", {people.bob.device.device.id()}};
  const auto status = [&](const proto::Passport& passport) {
    return servers.two.post(proto::kPathKeyPackageFetch, wire::encode(wanted), passport.to_text()).status;
  };
  const auto made = [&](const std::function<void(proto::Passport&)>& change, const crypto::SigningKey& key) {
    proto::Passport passport{"one.example",
                             "two.example",
                             "alice@one.example",
                             people.alice.device.device.id(),
                             people.alice.device.device.mailbox,
                             servers.two.now.ms + kHourMs,
                             {}};
    change(passport);
    passport.signature = crypto::sign_labelled(key, crypto::kSignPassport, passport.content());
    return passport;
  };
  const auto key = key_of(servers.one);
  EXPECT_EQ(status(made([](auto&) {}, key)), 200);
  EXPECT_EQ(status(made([](auto&) {}, key_of(servers.two))), 403);
  EXPECT_EQ(status(made([](auto& it) { it.audience = "three.example"; }, key)), 401);
  EXPECT_EQ(status(made([](auto& it) { it.name = "alice@two.example"; }, key)), 401);
  EXPECT_EQ(status(made([](auto& it) { it.name = "nonsense"; }, key)), 401);
  EXPECT_EQ(status(made([&](auto& it) { it.expires_ms = servers.two.now.ms; }, key)), 401);
  EXPECT_EQ(status(made([&](auto& it) { it.expires_ms += kDayMs; }, key)), 401);
  EXPECT_EQ(status(made(
                [](auto& it) {
                  it.issuer = it.audience;
                  it.name = "x@two.example";
                },
                key)),
            403);
  // It is no login for anything else.
  const std::string text = made([](auto&) {}, key).to_text();
  EXPECT_EQ(servers.two.post(proto::kPathRefusals, wire::encode(proto::PassportRequest{""}), text).status, 401);
  const proto::ChannelCreate create{people.channel.id, 0, {}, people.bob.device.device.mailbox};
  EXPECT_EQ(servers.two.post(proto::kPathChannelCreate, wire::encode(create), text).status, 401);
  EXPECT_EQ(servers.two.post(proto::kPathPassport, wire::encode(proto::PassportRequest{"one.example"}), text).status,
            401);
  const auto socket = servers.two.open(text);
  EXPECT_TRUE(servers.two.was_closed(socket));
}

TEST_F(ForwardRefusalsTest, AsksForAKeyThatChangedOnceAMinute) {
  testing::SeededEntropy entropy(78);
  servers.one.store.apply({{table::kKeys, to_bytes(kServerKeyRow), Bytes(32, 9)}});
  servers.one.restart();
  ASSERT_EQ(people.channel.send(servers.one, "under a new key").status, 200);
  servers.pass(5 * kMinuteMs);
  EXPECT_EQ(waiting(), 3u);
}

TEST_F(ForwardRefusalsTest, GoesByNoKeyThatWasNotConfirmedForAWeek) {
  servers.pass(2 * kMinuteMs);  // it is asked at most once a minute
  servers.two.store.apply(
      {{table::kNeighbours, to_bytes(std::string_view("one.example")),
        wire::encode(NeighbourRow{key_of(servers.one).public_key(), servers.two.now.ms - 8 * kDayMs})}});
  EXPECT_EQ(bring(make_batch()).status, 503);
  servers.settle();
  EXPECT_EQ(bring(make_batch()).status, 200);
}

TEST_F(ForwardRefusalsTest, LetsNobodyMakeItAskManyOthers) {
  std::set<std::string> asked;
  for (int i = 0; i < 3000; ++i) {
    proto::ForwardBatch batch = make_batch();
    batch.from = "d" + std::to_string(i) + ".example";
    EXPECT_EQ(bring(batch).status, 503);
    servers.two.batch({proto::TimerFired{}});
    for (const proto::Call& call : servers.two.calls) asked.insert(call.url);
  }
  EXPECT_EQ(servers.two.calls.size(), Neighbours::kMostAtOnce);
  EXPECT_EQ(asked.size(), Neighbours::kMostAtOnce);
  for (const proto::Call& call : servers.two.calls) {
    EXPECT_EQ(call.reach, proto::CallReach::public_only);
    EXPECT_EQ(call.max_reply, proto::kMaxNeighbourReply);
    EXPECT_EQ(call.method, proto::Method::get);
  }
}

TEST_F(ForwardRefusalsTest, TakesOnlyAKeyThatTheDomainPublishesForItself) {
  const auto asked_again = [&](std::string body) {
    servers.two.store.apply({{table::kNeighbours, to_bytes(std::string_view("one.example")), std::nullopt}});
    servers.two.restart();
    EXPECT_EQ(bring(make_batch()).status, 503);
    servers.two.batch({proto::TimerFired{}});
    for (const proto::Call& call : servers.two.take_calls()) {
      if (call.url != "https://one.example/.well-known/cairn") continue;
      servers.two.batch({proto::CallDone{call.id, proto::CallReply{200, to_bytes(body), {}}}});
    }
    return bring(make_batch()).status;
  };
  const std::string good = as_text(servers.one.get(proto::kPathWellKnown).body);
  EXPECT_EQ(asked_again(good), 200);
  EXPECT_EQ(asked_again(as_text(servers.two.get(proto::kPathWellKnown).body)), 503);
  EXPECT_EQ(asked_again(""), 503);
  EXPECT_EQ(asked_again("{\"domain\": \"one.example\"}"), 503);
  EXPECT_EQ(asked_again("{\"domain\": \"one.example\", \"federation\": {\"key\": 7}}"), 503);
  EXPECT_EQ(asked_again("{\"domain\": \"one.example\", \"federation\": {\"key\": \"x\"}}"), 503);
  EXPECT_EQ(asked_again(std::string(60'000, '[')), 503);
  std::string renamed = good;
  renamed.replace(renamed.find("one.example/server"), 18, "two.example/server");
  EXPECT_EQ(asked_again(renamed), 503);
}

}  // namespace
}  // namespace cairn::relay
