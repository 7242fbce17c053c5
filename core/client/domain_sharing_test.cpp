// What was said of other domains, on all devices of a name: what another device's word does, and what it never does
// (docs/spec/client.md s.17).
#include "core/client/domain_sharing.h"

#include "core/base/encoding.h"
#include "core/client/domain_tables.h"
#include "core/client/invitation.h"
#include "core/client/own_fixture.h"
#include "tests/support/test_domain.h"

namespace cairn::client {
namespace {

constexpr const char* kSharedDomain = "two.example";
constexpr const char* kBobOfTwo = "bob@two.example";

class DomainSharingTest : public OwnDevicesTest {
 protected:
  void SetUp() override {
    OwnDevicesTest::SetUp();
    village.found_other_domain();
    good(village.register_person("bob-2", kBobOfTwo));
    right = plain_policy(village.other->policy_text());
    wrong = plain_policy(testing::TestDomain(kSharedDomain, 77).policy_text);
  }
  void two() {
    link("alice-2");
    ASSERT_TRUE(comes_to_an_end("alice-2"));
  }
  json add(const std::string& device, const std::string& policy, const std::string& url = {}) {
    return good(
        village.ask(device, "domain.add", {{"domain", kSharedDomain}, {"policy", policy}, {"server_url", url}}));
  }
  json list(const std::string& device) { return good(village.ask(device, "domain.list")); }
  std::string policy_here(const std::string& device) {
    const auto& store = village.device(device).store();
    return plain_policy(policy_of(store, *load_account(store), kSharedDomain));
  }
  bool has(const std::string& device, const std::string& policy) {
    return !list(device)["domains"].empty() && policy_here(device) == policy;
  }
  bool comes_to_have(const std::string& device, const std::string& policy) {
    return village.until([&] { return has(device, policy); }, 5 * kMinuteMs);
  }
  json questions(const std::string& device) { return list(device)["questions"]; }
  bool is_asked(const std::string& device, const std::string& kind) {
    return village.until([&] {
      const json all = questions(device);
      return all.size() == 1 && all[0]["kind"] == kind;
    });
  }
  json answer(const std::string& device, const std::string& method) {
    const json all = questions(device);
    if (all.size() != 1) return all;
    const std::string digest = all[0]["digest"];
    if (method == "domain.keep") return good(village.ask(device, method, {{"domain", kSharedDomain}}));
    return good(village.ask(device, method, {{"domain", kSharedDomain}, {"digest", digest}}));
  }

  void forget(const std::string& device, const std::vector<Table>& tables) {
    auto& store = village.device(device).store();
    std::vector<Write> writes;
    for (const Table table : tables) {
      for (const Row& row : store.scan(table, {}, {}, 100)) writes.push_back({table, row.key, std::nullopt});
    }
    ASSERT_TRUE(store.apply(writes));
  }

  std::string right;
  std::string wrong;
};

TEST_F(DomainSharingTest, WhatWasSaidOnOneDeviceCountsOnTheOthers) {
  two();
  add("alice-1", right);
  ASSERT_TRUE(comes_to_have("alice-2", right));
  const json listed = list("alice-2");
  EXPECT_EQ(listed["domains"][0]["device"], id_of("alice-1"));
  EXPECT_FALSE(list("alice-1")["domains"][0].contains("device"));
  EXPECT_TRUE(listed["questions"].empty());
  say("alice-2", kBobOfTwo, "hello over there");
  // Said again, and heard again, it is the same.
  const json verified = list("alice-2");
  add("alice-1", right);
  village.pass_all(kMinuteMs);
  EXPECT_TRUE(questions("alice-2").empty());
  EXPECT_EQ(list("alice-2"), verified);
}

TEST_F(DomainSharingTest, ADeviceThatComesLaterHearsAllThatWasSaidBefore) {
  add("alice-1", right);
  two();
  EXPECT_TRUE(comes_to_have("alice-2", right));
  // The one that lets another one in says what it has heard, for who said it may be off.
  village.set_online("alice-1", false);
  link("alice-3", "alice-2");
  EXPECT_TRUE(comes_to_have("alice-3", right));
  EXPECT_EQ(list("alice-3")["domains"][0]["device"], id_of("alice-1"));
}

TEST_F(DomainSharingTest, ADeviceOfAnEarlierBuildTellsAndAsksWhenItIsUpdated) {
  two();
  add("alice-1", right);
  ASSERT_TRUE(comes_to_have("alice-2", right));
  // It did not understand what it was told.
  forget("alice-2", {tables::kDomainWords, tables::kDomainSources, tables::kDomainPins, tables::kDomainsAsked});
  ASSERT_FALSE(has("alice-2", right));
  village.device("alice-2").restart();
  EXPECT_TRUE(village.until([&] { return has("alice-2", right); }, 5 * kMinuteMs));
  // What stood there before an update is its owner's word, and is told.
  forget("alice-1", {tables::kDomainSources, tables::kDomainsAsked});
  forget("alice-2", {tables::kDomainWords, tables::kDomainSources, tables::kDomainPins});
  village.device("alice-2").restart();
  village.device("alice-1").restart();
  EXPECT_TRUE(village.until([&] { return has("alice-2", right); }, 5 * kMinuteMs));
  EXPECT_TRUE(has("alice-1", right));
  EXPECT_FALSE(list("alice-1")["domains"][0].contains("device"));
  for (const std::string device : {"alice-1", "alice-2"}) EXPECT_TRUE(questions(device).empty()) << device;
}

TEST_F(DomainSharingTest, TheWordRepairsWhatHasWaitedForItForLong) {
  two();
  village.hold_envelopes("alice-2", true);
  add("alice-1", right);
  good(village.ask("bob-2", "domain.add", {{"domain", "example.org"}, {"policy", village.server.policy_text()}}));
  say("alice-1", kBobOfTwo, "hello bob");
  village.pass_all(kMinuteMs);
  auto& mailbox = village.server.post.mailboxes[load_account(village.device("alice-2").store())->mailbox];
  const ChannelId self = [&] {
    Aside aside(village, "alice-2");
    return aside.self();
  }();
  std::vector<proto::Envelope> words;
  for (const proto::Envelope& one : mailbox.envelopes) {
    if (one.channel == self) words.push_back(one);
  }
  ASSERT_FALSE(words.empty());
  mailbox.next -= mailbox.envelopes.size();
  std::erase_if(mailbox.envelopes, [&](const proto::Envelope& one) { return one.channel == self; });
  ASSERT_FALSE(mailbox.envelopes.empty());
  for (proto::Envelope& one : mailbox.envelopes) one.sequence = mailbox.next++;
  village.hold_envelopes("alice-2", false);
  village.pass_all(2 * kHourMs);  // by now bob is looked up every ten minutes
  EXPECT_TRUE(texts("alice-2", kBobOfTwo).empty());
  for (proto::Envelope& one : words) {
    one.sequence = mailbox.next++;
    mailbox.envelopes.push_back(one);
  }
  EXPECT_TRUE(village.until([&] { return texts("alice-2", kBobOfTwo) == Texts{"hello bob"}; }, 20 * kSecondMs))
      << conversation("alice-2", kBobOfTwo);
}

TEST_F(DomainSharingTest, NothingThatCountsIsReplacedByAWord) {
  two();
  village.hold_envelopes("alice-2", true);
  add("alice-1", wrong);
  add("alice-2", right);
  village.hold_envelopes("alice-2", false);
  for (const std::string device : {"alice-1", "alice-2"}) ASSERT_TRUE(is_asked(device, "other_word")) << device;
  EXPECT_EQ(policy_here("alice-1"), wrong);
  EXPECT_EQ(policy_here("alice-2"), right);
  const json alarms = status("alice-2")["alarms"];
  ASSERT_EQ(alarms.size(), 1u);
  EXPECT_EQ(alarms[0]["kind"], "domain");
  EXPECT_EQ(alarms[0]["domain"], kSharedDomain);
  EXPECT_NE(alarms[0]["sentence"].get<std::string>().find("cairn domain keep two.example"), std::string::npos);
  const json shown = questions("alice-2")[0];
  EXPECT_EQ(shown["device"], id_of("alice-1"));
  EXPECT_EQ(shown["policy"]["text"], wrong);
  // One is kept, and the other device takes it: nothing is left to be decided.
  EXPECT_EQ(answer("alice-2", "domain.keep")["domain"], kSharedDomain);
  EXPECT_TRUE(questions("alice-2").empty());
  EXPECT_EQ(policy_here("alice-2"), right);
  village.settle();
  ASSERT_TRUE(is_asked("alice-1", "other_word"));
  EXPECT_EQ(answer("alice-1", "domain.confirm")["domain"], kSharedDomain);
  EXPECT_EQ(policy_here("alice-1"), right);
  village.pass_all(kMinuteMs);
  for (const std::string device : {"alice-1", "alice-2"}) EXPECT_TRUE(questions(device).empty()) << device;
  EXPECT_TRUE(status("alice-1")["alarms"].empty());
}

TEST_F(DomainSharingTest, AnotherWordOfTheDeviceWhoseWordCountsIsAskedToo) {
  two();
  add("alice-1", right);
  ASSERT_TRUE(comes_to_have("alice-2", right));
  add("alice-1", wrong);
  ASSERT_TRUE(is_asked("alice-2", "other_word"));
  EXPECT_EQ(policy_here("alice-2"), right);
  // Nor does it get in by taking back what it said first.
  good(village.ask("alice-1", "domain.remove", {{"domain", kSharedDomain}}));
  ASSERT_TRUE(village.until([&] { return list("alice-2")["domains"].empty(); }));
  add("alice-1", wrong);
  ASSERT_TRUE(is_asked("alice-2", "other_word"));
  EXPECT_TRUE(list("alice-2")["domains"].empty());
  // What was there before comes back by itself.
  add("alice-1", right);
  EXPECT_TRUE(comes_to_have("alice-2", right));
  EXPECT_TRUE(questions("alice-2").empty());
}

TEST_F(DomainSharingTest, AnAddressAloneIsAskedWhereTheDomainIsKnown) {
  two();
  add("alice-1", right);
  ASSERT_TRUE(comes_to_have("alice-2", right));
  say("alice-2", kBobOfTwo, "hello");
  add("alice-1", right, "https://elsewhere.example");
  ASSERT_TRUE(is_asked("alice-2", "other_word"));
  EXPECT_EQ(list("alice-2")["domains"][0]["server_url"], "https://two.example");
  answer("alice-2", "domain.confirm");
  EXPECT_EQ(list("alice-2")["domains"][0]["server_url"], "https://elsewhere.example");
  EXPECT_FALSE(list("alice-2")["domains"][0].contains("device"));
}

TEST_F(DomainSharingTest, WhatIsTakenBackIsAskedWhereItsOwnerSaidItToo) {
  two();
  add("alice-1", right);
  ASSERT_TRUE(comes_to_have("alice-2", right));
  add("alice-2", right);
  EXPECT_FALSE(list("alice-2")["domains"][0].contains("device"));
  good(village.ask("alice-1", "domain.remove", {{"domain", kSharedDomain}}));
  ASSERT_TRUE(is_asked("alice-2", "taken_back"));
  EXPECT_TRUE(has("alice-2", right));
  answer("alice-2", "domain.confirm");
  EXPECT_TRUE(list("alice-2")["domains"].empty());
  EXPECT_TRUE(questions("alice-2").empty());
  village.pass_all(kMinuteMs);
  EXPECT_TRUE(questions("alice-1").empty());
}

TEST_F(DomainSharingTest, WhatCameFromARemovedDeviceCountsNoMoreUntilItsOwnerSaysSo) {
  two();
  link("alice-3");
  ASSERT_TRUE(comes_to_an_end("alice-3"));
  add("alice-3", right);
  for (const std::string device : {"alice-1", "alice-2"}) ASSERT_TRUE(comes_to_have(device, right)) << device;
  say("alice-2", kBobOfTwo, "hello");
  ASSERT_TRUE(remove("alice-3", "alice-1"));
  for (const std::string device : {"alice-1", "alice-2"}) {
    ASSERT_TRUE(village.until([&] { return list(device)["domains"].empty(); }, kDayMs)) << device;
    ASSERT_TRUE(is_asked(device, "removed")) << device;
  }
  const std::string refused = bad(village.ask("alice-2", "send", {{"to", kBobOfTwo}, {"text", "again"}}));
  EXPECT_NE(refused.find("Cairn has no policy for two.example"), std::string::npos) << refused;
  // On one device it is taken, and counts on the other one by its word: nothing is left to be decided.
  answer("alice-2", "domain.confirm");
  EXPECT_TRUE(has("alice-2", right));
  ASSERT_TRUE(comes_to_have("alice-1", right));
  EXPECT_EQ(list("alice-1")["domains"][0]["device"], id_of("alice-2"));
  EXPECT_TRUE(questions("alice-1").empty());
  say("alice-2", kBobOfTwo, "and again");
}

TEST_F(DomainSharingTest, WhatCameThroughARemovedDeviceIsHeardFromTheOneThatSaidIt) {
  two();
  link("alice-3");
  ASSERT_TRUE(comes_to_an_end("alice-3"));
  add("alice-1", right);
  ASSERT_TRUE(comes_to_have("alice-2", right));
  // As if the third one had passed it on.
  auto& store = village.device("alice-2").store();
  const Account account = *load_account(store);
  const DeviceId first = *DeviceId::from(*from_hex(id_of("alice-1")));
  const DeviceId third = *DeviceId::from(*from_hex(id_of("alice-3")));
  DomainSource source = *domain_source(store, account, kSharedDomain);
  HeardDomain heard = *heard_domain(store, account, first, kSharedDomain);
  ASSERT_EQ(source.through, first);
  source.through = heard.through = third;
  const Bytes domain = name_key(account, kSharedDomain);
  ASSERT_TRUE(store.apply({{tables::kDomainSources, domain, wire::encode(source)},
                           {tables::kDomainWords, concat({first, domain}), wire::encode(heard)}}));
  ASSERT_TRUE(remove("alice-3", "alice-1"));
  const auto is_direct = [&] {
    const auto now = domain_source(store, account, kSharedDomain);
    return now && !now->is_off && now->by == first && now->through == first;
  };
  EXPECT_TRUE(village.until(is_direct, kDayMs));
  EXPECT_TRUE(has("alice-2", right));
  EXPECT_TRUE(questions("alice-2").empty());
}

TEST_F(DomainSharingTest, OfARemovedDeviceNothingIsShownAsIfItHadCounted) {
  two();
  link("alice-3");
  ASSERT_TRUE(comes_to_an_end("alice-3"));
  add("alice-3", right);
  ASSERT_TRUE(comes_to_have("alice-2", right));
  good(village.ask("alice-3", "domain.remove", {{"domain", kSharedDomain}}));
  ASSERT_TRUE(village.until([&] { return list("alice-2")["domains"].empty(); }));
  add("alice-3", wrong);
  ASSERT_TRUE(is_asked("alice-2", "other_word"));
  ASSERT_TRUE(remove("alice-3", "alice-1"));
  EXPECT_TRUE(village.until([&] { return questions("alice-2").empty(); }, kDayMs)) << questions("alice-2");
  EXPECT_TRUE(list("alice-2")["domains"].empty());
}

TEST_F(DomainSharingTest, WhatCameFromARemovedDeviceIsDroppedWhereItsOwnerSaysSo) {
  two();
  link("alice-3");
  ASSERT_TRUE(comes_to_an_end("alice-3"));
  add("alice-3", wrong);
  ASSERT_TRUE(comes_to_have("alice-2", wrong));
  ASSERT_TRUE(remove("alice-3", "alice-1"));
  ASSERT_TRUE(village.until([&] { return list("alice-2")["domains"].empty(); }, kDayMs));
  ASSERT_TRUE(is_asked("alice-2", "removed"));
  answer("alice-2", "domain.keep");
  EXPECT_TRUE(questions("alice-2").empty());
  EXPECT_TRUE(list("alice-2")["domains"].empty());
  village.device("alice-2").restart();
  village.pass_all(kMinuteMs);
  EXPECT_TRUE(questions("alice-2").empty());
}

TEST_F(DomainSharingTest, ALinkIsToldWhenItsNameIsThereAndNotBefore) {
  two();
  const Invitation nobody{*directory::Name::from("nobody@two.example"), {}, right};
  village.other->down = true;
  const auto asked =
      village.begin("alice-1", "invitation.accept", {{"link", invitation_text(nobody)}, {"confirm", true}});
  village.pass_all(5 * kSecondMs);
  EXPECT_EQ(list("alice-1")["domains"].size(), 1u);
  EXPECT_TRUE(list("alice-2")["domains"].empty());
  village.other->down = false;
  village.pass_all(2 * kMinuteMs);
  EXPECT_FALSE(village.answer("alice-1", asked).contains("result"));
  for (const std::string device : {"alice-1", "alice-2"}) EXPECT_TRUE(list(device)["domains"].empty()) << device;
  EXPECT_EQ(rows("alice-1", tables::kDomainSources), 0u);
  const Invitation bob{*directory::Name::from(kBobOfTwo), {}, right};
  good(village.ask("alice-1", "invitation.accept", {{"link", invitation_text(bob)}, {"confirm", true}}));
  ASSERT_TRUE(comes_to_have("alice-2", right));
  EXPECT_EQ(list("alice-2")["domains"][0]["invited_by"], kBobOfTwo);
}

TEST_F(DomainSharingTest, AfterAGapInTheMailboxAllIsAskedForOnceMore) {
  two();
  add("alice-1", right);
  ASSERT_TRUE(comes_to_have("alice-2", right));
  village.set_online("alice-2", false);
  forget("alice-2", {tables::kDomainWords, tables::kDomainSources, tables::kDomainPins});
  village.server.post.mailboxes[load_account(village.device("alice-2").store())->mailbox].next += 1;
  say("alice-1", "me", "a note");
  village.set_online("alice-2", true);
  EXPECT_TRUE(village.until([&] { return has("alice-2", right); }, 7 * kHourMs));
}

// ---- what no honest device says ----

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
