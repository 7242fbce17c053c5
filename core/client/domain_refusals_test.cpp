// What no honest device says of other domains, what is kept of it, and what is told past it (docs/spec/client.md s.17).
#include "core/base/encoding.h"
#include "core/client/domain_sharing_fixture.h"
#include "core/client/rpc_methods.h"

namespace cairn::client {
namespace {

class DomainRefusals : public DomainSharingTest {
 protected:
  void SetUp() override {
    DomainSharingTest::SetUp();
    two();
    first = *DeviceId::from(*from_hex(id_of("alice-1")));
  }
  DomainWord word(Aside& aside, const std::string& policy) const {
    return {first, aside.now().ms, kSharedDomain, DomainWord::Said{policy, {}, std::nullopt}};
  }
  static bool is_pinned(Aside& aside) { return domain_pin(aside.store(), aside.account(), kSharedDomain).has_value(); }

  DeviceId first;
};

TEST_F(DomainRefusals, AnHonestOneIsTaken) {
  Aside aside(village, "alice-2");
  aside.hear(word(aside, right), first);
  EXPECT_TRUE(is_pinned(aside));
  EXPECT_EQ(aside.noted(), "");
}

TEST_F(DomainRefusals, OfAStrangerOrSaidElsewhere) {
  meet();
  Aside aside(village, "alice-2");
  aside.hear(word(aside, right), first, kBob, aside.self());
  EXPECT_EQ(aside.noted(), "a word for own devices, said elsewhere, was ignored");
  aside.hear(word(aside, right), first, kAlice, aside.home(kBob));
  EXPECT_EQ(aside.noted(), "a word for own devices, said elsewhere, was ignored");
  EXPECT_FALSE(is_pinned(aside));
}

TEST_F(DomainRefusals, InTheNameOfAnotherDevice) {
  link("alice-3");
  village.pass_all(kMinuteMs);
  const auto third = *DeviceId::from(*from_hex(id_of("alice-3")));
  Aside aside(village, "alice-2");
  aside.hear(word(aside, right), third);
  EXPECT_EQ(aside.noted(), "a word about a domain in another own device's name was ignored");
  DomainWord own = word(aside, right);
  own.by = aside.own();
  aside.hear(own, third);
  EXPECT_NE(aside.noted(), "");
  EXPECT_FALSE(is_pinned(aside));
}

TEST_F(DomainRefusals, FromTheFutureOrOlderThanWhatItSaidBefore) {
  Aside aside(village, "alice-2");
  DomainWord late = word(aside, right);
  late.time_ms = aside.now().ms + kDomainWordAheadMs + 1;
  aside.hear(late, first);
  EXPECT_EQ(aside.noted(), "a word about a domain from the future was ignored");
  EXPECT_FALSE(is_pinned(aside));
  aside.hear(word(aside, right), first);
  ASSERT_TRUE(is_pinned(aside));
  DomainWord older = word(aside, right);
  older.time_ms -= 1;
  older.said.reset();
  aside.hear(older, first);
  EXPECT_TRUE(is_pinned(aside));
  older.time_ms += 2;
  aside.hear(older, first);
  EXPECT_FALSE(is_pinned(aside));
}

TEST_F(DomainRefusals, OfTheOwnDomainAndOfWhatIsNoDevice) {
  Aside aside(village, "alice-2");
  DomainWord own = word(aside, wrong);
  own.domain = "example.org";
  aside.hear(own, first);
  EXPECT_EQ(aside.noted(), "a word about the own domain was ignored");
  EXPECT_TRUE(domain_pins(aside.store()).empty());
}

TEST_F(DomainRefusals, OfADeviceThatWasRemoved) {
  link("alice-3");
  village.pass_all(kMinuteMs);
  const auto third = *DeviceId::from(*from_hex(id_of("alice-3")));
  ASSERT_TRUE(remove("alice-3", "alice-1"));
  village.pass_all(kHourMs);
  Aside aside(village, "alice-2");
  DomainWord late = word(aside, right);
  late.by = third;
  aside.hear(late, third);
  EXPECT_EQ(aside.noted(), "a word of what is no own device, or none any more, was ignored");
  EXPECT_FALSE(is_pinned(aside));
}

TEST_F(DomainRefusals, MoreDomainsThanAreKeptOfOneDevice) {
  Aside aside(village, "alice-2");
  for (std::size_t i = 0; i <= kMaxDomainWords; ++i) {
    DomainWord one = word(aside, {});
    one.domain = "d" + std::to_string(i) + ".example";
    one.said->server_url = "https://d.example";
    aside.hear(one, first);
  }
  EXPECT_EQ(aside.noted(), "a word about a domain more was not kept");
  EXPECT_EQ(aside.rows(tables::kDomainWords), kMaxDomainWords);
  EXPECT_EQ(aside.rows(tables::kDomainPins), kMaxDomainWords);
}

TEST_F(DomainRefusals, MorePinsByWordsThanLeaveRoomForItsOwner) {
  Aside aside(village, "alice-2");
  DomainSource source;
  source.whose = DomainSource::Whose::other;
  source.by = source.through = first;
  for (std::size_t i = 0; i < kMaxPinsByWord; ++i) {
    source.domain = "d" + std::to_string(i) + ".example";
    save_domain_source(aside.context(), aside.account(), source);
  }
  aside.hear(word(aside, right), first);
  EXPECT_FALSE(is_pinned(aside));
  EXPECT_EQ(aside.noted(), "what another own device says of a domain could not be pinned");
  ASSERT_EQ(domain_questions(aside.store(), aside.account()).size(), 1u);
  // When there is room it counts.
  source.is_off = true;
  save_domain_source(aside.context(), aside.account(), source);
  DomainWord again = word(aside, right);
  again.time_ms += 1;
  aside.hear(again, first);
  EXPECT_TRUE(is_pinned(aside));
}

TEST_F(DomainRefusals, AWordBeyondTheRoomMovesNothingThatCounts) {
  link("alice-3");
  village.pass_all(kMinuteMs);
  const auto third = *DeviceId::from(*from_hex(id_of("alice-3")));
  Aside aside(village, "alice-2");
  const auto say = [&](const DeviceId& by, std::size_t i) {
    DomainWord one = word(aside, right);
    one.by = by;
    one.domain = "d" + std::to_string(i) + ".example";
    aside.hear(one, by);
  };
  for (std::size_t i = 0; i < kMaxPinsByWord; ++i) say(i < kMaxDomainWords ? first : third, i);
  EXPECT_EQ(aside.rows(tables::kDomainPins), kMaxPinsByWord);
  EXPECT_EQ(aside.noted(), "");
  // Neither of the two has room for one more; its owner has, and what they said stays.
  for (const DeviceId& by : {first, third}) say(by, kMaxPinsByWord);
  EXPECT_EQ(aside.rows(tables::kDomainPins), kMaxPinsByWord);
  EXPECT_EQ(aside.rows(tables::kDomainWords), 2 * kMaxDomainWords);
  ASSERT_TRUE(pin_domain(aside.context(), aside.account(), {kSharedDomain, right, {}}));
  note_said_here(aside.context(), aside.account(), kSharedDomain);
  EXPECT_EQ(aside.rows(tables::kDomainPins), kMaxPinsByWord + 1);
  EXPECT_TRUE(is_by_another_device(aside.store(), aside.account(), "d0.example"));
}

TEST_F(DomainRefusals, OfARemovedDeviceBehindThousandsOfRows) {
  auto& store = village.device("alice-2").store();
  const Account account = *load_account(store);
  std::vector<Write> writes;
  const auto put = [&](const DomainSource& source) {
    writes.push_back({tables::kDomainSources, name_key(account, source.domain), wire::encode(source)});
  };
  DomainSource own;
  own.is_off = true;
  for (std::size_t i = 0; i < 4 * kMaxDomainPins; ++i) {
    own.domain = "o" + std::to_string(i) + ".example";
    put(own);
  }
  DomainSource theirs;
  theirs.whose = DomainSource::Whose::other;
  const std::vector<std::string> domains = {"a.example", "b.example", "c.example", "d.example", "e.example"};
  for (const std::string& domain : domains) {
    theirs.domain = domain;
    put(theirs);
    writes.push_back({tables::kDomainPins, name_key(account, domain), wire::encode(DomainPin{domain, right, {}})});
  }
  theirs.domain = "gone.example";
  theirs.is_off = true;
  put(theirs);
  ASSERT_TRUE(store.apply(writes));
  Aside aside(village, "alice-2");
  EXPECT_TRUE(domain_pins(aside.store()).empty());
  EXPECT_EQ(domain_questions(aside.store(), aside.account()).size(), domains.size());
  EXPECT_FALSE(domain_source(aside.store(), aside.account(), "gone.example"));
  for (const std::string& domain : domains) {
    EXPECT_TRUE(domain_source(aside.store(), aside.account(), domain)) << domain;
  }
}

TEST_F(DomainRefusals, AWordThatCameWhileALinkWasOnTrial) {
  Aside aside(village, "alice-2");
  Context& context = aside.context();
  const SourceBefore before = source_before(aside.store(), aside.account(), kSharedDomain);
  ASSERT_TRUE(pin_domain(context, aside.account(), {kSharedDomain, right, {}}));
  note_origin(context, aside.account(), kSharedDomain, {"nobody@two.example", 5});
  note_said_here(context, aside.account(), kSharedDomain, SaidHere::on_trial);
  aside.hear(word(aside, right), first);
  EXPECT_FALSE(is_by_another_device(aside.store(), aside.account(), kSharedDomain));
  unpin_domain(context, aside.account(), kSharedDomain);
  aside.domains().put_back(context, aside.account(), kSharedDomain, before);
  EXPECT_TRUE(is_pinned(aside));
  EXPECT_TRUE(is_by_another_device(aside.store(), aside.account(), kSharedDomain));
  EXPECT_FALSE(source_before(aside.store(), aside.account(), kSharedDomain).mark);
}

TEST_F(DomainRefusals, AnAccountThatIsForgottenLeavesNothingOfIt) {
  Aside aside(village, "alice-2");
  aside.hear(word(aside, right), first);
  aside.hear(DomainsWanted{}, first);
  note_said_here(aside.context(), aside.account(), kSharedDomain);
  DomainSharing::wanted(aside.context(), first);
  const std::vector<Table> all = {tables::kDomainPins,  tables::kDomainWords,  tables::kDomainSources,
                                  tables::kDomainMarks, tables::kDomainsAsked, tables::kDomainsWanted};
  for (const Table table : all) EXPECT_GT(aside.rows(table), 0u) << static_cast<int>(table);
  forget_account(aside.context(), aside.account());
  for (const Table table : all) EXPECT_EQ(aside.rows(table), 0u) << static_cast<int>(table);
}

TEST_F(DomainRefusals, WhatWasVerifiedHereWithoutBeingPinnedStaysAsItIs) {
  Aside aside(village, "alice-2");
  aside.context().store.put(tables::kDomains, name_key(aside.account(), kSharedDomain), {1});
  aside.hear(word(aside, wrong), first);
  EXPECT_FALSE(is_pinned(aside));
  ASSERT_EQ(domain_questions(aside.store(), aside.account()).size(), 1u);
  // Another one in the place of what was shown is not confirmed by it.
  const DomainQuestion shown = domain_questions(aside.store(), aside.account()).front();
  DomainWord next = word(aside, right);
  next.time_ms += 1;
  aside.hear(next, first);
  ASSERT_EQ(domain_questions(aside.store(), aside.account()).size(), 1u);
  EXPECT_NE(domain_questions(aside.store(), aside.account()).front().digest, shown.digest);
}

TEST_F(DomainRefusals, TheNumberOfAQuestionIsOfOneDeviceAlone) {
  Aside aside(village, "alice-2");
  aside.context().store.put(tables::kDomains, name_key(aside.account(), kSharedDomain), {1});
  aside.hear(word(aside, wrong), first);
  const auto here = domain_questions(aside.store(), aside.account());
  ASSERT_EQ(here.size(), 1u);
  EXPECT_TRUE(domain_question(aside.store(), aside.account(), kSharedDomain, here.front().digest));
  EXPECT_FALSE(domain_question(aside.store(), aside.account(), "three.example", here.front().digest));
  // The same row under the key of the device that said it.
  const auto account = load_account(village.device("alice-1").store());
  const auto there = domain_questions(aside.store(), *account);
  ASSERT_EQ(there.size(), 1u);
  EXPECT_EQ(wire::encode(there.front().heard), wire::encode(here.front().heard));
  EXPECT_NE(there.front().digest, here.front().digest);
}

TEST_F(DomainRefusals, ALinkOnTrialHoldsUpNoOtherWord) {
  Aside aside(village, "alice-2");
  const auto say = [&](const std::string& domain, SaidHere how) {
    ASSERT_TRUE(pin_domain(aside.context(), aside.account(), {domain, right, {}}));
    note_origin(aside.context(), aside.account(), domain, {"nobody@" + domain, 5});
    note_said_here(aside.context(), aside.account(), domain, how);
  };
  constexpr std::size_t kOnTrial = 200;
  for (std::size_t i = 0; i < kOnTrial; ++i) say("t" + std::to_string(i) + ".example", SaidHere::on_trial);
  for (std::size_t i = 0; i < 8; ++i) say("c" + std::to_string(i) + ".example", SaidHere::for_good);
  aside.step();
  EXPECT_EQ(aside.rows(tables::kDomainMarks), kOnTrial);
  EXPECT_GT(domain_source(aside.store(), aside.account(), "c0.example")->time_ms, 0u);
  EXPECT_EQ(domain_source(aside.store(), aside.account(), "t0.example")->time_ms, 0u);
}

TEST_F(DomainRefusals, AClockThatWasAheadOnce) {
  Aside aside(village, "alice-2");
  ASSERT_TRUE(pin_domain(aside.context(), aside.account(), {kSharedDomain, right, {}}));
  const auto said_with = [&](std::uint64_t time_ms) {
    DomainSource source;
    source.domain = kSharedDomain;
    source.time_ms = time_ms;
    save_domain_source(aside.context(), aside.account(), source);
    note_said_here(aside.context(), aside.account(), kSharedDomain);
    aside.step();
    return domain_source(aside.store(), aside.account(), kSharedDomain)->time_ms;
  };
  const std::uint64_t now = aside.now().ms;
  EXPECT_EQ(said_with(now + kDomainWordAheadMs), now);
  EXPECT_EQ(said_with(now + kDomainWordAheadMs - 1), now + kDomainWordAheadMs);
}

TEST_F(DomainRefusals, WhatWasToBeToldBeforeATrialOrAnAnswerStillIs) {
  Aside aside(village, "alice-2");
  Context& context = aside.context();
  const auto mark = [&] { return source_before(aside.store(), aside.account(), kSharedDomain).mark; };
  // Said, told, and taken back; which the others have not heard yet.
  DomainSource source;
  source.domain = kSharedDomain;
  source.time_ms = 5;
  save_domain_source(context, aside.account(), source);
  note_said_here(context, aside.account(), kSharedDomain);
  ASSERT_EQ(mark(), kDomainIsNew);
  const SourceBefore before = source_before(aside.store(), aside.account(), kSharedDomain);
  ASSERT_TRUE(pin_domain(context, aside.account(), {kSharedDomain, right, {}}));
  note_said_here(context, aside.account(), kSharedDomain, SaidHere::on_trial);
  EXPECT_TRUE(is_on_trial(aside.store(), aside.account(), kSharedDomain));
  unpin_domain(context, aside.account(), kSharedDomain);
  put_source_back(context, aside.account(), kSharedDomain, before);
  EXPECT_EQ(mark(), kDomainIsNew);
  EXPECT_EQ(domain_source(aside.store(), aside.account(), kSharedDomain)->time_ms, 5u);
  HeardDomain heard{word(aside, wrong), first, DomainQuestionKind::other_word};
  save_heard_domain(context, aside.account(), heard);
  ASSERT_TRUE(keep_own_domain(context, aside.account(), kSharedDomain));
  EXPECT_EQ(mark(), kDomainIsNew);
}

TEST_F(DomainRefusals, MoreQuestionsThanAreAlarmsEach) {
  Aside aside(village, "alice-2");
  Context& context = aside.context();
  context.store.put(tables::kExpectedDevices, to_bytes(first.view()), to_bytes(as_bytes("the old phone")));
  const directory::NameState chain(aside.account().name);
  const auto alarms = [&] {
    std::vector<json> out;
    add_domain_alarms(aside.store(), aside.account(), chain, out);
    return out;
  };
  const auto ask = [&](std::size_t i) {
    HeardDomain heard{word(aside, wrong), first, DomainQuestionKind::other_word};
    heard.word.domain = "d" + std::to_string(i) + ".example";
    save_heard_domain(context, aside.account(), heard);
  };
  for (std::size_t i = 0; i < 16; ++i) ask(i);
  ASSERT_EQ(alarms().size(), 16u);
  const std::string sentence = alarms().front()["sentence"];
  EXPECT_NE(sentence.find("on your device \"the old phone\" (" + id_of("alice-1").substr(0, 8) + ")"),
            std::string::npos)
      << sentence;
  for (std::size_t i = 16; i < kMaxDomainWords; ++i) ask(i);
  ASSERT_EQ(alarms().size(), 17u);
  EXPECT_EQ(alarms().back()["more"], kMaxDomainWords - 16);
  EXPECT_NE(alarms().back()["sentence"].get<std::string>().find("domain list"), std::string::npos);
}

TEST_F(DomainRefusals, WordsInAnotherForm) {
  Aside aside(village, "alice-2");
  const auto is_read = [](const DomainWord& one) { return wire::decode<DomainWord>(wire::encode(one)).has_value(); };
  const auto with = [&](const auto& change) {
    DomainWord out = word(aside, right);
    change(out);
    return out;
  };
  EXPECT_TRUE(is_read(word(aside, right)));
  EXPECT_TRUE(is_read(with([](DomainWord& one) { one.said.reset(); })));
  EXPECT_TRUE(is_read(with([](DomainWord& one) { one.said->origin = DomainOrigin{kBobOfTwo, 5}; })));
  EXPECT_FALSE(is_read(with([](DomainWord& one) { one.domain = "two example"; })));
  EXPECT_FALSE(is_read(with([](DomainWord& one) { one.said->policy_text = "# words\n" + one.said->policy_text; })));
  EXPECT_FALSE(is_read(with([](DomainWord& one) { one.said->policy_text = "quorum none\n"; })));
  EXPECT_FALSE(is_read(with([](DomainWord& one) { one.said->policy_text = "nonsense\n"; })));
  EXPECT_FALSE(is_read(with([](DomainWord& one) { one.said->server_url = "ftp://two.example"; })));
  EXPECT_FALSE(is_read(with([](DomainWord& one) { one.said->server_url = "https://two.example/\x1b[2J"; })));
  EXPECT_FALSE(is_read(with([](DomainWord& one) { one.said->origin = DomainOrigin{kBob, 5}; })));
  EXPECT_FALSE(is_read(with([](DomainWord& one) { one.said->origin = DomainOrigin{"nobody", 5}; })));
  Bytes longer = wire::encode(word(aside, right));
  longer.push_back(0);
  EXPECT_FALSE(wire::decode<DomainWord>(longer));
  // What cannot be told stays where it was said.
  EXPECT_TRUE(decode_self_words(encode_self_words(DomainsWanted{})));
}

TEST_F(DomainRefusals, DecisionsThatNobodyAskedFor) {
  EXPECT_NE(bad(village.ask("alice-2", "domain.keep", {{"domain", kSharedDomain}})).find("Nothing is to be decided"),
            std::string::npos);
  EXPECT_NE(bad(village.ask("alice-2", "domain.confirm", {{"domain", kSharedDomain}, {"digest", "0123456789ab"}}))
                .find("Nothing with that number"),
            std::string::npos);
  add("alice-1", right);
  ASSERT_TRUE(comes_to_have("alice-2", right));
  add("alice-1", wrong);
  ASSERT_TRUE(is_asked("alice-2", "other_word"));
  (void)bad(village.ask("alice-2", "domain.confirm", {{"domain", kSharedDomain}, {"digest", "0123456789ab"}}));
  EXPECT_EQ(policy_here("alice-2"), right);
}

}  // namespace
}  // namespace cairn::client
