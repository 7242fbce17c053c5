// Asking and answering across domains: a device of another domain asks with a passport, and is answered there
// (docs/spec/relay.md s.2 and 10).
#include <gtest/gtest.h>

#include "core/proto/rejoin.h"
#include "tests/support/two_servers.h"

namespace cairn::relay {
namespace {

using proto::EnvelopeKind;
using testing::body_of;
using testing::error_of;
using testing::Member;
using testing::Neighbourhood;
using testing::TwoServers;

/// alice's channel at one, with bob of two in it.
class ForeignRejoin : public ::testing::Test {
 protected:
  TwoServers servers;
  Neighbourhood people{servers};

  void SetUp() override {
    ASSERT_EQ(people.admit_bob().status, 200);
    servers.settle();
    ASSERT_EQ(people.bobs().size(), 1u);
  }

  Member neighbour(testing::RelayDriver& server, const std::string& name, std::uint64_t seed) {
    Member out(server, name, seed);
    servers.one.now = servers.two.now = std::max(servers.one.now, servers.two.now);
    CHECK(out.upload(server, 3, true).status == 200);
    return out;
  }
  void admit(const Member& who, testing::TestChannel& channel) {
    proto::JoinToken token;
    if (who.address().domain == "one.example") {
      token = people.alice.fetch(servers.one, who).items.at(0).join_token;
    } else {
      token = people.fetch(people.alice, who).join_token;
    }
    auto next = crypto::SigningKey::generate(channel.entropy);
    auto add = channel.make_commit(next);
    channel.add(add, who, token);
    ASSERT_EQ(channel.commit(servers.one, add, std::move(next), people.alice.token).status, 200);
    servers.settle();
  }

  proto::Respond ask_as(std::string bearer, Bytes request = to_bytes("let me in")) {
    return servers.ask(servers.one, proto::kPathRejoin,
                       wire::encode(proto::ChannelRejoin{people.channel.id, std::move(request)}), std::move(bearer));
  }
  proto::Respond ask(const Member& who) { return ask_as(Neighbourhood::passport(servers, who, "one.example")); }
  proto::Respond answer(const Member& to) {
    proto::ChannelRejoinAnswer it{people.channel.id, people.channel.epoch, to.address(), to_bytes("come in"), {}};
    it.signature = crypto::sign_labelled(people.channel.key, crypto::kSignRejoinAnswer, it.content());
    return servers.one.post(proto::kPathRejoinAnswer, wire::encode(it));
  }
  std::vector<proto::Envelope> got(const Member& who, EnvelopeKind kind) {
    auto out = Neighbourhood::envelopes(servers.at(who.address().domain), who);
    std::erase_if(out, [&](const proto::Envelope& it) { return it.kind != kind; });
    return out;
  }
  crypto::SigningKey key_of(testing::RelayDriver& server) {
    const auto seed = server.store.get(table::kKeys, as_bytes(kServerKeyRow));
    CHECK(seed.has_value());
    return crypto::SigningKey::from_seed(std::move(*crypto::Ed25519Seed::from(*seed)));
  }
  /// bob's, but for what is changed, signed by his server.
  std::string made(const std::function<void(proto::Passport&)>& change) {
    proto::Passport passport{"two.example",
                             "one.example",
                             "bob@two.example",
                             people.bob.device.device.id(),
                             people.bob.device.device.mailbox,
                             servers.one.now.ms + kHourMs,
                             {}};
    change(passport);
    passport.signature = crypto::sign_labelled(key_of(servers.two), crypto::kSignPassport, passport.content());
    return passport.to_text();
  }
};

TEST_F(ForeignRejoin, ARequestWithAPassportReachesAllOthersOfBothDomains) {
  const Member dave = neighbour(servers.two, "dave@two.example", 11);
  admit(dave, people.channel);
  const auto asked = ask(people.bob);
  ASSERT_EQ(asked.status, 200);
  EXPECT_EQ(body_of<proto::RejoinAsked>(asked).mailboxes, 2u);
  servers.settle();
  for (const Member* who : std::initializer_list<const Member*>{&people.alice, &dave}) {
    const auto requests = got(*who, EnvelopeKind::rejoin);
    ASSERT_EQ(requests.size(), 1u);
    EXPECT_EQ(requests[0].body, to_bytes("let me in"));
    EXPECT_EQ(requests[0].domain, "one.example");
    EXPECT_EQ(requests[0].channel, people.channel.id);
    EXPECT_EQ(requests[0].epoch, people.channel.epoch);
  }
  EXPECT_TRUE(got(people.bob, EnvelopeKind::rejoin).empty());
}

TEST_F(ForeignRejoin, AnAnswerReachesThatOneMailboxOfTheOtherDomain) {
  const Member dave = neighbour(servers.two, "dave@two.example", 11);
  admit(dave, people.channel);
  ASSERT_EQ(answer(people.bob).status, 200);
  servers.settle();
  const auto answers = got(people.bob, EnvelopeKind::rejoin_answer);
  ASSERT_EQ(answers.size(), 1u);
  EXPECT_EQ(answers[0].body, to_bytes("come in"));
  EXPECT_EQ(answers[0].domain, "one.example");
  EXPECT_EQ(answers[0].epoch, people.channel.epoch);
  EXPECT_TRUE(got(dave, EnvelopeKind::rejoin_answer).empty());
  EXPECT_TRUE(got(people.alice, EnvelopeKind::rejoin_answer).empty());
}

TEST_F(ForeignRejoin, WhoAsksAtHomeReachesTheOtherDomainAndIsAloneOnlyWithoutIt) {
  const auto asked = ask_as(people.alice.token);
  ASSERT_EQ(asked.status, 200);
  EXPECT_EQ(body_of<proto::RejoinAsked>(asked).mailboxes, 1u);
  servers.settle();
  EXPECT_EQ(got(people.bob, EnvelopeKind::rejoin).size(), 1u);
  ASSERT_EQ(people.remove_bob().status, 200);
  const auto alone = ask_as(people.alice.token);
  ASSERT_EQ(alone.status, 200);
  EXPECT_EQ(body_of<proto::RejoinAsked>(alone).mailboxes, 0u);
  servers.settle();
  EXPECT_EQ(got(people.bob, EnvelopeKind::rejoin).size(), 1u);
}

TEST_F(ForeignRejoin, AVisitorIsAloneWhereNobodyElseIs) {
  auto next = crypto::SigningKey::generate(people.channel.entropy);
  auto leaves = people.channel.make_commit(next);
  std::erase(leaves.next_recipients, people.alice.address());
  ASSERT_EQ(people.channel.commit(servers.one, leaves, std::move(next)).status, 200);
  const auto asked = ask(people.bob);
  ASSERT_EQ(asked.status, 200);
  EXPECT_EQ(body_of<proto::RejoinAsked>(asked).mailboxes, 0u);
  EXPECT_TRUE(got(people.alice, EnvelopeKind::rejoin).empty());
}

TEST_F(ForeignRejoin, RefusesAPassportOfWhoHasNoMailboxThere) {
  const Member dave = neighbour(servers.two, "dave@two.example", 11);
  const std::string dave_passport = Neighbourhood::passport(servers, dave, "one.example");
  ASSERT_EQ(error_of(ask_as(dave_passport)), ErrorCode::not_authorised);
  const MemoryView before = servers.one.store;
  EXPECT_EQ(error_of(ask_as(dave_passport)), ErrorCode::not_authorised);
  // Mailboxes of another domain's have the same bytes, and count for nothing.
  const MailboxId alices = people.alice.device.device.mailbox;
  EXPECT_EQ(error_of(ask_as(made([&](auto& it) { it.mailbox = alices; }))), ErrorCode::not_authorised);
  EXPECT_EQ(servers.one.store, before);
  ASSERT_EQ(people.remove_bob().status, 200);
  EXPECT_EQ(error_of(ask(people.bob)), ErrorCode::not_authorised);
}

TEST_F(ForeignRejoin, RefusesAPassportThatIsNotGoodAnyMore) {
  EXPECT_EQ(ask_as(made([](auto&) {})).status, 200);
  const MemoryView before = servers.one.store;
  EXPECT_EQ(error_of(ask_as(made([&](auto& it) { it.expires_ms = servers.one.now.ms; }))), ErrorCode::unauthenticated);
  EXPECT_EQ(error_of(ask_as(made([](auto& it) { it.audience = "two.example"; }))), ErrorCode::unauthenticated);
  std::string changed = made([](auto&) {});
  changed.back() = changed.back() == 'a' ? 'b' : 'a';
  EXPECT_NE(ask_as(changed).status, 200);
  EXPECT_EQ(error_of(ask_as({})), ErrorCode::unauthenticated);
  EXPECT_EQ(error_of(ask_as(people.bob.token)), ErrorCode::unauthenticated) << "a token of another server";
  EXPECT_EQ(servers.one.store, before);
}

TEST_F(ForeignRejoin, RefusesADomainThatTheOperatorHasBlocked) {
  const std::string passport = Neighbourhood::passport(servers, people.bob, "one.example");
  auto config = testing::speaking_config("one.example");
  config.federation.blocked.insert("two.example");
  servers.one.set_config(config);
  servers.one.restart();
  const MemoryView before = servers.one.store;
  EXPECT_EQ(ask_as(passport).status, 403);
  EXPECT_EQ(error_of(ask_as(people.alice.token)), ErrorCode::over_limit) << "nobody who could let her in is reached";
  EXPECT_EQ(error_of(answer(people.bob)), ErrorCode::not_authorised);
  EXPECT_EQ(servers.one.store, before);
  servers.one.set_config(testing::open_config("one.example"));
  servers.one.restart();
  EXPECT_EQ(error_of(ask_as(people.alice.token)), ErrorCode::over_limit);
  EXPECT_EQ(error_of(answer(people.bob)), ErrorCode::unsupported);
}

TEST_F(ForeignRejoin, PassesOverADomainThatTheOperatorHasBlocked) {
  const Member carol = neighbour(servers.one, "carol@one.example", 12);
  admit(carol, people.channel);
  auto config = testing::speaking_config("one.example");
  config.federation.blocked.insert("two.example");
  servers.one.set_config(config);
  servers.one.restart();
  const auto asked = ask_as(people.alice.token);
  ASSERT_EQ(asked.status, 200);
  EXPECT_EQ(body_of<proto::RejoinAsked>(asked).mailboxes, 1u);
  EXPECT_EQ(got(carol, EnvelopeKind::rejoin).size(), 1u);
  EXPECT_TRUE(servers.one.store.scan(table::kOutgoing, {}, {}, 10).empty());
}

TEST_F(ForeignRejoin, AMailboxAsksEightTimesAtOnceAndThenEveryThreeHours) {
  const std::string passport = Neighbourhood::passport(servers, people.bob, "one.example");
  for (int i = 0; i < 8; ++i) EXPECT_EQ(ask_as(passport).status, 200) << i;
  const auto refused = ask_as(passport);
  EXPECT_EQ(refused.status, 429);
  EXPECT_GT(refused.retry_after_s.value_or(0), 2u * 3600);
  // Another name and device in the passport make no other mailbox.
  EXPECT_EQ(ask_as(made([](auto& it) { it.name = "eve@two.example"; })).status, 429);
  EXPECT_EQ(ask_as(people.alice.token).status, 200);
  servers.settle();
  servers.one.now = servers.two.now = after(servers.one.now, 3 * kHourMs);
  EXPECT_EQ(ask(people.bob).status, 200);
  EXPECT_EQ(ask(people.bob).status, 429);
}

TEST_F(ForeignRejoin, DrawsOnWhatADomainsVisitorsHaveTogether) {
  auto config = testing::speaking_config("one.example");
  config.limits.visits = {2, 1};
  servers.one.set_config(config);
  servers.one.restart();
  const std::string passport = Neighbourhood::passport(servers, people.bob, "one.example");
  EXPECT_EQ(ask_as(passport).status, 200);
  EXPECT_EQ(ask_as(passport).status, 200);
  EXPECT_EQ(ask_as(passport).status, 429);
  EXPECT_EQ(ask_as(people.alice.token).status, 200);
}

TEST_F(ForeignRejoin, AStrangerDrawsNothingFromTheChannel) {
  auto config = testing::speaking_config("one.example");
  config.limits.channel = {1, 1};
  servers.one.set_config(config);
  servers.one.restart();
  const std::string stranger = made([](auto& it) { it.mailbox = *MailboxId::from(Bytes(MailboxId::kSize, 9)); });
  for (int i = 0; i < 3; ++i) EXPECT_EQ(error_of(ask_as(stranger)), ErrorCode::not_authorised);
  EXPECT_EQ(ask(people.bob).status, 200);
  EXPECT_EQ(ask(people.bob).status, 429);
}

TEST_F(ForeignRejoin, PassesOverWhoHasNoRoomElsewhereAndSaysSoWhenNobodyHas) {
  const Member carol = neighbour(servers.one, "carol@one.example", 12);
  admit(carol, people.channel);
  const auto full = [&](const Member& who) {
    servers.one.store.apply({{table::kFullElsewhere, domain_key("two.example", who.device.device.mailbox),
                              wire::encode(NumberRow{after(servers.one.now, kHourMs).ms})}});
  };
  full(people.bob);
  const auto asked = ask_as(people.alice.token);
  ASSERT_EQ(asked.status, 200);
  EXPECT_FALSE(asked.retry_after_s.has_value());
  EXPECT_EQ(body_of<proto::RejoinAsked>(asked).mailboxes, 1u);  // carol
  servers.settle();
  EXPECT_TRUE(got(people.bob, EnvelopeKind::rejoin).empty());
  EXPECT_EQ(error_of(answer(people.bob)), ErrorCode::over_limit);
  auto next = crypto::SigningKey::generate(people.channel.entropy);
  auto leaves = people.channel.make_commit(next);
  std::erase(leaves.next_recipients, carol.address());
  servers.one.store.apply(
      {{table::kFullElsewhere, domain_key("two.example", people.bob.device.device.mailbox), std::nullopt}});
  ASSERT_EQ(people.channel.commit(servers.one, leaves, std::move(next)).status, 200);
  full(people.bob);
  const MemoryView before = servers.one.store;
  EXPECT_EQ(error_of(ask_as(people.alice.token)), ErrorCode::over_limit);
  EXPECT_EQ(servers.one.store, before);
}

TEST_F(ForeignRejoin, ARequestThatIsForwardedReachesMembersAloneAndOnce) {
  const Member dave = neighbour(servers.two, "dave@two.example", 11);
  for (const EnvelopeKind kind : {EnvelopeKind::rejoin, EnvelopeKind::rejoin_answer}) {
    const std::uint64_t sequence = 100 + static_cast<std::uint64_t>(kind);
    const auto bring = [&](const MailboxId& mailbox, std::uint64_t at) {
      proto::ForwardBatch batch{"one.example", "two.example", servers.one.now.ms, {}, {}};
      batch.items.push_back({at, kind, people.channel.id, 1, to_bytes("of one"), {mailbox}, false, {}, {}});
      batch.signature = crypto::sign_labelled(key_of(servers.one), crypto::kSignForward, batch.content());
      return servers.two.post(proto::kPathForward, wire::encode(batch));
    };
    const auto dropped = bring(dave.device.device.mailbox, sequence);
    EXPECT_EQ(dropped.status, 200);
    EXPECT_EQ(body_of<proto::ForwardAnswer>(dropped).up_to, sequence);
    EXPECT_TRUE(got(dave, kind).empty());
    EXPECT_EQ(bring(people.bob.device.device.mailbox, sequence + 1000).status, 200);
    EXPECT_EQ(bring(people.bob.device.device.mailbox, sequence + 1000).status, 200);  // a repetition
    EXPECT_EQ(got(people.bob, kind).size(), 1u);
    servers.one.now = servers.two.now = after(servers.one.now, 1);  // the next begins another queue
  }
}

TEST_F(ForeignRejoin, WhatIsAskedWhileTheOtherServerIsAwayComesWhenItIsBackAndAfterARestart) {
  servers.two_is_down = true;
  ASSERT_EQ(ask_as(people.alice.token).status, 200);
  ASSERT_EQ(answer(people.bob).status, 200);
  servers.pass(kHourMs);
  servers.one.restart();
  servers.two_is_down = false;
  servers.answers_are_lost = true;
  servers.pass(10 * kMinuteMs);
  servers.answers_are_lost = false;
  servers.pass(10 * kMinuteMs);
  EXPECT_EQ(got(people.bob, EnvelopeKind::rejoin).size(), 1u);
  EXPECT_EQ(got(people.bob, EnvelopeKind::rejoin_answer).size(), 1u);
  EXPECT_TRUE(servers.one.store.scan(table::kOutgoing, {}, {}, 10).empty());
}

// What a build says that knows neither kind: it reads no more of the batch.
TEST_F(ForeignRejoin, AServerThatKnowsNoRequestsGetsEverythingElse) {
  ASSERT_EQ(people.channel.send(servers.one, "before").status, 200);
  servers.settle();
  ASSERT_EQ(people.channel.send(servers.one, "beside").status, 200);
  ASSERT_EQ(ask_as(people.alice.token).status, 200);
  ASSERT_EQ(people.channel.send(servers.one, "after").status, 200);
  servers.knows_no_rejoin = true;
  servers.pass(kMinuteMs);
  EXPECT_EQ(people.texts(), (std::vector<std::string>{"before", "beside", "after"}));
  EXPECT_TRUE(got(people.bob, EnvelopeKind::rejoin).empty());
  EXPECT_TRUE(servers.one.store.scan(table::kOutgoing, {}, {}, 10).empty());
  const MemoryView before = servers.one.store;
  EXPECT_EQ(error_of(ask_as(people.alice.token)), ErrorCode::over_limit) << "nobody who could let her in is reached";
  EXPECT_EQ(servers.one.store, before);
}

TEST_F(ForeignRejoin, ManyRequestsHoldUpNothingForAServerThatKnowsNone) {
  ASSERT_EQ(people.channel.send(servers.one, "before").status, 200);
  servers.settle();
  servers.knows_no_rejoin = true;
  servers.two_is_down = true;
  std::vector<std::string> said = {"before"};
  for (int i = 0; i < 8; ++i) {
    ASSERT_EQ(ask_as(people.alice.token).status, 200);
    ASSERT_EQ(answer(people.bob).status, 200);
    ASSERT_EQ(answer(people.bob).status, 200);
    said.push_back("between " + std::to_string(i));
    ASSERT_EQ(people.channel.send(servers.one, said.back()).status, 200);
  }
  servers.pass(kSecondMs);
  servers.two_is_down = false;
  servers.pass(2 * kMinuteMs);
  EXPECT_EQ(people.texts(), said);
  EXPECT_TRUE(servers.one.store.scan(table::kOutgoing, {}, {}, 10).empty());
  // Within the hour none is taken that would be dropped, and what else there is goes there.
  const MemoryView before = servers.one.store;
  const auto refused = answer(people.bob);
  EXPECT_EQ(refused.status, 503);
  EXPECT_GT(refused.retry_after_s.value_or(0), 0u);
  EXPECT_EQ(servers.one.store, before);
  said.push_back("at once");
  ASSERT_EQ(people.channel.send(servers.one, said.back()).status, 200);
  servers.settle();
  EXPECT_EQ(people.texts(), said);
  // When that server knows them it gets them again.
  servers.knows_no_rejoin = false;
  servers.pass(kMinuteMs);
  EXPECT_EQ(answer(people.bob).status, 503);
  servers.pass(kHourMs);
  ASSERT_EQ(answer(people.bob).status, 200);
  servers.settle();
  EXPECT_EQ(got(people.bob, EnvelopeKind::rejoin_answer).size(), 1u);
}

TEST_F(ForeignRejoin, NothingIsTakenWhileTheDiskIsFull) {
  const std::string passport = Neighbourhood::passport(servers, people.bob, "one.example");
  servers.one.disk_full = true;
  const MemoryView before = servers.one.store;
  EXPECT_EQ(servers.one
                .post(proto::kPathRejoin, wire::encode(proto::ChannelRejoin{people.channel.id, to_bytes("let me in")}),
                      passport)
                .status,
            507);
  EXPECT_EQ(servers.one.store, before);
}

}  // namespace
}  // namespace cairn::relay
