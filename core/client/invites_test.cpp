// Links to groups: each rule by which somebody is let in or not, and what who asks makes of the answer.
#include "core/client/invites.h"

#include "core/base/encoding.h"
#include "core/client/invitation_tables.h"
#include "core/client/requests.h"
#include "core/client/roles.h"
#include "core/client/talk_fixture.h"
#include "tests/support/answers.h"
#include "tests/support/client_village.h"
#include "tests/support/hostile_device.h"

namespace cairn::client {
namespace {

using nlohmann::json;
using testing::bad;
using testing::good;
using testing::kCarol;

constexpr const char* kStranger = "dave@two.example";

/// alice's device, a group of hers, and its rooms.
class GroupLinks : public ::testing::Test {
 protected:
  GroupLinks() : group_(*room.conversations().create_group(room.context(), room.account(), "walkers", {})) {}

  InvitationToken make(std::uint64_t life_ms = kGroupLinkLifeMs, std::uint32_t uses = 1) {
    auto token = invites.make(room.context(), group_, life_ms, uses);
    CHECK(token.has_value());
    return std::move(*token);
  }
  Heard said_by(const std::string& name, Control control) {
    return {room.home(), {kAlice, kBob}, *directory::Name::from(name), TalkRoom::device(2), {}, std::move(control)};
  }
  /// Somebody asks in the pair; what is answered, if anything.
  std::optional<JoinAnswer> ask(const InvitationToken& token, const std::string& name = kBob) {
    const std::size_t before = answers().size();
    invites.heard(room.context(), room.account(), said_by(name, JoinRequest(token.clone())));
    const auto now = answers();
    return now.size() > before ? std::optional(now.back()) : std::nullopt;
  }
  std::vector<JoinAnswer> answers() {
    std::vector<JoinAnswer> out;
    for (const Content& one : room.said()) {
      if (one.control && std::holds_alternative<JoinAnswer>(*one.control))
        out.push_back(std::get<JoinAnswer>(*one.control));
    }
    return out;
  }
  bool is_in(const std::string& name) {
    const auto names = room.conversations().find(room.context().store, group_)->names;
    return std::find(names.begin(), names.end(), name) != names.end();
  }
  GroupLink only_link() {
    const auto all = Invites::list(room.context().store);
    CHECK(all.size() == 1);
    return all[0].link;
  }
  void pass(std::uint64_t ms) { room.set_now(after(room.context().now, ms)); }
  Invitation link_of_bob(const InvitationToken& token) {
    return {*directory::Name::from(kBob),
            {},
            {},
            GroupTicket{token.clone(), "sailors", after(room.context().now, kDayMs).ms}};
  }

  static InvitationToken some_token(std::uint64_t seed) {
    testing::SeededEntropy entropy(seed);
    InvitationToken token;
    entropy.fill(token.expose_mutable());
    return token;
  }
  JoinEntry entry(const Hash& id) { return Invites::asked(room.context().store, id)->entry; }

  TalkRoom room;
  Invites invites{room.conversations()};
  ChannelId group_;
};

TEST_F(GroupLinks, LetsInWhoHasTheTokenAndSaysSo) {
  const InvitationToken token = make();
  const auto answer = ask(token);
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->verdict, JoinVerdict::let_in);
  EXPECT_EQ(answer->group, group_);
  EXPECT_EQ(answer->invitation, token_hash(token));
  EXPECT_TRUE(is_in(kBob));
  EXPECT_EQ(only_link().names, std::vector<std::string>{kBob});
  // Nothing of the token lies here but its hash.
  for (const Row& row : room.context().store.scan(tables::kGroupLinks, {}, {}, 10)) {
    EXPECT_EQ(as_text(row.value).find(as_text(token.expose())), std::string::npos);
    EXPECT_EQ(as_text(row.key).find(as_text(token.expose())), std::string::npos);
  }
  // Asked once more it says the same, and counts nothing.
  EXPECT_EQ(ask(token)->verdict, JoinVerdict::let_in);
  EXPECT_EQ(only_link().names.size(), 1u);
}

TEST_F(GroupLinks, LetsInNoMoreNamesThanItIsFor) {
  const InvitationToken token = make(kGroupLinkLifeMs, 2);
  EXPECT_EQ(ask(token, kBob)->verdict, JoinVerdict::let_in);
  EXPECT_EQ(ask(token, kCarol)->verdict, JoinVerdict::let_in);
  EXPECT_EQ(ask(token, kStranger)->verdict, JoinVerdict::used_up);
  EXPECT_FALSE(is_in(kStranger));
}

TEST_F(GroupLinks, IsNoMoreGoodWhenItsTimeIsOver) {
  const InvitationToken token = make(kMinuteMs, 2);
  pass(kMinuteMs - 1);
  EXPECT_EQ(ask(token, kBob)->verdict, JoinVerdict::let_in);
  pass(1);
  EXPECT_EQ(ask(token, kCarol)->verdict, JoinVerdict::expired);
  EXPECT_FALSE(is_in(kCarol));
  pass(kMinuteMs);  // the same is not said again at once
  EXPECT_EQ(ask(token, kBob)->verdict, JoinVerdict::let_in) << "who is in is told so";
}

TEST_F(GroupLinks, IsNoMoreGoodWhenItWasRevoked) {
  const InvitationToken token = make(kGroupLinkLifeMs, 2);
  invites.revoke(room.context(), Invites::list(room.context().store)[0]);
  EXPECT_EQ(ask(token)->verdict, JoinVerdict::revoked);
  EXPECT_FALSE(is_in(kBob));
  EXPECT_EQ(invites.standing(room.context(), room.account(), only_link()), JoinVerdict::revoked);
}

TEST_F(GroupLinks, WhoCouldNotBeAddedYetIsNotAfterItWasRevoked) {
  const InvitationToken token = make(kGroupLinkLifeMs, 2);
  EXPECT_EQ(ask(token)->verdict, JoinVerdict::let_in);
  ASSERT_TRUE(is_in(kBob));  // wanted there; no device of his is in the group
  invites.revoke(room.context(), Invites::list(room.context().store)[0]);
  EXPECT_FALSE(is_in(kBob));
  EXPECT_EQ(ask(token)->verdict, JoinVerdict::revoked);
  EXPECT_FALSE(is_in(kBob));
}

TEST_F(GroupLinks, BringsNobodyBackWhoWasRemoved) {
  const InvitationToken token = make(kGroupLinkLifeMs, 5);
  EXPECT_EQ(ask(token)->verdict, JoinVerdict::let_in);
  ASSERT_TRUE(room.conversations().remove_from_group(room.context(), group_, *directory::Name::from(kBob)));
  EXPECT_EQ(ask(token)->verdict, JoinVerdict::used_up);
  EXPECT_FALSE(is_in(kBob));
  EXPECT_EQ(only_link().names.size(), 1u);
}

TEST_F(GroupLinks, IsGoodOnlyWhileItsMakerIsAnAdmin) {
  const InvitationToken token = make();
  GroupWants wants = group_wants(room.context().store, group_);
  wants.admins = {kCarol};
  save_group_wants(room.context(), group_, wants);
  EXPECT_EQ(ask(token)->verdict, JoinVerdict::over);
  EXPECT_FALSE(is_in(kBob));
  const auto group = room.conversations().find(room.context().store, group_);
  EXPECT_FALSE(Invites::may_invite(room.context().store, room.account(), *group));
  const auto pair = room.conversations().find(room.context().store, room.home());
  EXPECT_FALSE(Invites::may_invite(room.context().store, room.account(), *pair));
}

TEST_F(GroupLinks, LetsInNobodyWhoIsBlockedAndSaysNothing) {
  const InvitationToken token = make();
  set_blocked(room.context(), room.account(), kBob, true);
  EXPECT_FALSE(ask(token));
  EXPECT_FALSE(is_in(kBob));
  EXPECT_TRUE(only_link().names.empty());
}

TEST_F(GroupLinks, HearsNothingOfADeviceThatItsNameHasNoMore) {
  const InvitationToken token = make();
  Heard said = said_by(kBob, JoinRequest(token.clone()));
  said.is_gone = true;
  invites.heard(room.context(), room.account(), said);
  EXPECT_TRUE(answers().empty());
  EXPECT_FALSE(is_in(kBob));
  EXPECT_TRUE(only_link().names.empty());
  const InvitationToken theirs = some_token(8);
  invites.ask(room.context(), room.home(), link_of_bob(theirs));
  Heard answer = said_by(kBob, JoinAnswer{token_hash(theirs), JoinVerdict::let_in, group_});
  answer.is_gone = true;
  invites.heard(room.context(), room.account(), answer);
  EXPECT_FALSE(Invites::asked(room.context().store, token_hash(theirs))->verdict);
  answer.is_gone = false;
  invites.heard(room.context(), room.account(), answer);
  EXPECT_EQ(Invites::asked(room.context().store, token_hash(theirs))->verdict, JoinVerdict::let_in);
  EXPECT_EQ(ask(token)->verdict, JoinVerdict::let_in) << "another device of the name may ask";
}

TEST_F(GroupLinks, SaysNothingToWhoHasNoToken) {
  InvitationToken token = make();
  token.expose_mutable()[15] ^= 1;
  EXPECT_FALSE(ask(token));
  EXPECT_FALSE(is_in(kBob));
  token.expose_mutable()[15] ^= 1;
  // Nor where it is not said in a pair, or by a device of the own name.
  Heard elsewhere = said_by(kBob, JoinRequest(token.clone()));
  elsewhere.home = group_;
  invites.heard(room.context(), room.account(), elsewhere);
  EXPECT_FALSE(ask(token, kAlice));
  EXPECT_TRUE(answers().empty());
  EXPECT_FALSE(is_in(kBob));
}

TEST_F(GroupLinks, RefusesByOneLinkInOnePairOnceInHalfAMinute) {
  const InvitationToken token = make(kMinuteMs);
  pass(kMinuteMs);
  const InvitationToken other = make(kSecondMs);
  pass(kSecondMs);
  EXPECT_TRUE(ask(token));
  EXPECT_FALSE(ask(token));
  EXPECT_TRUE(ask(other));
  pass(30 * kSecondMs);
  EXPECT_TRUE(ask(token));
}

TEST_F(GroupLinks, AreBoundedInLifeUsesAndNumber) {
  const auto made = [&](std::uint64_t life_ms, std::uint64_t uses) {
    return invites.make(room.context(), group_, life_ms, static_cast<std::uint32_t>(uses)).has_value();
  };
  EXPECT_FALSE(made(0, 1));
  EXPECT_FALSE(made(kMaxGroupLinkLifeMs + 1, 1));
  EXPECT_FALSE(made(kDayMs, 0));
  EXPECT_FALSE(made(kDayMs, kMaxGroupLinkUses + 1));
  for (std::size_t i = 0; i < kMaxGroupLinks; ++i) ASSERT_TRUE(made(kDayMs, 1)) << i;
  EXPECT_FALSE(made(kDayMs, 1));
  pass(32 * kDayMs);  // those that ended a month ago are listed no more
  EXPECT_TRUE(made(kDayMs, 1));
  EXPECT_EQ(Invites::list(room.context().store).size(), 1u);
}

// ---- who asks ----

TEST_F(GroupLinks, WhoAskedComesInWhereTheMakerSaidAndNowhereElse) {
  const InvitationToken token = some_token(3);
  const Hash id = token_hash(token);
  invites.ask(room.context(), room.home(), link_of_bob(token));
  bool asked = false;
  for (const Content& one : room.said()) {
    asked = asked || (one.control && *one.control == Control(JoinRequest(token.clone())));
  }
  EXPECT_TRUE(asked);
  // Somebody else's word does not count, nor does one about what was never asked.
  const JoinAnswer yes{id, JoinVerdict::let_in, group_};
  invites.heard(room.context(), room.account(), said_by(kCarol, yes));
  invites.heard(room.context(), room.account(), said_by(kBob, JoinAnswer{Hash{}, JoinVerdict::let_in, group_}));
  EXPECT_FALSE(Invites::asked(room.context().store, id)->verdict);
  // A group without its maker is not the one.
  ConversationSettings settings;
  settings.is_request = true;
  save_settings(room.context(), group_, settings);
  invites.heard(room.context(), room.account(), said_by(kBob, yes));
  invites.step(room.context(), room.account());
  EXPECT_EQ(entry(id), JoinEntry::none);
  EXPECT_TRUE(settings_of(room.context().store, group_).is_request);
  settings.is_request = false;
  save_settings(room.context(), group_, settings);
  ASSERT_TRUE(room.conversations().add_to_group(room.context(), group_, *directory::Name::from(kBob)));
  // Nor one of a maker who was blocked meanwhile.
  set_blocked(room.context(), room.account(), kBob, true);
  invites.forget_all();
  invites.step(room.context(), room.account());
  EXPECT_EQ(entry(id), JoinEntry::none);
  set_blocked(room.context(), room.account(), kBob, false);
  // With its maker in it, by whom its owner knows, it is, and its owner has said yes to it.
  save_contact(room.context(), room.account(), {kBob, {}, true, false, false});
  const ConversationInfo info{ConversationKind::group, group_, "example.org", "sailors"};
  note_welcome(room.context(), room.account(), group_, info, *directory::Name::from(kBob));
  invites.forget_all();
  invites.step(room.context(), room.account());
  EXPECT_EQ(entry(id), JoinEntry::by_known);
  EXPECT_FALSE(settings_of(room.context().store, group_).is_request);
  // What is said after that changes nothing.
  invites.heard(room.context(), room.account(), said_by(kBob, JoinAnswer{id, JoinVerdict::revoked, {}}));
  EXPECT_EQ(Invites::asked(room.context().store, id)->verdict, JoinVerdict::let_in);
}

// Anybody can make a group of that id, with a leaf of the maker's in it.
TEST_F(GroupLinks, AGroupThatOthersBroughtIsNotTakenForTheOneOfTheLink) {
  const auto ask_to = [&](std::uint64_t seed) {
    const InvitationToken token = some_token(seed);
    invites.ask(room.context(), room.home(), link_of_bob(token));
    const JoinAnswer yes{token_hash(token), JoinVerdict::let_in, group_};
    invites.heard(room.context(), room.account(), said_by(kBob, yes));
    invites.step(room.context(), room.account());
    return yes.invitation;
  };
  const auto is_in = [&](const Hash& id) {
    return invites.is_in(room.context().store, *Invites::asked(room.context().store, id));
  };
  ASSERT_TRUE(room.conversations().add_to_group(room.context(), group_, *directory::Name::from(kBob)));
  const ConversationInfo info{ConversationKind::group, group_, "example.org", "sailors"};
  note_welcome(room.context(), room.account(), group_, info, *directory::Name::from(kCarol));
  const Hash id = ask_to(7);
  EXPECT_EQ(entry(id), JoinEntry::by_others);
  EXPECT_FALSE(is_in(id));
  EXPECT_TRUE(settings_of(room.context().store, group_).is_request);
  // Its owner says yes to it, and comes to know who brought it: it is what it was.
  accept_conversation(room.context(), room.account(), *room.conversations().find(room.context().store, group_));
  EXPECT_TRUE(is_in(id));
  save_contact(room.context(), room.account(), {kCarol, {}, true, false, false});
  invites.forget_all();
  invites.step(room.context(), room.account());
  EXPECT_EQ(entry(id), JoinEntry::by_others);
  // Another link finds there what somebody brought who is known by now, or is not any more.
  EXPECT_EQ(entry(ask_to(8)), JoinEntry::by_known);
  save_contact(room.context(), room.account(), {kCarol, {}, false, false, false});
  EXPECT_EQ(entry(ask_to(9)), JoinEntry::by_others);
  // Nor is one of which nobody knows any more who did.
  save_contact(room.context(), room.account(), {kCarol, {}, true, false, false});
  EXPECT_EQ(entry(ask_to(10)), JoinEntry::by_known);
  room.context().store.erase(tables::kBroughtBy, to_bytes(group_.view()));
  EXPECT_EQ(entry(ask_to(11)), JoinEntry::by_others);
}

TEST_F(GroupLinks, WhoIsNotLetInReadsWhy) {
  testing::SeededEntropy entropy(4);
  for (const JoinVerdict verdict :
       {JoinVerdict::expired, JoinVerdict::used_up, JoinVerdict::revoked, JoinVerdict::over}) {
    InvitationToken token;
    entropy.fill(token.expose_mutable());
    invites.ask(room.context(), room.home(), link_of_bob(token));
    invites.heard(room.context(), room.account(), said_by(kBob, JoinAnswer{token_hash(token), verdict, {}}));
    const auto row = Invites::asked(room.context().store, token_hash(token));
    const std::string sentence = join_sentence(*row, verdict);
    EXPECT_NE(sentence.find("\"sailors\""), std::string::npos);
    EXPECT_NE(sentence.find(';'), std::string::npos) << "what to do: " << sentence;
    EXPECT_EQ(room.conversations().newest(room.context().store, room.home(), 1).back().message.text, sentence);
  }
}

TEST_F(GroupLinks, OfWhatWasAskedTheOldestIsForgottenFirst) {
  testing::SeededEntropy entropy(5);
  std::vector<Hash> ids;
  for (std::size_t i = 0; i <= kMaxAskedJoins; ++i) {
    InvitationToken token;
    entropy.fill(token.expose_mutable());
    ids.push_back(token_hash(token));
    pass(1);
    invites.ask(room.context(), room.home(), link_of_bob(token));
  }
  EXPECT_EQ(room.rows(tables::kAskedJoins), kMaxAskedJoins);
  EXPECT_FALSE(Invites::asked(room.context().store, ids.front()));
  EXPECT_TRUE(Invites::asked(room.context().store, ids[1]));
  EXPECT_TRUE(Invites::asked(room.context().store, ids.back()));
}

// ---- bytes ----

template <class Record>
bool has_one_encoding(const Record& record) {
  const Bytes bytes = wire::encode(record);
  const auto back = wire::decode<Record>(bytes);
  return back && wire::encode(*back) == bytes && !wire::decode<Record>(concat({bytes, Bytes{0}})) &&
         !wire::decode<Record>(ByteView(bytes).first(bytes.size() - 1));
}

TEST(JoinWords, HaveOneEncodingAndNoOtherMeaning) {
  testing::SeededEntropy entropy(6);
  const auto id = random_value<Hash>(entropy);
  const auto channel = random_value<ChannelId>(entropy);
  InvitationToken token;
  entropy.fill(token.expose_mutable());
  EXPECT_TRUE(has_one_encoding(JoinRequest(token.clone())));
  EXPECT_TRUE(has_one_encoding(JoinAnswer{id, JoinVerdict::let_in, channel}));
  EXPECT_TRUE(has_one_encoding(JoinAnswer{id, JoinVerdict::revoked, {}}));
  EXPECT_FALSE(has_one_encoding(JoinAnswer{id, JoinVerdict::let_in, {}}));
  EXPECT_FALSE(has_one_encoding(JoinAnswer{id, JoinVerdict::revoked, channel}));
  EXPECT_FALSE(has_one_encoding(JoinAnswer{id, JoinVerdict{0}, {}}));
  EXPECT_FALSE(has_one_encoding(JoinAnswer{id, JoinVerdict{6}, {}}));
  EXPECT_TRUE(has_one_encoding(GroupLink{channel, 1, 2, 3, 2, {kBob, kCarol}}));
  EXPECT_FALSE(has_one_encoding(GroupLink{channel, 1, 2, 3, 1, {kBob, kCarol}}));
  EXPECT_FALSE(has_one_encoding(GroupLink{channel, 1, 2, 3, 0, {}}));
  EXPECT_FALSE(has_one_encoding(GroupLink{channel, 1, 2, 3, kMaxGroupLinkUses + 1, {}}));
  EXPECT_TRUE(has_one_encoding(AskedJoin{kBob, "sailors", 1, std::nullopt, {}, JoinEntry::none}));
  EXPECT_TRUE(has_one_encoding(AskedJoin{kBob, "sailors", 1, JoinVerdict::let_in, channel, JoinEntry::by_others}));
  EXPECT_FALSE(has_one_encoding(AskedJoin{kBob, "sailors", 1, JoinVerdict{6}, {}, JoinEntry::none}));
  EXPECT_FALSE(has_one_encoding(AskedJoin{kBob, "sailors", 1, JoinVerdict::let_in, channel, JoinEntry{3}}));
  // As contents, beside those that were there.
  const std::array<std::uint8_t, 16> salt{};
  for (const Control& one : {Control(JoinRequest(token.clone())), Control(JoinAnswer{id, JoinVerdict::over, {}})}) {
    const auto content = decode_content(encode_content(salt, one));
    ASSERT_TRUE(content);
    EXPECT_EQ(content->control, one);
    EXPECT_FALSE(content->text);
  }
}

// ---- between clients ----

class GroupLinkVillage : public ::testing::Test {
 protected:
  void SetUp() override {
    good(village.register_person("alice-1", kAlice));
    good(village.register_person("bob-1", kBob));
    good(village.register_person("carol-1", kCarol));
    good(village.ask("alice-1", "group.create", {{"title", "walkers"}, {"names", {kCarol}}}));
  }
  json make(const testing::Params& params) { return village.ask("alice-1", "invitation.create", params); }
  std::string link(std::uint64_t life_s = 3600) {
    return good(make({{"conversation", "walkers"}, {"life_s", life_s}}))["link"];
  }
  json accept(const std::string& device, const std::string& text) {
    return village.ask(device, "invitation.accept", {{"link", text}});
  }
  bool has_line(const std::string& device, const std::string& conversation, const std::string& part) {
    const json answer = village.ask(device, "read", {{"conversation", conversation}});
    return answer.dump().find(part) != std::string::npos;
  }
  json listed() { return good(village.ask("alice-1", "invitation.list"))["invitations"]; }

  testing::ClientVillage village;
};

TEST_F(GroupLinkVillage, BringsSomebodyInWhomNobodyHadToAdd) {
  const std::string text = link();
  const json shown = good(village.ask("bob-1", "invitation.show", {{"link", text}}));
  EXPECT_EQ(shown["kind"], "group");
  EXPECT_EQ(shown["title"], "walkers");
  EXPECT_EQ(shown["name"], kAlice);
  const json in = good(accept("bob-1", text));
  const std::string group = in["conversation"];
  good(village.ask("bob-1", "send", {{"to", group}, {"text", "thank you"}}));
  for (const std::string device : {"alice-1", "carol-1"}) {
    EXPECT_TRUE(village.until([&] { return has_line(device, "walkers", "thank you"); })) << device;
    EXPECT_TRUE(has_line(device, "walkers", "alice@example.org added bob@example.org.")) << device;
  }
  EXPECT_TRUE(has_line("alice-1", kBob, "asked to be let into"));
  const json of_bob = good(village.ask("bob-1", "conversations"));
  for (const json& one : of_bob["conversations"]) {
    EXPECT_EQ(one["request"], false) << one;
  }
  ASSERT_EQ(listed().size(), 1u);
  EXPECT_EQ(listed()[0]["state"], "used up");
  EXPECT_EQ(listed()[0]["names"], json({kBob}));
  // bob is no contact of alice's for that.
  EXPECT_EQ(good(village.ask("alice-1", "request.list"))["requests"].size(), 1u);
  // The same again is the same group; somebody else is told why not, and is in nothing.
  EXPECT_EQ(good(accept("bob-1", text))["conversation"], group);
  good(village.register_person("dave-1", "dave@example.org"));
  EXPECT_NE(bad(accept("dave-1", text)).find("is used up"), std::string::npos);
  EXPECT_TRUE(has_line("dave-1", kAlice, "is used up"));
  EXPECT_FALSE(has_line("alice-1", "walkers", "added dave"));
}

TEST_F(GroupLinkVillage, IsJudgedByItsMakerWhenThatOneHears) {
  const std::string text = link(60);
  village.set_online("alice-1", false);
  const json waits = village.ask("bob-1", "invitation.accept", {{"link", text}, {"wait_ms", 20'000}});
  EXPECT_EQ(waits["error"]["data"]["queued"], true) << waits;
  village.pass_all(2 * kMinuteMs);
  village.set_online("alice-1", true);
  EXPECT_TRUE(village.until([&] { return has_line("bob-1", kAlice, "has expired"); }, 5 * kMinuteMs));
  EXPECT_NE(bad(accept("bob-1", text)).find("has expired by the clock of this device"), std::string::npos);
  EXPECT_EQ(listed()[0]["state"], "expired");
  EXPECT_EQ(listed()[0]["names"], json::array());
}

TEST_F(GroupLinkVillage, IsRevokedByItsIdAndMadeByAdminsAlone) {
  const json made = good(make({{"conversation", "walkers"}, {"uses", 5}}));
  const std::string id = made["id"];
  EXPECT_NE(bad(village.ask("alice-1", "invitation.revoke", {{"id", id.substr(0, 7)}})).find("No one link"),
            std::string::npos);
  EXPECT_EQ(good(village.ask("alice-1", "invitation.revoke", {{"id", id}}))["state"], "revoked");
  EXPECT_NE(bad(accept("bob-1", made["link"])).find("has revoked the link"), std::string::npos);
  EXPECT_EQ(listed()[0]["state"], "revoked");
  village.until([&] { return has_line("carol-1", "walkers", "You are in a conversation"); });
  EXPECT_NE(bad(village.ask("carol-1", "invitation.create", {{"conversation", "walkers"}})).find("Only an admin"),
            std::string::npos);
  EXPECT_NE(bad(make({{"conversation", "walkers"}, {"uses", 257}})).find("256"), std::string::npos);
  EXPECT_NE(bad(make({{"conversation", "walkers"}, {"life_s", 0}})).find("at most 366 days"), std::string::npos);
  EXPECT_NE(bad(make({{"uses", 2}})).find("Only a link to a group"), std::string::npos);
  EXPECT_NE(bad(make({{"conversation", "runners"}})).find("There is no conversation"), std::string::npos);
  good(village.ask("alice-1", "send", {{"to", kBob}, {"text", "hello"}}));
  EXPECT_NE(bad(make({{"conversation", kBob}})).find("conversation of two"), std::string::npos);
}

// ---- a commit is under way while its maker decides otherwise ----

class GroupLinkInTime : public GroupLinkVillage {
 protected:
  static constexpr std::string_view kServer = "https://example.org";

  void SetUp() override {
    GroupLinkVillage::SetUp();
    ASSERT_TRUE(village.until([&] { return has_line("carol-1", "walkers", "You are in a conversation"); }));
  }
  /// bob has asked, and alice's device knows what it takes to add him.
  json bob_asks() {
    json made = good(make({{"conversation", "walkers"}, {"uses", 5}}));
    village.device("alice-1").hold_answers_to(proto::kPathKeyPackageFetch);
    village.begin("bob-1", "invitation.accept", {{"link", made["link"]}});
    EXPECT_TRUE(village.until([&] { return village.device("alice-1").answers_held() == 1; }));
    return made;
  }
  void revoke(const json& made) { good(village.ask("alice-1", "invitation.revoke", {{"id", made["id"]}})); }
  json members() { return good(village.ask("alice-1", "group.show", {{"conversation", "walkers"}}))["names"]; }
  bool hears(const std::string& text) {
    good(village.ask("alice-1", "send", {{"to", "walkers"}, {"text", text}}));
    return village.until([&] { return has_line("carol-1", "walkers", text); });
  }
  const json without_bob = {kAlice, kCarol};
};

TEST_F(GroupLinkInTime, WhomACommitAddsThatNobodyTookIsNotLetInAfterTheLinkWasRevoked) {
  const json made = bob_asks();
  village.device("alice-1").cut_off_from(std::string(kServer) + std::string(proto::kPathChannelCommit));
  village.device("alice-1").release_answers();
  village.settle();
  village.pass_all(kMinuteMs);  // it is tried again and again
  revoke(made);
  village.device("alice-1").cut_off_from("");
  village.pass_all(5 * kMinuteMs);
  EXPECT_TRUE(hears("nobody came"));
  EXPECT_EQ(members(), without_bob);
  for (const std::string device : {"alice-1", "carol-1"}) {
    EXPECT_FALSE(has_line(device, "walkers", "added bob@example.org")) << device;
  }
}

TEST_F(GroupLinkInTime, WhoCameInBehindTheMakersBackIsRemovedAtOnce) {
  for (const bool echo_is_first : {true, false}) {
    SCOPED_TRACE(echo_is_first ? "the echo is first" : "the answer is first");
    const json made = bob_asks();
    testing::TestClient& alice = village.device("alice-1");
    alice.set_silent(true);
    alice.lose_answers_to(proto::kPathChannelCommit);
    alice.release_answers();
    village.settle();  // the server has taken it, and its maker does not know
    revoke(made);
    if (echo_is_first) alice.set_silent(false);
    village.settle();
    alice.lose_answers_to("");
    village.pass_all(kMinuteMs);
    alice.set_silent(false);
    const std::string text = echo_is_first ? "one has gone" : "and so has another";
    EXPECT_TRUE(hears(text));
    EXPECT_EQ(members(), without_bob);
    EXPECT_TRUE(has_line("carol-1", "walkers", "alice@example.org added bob@example.org."));
    EXPECT_TRUE(has_line("carol-1", "walkers", "alice@example.org removed bob@example.org."));
    EXPECT_FALSE(has_line("bob-1", "walkers", text)) << "it was said when he was out";
  }
}

TEST_F(GroupLinkVillage, SaysOfAGroupThatItsOwnerAcceptedByHandThatOthersBroughtIt) {
  const json made = good(make({{"conversation", "walkers"}}));
  const auto channel = *ChannelId::from(*from_hex(made["conversation"].get<std::string>()));
  const Account bob = *load_account(village.device("bob-1").store());
  const Account alice = *load_account(village.device("alice-1").store());
  auto carol = testing::HostileDevice::like(village, "carol-1");
  mls::Group group = carol.begin({ConversationKind::group, channel, "example.org", "walkers"});
  carol.add(group, carol.key_package_of(kAlice, alice.device_id()));
  const Bytes welcome = carol.add(group, carol.key_package_of(kBob, bob.device_id()));
  carol.deliver(bob.mailbox, proto::EnvelopeKind::welcome, channel, group.epoch(), welcome);
  ASSERT_TRUE(village.until([&] { return has_line("bob-1", "walkers", "You are in a conversation"); }));

  const auto asked = village.begin("bob-1", "invitation.accept", {{"link", made["link"]}, {"wait_ms", 600'000}});
  village.pass_all(kMinuteMs);
  EXPECT_TRUE(village.answer("bob-1", asked).is_null()) << "it is for its owner to say";
  good(village.ask("bob-1", "request.accept", {{"conversation", "walkers"}}));
  json answer;
  ASSERT_TRUE(village.until([&] { return !(answer = village.answer("bob-1", asked)).is_null(); }));
  EXPECT_EQ(good(answer)["brought_by_others"], true);
  EXPECT_EQ(answer["result"]["conversation"], made["conversation"]);
  // Also when he comes into something else after that.
  good(village.ask("bob-1", "group.create", {{"title", "sailors"}, {"names", {kCarol}}}));
  EXPECT_EQ(good(accept("bob-1", made["link"]))["brought_by_others"], true);
}

TEST_F(GroupLinkVillage, IsHonouredAfterARestart) {
  const std::string text = link();
  village.device("alice-1").restart();
  const json in = good(accept("bob-1", text));
  village.device("bob-1").restart();
  EXPECT_EQ(good(accept("bob-1", text))["conversation"], in["conversation"]);
}

}  // namespace
}  // namespace cairn::client
