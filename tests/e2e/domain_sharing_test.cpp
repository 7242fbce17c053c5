// What is said of another domain on one device counts on the other ones: two domains that know nothing of each other,
// two people with two devices each, real programs.
#include "tests/e2e/two_domains.h"

namespace cairn::e2e {
namespace {

using nlohmann::json;

constexpr std::chrono::seconds kWordLongest{60};
constexpr const char* kAliceOfOne = "alice@one.example";
constexpr const char* kBobOfTwo = "bob@two.example";

class DomainsOfAll : public TwoDomainsTest {
 protected:
  void SetUp() override {
    TwoDomainsTest::SetUp();
    TwoDomains& all = begin(Policies::apart);
    all.person("alice-1", kAliceOfOne, all.one);
    all.person("bob-1", kBobOfTwo, all.two);
    all.further_device("alice-2", kAliceOfOne, all.one, "alice-1");
    all.further_device("bob-2", kBobOfTwo, all.two, "bob-1");
  }
  TwoDomains& all() { return *domains_; }
  json list(const std::string& device) {
    const demo::Said said = all().cairn(device, {"domain", "list"});
    must(said);
    return said.good() ? said.json : json{{"domains", json::array()}, {"questions", json::array()}};
  }
  std::string id_of(const std::string& device) {
    return all().cairn(device, {"status"}).json.value("device", std::string());
  }
  bool is_known(const std::string& device) {
    return eventually([&] { return !list(device)["domains"].empty(); }, kWordLongest);
  }
  bool is_asked(const std::string& device, const std::string& kind) {
    return eventually(
        [&] {
          const json questions = list(device)["questions"];
          return questions.size() == 1 && questions[0]["kind"] == kind;
        },
        kWordLongest);
  }
  bool comes(const std::string& device, const std::string& other, const std::string& line) {
    return eventually([&] { return all().has_text(device, other, line); }, kWordLongest);
  }
};

TEST_F(DomainsOfAll, WhatOneDeviceWasToldItsOwnersOtherDeviceKnows) {
  must(all().add_domain("alice-1", all().two, all().two.policy_file));
  must(all().cairn("alice-1", {"send", kBobOfTwo, "hello over there"}));
  must(all().add_domain("bob-2", all().one, all().one.policy_file));
  for (const std::string device : {"alice-2", "bob-1"}) ASSERT_TRUE(is_known(device)) << device;
  EXPECT_EQ(list("alice-2")["domains"][0]["device"], id_of("alice-1"));
  EXPECT_EQ(list("bob-1")["domains"][0]["device"], id_of("bob-2"));
  for (const std::string device : {"bob-1", "bob-2"}) {
    EXPECT_TRUE(comes(device, kAliceOfOne, "alice@one.example: hello over there")) << device;
  }
  // Neither of these two devices was told anything by its owner.
  must(all().cairn("bob-1", {"send", kAliceOfOne, "hello back"}));
  for (const std::string device : {"alice-1", "alice-2"}) {
    EXPECT_TRUE(comes(device, kBobOfTwo, "bob@two.example: hello back")) << device;
  }
  must(all().cairn("alice-2", {"send", kBobOfTwo, "and from here"}));
  for (const std::string device : {"bob-1", "bob-2"}) {
    EXPECT_TRUE(comes(device, kAliceOfOne, "alice@one.example: and from here")) << device;
  }

  // Another policy takes the place of none, and its owner decides on each device.
  must(all().add_domain("alice-2", all().two, all().one.policy_file));
  ASSERT_TRUE(is_asked("alice-1", "other_word"));
  const json status = all().cairn("alice-1", {"status"}).json;
  EXPECT_NE(status["alarms"].dump().find("cairn domain keep two.example"), std::string::npos) << status;
  must(all().cairn("alice-1", {"send", kBobOfTwo, "still there"}));
  EXPECT_TRUE(comes("bob-1", kAliceOfOne, "alice@one.example: still there"));
  must(all().cairn("alice-1", {"domain", "keep", "two.example"}));
  EXPECT_TRUE(list("alice-1")["questions"].empty());
  ASSERT_TRUE(is_asked("alice-2", "other_word"));
  const std::string number = list("alice-2")["questions"][0]["digest"];
  must(all().cairn("alice-2", {"domain", "confirm", "two.example", number}));
  EXPECT_TRUE(list("alice-2")["questions"].empty());
  must(all().cairn("alice-2", {"send", kBobOfTwo, "right again"}));
  EXPECT_TRUE(comes("bob-2", kAliceOfOne, "alice@one.example: right again"));
}

TEST_F(DomainsOfAll, WhatCameFromADeviceThatIsRemovedCountsNoMoreUntilItIsConfirmed) {
  must(all().add_domain("alice-1", all().two, all().two.policy_file));
  must(all().add_domain("bob-2", all().one, all().one.policy_file));
  for (const std::string device : {"alice-2", "bob-1"}) ASSERT_TRUE(is_known(device)) << device;
  must(all().cairn("alice-2", {"send", kBobOfTwo, "before"}));
  EXPECT_TRUE(comes("bob-1", kAliceOfOne, "alice@one.example: before"));
  must(all().cairn("bob-1", {"device", "remove", id_of("bob-2")}));
  ASSERT_TRUE(is_asked("bob-1", "removed"));
  EXPECT_TRUE(list("bob-1")["domains"].empty());
  // Nothing is known of where that domain is, as before the word.
  const demo::Said early = all().cairn("bob-1", {"send", kAliceOfOne, "early"});
  EXPECT_NE(early.exit_code, 0);
  EXPECT_NE(early.error.find("The server of one.example cannot be reached"), std::string::npos) << early.error;
  EXPECT_FALSE(all().has_text("alice-1", kBobOfTwo, "bob@two.example: early"));
  const std::string number = list("bob-1")["questions"][0]["digest"];
  must(all().cairn("bob-1", {"domain", "confirm", "one.example", number}));
  must(all().cairn("bob-1", {"send", kAliceOfOne, "after"}));
  for (const std::string said : {"early", "after"}) {
    EXPECT_TRUE(comes("alice-1", kBobOfTwo, "bob@two.example: " + said)) << said;
  }
}

}  // namespace
}  // namespace cairn::e2e
