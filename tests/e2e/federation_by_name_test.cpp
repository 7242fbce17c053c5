// Two domains that find each other as where they are used: by name, at https://DOMAIN, under certificates for these
// names, and with no word of an operator about the other one. Their clocks go together, so that a day can pass.
#include "tests/e2e/two_domains.h"

namespace cairn::e2e {
namespace {

constexpr std::chrono::seconds kMostByName{90};

class FederationByName : public TwoDomainsTest {
 protected:
  /// alice@one.example and bob@two.example, who were told of their authority and of nothing else.
  void SetUp() override {
    TwoDomainsTest::SetUp();
    TwoDomains& out = begin(Policies::shared, FoundBy::name);
    out.person("alice", "alice@one.example", out.one);
    out.person("bob", "bob@two.example", out.two);
  }
  TwoDomains& all() { return *domains_; }
  /// alice's server has it; whether two has it is another thing.
  void alice_says(const std::string& text) {
    must(all().cairn("alice", {"send", "bob@two.example", text, "--wait", "20"}));
    said_.push_back("alice@one.example: " + text);
  }
  /// bob has all that alice said, once and in order, and nothing else.
  bool bob_has_it() {
    return eventually([&] { return all().texts("bob", "alice@one.example") == said_; }, kMostByName);
  }
  /// As its operator's command says it.
  std::string doctor() {
    std::ofstream(all().file("allowed")) << "allow two.example\n";
    std::vector<std::string> words = all().command("one.example", "cairnd");
    words.insert(words.end(),
                 {"--data", all().file("one.example"), "doctor", "--domain", "one.example", "--federation", "list",
                  "--federation-domains", all().file("allowed"), "--ca", all().authority->certificate()});
    return demo::run(words, std::chrono::seconds(60)).out;
  }

  std::vector<std::string> said_;
};

TEST_F(FederationByName, PeopleOfTwoDomainsTalkAndNobodyWasToldWhereTheyAre) {
  alice_says("hello over there");
  EXPECT_TRUE(bob_has_it());
  must(all().cairn("bob", {"send", "alice@one.example", "hello back", "--wait", "20"}));
  said_.push_back("bob@two.example: hello back");
  EXPECT_TRUE(eventually([&] { return all().texts("alice", "bob@two.example") == said_; }, kMostByName));
  EXPECT_TRUE(bob_has_it());
  EXPECT_NE(doctor().find("good   The server of two.example speaks to other domains."), std::string::npos) << doctor();
  for (const TwoDomains::Domain* domain : {&all().one, &all().two}) {
    EXPECT_FALSE(demo::http_get(domain->port, "/.well-known/cairn")) << "nothing is said in the open";
  }
}

TEST_F(FederationByName, ADomainThatWasAwayForADayMissesNothing) {
  alice_says("begin");
  ASSERT_TRUE(bob_has_it());
  TwoDomains::stop(all().two, SIGKILL);
  // bob's device is on, as are all others; what alice was told is on disk stays there whatever happens to her server.
  std::uint64_t waiting = 0;
  for (const int later : {0, 1, 5, 13, 23}) {
    all().set_clocks(std::chrono::hours(later));
    for (int i = 0; i < 3; ++i) {
      alice_says("away for " + std::to_string(later) + " hours, " + std::to_string(i));
      ++waiting;
    }
    if (later == 5) {
      TwoDomains::stop(all().one, SIGKILL);
      all().start(all().one);
    }
    EXPECT_TRUE(eventually([&] { return all().waiting(all().one) >= waiting; }, kMostByName));
  }
  all().set_clocks(std::chrono::hours(24));
  EXPECT_EQ(all().texts("bob", "alice@one.example").size(), 1u);  // none of it has come another way
  all().start(all().two);
  // A try is never more than five minutes off.
  all().set_clocks(std::chrono::hours(24) + std::chrono::minutes(5));
  EXPECT_TRUE(bob_has_it());
  EXPECT_EQ(all().texts("bob", "alice@one.example"), said_);
  EXPECT_TRUE(eventually([&] { return all().waiting(all().one) == 0; }, kMostByName));
  const demo::Said back = all().cairn("bob", {"send", "alice@one.example", "back again"});
  EXPECT_TRUE(back.good() || back.exit_code == 3) << back.error;  // sent, or kept until his server is reached again
  EXPECT_TRUE(eventually([&] { return all().has_text("alice", "bob@two.example", "bob@two.example: back again"); },
                         kMostByName));
}

TEST_F(FederationByName, AnotherNamesCertificateIsRefusedInOneSentenceAndWhatWaitsComesLater) {
  alice_says("begin");
  ASSERT_TRUE(bob_has_it());
  const testing::TestAuthority stranger(all().file(""), "stranger");
  stranger.issue("stranger-two", "DNS:two.example");
  all().authority->issue("mistaken", "DNS:elsewhere.example,DNS:one.example");
  struct Wrong {
    const char* certificate;
    const char* asking;  // who has not been told before, and is told at once
    const char* why;
  };
  const Wrong wrong[] = {
      {"mistaken", "carol", "the server's certificate is for another name: check the address."},
      {"stranger-two", "dave",
       "nobody whom this machine trusts has signed the server's certificate: name its authority with --ca FILE, if you "
       "know it."}};
  std::uint64_t waiting = 0;
  for (const auto& [certificate, asking, why] : wrong) {
    SCOPED_TRACE(certificate);
    all().person(asking, std::string(asking) + "@one.example", all().one);
    TwoDomains::stop(all().two, SIGTERM);
    all().two.certificate = certificate;
    all().start(all().two);
    // Between the servers: it waits, and the operator's command says why.
    alice_says(std::string("while two shows ") + certificate);
    ++waiting;
    EXPECT_TRUE(eventually([&] {
      return all().one.server->output().find("another domain's server takes no envelopes at the moment") !=
             std::string::npos;
    }));
    EXPECT_TRUE(eventually([&] { return all().waiting(all().one) == waiting; }));
    const std::string told = doctor();
    EXPECT_NE(told.find(std::string("wrong  The server of two.example cannot be reached: ") + why), std::string::npos)
        << told;
    // From a client to the other domain's server: nothing is asked there, and one sentence says why.
    const demo::Said refused = all().cairn(asking, {"send", "bob@two.example", "hello", "--wait", "5"});
    EXPECT_NE(refused.exit_code, 0);
    EXPECT_NE(refused.error.find(std::string("The server of two.example: No connection is made: ") + why),
              std::string::npos)
        << refused.error;
    EXPECT_EQ(refused.error.find('\n'), refused.error.size() - 1) << refused.error;
  }
  EXPECT_EQ(all().texts("bob", "alice@one.example").size(), 1u);
  TwoDomains::stop(all().two, SIGTERM);
  all().two.certificate = all().two.name;
  all().start(all().two);
  all().set_clocks(std::chrono::minutes(5));
  EXPECT_TRUE(bob_has_it());
  EXPECT_EQ(all().texts("bob", "alice@one.example"), said_);
}

}  // namespace
}  // namespace cairn::e2e
