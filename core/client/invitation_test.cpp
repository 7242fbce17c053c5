// Invitation links: their one form, what they make a client believe and what they never do.
#include "core/client/invitation.h"

#include "core/base/encoding.h"
#include "core/base/memory_view.h"
#include "core/base/overlay.h"
#include "core/client/domains.h"
#include "core/client/domains_fixture.h"
#include "core/client/tables.h"
#include "core/crypto/hash.h"

namespace cairn::client {
namespace {

/// A link of carol's, as her client at two.example would make it.
Invitation link_of_carol(const testing::TestDomain& two) {
  return {*directory::Name::from(kCarolElsewhere), {}, plain_policy(two.policy_text)};
}

/// These bytes in the form of a link, with a checksum that is right.
std::string as_link(ByteView said) {
  return "cairn:" + to_base32(concat({said, crypto::sha256(said).view().first(4)}));
}

/// A link with these fields, whether or not they may stand in one.
std::string link_with(std::uint8_t version, std::uint8_t kind, std::string_view name, std::string_view url,
                      std::string_view policy) {
  wire::Writer w;
  w.u8(version);
  w.u8(kind);
  w.opaque(name);
  w.opaque(url);
  w.opaque(policy);
  return as_link(w.take());
}

TEST(Invitation, SaysWhatItWasMadeOfHoweverItIsTyped) {
  const testing::TestDomain two{"two.example", 55};
  Invitation made = link_of_carol(two);
  made.server_url = "http://127.0.0.1:8450";
  const std::string text = invitation_text(made);
  EXPECT_TRUE(text.starts_with("cairn:"));
  std::string capitals = "  ";
  for (std::size_t i = 0; i < text.size(); ++i) {
    capitals += text[i] >= 'a' && text[i] <= 'z' ? static_cast<char>(text[i] - 'a' + 'A') : text[i];
    if (i % 70 == 69) capitals += "\r\n\t";
  }
  for (const std::string& typed : {text, capitals}) {
    const auto read = parse_invitation(typed);
    ASSERT_TRUE(read) << read.error().where;
    EXPECT_EQ(read->name.text(), kCarolElsewhere);
    EXPECT_EQ(read->server_url, made.server_url);
    EXPECT_EQ(read->policy_text, made.policy_text);
    EXPECT_EQ(invitation_text(*read), text);
  }
}

TEST(Invitation, IsRefusedWhenItWasCutOffOrMistyped) {
  const testing::TestDomain two{"two.example", 55};
  const std::string text = invitation_text(link_of_carol(two));
  for (std::size_t size = 0; size < text.size(); ++size) {
    EXPECT_FALSE(parse_invitation(text.substr(0, size))) << size;
  }
  for (std::size_t i = 0; i < text.size(); ++i) {
    std::string other = text;
    other[i] = text[i] == '7' ? '8' : '7';
    const auto read = parse_invitation(other);
    ASSERT_FALSE(read) << i;
    EXPECT_EQ(read.error().code, ErrorCode::malformed) << i;
  }
  for (const std::string& other : {text + "0", text + text, "https://cairn.example/" + text,
                                   std::string(kMaxInvitationText, ' ') + text, std::string("cairn:")}) {
    const auto read = parse_invitation(other);
    ASSERT_FALSE(read);
    EXPECT_EQ(read.error().code, ErrorCode::malformed);
  }
}

TEST(Invitation, HasOneForm) {
  const testing::TestDomain two{"two.example", 55};
  const std::string policy = plain_policy(two.policy_text);
  const auto code_of = [](const std::string& link) {
    const auto read = parse_invitation(link);
    return read ? ErrorCode::internal : read.error().code;
  };
  ASSERT_TRUE(parse_invitation(link_with(1, 1, kCarolElsewhere, "", policy)));
  EXPECT_EQ(code_of(link_with(2, 1, kCarolElsewhere, "", policy)), ErrorCode::unsupported);
  EXPECT_EQ(code_of(link_with(0, 1, kCarolElsewhere, "", policy)), ErrorCode::unsupported);
  EXPECT_EQ(code_of(link_with(1, 9, kCarolElsewhere, "", policy)), ErrorCode::unsupported);
  EXPECT_FALSE(parse_invitation(link_with(1, 1, "Carol@two.example", "", policy)));
  for (const char* url : {"https://two.example", "two.example", "ftp://two.example", "http://", "https://a.example/p",
                          "https://user@a.example", "https://a.example\x1b[2J", "https://a.example x"}) {
    EXPECT_EQ(code_of(link_with(1, 1, kCarolElsewhere, url, policy)), ErrorCode::malformed) << url;
  }
  EXPECT_TRUE(parse_invitation(link_with(1, 1, kCarolElsewhere, "https://[::1]:8450", policy)));
  EXPECT_EQ(code_of(link_with(1, 1, kCarolElsewhere, "", "# mine\n" + policy)), ErrorCode::malformed);
  EXPECT_EQ(code_of(link_with(1, 1, kCarolElsewhere, "", policy + "\n")), ErrorCode::malformed);
  EXPECT_EQ(code_of(link_with(1, 1, kCarolElsewhere, "", "quorum none\n")), ErrorCode::not_authorised);
  EXPECT_FALSE(parse_invitation(link_with(1, 1, kCarolElsewhere, "", "")));
  Bytes longer = wire::encode(link_of_carol(two));
  longer.push_back(0);
  EXPECT_EQ(code_of(as_link(longer)), ErrorCode::malformed);
}

TEST(Invitation, HasAPolicyWithoutWhatItDoesNotMean) {
  EXPECT_EQ(plain_policy("# a\n\n  witness\t w1  key \n \t\n#witness w2 key\nquorum  w1"),
            "witness w1 key\nquorum w1\n");
  EXPECT_EQ(plain_policy(""), "");
  const testing::TestDomain two{"two.example", 55};
  const std::string plain = plain_policy(two.policy_text);
  EXPECT_EQ(plain_policy(plain), plain);
  const auto policy = tlog::ClientPolicy::parse(plain);
  ASSERT_TRUE(policy);
  EXPECT_EQ(policy->auditors_named(), two.policy->auditors_named());
  EXPECT_EQ(policy->auditors_needed(), two.policy->auditors_needed());
}

TEST(Invitation, HasAPolicyThatIsSeenAsItIsAndLeadsToServersAlone) {
  const testing::TestDomain two{"two.example", 55};
  const std::string policy = plain_policy(two.policy_text);
  const std::string before = policy.substr(0, policy.find("group "));
  const std::string after = policy.substr(before.size());
  const std::string one = before.substr(0, before.find('\n'));
  ASSERT_TRUE(one.starts_with("witness "));
  const std::string line = one.substr(0, one.find(' ', one.find(' ', 8) + 1));  // without its address
  const auto with = [&](const std::string& first_line) {
    return parse_invitation(
        link_with(1, 1, kCarolElsewhere, "", first_line + before.substr(before.find('\n')) + after));
  };
  ASSERT_TRUE(with(line));
  EXPECT_TRUE(with(line + " https://auditor.example:8450/two.example/~a_b"));
  for (const char* url : {"ftp://a.example", "https://", "https://u@a.example", "http://192.168.1.1/apply?x=1",
                          "https://a.example/#x", "https://a.example/%0a", "https:///a"}) {
    const auto read = with(line + " " + url);
    ASSERT_FALSE(read) << url;
    EXPECT_EQ(read.error().code, ErrorCode::malformed) << url;
  }
  // What a terminal shows as blank, or as nothing, pushes what follows to where the program speaks.
  for (const char* name : {"a\xc2\xa0", "a\xe3\x80\x80", "a\xe2\xa0\x80", "a\x7f", "\xff"}) {
    const std::string group = std::string("group ") + name + " any " + line.substr(8, line.find(' ', 8) - 8) + "\n";
    EXPECT_FALSE(parse_invitation(link_with(1, 1, kCarolElsewhere, "", before + group + after))) << name;
  }
  const std::string longest = "group " + std::string(kMaxInvitationLine, 'x') + " any " + line.substr(8, 2) + "\n";
  EXPECT_FALSE(parse_invitation(link_with(1, 1, kCarolElsewhere, "", before + longest + after)));
}

TEST(Invitation, HasATitleInOneLineThatDrivesNoTerminal) {
  const testing::TestDomain two{"two.example", 55};
  const auto titled = [&](const std::string& title) {
    Invitation invitation = link_of_carol(two);
    invitation.group = GroupTicket{InvitationToken{}, title, 5};
    return parse_invitation(invitation_text(invitation)).has_value();
  };
  EXPECT_TRUE(titled("walkers \xc2\xa0\xe6\xb0\xb4"));
  for (const char* bad : {"a\nb", "a\x1b[2J", "a\x7f",
                          "\xc2\x9b"
                          "2J",
                          "\xff", ""})
    EXPECT_FALSE(titled(bad)) << bad;
  EXPECT_EQ(title_for_link("a\nb"), "a b");
  EXPECT_EQ(title_for_link("\xc2\x9b"
                           "2J"),
            "a group");
}

TEST(Invitation, HoldsNoKeyOfTheDeviceThatMakesIt) {
  const testing::TestDomain two{"two.example", 55};
  testing::SeededEntropy entropy(1);
  Account account = Account::create(*directory::Name::from(kAlice), "https://example.org", two.policy_text, entropy);
  const auto made = Invitation::of(account);
  ASSERT_TRUE(made);
  EXPECT_TRUE(made->server_url.empty());
  const std::string said = as_text(wire::encode(*made));
  EXPECT_EQ(said.find(as_text(account.signing_key.public_key())), std::string::npos);
  EXPECT_EQ(said.find(as_text(account.mailbox)), std::string::npos);
  account.server_url = "http://127.0.0.1:1/path";
  EXPECT_FALSE(Invitation::of(account));
  account.server_url = "http://127.0.0.1:1";
  EXPECT_EQ(Invitation::of(account)->server_url, account.server_url);
  account.policy_text = std::string(kMaxInvitationPolicy, 'x') + "\n";
  EXPECT_EQ(Invitation::of(account).error().code, ErrorCode::over_limit);
}

TEST(Invitation, IsComparedWithWhatCountsForItsDomain) {
  const testing::TestDomain two{"two.example", 55};
  testing::SeededEntropy entropy(1);
  MemoryView below;
  Overlay overlay(below);
  std::vector<proto::Send> sends;
  std::vector<proto::Event> events;
  Context context{overlay, Time{1'000'000}, entropy, sends, events};
  const testing::TestDomain one{"example.org", 56};
  const Account account = Account::create(*directory::Name::from(kAlice), "http://localhost", one.policy_text, entropy);
  const Invitation carol = link_of_carol(two);
  const auto compared = [&](const Invitation& invitation) { return compare_policy(overlay, account, invitation); };
  EXPECT_EQ(compared(carol), InvitedPolicy::unknown);
  // A log that was verified under the own policy is known, and judged by that one.
  overlay.put(tables::kDomains, name_key(account, "two.example"), Bytes{1});
  EXPECT_EQ(compared(carol), InvitedPolicy::different);
  overlay.erase(tables::kDomains, name_key(account, "two.example"));
  // What its owner said counts, however it is written.
  ASSERT_TRUE(pin_domain(context, account, {"two.example", "# hers\n" + two.policy_text, {}}));
  EXPECT_EQ(compared(carol), InvitedPolicy::same);
  ASSERT_TRUE(pin_domain(context, account, {"two.example", one.policy_text, {}}));
  EXPECT_EQ(compared(carol), InvitedPolicy::different);
  // An address alone is no policy.
  ASSERT_TRUE(pin_domain(context, account, {"two.example", {}, "http://127.0.0.1:1"}));
  EXPECT_EQ(compared(carol), InvitedPolicy::unknown);
  // Who follows the same cosigners needs to say nothing.
  EXPECT_EQ(compared({carol.name, {}, plain_policy(one.policy_text)}), InvitedPolicy::same);
  // Of the own domain the account's counts alone.
  const directory::Name bob = *directory::Name::from(kBob);
  EXPECT_EQ(compared({bob, {}, plain_policy(one.policy_text)}), InvitedPolicy::same);
  EXPECT_EQ(compared({bob, {}, plain_policy(two.policy_text)}), InvitedPolicy::different);
}

class InvitationTest : public DomainsTest {
 protected:
  std::string link() const { return invitation_text(link_of_carol(two)); }
  json show(const std::string& text) { return village.ask("alice-1", "invitation.show", {{"link", text}}); }
  json accept(const std::string& text, bool confirm = false) {
    return village.ask("alice-1", "invitation.accept", {{"link", text}, {"confirm", confirm}});
  }
  json domains() { return good(village.ask("alice-1", "domain.list"))["domains"]; }
  json conversations() { return good(village.ask("alice-1", "conversations"))["conversations"]; }
};

TEST_F(InvitationTest, ShowsWhomALinkNamesAndAsksAndChangesNothing) {
  const json shown = good(show(link()));
  EXPECT_EQ(shown["name"], kCarolElsewhere);
  EXPECT_EQ(shown["domain"], "two.example");
  EXPECT_EQ(shown["server_url"], "https://two.example");
  EXPECT_EQ(shown["known"], "unknown");
  EXPECT_EQ(shown["pins"], true);
  EXPECT_EQ(shown["policy"]["auditors"], 3);
  EXPECT_EQ(shown["policy"]["auditors_needed"], 2);
  ASSERT_EQ(shown["policy"]["witnesses"].size(), two.cosigners.size());
  std::size_t auditors = 0;
  for (const json& one : shown["policy"]["witnesses"]) auditors += one["auditor"].get<bool>() ? 1 : 0;
  EXPECT_EQ(auditors, 3u);
  EXPECT_TRUE(calls_to_two.empty());
  EXPECT_TRUE(domains().empty());
  EXPECT_TRUE(conversations().empty());
}

TEST_F(InvitationTest, PinsAnUnknownDomainOnlyWhenThatIsConfirmedAndSaysWhereItCameFrom) {
  EXPECT_NE(bad(accept(link())).find("Nothing was changed: two.example"), std::string::npos);
  EXPECT_TRUE(calls_to_two.empty());
  EXPECT_TRUE(domains().empty());
  const json taken = good(accept(link(), true));
  EXPECT_EQ(taken["pins"], true);
  const json listed = domains();
  ASSERT_EQ(listed.size(), 1u);
  EXPECT_EQ(listed[0]["own_policy"], false);
  EXPECT_EQ(listed[0]["invited_by"], kCarolElsewhere);
  EXPECT_GT(listed[0]["verified_size"].get<std::uint64_t>(), 0u);
  const json begun = conversations();
  ASSERT_EQ(begun.size(), 1u);
  EXPECT_EQ(begun[0]["id"], taken["conversation"]);
  EXPECT_EQ(begun[0]["request"], false);
  EXPECT_EQ(good(village.ask("alice-1", "contact.set", {{"name", kCarolElsewhere}, {"petname", "C"}}))["accepted"],
            true);
  // Once more it is known, and the conversation the same.
  const json again = good(accept(link()));
  EXPECT_EQ(again["pins"], false);
  EXPECT_EQ(again["known"], "same");
  EXPECT_EQ(again["conversation"], taken["conversation"]);
  EXPECT_EQ(conversations().size(), 1u);
  // What its owner says after that is the owner's own word.
  good(add({{"domain", "two.example"}, {"policy", two.policy_text}}));
  EXPECT_FALSE(domains()[0].contains("invited_by"));
}

TEST_F(InvitationTest, LeavesAPinnedPolicyAsItIs) {
  good(
      add({{"domain", "two.example"}, {"policy", village.server.policy_text()}, {"server_url", std::string(kTwoUrl)}}));
  const json before = domains();
  calls_to_two.clear();
  const std::string sentence = bad(accept(link(), true));
  EXPECT_NE(sentence.find("another policy for two.example"), std::string::npos) << sentence;
  EXPECT_EQ(good(show(link()))["known"], "different");
  EXPECT_EQ(good(show(link()))["pins"], false);
  EXPECT_EQ(domains(), before);
  EXPECT_TRUE(calls_to_two.empty());
  EXPECT_TRUE(conversations().empty());
}

TEST_F(InvitationTest, NeverTouchesTheOwnDomain) {
  good(village.register_person("bob-1", kBob));
  const Invitation lie{*directory::Name::from(kBob), "http://127.0.0.1:1", plain_policy(two.policy_text)};
  const json before = good(village.ask("alice-1", "status"));
  const std::string sentence = bad(accept(invitation_text(lie), true));
  EXPECT_NE(sentence.find("your own domain"), std::string::npos) << sentence;
  EXPECT_EQ(good(village.ask("alice-1", "status"))["server_url"], before["server_url"]);
  // A link of bob's own client needs no confirmation.
  const json made = good(village.ask("bob-1", "invitation.create"));
  EXPECT_EQ(made["name"], kBob);
  const json taken = good(accept(made["link"]));
  EXPECT_EQ(taken["pins"], false);
  EXPECT_EQ(taken["own_domain"], true);
  EXPECT_TRUE(domains().empty());
  good(village.ask("alice-1", "send", {{"to", kBob}, {"text", "you invited me"}}));
  EXPECT_TRUE(village.until([&] {
    const json answer = village.ask("bob-1", "read", {{"conversation", kAlice}});
    return answer.contains("result") && answer.dump().find("you invited me") != std::string::npos;
  }));
}

TEST_F(InvitationTest, PinsNothingWhereTheDirectoryIsNotWhatTheLinkSays) {
  const testing::TestDomain liar{"two.example", 77};
  Invitation other = link_of_carol(liar);
  EXPECT_NE(bad(accept(invitation_text(other), true)).find("Nothing was pinned"), std::string::npos);
  EXPECT_FALSE(calls_to_two.empty());
  EXPECT_TRUE(domains().empty());
  EXPECT_TRUE(conversations().empty());
  // What its owner had typed before is there again.
  good(add({{"domain", "two.example"}, {"server_url", std::string(kTwoUrl)}}));
  const json before = domains();
  const Invitation nobody{*directory::Name::from("nobody@two.example"), {}, plain_policy(two.policy_text)};
  EXPECT_NE(bad(accept(invitation_text(nobody), true)).find("Nothing was pinned"), std::string::npos);
  EXPECT_EQ(domains()[0]["own_policy"], before[0]["own_policy"]);
  EXPECT_EQ(domains()[0]["server_url"], before[0]["server_url"]);
  EXPECT_TRUE(conversations().empty());
  good(accept(link(), true));
}

TEST_F(InvitationTest, WhatItsOwnerSaysMeanwhileIsNotTakenBack) {
  const Invitation nobody{*directory::Name::from("nobody@two.example"), {}, plain_policy(two.policy_text)};
  const auto asked =
      village.begin("alice-1", "invitation.accept", {{"link", invitation_text(nobody)}, {"confirm", true}});
  good(add({{"domain", "two.example"}, {"policy", two.policy_text}, {"server_url", std::string(kTwoUrl)}}));
  json answer;
  ASSERT_TRUE(village.until([&] { return !(answer = village.answer("alice-1", asked)).is_null(); }, kMinuteMs));
  bad(answer);
  ASSERT_EQ(domains().size(), 1u);
  EXPECT_EQ(domains()[0]["own_policy"], false);
  EXPECT_FALSE(domains()[0].contains("invited_by"));
}

TEST_F(InvitationTest, ALinkThatWasRightKeepsADomainWhenAnotherOneWasWrong) {
  const auto before = village.server.elsewhere;
  village.server.elsewhere = [before](const proto::Call& call) -> std::optional<Result<proto::CallReply>> {
    if (as_text(call.body).find("nobody@") == std::string::npos) return before(call);
    return Result<proto::CallReply>(fail(ErrorCode::unavailable, "not yet"));
  };
  const Invitation nobody{*directory::Name::from("nobody@two.example"), {}, plain_policy(two.policy_text)};
  const auto asked =
      village.begin("alice-1", "invitation.accept", {{"link", invitation_text(nobody)}, {"confirm", true}});
  good(accept(link(), true));  // what the other one pinned is the same
  json answer;
  ASSERT_TRUE(village.until([&] { return !(answer = village.answer("alice-1", asked)).is_null(); }, kMinuteMs));
  EXPECT_EQ(bad(answer).find("Nothing was pinned"), std::string::npos);
  ASSERT_EQ(domains().size(), 1u);
  EXPECT_EQ(domains()[0]["invited_by"], kCarolElsewhere);
}

TEST_F(InvitationTest, ADomainCameByTheLinkThatWasRightFirst) {
  testing::TestPerson dora{"dora@two.example", 57};
  dora.take(dora.genesis(dora.new_device()));
  two.publish(dora);
  good(accept(link(), true));
  village.pass_all(kHourMs);
  EXPECT_EQ(domains()[0]["invited_by"], kCarolElsewhere);
  const Invitation later{dora.name(), {}, plain_policy(two.policy_text)};
  EXPECT_EQ(good(accept(invitation_text(later), true))["pins"], false);
  EXPECT_EQ(conversations().size(), 2u);
  EXPECT_EQ(domains()[0]["invited_by"], kCarolElsewhere);
}

TEST_F(InvitationTest, MovesNoDomainThatWasVerified) {
  good(accept(link(), true));
  const json before = domains();
  Invitation elsewhere = link_of_carol(two);
  elsewhere.server_url = "http://127.0.0.1:1";
  EXPECT_EQ(good(show(invitation_text(elsewhere)))["pins"], false);
  good(accept(invitation_text(elsewhere), true));
  EXPECT_EQ(domains(), before);
}

TEST_F(InvitationTest, PinsNothingWhileTheOtherServerIsAway) {
  auto before = village.server.elsewhere;
  village.server.elsewhere = [before](const proto::Call& call) -> std::optional<Result<proto::CallReply>> {
    if (!call.url.starts_with(kTwoUrl)) return before(call);
    return Result<proto::CallReply>(fail(ErrorCode::unavailable, "away"));
  };
  const json answer = accept(link(), true);
  EXPECT_NE(bad(answer).find("Nothing was pinned"), std::string::npos);
  EXPECT_EQ(answer["error"]["data"]["code"], "unavailable");
  EXPECT_TRUE(domains().empty());
  village.server.elsewhere = before;
  village.pass_all(kMinuteMs);
  good(accept(link(), true));
}

TEST_F(InvitationTest, IsNotTakenUpByItsMakerNorOfWhomOneHasBlocked) {
  const json made = good(village.ask("alice-1", "invitation.create"));
  EXPECT_NE(bad(accept(made["link"])).find("your own name"), std::string::npos);
  good(village.ask("alice-1", "contact.block", {{"name", kCarolElsewhere}}));
  EXPECT_NE(bad(accept(link(), true)).find("You have blocked"), std::string::npos);
  EXPECT_TRUE(domains().empty());
  EXPECT_NE(bad(accept("cairn:00")).find("no whole invitation link"), std::string::npos);
  EXPECT_NE(bad(show(link().substr(0, 40))).find("no whole invitation link"), std::string::npos);
  EXPECT_NE(bad(show(link_with(2, 1, kCarolElsewhere, "", ""))).find("newer version"), std::string::npos);
  EXPECT_NE(bad(show(link_with(1, 1, kCarolElsewhere, "", "quorum none\n"))).find("too weak"), std::string::npos);
}

}  // namespace
}  // namespace cairn::client
