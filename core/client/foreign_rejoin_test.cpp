// Devices that cannot go on in a conversation whose channel, or whose members, are at another domain
// (docs/spec/client.md s.15).
#include "core/client/rejoin_fixture.h"
#include "core/proto/federation.h"

namespace cairn::client {
namespace {

constexpr const char* kBobElsewhere = "bob@two.example";
constexpr const char* kRejoined = "had lost its place here, and rejoined.";

/// alice@example.org, and bob@two.example, in a group of hers.
class ForeignRejoinTest : public RejoinTest {
 protected:
  void SetUp() override {
    village.found_other_domain();
    good(village.register_person("alice-1", kAlice));
    good(village.register_person("bob-1", kBobElsewhere));
    know_each_other("alice-1", "bob-1");
    good(village.ask("alice-1", "group.create", {{"title", "walkers"}, {"names", {kBobElsewhere}}}));
    expect_going_on("alice-1", "bob-1", "walkers", "walkers");
    note_calls();
  }

  void know_each_other(const std::string& of_first, const std::string& of_other) {
    good(village.ask(of_first, "domain.add", {{"domain", "two.example"}, {"policy", village.other->policy_text()}}));
    good(village.ask(of_other, "domain.add", {{"domain", "example.org"}, {"policy", village.server.policy_text()}}));
  }
  void note_calls() {
    village.server.overhear = [this](const proto::Call& call) {
      if (call.url == "https://example.org" + std::string(proto::kPathRejoin)) asked.push_back(call);
    };
    village.other->overhear = [this](const proto::Call& call) {
      if (call.url.ends_with(proto::kPathPassport)) ++passports;
      EXPECT_FALSE(call.url.ends_with(proto::kPathRejoin)) << "the channel is not there";
    };
  }
  void lose_group(const std::string& device) { lose_row(device, tables::kGroups, channel(device)); }
  /// `member` has seen the other device come in again, within that time.
  void expect_back(const std::string& member, const std::string& conversation, std::uint64_t most_ms = kHourMs) {
    EXPECT_TRUE(village.until([&] { return notices(member, conversation, kRejoined) == 1; }, most_ms))
        << trouble("alice-1") << trouble("bob-1");
  }
  void forget_mail(const std::string& device, testing::FakePost& post) {
    post.mailboxes[account(device).mailbox].envelopes.clear();
  }

  std::vector<proto::Call> asked;  ///< requests at the channel's server
  std::size_t passports = 0;       ///< that bob's server was asked for
};

TEST_F(ForeignRejoinTest, ComesBackIntoAChannelAtAnotherDomainWithAPassport) {
  lose_group("bob-1");
  expect_back("alice-1", "walkers");
  expect_going_on("alice-1", "bob-1", "walkers", "walkers");
  EXPECT_GE(gaps("bob-1", "walkers"), 1u);
  EXPECT_EQ(gaps("alice-1", "walkers"), 0u);
  EXPECT_EQ(trouble("bob-1"), "");
  ASSERT_EQ(asked.size(), 1u);
  const auto shown = proto::Passport::from_text(asked[0].bearer);
  ASSERT_TRUE(shown) << "the token of one's own server is for that alone";
  EXPECT_EQ(shown->mailbox, account("bob-1").mailbox);
}

TEST_F(ForeignRejoinTest, IsLetInByAMemberOfAnotherDomainAlone) {
  lose_group("alice-1");
  expect_back("bob-1", "walkers");
  expect_going_on("alice-1", "bob-1", "walkers", "walkers");
  EXPECT_GE(gaps("alice-1", "walkers"), 1u);
  ASSERT_EQ(asked.size(), 1u);
  EXPECT_FALSE(proto::Passport::is_one(asked[0].bearer));
}

TEST_F(ForeignRejoinTest, GoesOnWhenItWasPutBackFromACopy) {
  const auto copy = copy_of("bob-1");
  say("bob-1", "walkers", "said after the copy");
  good(village.ask("alice-1", "group.change", {{"conversation", "walkers"}, {"title", "hikers"}}));
  village.pass_all(kMinuteMs);
  good(village.ask("alice-1", "group.change", {{"conversation", "hikers"}, {"title", "climbers"}}));
  ASSERT_TRUE(village.until([&] { return has_text("alice-1", "climbers", "said after the copy"); }));
  village.pass_all(kMinuteMs);
  put_back("bob-1", copy);
  expect_back("alice-1", "climbers");
  expect_going_on("alice-1", "bob-1", "climbers", "climbers");
  EXPECT_GE(gaps("bob-1", "climbers"), 1u);
}

TEST_F(ForeignRejoinTest, GoesOnAfterItWasOffForLongerThanAnybodyKeepsThings) {
  village.set_online("bob-1", false);
  good(village.link_device("alice-2", kAlice, "alice-1"));
  good(village.ask("alice-2", "domain.add", {{"domain", "two.example"}, {"policy", village.other->policy_text()}}));
  village.pass_all(2 * kDayMs);
  forget_mail("bob-1", village.other->post);
  village.set_online("bob-1", true);
  begin("alice-1", "walkers", "are you back");
  expect_back("alice-1", "walkers");
  expect_going_on("alice-1", "bob-1", "walkers", "walkers");
}

TEST_F(ForeignRejoinTest, SaysWhatAServerOfAnOlderBuildSaysAndAsksAgainWithANewPassport) {
  village.server.post.takes_rejoins_of_visitors = false;
  const std::size_t before = passports;
  lose_group("bob-1");
  village.pass_all(kMinuteMs);
  EXPECT_EQ(trouble("bob-1"), "The server of example.org says: Log in first.");
  EXPECT_EQ(asked.size(), 1u);
  village.pass_all(kHourMs);
  EXPECT_EQ(asked.size(), 3u) << "after 2 and 20 minutes";
  EXPECT_EQ(passports, before + asked.size());
  village.server.post.takes_rejoins_of_visitors = true;
  expect_back("alice-1", "walkers", 3 * kHourMs);
  expect_going_on("alice-1", "bob-1", "walkers", "walkers");
}

TEST_F(ForeignRejoinTest, SaysWhyTheOwnServerGivesNoPassport) {
  village.other->elsewhere = [](const proto::Call& call) -> std::optional<Result<proto::CallReply>> {
    if (!call.url.ends_with(proto::kPathPassport)) return std::nullopt;
    return testing::FakePost::refusal(ErrorCode::not_authorised, "We do not speak to that one.");
  };
  village.pass_all(kHourMs);  // what it held has run out
  lose_group("bob-1");
  village.pass_all(kMinuteMs);
  EXPECT_EQ(trouble("bob-1"), "We do not speak to that one.");
  EXPECT_TRUE(asked.empty());
  village.pass_all(kDayMs);
  EXPECT_LT(passports, 12u);
  village.other->elsewhere = nullptr;
  expect_back("alice-1", "walkers", kDayMs);
}

TEST_F(ForeignRejoinTest, WaitsForAnOwnServerThatIsAway) {
  village.pass_all(2 * kHourMs);
  village.device("bob-1").lose_answers_to(proto::kPathPassport);
  lose_group("bob-1");
  village.pass_all(10 * kMinuteMs);
  EXPECT_TRUE(asked.empty());
  EXPECT_GT(passports, 3u);
  EXPECT_LT(passports, 100u);
  village.device("bob-1").lose_answers_to({});
  expect_back("alice-1", "walkers");
  expect_going_on("alice-1", "bob-1", "walkers", "walkers");
}

TEST_F(ForeignRejoinTest, APairOfTwoDomainsIsNotBegunAnew) {
  say("alice-1", kBobElsewhere, "the two of us");
  ASSERT_TRUE(village.until([&] { return has_text("bob-1", kAlice, "the two of us"); }));
  const auto rows = [&] { return village.device("bob-1").store().scan(tables::kConversations, {}, {}, 10); };
  const auto all = rows();
  ASSERT_EQ(all.size(), 2u);
  for (const Row& row : all) lose_row("bob-1", tables::kGroups, *ChannelId::from(row.key));
  expect_back("alice-1", kBobElsewhere);
  expect_back("alice-1", "walkers");
  expect_going_on("bob-1", "alice-1", kAlice, kBobElsewhere);
  expect_going_on("bob-1", "alice-1", "walkers", "walkers");
  EXPECT_EQ(rows().size(), 2u);
}

}  // namespace
}  // namespace cairn::client
