// Names of another domain: whose word counts for it, what its server is shown, and what comes from there.
#include "core/client/domains.h"

#include "core/client/domains_fixture.h"
#include "core/client/views.h"

namespace cairn::client {
namespace {

TEST_F(DomainsTest, WritesToNobodyOfADomainForWhichItHasNoPolicy) {
  const std::string sentence = bad(send(kCarolElsewhere));
  EXPECT_NE(sentence.find("Cairn has no policy for two.example"), std::string::npos) << sentence;
  EXPECT_NE(sentence.find("cairn domain add two.example --policy FILE"), std::string::npos) << sentence;
  EXPECT_EQ(calls_to_two.size(), lookups());  // and it asked for nothing but the look-up
  EXPECT_TRUE(passports.empty());
}

TEST_F(DomainsTest, JudgesADomainByThePolicyThatItsOwnerSaid) {
  good(add({{"domain", "two.example"}, {"policy", two.policy_text}}));
  const json kept = send(kCarolElsewhere);
  ASSERT_TRUE(kept.contains("result") || kept.contains("error"));
  ASSERT_EQ(passports.size(), 1u);
  EXPECT_FALSE(passports[0].bearer.empty());
  EXPECT_EQ(wire::decode<proto::PassportRequest>(passports[0].body)->audience, "two.example");
  const auto fetch = std::find_if(calls_to_two.begin(), calls_to_two.end(), [](const proto::Call& call) {
    return call.url.ends_with(proto::kPathKeyPackageFetch);
  });
  ASSERT_NE(fetch, calls_to_two.end());
  EXPECT_EQ(fetch->bearer, "p.passport");
  // Own names are judged by the own policy as before.
  good(village.register_person("bob-1", kBob));
  good(send(kBob));
}

TEST_F(DomainsTest, ShowsTheOwnTokenToTheOwnServerAlone) {
  good(add({{"domain", "two.example"}, {"policy", two.policy_text}}));
  send(kCarolElsewhere);
  village.pass_all(kMinuteMs);
  ASSERT_FALSE(calls_to_two.empty());
  for (const proto::Call& call : calls_to_two) EXPECT_NE(call.bearer, passports.at(0).bearer) << call.url;
}

TEST_F(DomainsTest, RefusesALieAboutADomainItHasAPolicyFor) {
  good(add({{"domain", "two.example"}, {"policy", village.server.policy_text()}}));
  const std::string sentence = bad(send(kCarolElsewhere));
  EXPECT_NE(sentence.find("condition 1"), std::string::npos) << sentence;
}

TEST_F(DomainsTest, LetsStrangersLeadItToPublicAddressesAloneAndItsOwnerAnywhere) {
  send(kCarolElsewhere);
  ASSERT_FALSE(calls_to_two.empty());
  EXPECT_EQ(calls_to_two.back().reach, proto::CallReach::public_only);
  calls_to_two.clear();
  good(add({{"domain", "two.example"}, {"server_url", std::string(kTwoUrl) + "/"}}));  // who was refused is asked anew
  ASSERT_FALSE(calls_to_two.empty());
  EXPECT_EQ(calls_to_two.back().reach, proto::CallReach::anywhere);
  EXPECT_EQ(calls_to_two.back().url, "https://two.example/v1/directory/lookup");
}

TEST_F(DomainsTest, GetsAnotherPassportWhenOneIsNotTaken) {
  good(add({{"domain", "two.example"}, {"policy", two.policy_text}}));
  auto before = village.server.elsewhere;
  village.server.elsewhere = [before](const proto::Call& call) -> std::optional<Result<proto::CallReply>> {
    auto reply = before(call);
    if (call.url.starts_with(kTwoUrl) && call.url.ends_with(proto::kPathKeyPackageFetch)) (*reply)->status = 401;
    return reply;
  };
  send(kCarolElsewhere);
  village.pass_all(kMinuteMs);
  EXPECT_GT(passports.size(), 1u);
}

TEST_F(DomainsTest, SaysWhyTheOwnServerGivesNoPassport) {
  good(add({{"domain", "two.example"}, {"policy", two.policy_text}}));
  auto before = village.server.elsewhere;
  village.server.elsewhere = [before](const proto::Call& call) -> std::optional<Result<proto::CallReply>> {
    if (!call.url.ends_with(proto::kPathPassport)) return before(call);
    return testing::FakePost::refusal(ErrorCode::not_authorised,
                                      "The server of your domain does not speak to that one.");
  };
  send(kCarolElsewhere);
  const json shown = good(village.ask("alice-1", "conversations"));
  EXPECT_EQ(shown["conversations"][0]["trouble"], "The server of your domain does not speak to that one.");
}

TEST_F(DomainsTest, SaysWhoseWordsThoseOfAnotherDomainsServerAre) {
  good(add({{"domain", "two.example"}, {"policy", two.policy_text}}));
  auto before = village.server.elsewhere;
  std::string_view refused = proto::kPathLookup;
  village.server.elsewhere = [&, before](const proto::Call& call) -> std::optional<Result<proto::CallReply>> {
    if (!call.url.starts_with(kTwoUrl) || !call.url.ends_with(refused)) return before(call);
    return testing::FakePost::refusal(ErrorCode::rate_limited, "Pay two.example to go on.");
  };
  const std::string said = "The server of two.example says: Pay two.example to go on.";
  send(kCarolElsewhere);
  EXPECT_NE(good(village.ask("alice-1", "conversations")).dump().find(said), std::string::npos);
  refused = proto::kPathKeyPackageFetch;
  village.pass_all(kMinuteMs);
  ASSERT_TRUE(std::any_of(calls_to_two.begin(), calls_to_two.end(),
                          [](const proto::Call& call) { return call.url.ends_with(proto::kPathLookup); }));
  EXPECT_EQ(good(village.ask("alice-1", "conversations"))["conversations"][0]["trouble"], said);
}

TEST(DomainsViews, AskAnotherDomainThatFailsEverMoreRarely) {
  testing::SeededEntropy entropy(1);
  MemoryView below;
  Overlay overlay(below);
  std::vector<proto::Send> sends;
  std::vector<proto::Event> events;
  Context context{overlay, Time{1'000'000}, entropy, sends, events};
  Account account = Account::create(*directory::Name::from(kAlice), "http://localhost", "", entropy);
  account.state = AccountState::active;
  save_account(context, account);
  Calls calls;
  Views views(calls);
  const auto waits = [&](const directory::Name& name) {
    views.look_up_now(context, account, name);
    const proto::CallId asked = std::get<proto::Call>(sends.back()).id;
    calls.done(context, proto::CallDone{asked, proto::CallReply{404, {}, {}}});
    return elapsed_ms(views.outcome(name).retry_at, context.now);
  };
  std::uint64_t before = 0;
  for (int i = 0; i < 8; ++i) {
    const std::uint64_t now = waits(*directory::Name::from(kCarolElsewhere));
    EXPECT_GT(now, before);
    before = now;
  }
  EXPECT_GT(before, 10 * kMinuteMs);
  EXPECT_EQ(waits(*directory::Name::from(kCarolElsewhere)), before);  // and no more
  for (int i = 0; i < 3; ++i) EXPECT_EQ(waits(*directory::Name::from(kBob)), kLookupPauseMs);
}

TEST(Domains, SayWhyAnAnswerIsNoGoodAndWhoSaysSo) {
  testing::SeededEntropy entropy(1);
  const Account account = Account::create(*directory::Name::from(kAlice), "http://localhost", "", entropy);
  const std::string own = account.domain();
  MemoryView below;
  Overlay overlay(below);
  std::vector<proto::Send> sends;
  std::vector<proto::Event> events;
  Context context{overlay, Time{1'000'000}, entropy, sends, events};
  Calls calls;
  const auto sentence = [&](std::string_view domain, Result<proto::CallReply> reply) {
    std::string out;
    calls.start(context, "", proto::Call{}, [&](Context&, const Answer& answer) {
      EXPECT_EQ(answer.body.error().code, reply ? ErrorCode::rate_limited : ErrorCode::unavailable);
      out = why_not(account, domain, answer);
    });
    calls.done(context, proto::CallDone{std::get<proto::Call>(sends.back()).id, reply});
    return out;
  };
  const auto nobody = fail(ErrorCode::unavailable, "the name of the server is not known");
  EXPECT_EQ(sentence(own, nobody), "The server cannot be reached; it is tried again.");
  EXPECT_EQ(sentence("two.example", nobody), "The server of two.example cannot be reached; it is tried again.");
  const auto unbelieved = fail(ErrorCode::not_authorised, "its certificate has run out");
  EXPECT_EQ(sentence(own, unbelieved), "No connection is made: its certificate has run out.");
  EXPECT_EQ(sentence("two.example", unbelieved),
            "The server of two.example: No connection is made: its certificate has run out.");
  const proto::CallReply no{429, wire::encode(proto::ErrorAnswer{ErrorCode::rate_limited, "Come later."}), {}};
  EXPECT_EQ(sentence(own, no), "Come later.");
  EXPECT_EQ(sentence("two.example", no), "The server of two.example says: Come later.");
}

TEST_F(DomainsTest, ListsAndForgetsWhatWasSaid) {
  EXPECT_TRUE(good(village.ask("alice-1", "domain.list"))["domains"].empty());
  good(add({{"domain", "two.example"}, {"policy", two.policy_text}}));
  good(add({{"domain", "three.example"}, {"server_url", "https://cairn.three.example"}}));
  const json listed = good(village.ask("alice-1", "domain.list"))["domains"];
  ASSERT_EQ(listed.size(), 2u);
  EXPECT_EQ(listed[0]["domain"], "three.example");
  EXPECT_EQ(listed[0]["own_policy"], true);
  EXPECT_EQ(listed[0]["server_url"], "https://cairn.three.example");
  EXPECT_EQ(listed[1]["own_policy"], false);
  good(village.ask("alice-1", "domain.remove", {{"domain", "two.example"}}));
  EXPECT_NE(bad(village.ask("alice-1", "domain.remove", {{"domain", "two.example"}})).find("Nothing was said"),
            std::string::npos);
  EXPECT_NE(bad(send(kCarolElsewhere)).find("Cairn has no policy for two.example"), std::string::npos);
}

TEST_F(DomainsTest, RefusesWhatCannotBeSaidOfADomain) {
  EXPECT_NE(bad(add({{"domain", "example.org"}, {"policy", two.policy_text}})).find("own name"), std::string::npos);
  EXPECT_NE(bad(add({{"domain", "Two.example"}})).find("is no domain"), std::string::npos);
  EXPECT_NE(bad(add({{"domain", "10.0.0.1"}})).find("is no domain"), std::string::npos);
  EXPECT_NE(bad(add({{"domain", "two.example"}, {"policy", "quorum none\n"}})).find("policy"), std::string::npos);
  EXPECT_NE(bad(add({{"domain", "two.example"}, {"server_url", "ftp://two.example"}})).find("did not work"),
            std::string::npos);
  EXPECT_TRUE(good(village.ask("alice-1", "domain.list"))["domains"].empty());
}

TEST_F(DomainsTest, TakesEnvelopesOfAChannelFromItsOwnDomainAlone) {
  good(village.register_person("bob-1", kBob));
  good(send(kBob));
  village.until([&] { return good(village.ask("bob-1", "conversations"))["conversations"].size() == 1; });
  village.set_online("bob-1", false);
  good(village.ask("alice-1", "send", {{"to", kBob}, {"text", "through its own server"}}));
  village.settle();
  // The same envelope comes another way first; then, at last, the right one.
  bool found = false;
  for (auto& [id, mailbox] : village.server.post.mailboxes) {
    for (proto::Envelope& envelope : mailbox.envelopes) {
      if (envelope.kind != proto::EnvelopeKind::message) continue;
      found = true;
      envelope.domain = "two.example";
    }
  }
  ASSERT_TRUE(found);
  village.set_online("bob-1", true);
  village.pass_all(kMinuteMs);
  const json read = good(village.ask("bob-1", "read", {{"conversation", kAlice}}));
  for (const json& message : read["messages"]) EXPECT_NE(message["text"], "through its own server");
}

TEST(DomainPin, HasOneEncoding) {
  const DomainPin pin{"two.example", "policy", "https://x.example"};
  const Bytes bytes = wire::encode(pin);
  const auto back = wire::decode<DomainPin>(bytes);
  ASSERT_TRUE(back);
  EXPECT_EQ(back->server_url, pin.server_url);
  EXPECT_EQ(wire::encode(*back), bytes);
  EXPECT_FALSE(wire::decode<DomainPin>(wire::encode(DomainPin{"10.0.0.1", "", ""})));
}

}  // namespace
}  // namespace cairn::client
