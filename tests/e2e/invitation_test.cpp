// Invitation links between real programs: two domains that know nothing of each other, two people with two devices
// each.
#include "tests/e2e/two_domains.h"

namespace cairn::e2e {
namespace {

constexpr std::chrono::seconds kLongest{60};

class Invitations : public TwoDomainsTest {
 protected:
  std::string link_of(const std::string& device) {
    const demo::Said made = domains_->cairn(device, {"invite"});
    EXPECT_TRUE(made.good()) << made.error;
    return made.good() ? made.json.value("link", "") : std::string();
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
    EXPECT_TRUE(eventually([&] { return all.has_text(device, other, "bob@two.example: hello over there"); }, kLongest))
        << device;
  }
  must(all.cairn("alice-2", {"send", "bob@two.example", "hello back"}));
  for (const std::string device : {"bob-1", "bob-2"}) {
    EXPECT_TRUE(eventually([&] { return all.has_text(device, "alice@one.example", "alice@one.example: hello back"); },
                           kLongest))
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

}  // namespace
}  // namespace cairn::e2e
