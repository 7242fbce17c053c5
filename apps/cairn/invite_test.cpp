#include "apps/cairn/invite.h"

#include <gtest/gtest.h>

namespace cairn::apps {
namespace {

using nlohmann::json;

struct Typed {
  std::string method;
  json params = json::object();
  bool approved = false;
  bool with_qr = false;
  std::string error;
};

Typed typed(std::vector<std::string> words) {
  Typed out;
  CLI::App app;
  app.require_subcommand(1);
  add_invitation_commands(app, {out.method, out.params}, {out.approved, out.with_qr});
  std::reverse(words.begin(), words.end());
  try {
    app.parse(words);
  } catch (const CLI::ParseError& error) {
    out.error = error.get_name();
  }
  return out;
}

/// An answer of invitation.show about somebody whose domain and witness chose their words badly.
json link() {
  return {{"kind", "person"},
          {"name", "carol@two.example"},
          {"domain", "two.example"},
          {"server_url", "https://two.example"},
          {"known", "unknown"},
          {"own_domain", false},
          {"pins", true},
          {"policy",
           {{"auditors", 3},
            {"auditors_needed", 2},
            {"text", "witness w1 key1\nwitness a1 key2\ngroup auditors all a1\nquorum auditors\n"},
            {"witnesses",
             {{{"name", "w1"}, {"key", "key1"}, {"auditor", false}, {"url", "https://w1.example/cairn"}},
              {{"name", "a1\x1b[2J"}, {"key", "key2"}, {"auditor", true}}}}}}};
}

TEST(Invite, MakesALinkAndSaysWhatOneHolds) {
  EXPECT_EQ(typed({"invite"}).method, "invitation.create");
  EXPECT_TRUE(typed({"invite"}).params.empty());
  EXPECT_FALSE(typed({"invite"}).with_qr);
  EXPECT_TRUE(typed({"invite", "--qr"}).with_qr);
  const Typed show = typed({"invite", "show", "cairn:00"});
  EXPECT_EQ(show.method, "invitation.show");
  EXPECT_EQ(show.params, (json{{"link", "cairn:00"}}));
}

TEST(Invite, AcceptsAPersonOrALink) {
  const Typed person = typed({"accept", "bob"});
  EXPECT_EQ(person.method, "request.accept");
  EXPECT_EQ(person.params, (json{{"conversation", "bob"}}));
  for (const char* word : {"cairn:00", "CAIRN:00"}) {
    const Typed link = typed({"accept", word, "--yes"});
    EXPECT_EQ(link.method, "invitation.accept");
    EXPECT_EQ(link.params, (json{{"link", word}}));
    EXPECT_TRUE(link.approved);
  }
  EXPECT_FALSE(typed({"accept", "cairn:00"}).approved);
  EXPECT_FALSE(typed({"accept"}).error.empty());
  EXPECT_FALSE(typed({"accept", "\xff"}).error.empty());
}

TEST(Invite, MakesAndEndsLinksToGroups) {
  const Typed made = typed({"invite", "group", "walkers", "--for", "2d", "--uses", "5", "--qr"});
  EXPECT_EQ(made.method, "invitation.create");
  EXPECT_EQ(made.params, (json{{"conversation", "walkers"}, {"life_s", 172'800}, {"uses", 5}}));
  EXPECT_TRUE(made.with_qr);
  EXPECT_EQ(typed({"invite", "group", "walkers"}).params, (json{{"conversation", "walkers"}}));
  EXPECT_EQ(typed({"invite", "group", "walkers", "--for", "off"}).error, "ValidationError");
  EXPECT_EQ(typed({"invite", "group", "walkers", "--for", "soon"}).error, "ValidationError");
  for (const char* uses : {"0", "-1", "257", "many"}) {
    EXPECT_FALSE(typed({"invite", "group", "walkers", "--uses", uses}).error.empty()) << uses;
  }
  EXPECT_EQ(typed({"invite", "list"}).method, "invitation.list");
  const Typed revoked = typed({"invite", "revoke", "0123456789abcdef"});
  EXPECT_EQ(revoked.method, "invitation.revoke");
  EXPECT_EQ(revoked.params, (json{{"id", "0123456789abcdef"}}));
  const json one = {{"id", "0123"},    {"title", "walk\x1b[2Jers"},
                    {"state", "open"}, {"expires_ms", 1'750'000'000'000},
                    {"uses", 3},       {"names", {"bob@one", "carol@one"}}};
  const std::string listed = render_invitation("invitation.list", {{"invitations", {one}}});
  EXPECT_NE(listed.find("2 of 3 used: bob@one, carol@one"), std::string::npos) << listed;
  EXPECT_NE(listed.find("This device alone"), std::string::npos) << listed;
  EXPECT_EQ(listed.find('\x1b'), std::string::npos);
  EXPECT_NE(render_invitation("invitation.list", {{"invitations", json::array()}}).find("no links"), std::string::npos);
}

TEST(Invite, ShowsWhomALinkNames) {
  const std::string shown = render_invitation("invitation.show", link());
  for (const char* part : {"carol@two.example invites you to write to them.", "2 of 3 auditor(s)", "w1  key1",
                           "group auditors all a1", "Nothing is known of two.example here yet."}) {
    EXPECT_NE(shown.find(part), std::string::npos) << part << " in " << shown;
  }
  EXPECT_EQ(shown.find('\x1b'), std::string::npos);
  // A name that is longer than a line stays behind its margin.
  json wide = link();
  wide["policy"]["witnesses"][0]["name"] = std::string(90, 'w');
  EXPECT_NE(render_invitation("invitation.show", wide).find("\n      wwwwwwwwww"), std::string::npos);
  EXPECT_NE(shown.find("w1  key1  at https://w1.example/cairn\n"), std::string::npos) << shown;
  EXPECT_LT(shown.find("key2"), shown.find("key1")) << "auditors first: their word is what counts";
  json other = link();
  other["known"] = "different";
  EXPECT_NE(render_invitation("invitation.show", other).find("DIFFERENT"), std::string::npos);
  other["known"] = "same";
  EXPECT_NE(render_invitation("invitation.show", other).find("already"), std::string::npos);
}

TEST(Invite, SaysHowToGoOn) {
  const std::string done = render_invitation("invitation.accept", link());
  EXPECT_NE(done.find("two.example is known from now on."), std::string::npos) << done;
  EXPECT_NE(done.find("cairn send carol@two.example TEXT"), std::string::npos) << done;
  EXPECT_EQ(render_invitation("invitation.create", {{"link", "cairn:00"}}), "cairn:00\n");
  json group = link();
  group["kind"] = "group";
  group["title"] = "walkers";
  group["expires_ms"] = 1'750'000'000'000;
  EXPECT_NE(render_invitation("invitation.show", group).find("to the group \"walkers\", until 2025-06-15"),
            std::string::npos);
  EXPECT_EQ(render_invitation("invitation.accept", group), "You are in \"walkers\" now.\n");
  group["brought_by_others"] = true;
  group["conversation"] = "c0ffee";
  const std::string doubted = render_invitation("invitation.accept", group);
  EXPECT_EQ(doubted.find("You are in"), std::string::npos);
  EXPECT_NE(doubted.find("cairn group show c0ffee\n"), std::string::npos) << doubted;
}

TEST(Invite, DrawsALinkUnlessItIsTooLong) {
  EXPECT_NE(invitation_qr("cairn:" + std::string(4000, 'a')).find("\u2588"), std::string::npos);
  EXPECT_NE(invitation_qr("cairn:" + std::string(4400, 'a')).find("send it as text"), std::string::npos);
}

}  // namespace
}  // namespace cairn::apps
