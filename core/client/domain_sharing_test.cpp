// What was said of other domains, on all devices of a name: what another device's word does, and what it never does
// (docs/spec/client.md s.17).
#include "core/client/domain_sharing_fixture.h"

namespace cairn::client {
namespace {

TEST_F(DomainSharingTest, WhatWasSaidOnOneDeviceCountsOnTheOthers) {
  two();
  add("alice-1", right);
  ASSERT_TRUE(comes_to_have("alice-2", right));
  say("alice-2", kBobOfTwo, "hello over there");  // and what is verified of it is looked up
  const json listed = list("alice-2");
  EXPECT_EQ(listed["domains"][0]["device"], id_of("alice-1"));
  EXPECT_FALSE(list("alice-1")["domains"][0].contains("device"));
  EXPECT_TRUE(listed["questions"].empty());
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

TEST_F(DomainSharingTest, OfARemovedDeviceWhatCountedIsAskedAndNotWhatItSaidLast) {
  two();
  link("alice-3");
  ASSERT_TRUE(comes_to_an_end("alice-3"));
  add("alice-3", right);
  ASSERT_TRUE(comes_to_have("alice-2", right));
  add("alice-3", wrong);
  ASSERT_TRUE(is_asked("alice-2", "other_word"));
  ASSERT_TRUE(remove("alice-3", "alice-1"));
  ASSERT_TRUE(village.until([&] { return list("alice-2")["domains"].empty(); }, kDayMs));
  ASSERT_TRUE(is_asked("alice-2", "removed"));
  EXPECT_EQ(questions("alice-2")[0]["policy"]["text"], right);
  village.device("alice-2").restart();
  village.pass_all(kMinuteMs);
  ASSERT_TRUE(is_asked("alice-2", "removed"));
  answer("alice-2", "domain.confirm");
  EXPECT_TRUE(has("alice-2", right));
}

TEST_F(DomainSharingTest, WhatAnotherDeviceSaidInOtherWordsStaysWhenTheFirstOneIsRemoved) {
  two();
  link("alice-3");
  ASSERT_TRUE(comes_to_an_end("alice-3"));
  add("alice-3", village.server.policy_text(), "https://two.example");
  ASSERT_TRUE(village.until([&] { return list("alice-2")["domains"].size() == 1; }));
  const std::string third = id_of("alice-3");
  EXPECT_EQ(list("alice-2")["domains"][0]["device"], third);
  add("alice-1", {}, "https://two.example");  // the own policy, without its text
  village.pass_all(kMinuteMs);
  ASSERT_TRUE(remove("alice-3", "alice-1"));
  const auto is_by_first = [&] {
    const json all = list("alice-2")["domains"];
    return all.size() == 1 && all[0].value("device", "") == id_of("alice-1");
  };
  EXPECT_TRUE(village.until(is_by_first, kDayMs)) << list("alice-2");
  EXPECT_TRUE(questions("alice-2").empty());
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

TEST_F(DomainSharingTest, WhatCannotBeToldTakesTheFormerWordBack) {
  two();
  add("alice-1", right);
  ASSERT_TRUE(comes_to_have("alice-2", right));
  add("alice-1", right, "https://two.example/path");
  EXPECT_TRUE(village.until([&] { return list("alice-2")["domains"].empty(); }));
  EXPECT_TRUE(questions("alice-2").empty());
  EXPECT_TRUE(has("alice-1", right));
}

TEST_F(DomainSharingTest, RemovingDecidesWhereNothingCounts) {
  two();
  add("alice-1", right);
  ASSERT_TRUE(comes_to_have("alice-2", right));
  good(village.ask("alice-2", "domain.remove", {{"domain", kSharedDomain}}));
  add("alice-1", wrong);
  ASSERT_TRUE(is_asked("alice-2", "other_word"));
  good(village.ask("alice-2", "domain.remove", {{"domain", kSharedDomain}}));
  EXPECT_TRUE(questions("alice-2").empty());
  EXPECT_NE(bad(village.ask("alice-2", "domain.remove", {{"domain", kSharedDomain}})).find("Nothing was said"),
            std::string::npos);
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

TEST_F(DomainSharingTest, WhatWasSaidWithAClockThatWasAheadIsHeardWhenThatIsRight) {
  two();
  village.pass_all(kMinuteMs);
  village.set_online("alice-1", false);
  village.device("alice-1").ahead_ms = static_cast<std::int64_t>(3 * kDayMs);
  add("alice-1", right);
  village.device("alice-1").ahead_ms = 0;
  village.device("alice-1").restart();  // as the loop does when a clock is set back
  village.set_online("alice-1", true);
  village.pass_all(kMinuteMs);
  EXPECT_TRUE(list("alice-2")["domains"].empty()) << "nobody believes what is said from days ahead";
  EXPECT_TRUE(village.until([&] { return has("alice-2", right); }, 7 * kHourMs));
  EXPECT_TRUE(questions("alice-2").empty());
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

}  // namespace
}  // namespace cairn::client
