// alice@one.example and bob@two.example, through real servers, clients and cosigners.
#include "core/proto/federation.h"
#include "core/crypto/labels.h"
#include "core/crypto/signature.h"
#include "tests/e2e/two_domains.h"
#include "tests/support/seeded_entropy.h"

namespace cairn::e2e {
namespace {

using Federation = TwoDomainsTest;

constexpr std::chrono::seconds kLong{60};

TEST_F(Federation, APairOfTwoDomainsTalksBothWays) {
  TwoDomains& all = alice_and_bob();
  must(all.cairn("alice", {"send", "bob@two.example", "hello over there"}));
  EXPECT_TRUE(
      eventually([&] { return all.has_text("bob", "alice@one.example", "alice@one.example: hello over there"); }));
  must(all.cairn("bob", {"send", "alice@one.example", "hello back"}));
  EXPECT_TRUE(eventually([&] { return all.has_text("alice", "bob@two.example", "bob@two.example: hello back"); }));
  const std::vector<std::string> both = {"alice@one.example: hello over there", "bob@two.example: hello back"};
  EXPECT_EQ(all.texts("alice", "bob@two.example"), both);
  EXPECT_EQ(all.texts("bob", "alice@one.example"), both);
}

TEST_F(Federation, DomainsThatKnowNothingOfEachOtherTalkOnceTheirPeopleSayWhomTheyTrust) {
  TwoDomains& all = alice_and_bob(Policies::apart);
  const demo::Said refused = all.cairn("alice", {"send", "bob@two.example", "too early"});
  EXPECT_EQ(refused.exit_code, 1);
  EXPECT_NE(refused.error.find("Cairn has no policy for two.example"), std::string::npos) << refused.error;
  must(all.add_domain("alice", all.two, all.two.policy_file));
  must(all.cairn("alice", {"send", "bob@two.example", "hello"}));
  // bob's client has the welcome, and does not believe whom it names before he says so.
  std::this_thread::sleep_for(std::chrono::milliseconds(500));
  EXPECT_FALSE(all.has_text("bob", "alice@one.example", "alice@one.example: hello"));
  must(all.add_domain("bob", all.one, all.one.policy_file));
  EXPECT_TRUE(eventually([&] { return all.has_text("bob", "alice@one.example", "alice@one.example: hello"); }, kLong));
  must(all.cairn("bob", {"send", "alice@one.example", "hello back"}));
  EXPECT_TRUE(eventually([&] { return all.has_text("alice", "bob@two.example", "bob@two.example: hello back"); }));
  const demo::Said listed = all.cairn("alice", {"domain", "list"});
  EXPECT_EQ(listed.json["domains"][0]["domain"], "two.example");
  EXPECT_EQ(listed.json["domains"][0]["own_policy"], false);
}

TEST_F(Federation, AGroupOfBothDomainsTakesCommitsOfEither) {
  TwoDomains& all = alice_and_bob();
  all.person("carol", "carol@one.example", all.one);
  all.person("dave", "dave@two.example", all.two);
  must(all.add_domain("carol", all.two));
  must(all.add_domain("dave", all.one));
  must(all.cairn("alice", {"group", "create", "walkers", "bob@two.example"}));
  must(all.cairn("alice", {"send", "walkers", "two of us"}));
  EXPECT_TRUE(eventually([&] { return all.has_text("bob", "walkers", "alice@one.example: two of us"); }));
  // bob, of the other domain, adds one of alice's domain, and then one of his own.
  must(all.cairn("bob", {"group", "add", "walkers", "carol@one.example"}));
  must(all.cairn("bob", {"send", "walkers", "welcome carol"}));
  EXPECT_TRUE(eventually([&] { return all.has_text("carol", "walkers", "bob@two.example: welcome carol"); }, kLong));
  must(all.cairn("bob", {"group", "add", "walkers", "dave@two.example"}));
  must(all.cairn("bob", {"send", "walkers", "welcome dave"}));
  EXPECT_TRUE(eventually([&] { return all.has_text("dave", "walkers", "bob@two.example: welcome dave"); }, kLong));
  must(all.cairn("dave", {"send", "walkers", "thank you"}));
  for (const std::string device : {"alice", "bob", "carol"}) {
    EXPECT_TRUE(eventually([&] { return all.has_text(device, "walkers", "dave@two.example: thank you"); }, kLong))
        << device;
  }
  // alice takes bob out: he hears nothing more.
  must(all.cairn("alice", {"group", "remove", "walkers", "bob@two.example"}));
  must(all.cairn("carol", {"send", "walkers", "without bob"}));
  EXPECT_TRUE(eventually([&] { return all.has_text("dave", "walkers", "carol@one.example: without bob"); }, kLong));
  EXPECT_FALSE(all.has_text("bob", "walkers", "carol@one.example: without bob"));
}

TEST_F(Federation, NothingIsLostWhileTheOtherServerIsAwayAndServersAreKilled) {
  TwoDomains& all = alice_and_bob();
  must(all.cairn("alice", {"send", "bob@two.example", "begin"}));
  EXPECT_TRUE(eventually([&] { return all.has_text("bob", "alice@one.example", "alice@one.example: begin"); }));
  std::vector<std::string> said = {"alice@one.example: begin"};
  TwoDomains::stop(all.two, SIGKILL);
  for (int i = 0; i < 20; ++i) {
    const std::string text = "while two is away " + std::to_string(i);
    const demo::Said sent = all.cairn("alice", {"send", "bob@two.example", text});
    EXPECT_TRUE(sent.good()) << sent.error;
    said.push_back("alice@one.example: " + text);
    if (i == 10) {
      TwoDomains::stop(all.one, SIGKILL);
      all.start(all.one);
    }
  }
  EXPECT_EQ(all.waiting(all.one), 20u);
  all.start(all.two);
  for (int i = 0; i < 10; ++i) {  // and again, in the middle of it
    const std::string text = "while two comes back " + std::to_string(i);
    const demo::Said sent = all.cairn("alice", {"send", "bob@two.example", text, "--wait", "1"});
    EXPECT_TRUE(sent.good() || sent.exit_code == 3) << sent.error;
    said.push_back("alice@one.example: " + text);
    if (i == 3) {
      TwoDomains::stop(all.two, SIGKILL);
      all.start(all.two);
    }
    if (i == 6) {
      TwoDomains::stop(all.one, SIGKILL);
      all.start(all.one);
    }
  }
  EXPECT_TRUE(eventually([&] { return all.texts("bob", "alice@one.example") == said; }, std::chrono::seconds(120)));
  EXPECT_EQ(all.texts("bob", "alice@one.example"), said);  // all of it, once, in order
  EXPECT_TRUE(eventually([&] { return all.waiting(all.one) == 0; }));
}

TEST_F(Federation, KeepsWhatIsForAServerThatIsAwayAndSaysSo) {
  TwoDomains& all = alice_and_bob();
  must(all.cairn("alice", {"send", "bob@two.example", "begin"}));
  EXPECT_TRUE(eventually([&] { return all.has_text("bob", "alice@one.example", "alice@one.example: begin"); }));
  TwoDomains::stop(all.one, SIGTERM);  // where the channel is: bob's message waits with him
  const demo::Said kept = all.cairn("bob", {"send", "alice@one.example", "kept", "--wait", "2"});
  EXPECT_EQ(kept.exit_code, 3) << kept.error;
  const demo::Said shown = all.cairn("bob", {"conversations"});
  EXPECT_NE(shown.json["conversations"][0]["trouble"].get<std::string>().find("The server of one.example cannot be"),
            std::string::npos)
      << shown.json;
  all.start(all.one);
  EXPECT_TRUE(eventually([&] { return all.has_text("alice", "bob@two.example", "bob@two.example: kept"); }, kLong));
}

TEST_F(Federation, ALyingServerOfTheOtherDomainIsRefused) {
  TwoDomains& all = alice_and_bob();
  // From now on two tells everybody a device that bob never added.
  TwoDomains::stop(all.two, SIGTERM);
  all.two.program = "cairn-lying-server";
  std::ofstream(all.file("lie")) << "unsigned-device";
  all.two.arguments = {"--about", "bob@two.example", "--lie-file", all.file("lie")};
  all.start(all.two);
  const demo::Said refused = all.cairn("alice", {"send", "bob@two.example", "to bob alone"});
  EXPECT_EQ(refused.exit_code, 1) << refused.error;
  EXPECT_NE(refused.error.find("was refused (condition "), std::string::npos) << refused.error;
  EXPECT_TRUE(all.texts("bob", "alice@one.example").empty());
}

TEST_F(Federation, AFileIsFetchedFromItsSendersDomain) {
  TwoDomains& all = alice_and_bob();
  must(all.cairn("bob", {"send", "alice@one.example", "hello"}));
  EXPECT_TRUE(eventually([&] { return all.has_text("alice", "bob@two.example", "bob@two.example: hello"); }));
  must(all.cairn("alice", {"send", "bob@two.example", "hello bob"}));
  EXPECT_TRUE(eventually([&] { return all.has_text("bob", "alice@one.example", "alice@one.example: hello bob"); }));
  const std::string text(300'000, 'x');
  std::ofstream(all.file("picture.png")) << text;
  must(all.cairn("bob", {"send", "alice@one.example", "--attach", all.file("picture.png")}));
  std::string message;
  ASSERT_TRUE(eventually([&] {
    const demo::Said said = all.cairn("alice", {"read", "bob@two.example"});
    for (const auto& one : said.json["messages"]) {
      if (one.contains("attachment")) message = one["id"].get<std::string>();
    }
    return !message.empty();
  }));
  std::filesystem::create_directories(all.file("saved"));
  must(all.cairn("alice", {"save", message.substr(0, 12), "--to", all.file("saved")}));
  std::ifstream saved(all.file("saved") + "/picture.png");
  EXPECT_EQ(std::string(std::istreambuf_iterator<char>(saved), {}), text);
}

TEST_F(Federation, WhatNobodyOfADomainSignedIsNotTaken) {
  TwoDomains& all = alice_and_bob();
  must(all.cairn("alice", {"send", "bob@two.example", "begin"}));
  EXPECT_TRUE(eventually([&] { return all.has_text("bob", "alice@one.example", "alice@one.example: begin"); }));
  testing::SeededEntropy entropy(1);
  const auto key = crypto::SigningKey::generate(entropy);
  proto::ForwardBatch batch{"one.example", "two.example", 1, {}, {}};
  batch.items.push_back({1'000,
                         proto::EnvelopeKind::message,
                         random_value<ChannelId>(entropy),
                         1,
                         to_bytes("lie"),
                         {random_value<MailboxId>(entropy)},
                         false,
                         {},
                         {}});
  const auto status = [&] {
    batch.signature = crypto::sign_labelled(key, crypto::kSignForward, batch.content());
    const auto answer = demo::http_post(all.two.port, "/v1/forward", as_text(wire::encode(batch)));
    return answer ? answer->status : 0;
  };
  EXPECT_EQ(status(), 403);
  batch.to = "one.example";
  EXPECT_EQ(status(), 403);
  batch.to = "two.example";
  batch.from = "localhost";  // its server would be this machine: it is not even asked
  EXPECT_EQ(status(), 503);
  std::this_thread::sleep_for(std::chrono::milliseconds(500));
  EXPECT_EQ(status(), 503);
  EXPECT_EQ(demo::http_post(all.two.port, "/v1/forward", std::string(700'000, 'x'))->status, 413);
  EXPECT_EQ(demo::http_post(all.two.port, "/v1/forward", std::string(1'100'000, 'x'))->status, 413);
  EXPECT_EQ(all.texts("bob", "alice@one.example").size(), 1u);
}

TEST_F(Federation, ABlockedDomainIsSpokenToNoMore) {
  TwoDomains& all = alice_and_bob();
  must(all.cairn("alice", {"send", "bob@two.example", "begin"}));
  EXPECT_TRUE(eventually([&] { return all.has_text("bob", "alice@one.example", "alice@one.example: begin"); }));
  TwoDomains::stop(all.two, SIGTERM);
  std::ofstream(all.two.domains_file, std::ios::app) << "block one.example\n";
  all.start(all.two);
  must(all.cairn("alice", {"send", "bob@two.example", "into the void"}));
  EXPECT_TRUE(eventually([&] { return all.waiting(all.one) == 1; }));
  EXPECT_FALSE(all.has_text("bob", "alice@one.example", "alice@one.example: into the void"));
  all.person("erin", "erin@two.example", all.two);
  must(all.add_domain("erin", all.one));
  const demo::Said refused = all.cairn("erin", {"send", "alice@one.example", "hello", "--wait", "3"});
  EXPECT_NE(refused.exit_code, 0);
  const demo::Said shown = all.cairn("erin", {"conversations"});
  EXPECT_NE(shown.json["conversations"][0]["trouble"].get<std::string>().find("does not speak to that one"),
            std::string::npos)
      << shown.json;
}

}  // namespace
}  // namespace cairn::e2e
