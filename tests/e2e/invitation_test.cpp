// Invitation links between real programs: two domains that know nothing of each other, two people with two devices
// each.
#include "tests/e2e/two_domains.h"

namespace cairn::e2e {
namespace {

constexpr std::chrono::seconds kLongestStep{60};

class Invitations : public TwoDomainsTest {
 protected:
  std::string link_of(const std::string& device) {
    const demo::Said made = domains_->cairn(device, {"invite"});
    EXPECT_TRUE(made.good()) << made.error;
    return made.good() ? made.json.value("link", "") : std::string();
  }
  /// Waits until a domain is pinned on a device.
  bool knows(const std::string& device, const std::string& domain) {
    return eventually(
        [&] {
          const demo::Said list = domains_->cairn(device, {"domain", "list"});
          return list.good() && list.json["domains"].size() == 1 && list.json["domains"][0]["domain"] == domain;
        },
        kLongestStep);
  }
  /// Whether all four devices are in the group, as this one sees it.
  bool has_all_four(const std::string& device) {
    const nlohmann::json all_four = {{"alice@one.example", 2}, {"bob@two.example", 2}};
    const demo::Said list = domains_->cairn(device, {"conversations"});
    EXPECT_TRUE(list.good()) << list.error;
    if (!list.good()) return false;
    for (const nlohmann::json& one : list.json["conversations"]) {
      if (one["title"] == "walkers" && one.value("devices", nlohmann::json()) == all_four) return true;
    }
    return false;
  }
};

TEST_F(Invitations, DomainsThatKnowNothingOfEachOtherTalkByOneLinkEachWay) {
  TwoDomains& all = begin(Policies::apart);
  all.person("alice-1", "alice@one.example", all.one);
  all.person("bob-1", "bob@two.example", all.two);
  all.further_device("alice-2", "alice@one.example", all.one, "alice-1");
  all.further_device("bob-2", "bob@two.example", all.two, "bob-1");
  const std::string of_alice = link_of("alice-1");
  const std::string of_bob = link_of("bob-2");

  // Nobody is believed because a link says so.
  const demo::Said unasked = all.cairn("bob-1", {"accept", of_alice});
  EXPECT_EQ(unasked.exit_code, 1);
  EXPECT_NE(unasked.error.find("alice@one.example invites you"), std::string::npos) << unasked.error;
  EXPECT_NE(unasked.error.find("Nothing is known of one.example here yet."), std::string::npos) << unasked.error;
  EXPECT_NE(unasked.error.find("Nothing was changed"), std::string::npos) << unasked.error;
  EXPECT_TRUE(all.cairn("bob-1", {"domain", "list"}).json["domains"].empty());
  const demo::Said cut = all.cairn("bob-1", {"accept", of_alice.substr(0, of_alice.size() - 9), "--yes"});
  EXPECT_EQ(cut.exit_code, 1);
  EXPECT_NE(cut.error.find("no whole invitation link"), std::string::npos) << cut.error;

  const demo::Said taken = all.cairn("bob-1", {"accept", of_alice, "--yes"});
  must(taken);
  EXPECT_EQ(taken.json["pins"], true);
  const demo::Said listed = all.cairn("bob-1", {"domain", "list"});
  EXPECT_EQ(listed.json["domains"][0]["domain"], "one.example");
  EXPECT_EQ(listed.json["domains"][0]["invited_by"], "alice@one.example");
  must(all.cairn("bob-1", {"send", "alice@one.example", "hello over there"}));

  // alice's devices believe bob when she has taken his link up.
  std::this_thread::sleep_for(std::chrono::milliseconds(500));
  EXPECT_FALSE(all.has_text("alice-1", "bob@two.example", "bob@two.example: hello over there"));
  must(all.cairn("alice-1", {"accept", of_bob, "--yes"}));
  must(all.cairn("alice-2", {"accept", of_bob, "--yes"}));
  must(all.cairn("bob-2", {"accept", of_alice, "--yes"}));
  for (const std::string device : {"alice-1", "alice-2", "bob-2"}) {
    const std::string other = device.starts_with("alice") ? "bob@two.example" : "alice@one.example";
    EXPECT_TRUE(
        eventually([&] { return all.has_text(device, other, "bob@two.example: hello over there"); }, kLongestStep))
        << device;
  }
  must(all.cairn("alice-2", {"send", "bob@two.example", "hello back"}));
  for (const std::string device : {"bob-1", "bob-2"}) {
    EXPECT_TRUE(eventually([&] { return all.has_text(device, "alice@one.example", "alice@one.example: hello back"); },
                           kLongestStep))
        << device;
  }
  // What is known stays: the same link again changes nothing, and one that names others is refused.
  const demo::Said again = all.cairn("bob-1", {"accept", of_alice});
  must(again);
  EXPECT_EQ(again.json["pins"], false);
  EXPECT_EQ(again.json["conversation"], taken.json["conversation"]);
  all.person("mallory", "mallory@two.example", all.two);
  must(all.cairn("mallory", {"domain", "add", "one.example", "--policy", all.two.policy_file}));
  const demo::Said refused = all.cairn("mallory", {"accept", of_alice, "--yes"});
  EXPECT_EQ(refused.exit_code, 1);
  EXPECT_NE(refused.error.find("DIFFERENT"), std::string::npos) << refused.error;
  EXPECT_NE(refused.error.find("nothing was changed"), std::string::npos) << refused.error;
}

TEST_F(Invitations, ALinkToAGroupBringsInWhoIsOfADomainThatKnowsNothingOfIt) {
  TwoDomains& all = begin(Policies::apart);
  all.person("alice-1", "alice@one.example", all.one);
  all.person("bob-1", "bob@two.example", all.two);
  all.further_device("alice-2", "alice@one.example", all.one, "alice-1");
  all.further_device("bob-2", "bob@two.example", all.two, "bob-1");
  must(all.cairn("alice-1", {"group", "create", "walkers", "alice@one.example"}));
  const demo::Said made = all.cairn("alice-1", {"invite", "group", "walkers"});
  must(made);
  const std::string to_walkers = made.json["link"];
  // Who asks to be let in is heard only where a link of theirs was taken up.
  must(all.cairn("alice-1", {"accept", link_of("bob-2"), "--yes"}));
  EXPECT_TRUE(knows("alice-2", "two.example"));

  const demo::Said unasked = all.cairn("bob-1", {"accept", to_walkers});
  EXPECT_EQ(unasked.exit_code, 1);
  for (const char* words : {"alice@one.example invites you to the group \"walkers\"",
                            "Nothing is known of one.example here yet.", "Nothing was changed"})
    EXPECT_NE(unasked.error.find(words), std::string::npos) << unasked.error;
  for (const std::string device : {"bob-1", "bob-2"})
    EXPECT_EQ(all.cairn(device, {"domain", "list"}).json["domains"], nlohmann::json::array()) << device;

  const demo::Said in = all.cairn("bob-1", {"accept", to_walkers, "--yes"}, kLongestStep);
  must(in);
  EXPECT_EQ(in.json["pins"], true);
  EXPECT_EQ(in.json["kind"], "group");
  EXPECT_TRUE(knows("bob-2", "one.example"));
  const std::string four[] = {"alice-1", "alice-2", "bob-1", "bob-2"};
  for (const std::string& device : four)
    EXPECT_TRUE(eventually([&] { return has_all_four(device); }, kLongestStep)) << device;
  const std::pair<const char*, const char*> said[] = {
      {"bob-1", "thank you"}, {"alice-2", "welcome"}, {"bob-2", "I am here too"}, {"alice-1", "so am I"}};
  for (const auto& [speaker, text] : said) {
    must(all.cairn(speaker, {"send", "walkers", text}));
    const std::string name = std::string(speaker).starts_with("alice") ? "alice@one.example" : "bob@two.example";
    const std::string line = name + ": " + text;
    for (const std::string& device : four) {
      EXPECT_TRUE(eventually([&] { return all.has_text(device, "walkers", line); }, kLongestStep))
          << device << " " << line;
    }
  }
}

TEST_F(Invitations, ALinkIsDrawnForACameraAndReadFromStandardInput) {
  TwoDomains& all = begin(Policies::shared);
  all.person("alice-1", "alice@one.example", all.one);
  all.person("bob-1", "bob@two.example", all.two);
  const demo::Finished drawn = demo::run({program_folder() + "/cairn", "--data", all.file("alice-1"), "invite", "--qr"},
                                         std::chrono::seconds(30));
  ASSERT_EQ(drawn.exit_code, 0) << drawn.err;
  EXPECT_NE(drawn.out.find("\u2588"), std::string::npos);
  const std::size_t at = drawn.out.find("cairn:");
  ASSERT_NE(at, std::string::npos);
  const std::string link = drawn.out.substr(at);
  const std::vector<std::string> show = {
      program_folder() + "/cairn", "--data", all.file("bob-1"), "invite", "show", "-"};
  const demo::Finished shown = demo::run(show, std::chrono::seconds(30), link);
  ASSERT_EQ(shown.exit_code, 0) << shown.err;
  EXPECT_NE(shown.out.find("This is the policy that counts for one.example here already."), std::string::npos)
      << shown.out;
  // Who pins the same cosigners confirms nothing but where the server is.
  const demo::Finished taken =
      demo::run({program_folder() + "/cairn", "--data", all.file("bob-1"), "accept", "-", "--yes"},
                std::chrono::seconds(30), link);
  ASSERT_EQ(taken.exit_code, 0) << taken.err;
  EXPECT_NE(taken.out.find("cairn send alice@one.example"), std::string::npos) << taken.out;
  EXPECT_EQ(all.cairn("bob-1", {"domain", "list"}).json["domains"][0]["own_policy"], true);
}

class GroupInvitations : public VillageTest {
 protected:
  std::string link_to_walkers(const std::vector<std::string>& more = {}) {
    std::vector<std::string> words = {"invite", "group", "walkers"};
    words.insert(words.end(), more.begin(), more.end());
    const demo::Said made = village().cairn("alice-1", words);
    EXPECT_TRUE(made.good()) << made.error;
    id_ = made.good() ? made.json.value("id", "") : std::string();
    return made.good() ? made.json.value("link", "") : std::string();
  }
  /// The sentence with which a link is refused.
  std::string refused(const std::string& device, const std::string& link) {
    const demo::Said said = village().cairn(device, {"accept", link}, std::chrono::seconds(60));
    EXPECT_EQ(said.exit_code, 1) << said.json;
    return said.error;
  }
  bool holds_notice(const std::string& device, const std::string& part) {
    return village().cairn(device, {"read", "walkers"}).json.dump().find(part) != std::string::npos;
  }
  bool is_member(const std::string& name) {
    const demo::Said shown = village().cairn("alice-1", {"group", "show", "walkers"});
    EXPECT_TRUE(shown.good()) << shown.error;
    const auto names = shown.json.value("names", std::vector<std::string>{});
    return std::find(names.begin(), names.end(), name) != names.end();
  }

  std::string id_;  ///< of the link that was made last
};

TEST_F(GroupInvitations, LetInWhoHasALinkWhileItIsGood) {
  two_people_with_two_devices();
  must(village().register_person("carol-1", "carol@localhost"));
  must(village().register_person("dave-1", "dave@localhost"));
  must(village().cairn("alice-1", {"group", "create", "walkers", "carol@localhost"}));
  const std::string link = link_to_walkers();
  const demo::Said in = village().cairn("bob-1", {"accept", link}, std::chrono::seconds(60));
  must(in);
  EXPECT_EQ(in.json["kind"], "group");
  const std::string group = in.json["conversation"];
  must(village().cairn("bob-1", {"send", group, "thank you"}));
  for (const std::string device : {"alice-1", "alice-2", "bob-2", "carol-1"}) {
    EXPECT_TRUE(eventually([&] { return has_text(device, "walkers", "bob@localhost: thank you"); }, kLongestStep))
        << device;
  }
  must(village().cairn("bob-2", {"send", group, "from my other device"}));
  EXPECT_TRUE(
      eventually([&] { return has_text("alice-2", "walkers", "bob@localhost: from my other device"); }, kLongestStep));
  EXPECT_TRUE(holds_notice("carol-1", "alice@localhost added bob@localhost."));

  // It was for one name.
  EXPECT_NE(refused("dave-1", link).find("is used up"), std::string::npos);
  // Another one is revoked before it is taken up.
  const std::string second = link_to_walkers({"--uses", "3", "--for", "1h"});
  must(village().cairn("alice-1", {"invite", "revoke", id_}));
  EXPECT_NE(refused("dave-1", second).find("has revoked the link"), std::string::npos);
  // A third one ends by itself.
  const std::string third = link_to_walkers({"--for", "1s"});
  std::this_thread::sleep_for(std::chrono::milliseconds(1200));
  EXPECT_NE(refused("dave-1", third).find("has expired"), std::string::npos);
  EXPECT_FALSE(is_member("dave@localhost"));
  const demo::Said listed = village().cairn("alice-1", {"invite", "list"});
  must(listed);
  std::vector<std::string> states;
  for (const auto& one : listed.json["invitations"]) states.push_back(one["state"]);
  EXPECT_EQ(states, (std::vector<std::string>{"used up", "revoked", "expired"}));
  // Whom somebody removed does not come back by the link that let them in.
  must(village().cairn("alice-1", {"group", "remove", "walkers", "bob@localhost"}));
  EXPECT_TRUE(eventually([&] { return holds_notice("bob-1", "This device was removed"); }, kLongestStep));
  EXPECT_NE(refused("bob-1", link).find("is used up"), std::string::npos);
  EXPECT_FALSE(is_member("bob@localhost"));
}

}  // namespace
}  // namespace cairn::e2e
