// A server that lies about somebody: refused in one sentence, and nothing is sent.
#include "tests/e2e/lying_village.h"
#include "tests/support/test_person.h"

namespace cairn::e2e {
namespace {

using lying::Auditors;
using lying::Lie;

/// Those that need nothing to happen first.
std::vector<lying::Expected> simple_lies() {
  auto rows = lying::expected_of(lying::kAllLies, Auditors::honest);
  std::erase_if(rows, [](const auto& row) { return row.lie == Lie::flash || row.lie == Lie::replayed_answer; });
  return rows;
}

class Lies : public LyingVillage {
 protected:
  explicit Lies(std::string victim = "bob@localhost") : LyingVillage(std::move(victim)) {}
  void SetUp() override {
    LyingVillage::SetUp();
    begin({"--accomplice", "mallory@localhost"});
    must(village_->register_person("alice-1", "alice@localhost"));
    const demo::Said bob = village_->register_person("bob-1", "bob@localhost");
    must(bob);
    bobs_key_ = bob.json.value("recovery_key", "");
    must(village_->register_person("mallory-1", "mallory@localhost"));
  }
  /// A statement of bob's that no conversation hears of.
  void bob_changes_his_delay(const std::string& device = "bob-1") {
    must(village_->cairn(device, {"reset-delay", "30"}, std::chrono::seconds(60), bobs_key_ + "\n"));
  }
  /// Bob's first device asks about its own name, and writes to a contact: it is told, and sends nothing.
  void expect_told_to_its_owner(const lying::Expected& row) {
    const std::string word(lying::word_of(row.lie));
    const std::string sentence = lying::sentence(victim_, row.contact, lying::Whose::own);
    tell(word);
    const std::vector<std::vector<std::string>> commands = {
        {"contact", "verify", victim_}, {"send", "alice@localhost", "while it lies: " + word, "--fresh"}};
    for (const std::vector<std::string>& words : commands) {
      const demo::Said said = village_->cairn("bob-1", words);
      EXPECT_EQ(said.exit_code, 1) << word;
      EXPECT_EQ(said.error, sentence) << word;
    }
  }
  /// Alice's program has ended, the server lies, and her device knows the newest log and not bob's newest statement.
  void alice_sees_the_log_alone(const std::string& lie) {
    tell(lie);
    must(village_->cairn("alice-1", {"contact", "verify", "mallory@localhost"}));
  }
  void alice_says(const std::string& text) {
    must(village_->cairn("alice-1", {"send", "bob@localhost", text, "--fresh"}));
    EXPECT_TRUE(eventually([&] { return has_text("bob-1", "alice@localhost", "alice@localhost: " + text); }));
  }

  std::string bobs_key_;
};

TEST_F(Lies, AboutAFirstContactAreRefusedAndTheTruthIsBelievedAgain) {
  bob_changes_his_delay();
  const Stored before = settled();
  for (const lying::Expected& row : simple_lies()) {
    expect_unsent("alice-1", std::string(lying::word_of(row.lie)), row.stranger);
  }
  expect_nothing_grew(before);
  tell("none");
  alice_says("in honest times");
  EXPECT_EQ(texts("bob-1", "alice@localhost").size(), 1u);
}

TEST_F(Lies, AboutAKnownContactAreRefusedToo) {
  alice_says("in honest times");
  village_->stop_daemon("alice-1");
  bob_changes_his_delay();
  alice_sees_the_log_alone("dropped-statement");
  const Stored before = settled();
  for (const lying::Expected& row : simple_lies()) {
    expect_unbelieved("alice-1", std::string(lying::word_of(row.lie)), row.contact);
  }
  expect_nothing_grew(before);
  tell("none");
  village_->start_daemon("alice-1");
  alice_says("honest again");
  EXPECT_EQ(texts("bob-1", "alice@localhost").size(), 2u);
}

/// The same lies, told to bob's own device: so he learns of a false device of his before anybody writes to it.
TEST_F(Lies, AboutTheOwnNameAreToldToItsOwnerWhoSendsNothing) {
  must(village_->link_device("bob-2", "bob@localhost", "bob-1"));
  alice_says("in honest times");
  must(village_->cairn("bob-1", {"send", "alice@localhost", "hello"}));
  EXPECT_TRUE(eventually([&] { return has_text("alice-1", "bob@localhost", "bob@localhost: hello"); }));
  settled();  // so that nothing is left to be sent by who is stopped now
  village_->stop_daemon("bob-1");
  bob_changes_his_delay("bob-2");  // the first device knows all of its chain but this
  village_->stop_daemon("bob-2");
  tell("dropped-statement");
  must(village_->cairn("bob-1", {"contact", "verify", "mallory@localhost"}));  // and the newest log
  const Stored before = settled();
  for (const lying::Expected& row : simple_lies()) expect_told_to_its_owner(row);
  expect_nothing_grew(before);
  tell("none");
  must(village_->cairn("bob-1", {"send", "alice@localhost", "honest again", "--fresh"}));
  EXPECT_TRUE(eventually([&] { return has_text("alice-1", "bob@localhost", "bob@localhost: honest again"); }));
  EXPECT_EQ(texts("alice-1", "bob@localhost").size(), 3u);
}

/// Bob had a second device, and the server has its key. With it the device signs itself in again, or, as if it had not
/// been removed, another one; or the removal alone is left out.
TEST_F(Lies, OfADeviceThatWasRemovedAreRefusedByStrangersAndContacts) {
  must(village_->link_device("bob-2", "bob@localhost", "bob-1"));
  must(village_->register_person("carol-1", "carol@localhost"));
  alice_says("to both");
  EXPECT_TRUE(eventually([&] { return has_text("bob-2", "alice@localhost", "alice@localhost: to both"); }));
  const std::string removed = village_->cairn("bob-2", {"status"}).json["device"];
  village_->stop_daemon("alice-1");
  must(village_->cairn("bob-1", {"device", "remove", removed}));
  EXPECT_TRUE(eventually([&] { return village_->cairn("bob-2", {"status"}).json["state"] == "removed"; }));
  village_->stop_daemon("bob-2");
  ASSERT_NO_FATAL_FAILURE(give_key_of("bob-2"));
  alice_sees_the_log_alone("dropped-statement");
  const Stored before = settled();
  for (const Lie lie : {Lie::brought_back, Lie::undone_removal, Lie::dropped_statement}) {
    const lying::Expected& row = lying::expected(lie, Auditors::honest);
    const std::string word(lying::word_of(lie));
    expect_unsent("carol-1", word, row.stranger);
    expect_unbelieved("alice-1", word, row.contact);
  }
  expect_nothing_grew(before);
  tell("none");
  village_->start_daemon("alice-1");
  alice_says("to bob alone");
  EXPECT_FALSE(has_text("bob-2", "alice@localhost", "alice@localhost: to bob alone"));
}

TEST_F(Lies, ForASingleEpochAreRefusedAndTheNextOneIsBelieved) {
  must(village_->cairn("mallory-1", {"send", "bob@localhost", "in honest times"}));
  const lying::Expected& row = lying::expected(Lie::flash, Auditors::honest);
  expect_unsent("alice-1", "flash", row.stranger);
  expect_unbelieved("mallory-1", "flash", row.contact);
  must(village_->register_person("carol-1", "carol@localhost"));  // an epoch
  for (const std::string who : {"alice", "mallory"}) {
    const std::string name = who + "@localhost";
    must(village_->cairn(who + "-1", {"send", "bob@localhost", "afterwards", "--fresh"}));
    EXPECT_TRUE(eventually([&] { return has_text("bob-1", name, name + ": afterwards"); }));
  }
  EXPECT_EQ(texts("bob-1", "alice@localhost").size(), 1u);
  EXPECT_EQ(texts("bob-1", "mallory@localhost").size(), 2u);
}

TEST_F(Lies, ThatWereTrueOnceAreRefusedByWhoKnowsBetter) {
  alice_says("first");
  const Stored before = settled();
  must(village_->cairn("alice-1", {"contact", "verify", "bob@localhost"}));  // what it will answer again
  must(village_->register_person("carol-1", "carol@localhost"));
  must(village_->cairn("alice-1", {"contact", "verify", "bob@localhost"}));
  must(village_->cairn("mallory-1", {"contact", "verify", "carol@localhost"}));
  const lying::Expected& row = lying::expected(Lie::replayed_answer, Auditors::honest);
  expect_unsent("mallory-1", "replayed-answer", row.stranger);
  expect_unbelieved("alice-1", "replayed-answer", row.contact);
  expect_nothing_grew(before);
  tell("none");
  alice_says("second");
  EXPECT_EQ(texts("bob-1", "alice@localhost").size(), 2u);
}

/// Dave's name can be reset, and somebody asks for it: no program does that, so his statements are said to the server
/// as they are. Alice has known the name since before.
class LiesAboutResets : public Lies {
 protected:
  LiesAboutResets() : Lies("dave@localhost") {}
};

TEST_F(LiesAboutResets, AreRefusedAndTheRequestIsSeenInTheEnd) {
  testing::TestPerson dave("dave@localhost", 9);
  const std::uint64_t size = log_size();
  dave.take(dave.genesis(dave.new_device()));
  submit(dave.statements.back());
  ASSERT_TRUE(eventually([&] { return log_size() >= size + 1; }));
  must(village_->cairn("alice-1", {"contact", "verify", "dave@localhost"}));  // mallory has never asked for him
  dave.take(dave.request(dave.new_device(), 8));
  submit(dave.statements.back());
  ASSERT_TRUE(eventually([&] { return log_size() >= size + 2; }));
  const Stored before = stored();
  for (const lying::Expected& row : lying::expected_of(lying::kResetLies, Auditors::honest)) {
    const std::string word(lying::word_of(row.lie));
    expect_unbelieved("mallory-1", word, row.stranger);
    expect_unbelieved("alice-1", word, row.contact);
  }
  expect_nothing_grew(before);
  tell("none");
  for (const char* device : {"alice-1", "mallory-1"}) {
    must(village_->cairn(device, {"contact", "verify", "dave@localhost"}));
    EXPECT_TRUE(village_->cairn(device, {"contact", "show", "dave@localhost"}).json.contains("reset")) << device;
  }
}

TEST(Cairnd, HasNothingThatLiesOrReads) {
  const std::string folder = program_folder();
  const demo::Finished honest = demo::run({"/usr/bin/nm", "-C", folder + "/cairnd"}, std::chrono::seconds(60));
  const demo::Finished lying =
      demo::run({"/usr/bin/nm", "-C", folder + "/cairn-lying-server"}, std::chrono::seconds(60));
  ASSERT_EQ(honest.exit_code, 0);
  ASSERT_EQ(lying.exit_code, 0);
  EXPECT_NE(lying.out.find("cairn::lying::"), std::string::npos);
  for (const std::string word : {"cairn::lying::", "cairn::mls::", "cairn::client::"}) {
    EXPECT_EQ(honest.out.find(word), std::string::npos) << word;
  }
}

}  // namespace
}  // namespace cairn::e2e
