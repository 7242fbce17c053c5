// A server that lies about somebody: refused in one sentence, and nothing is sent.
#include <sqlite3.h>

#include <csignal>
#include <fstream>

#include "core/directory/verifier.h"
#include "core/proto/api.h"
#include "core/relay/tables.h"
#include "tests/e2e/village_fixture.h"
#include "tests/lying/liar.h"
#include "tests/support/refused.h"
#include "tests/support/test_person.h"

namespace cairn::e2e {
namespace {

class LyingVillage : public VillageTest {
 protected:
  explicit LyingVillage(std::string victim) : victim_(std::move(victim)) {}
  void SetUp() override {
    VillageTest::SetUp();
    file_ = folder_.string() + "-lie";
    tell("none");
  }
  void begin(const std::vector<std::string>& more) {
    std::vector<std::string> words = {"--about", victim_, "--lie-file", file_};
    words.insert(words.end(), more.begin(), more.end());
    village("cairn-lying-server", words);
  }
  void TearDown() override {
    std::filesystem::remove(file_);
    VillageTest::TearDown();
  }

  void tell(const std::string& lie) { std::ofstream(file_) << lie; }

  /// How many rows the server has of what people write to each other: the lying server is stopped for it.
  using Stored = std::map<std::string, std::int64_t>;
  Stored stored() {
    village_->stop_server(SIGTERM);
    sqlite3* store = nullptr;
    const std::string path = village_->server_folder() + "/store.sqlite";
    EXPECT_EQ(sqlite3_open_v2(path.c_str(), &store, SQLITE_OPEN_READONLY, nullptr), SQLITE_OK);
    Stored out;
    for (const auto& [name, table] :
         {std::pair("envelopes", relay::table::kReferences), std::pair("bodies", relay::table::kBodies),
          std::pair("channels", relay::table::kChannels)}) {
      const std::string sql = "SELECT count(*) FROM rows WHERE tab = " + std::to_string(static_cast<int>(table));
      sqlite3_stmt* statement = nullptr;
      EXPECT_EQ(sqlite3_prepare_v2(store, sql.c_str(), -1, &statement, nullptr), SQLITE_OK);
      EXPECT_EQ(sqlite3_step(statement), SQLITE_ROW);
      out[name] = sqlite3_column_int64(statement, 0);
      sqlite3_finalize(statement);
    }
    sqlite3_close(store);
    village_->start_server();
    return out;
  }
  void expect_nothing_grew(const Stored& before) {
    for (const auto& [name, count] : stored()) EXPECT_LE(count, before.at(name)) << name;
  }

  void expect_refused(const demo::Said& said, const std::string& lie, const std::string& why = "condition ") {
    EXPECT_EQ(said.exit_code, 1) << lie;
    EXPECT_NE(said.error.find("was refused (" + why), std::string::npos) << lie << ": " << said.error;
    EXPECT_NE(said.error.find("nothing was sent"), std::string::npos) << lie << ": " << said.error;
  }

  // ---- to the server as it is, past every program ----

  unsigned port() const {
    return static_cast<unsigned>(std::stoul(village_->url().substr(village_->url().rfind(':') + 1)));
  }
  std::string post(std::string_view path, const Bytes& body) {
    const auto answer = demo::http_post(port(), std::string(path), as_text(body));
    EXPECT_TRUE(answer && answer->status / 100 == 2) << path;
    return answer ? answer->body : std::string();
  }
  void submit(const directory::Statement& statement) {
    post(proto::kPathStatement, wire::encode(proto::StatementRequest{wire::encode(statement), {}, {}}));
  }
  /// The size of the log that is served.
  std::uint64_t log_size() const {
    const auto note = demo::http_get(port(), "/log/checkpoint");
    return note ? std::stoull(note->substr(note->find('\n') + 1)) : 0;
  }

  std::string victim_, file_;
};

class Lies : public LyingVillage {
 protected:
  explicit Lies(std::string victim = "bob@localhost") : LyingVillage(std::move(victim)) {}
  void SetUp() override {
    LyingVillage::SetUp();
    begin({"--accomplice", "mallory@localhost"});
    must(village_->register_person("alice-1", "alice@localhost"));
    must(village_->register_person("bob-1", "bob@localhost"));
    must(village_->register_person("mallory-1", "mallory@localhost"));
  }
};

TEST_F(Lies, AboutAFirstContactAreRefusedAndTheTruthIsBelievedAgain) {
  const Stored before = stored();
  for (const std::string lie :
       {"unsigned-device", "brought-back", "dropped-statement", "forked-chain", "another-name", "forked-map",
        "forked-with-lines", "false-reset", "no-quorum", "own-cosigners", "another-config"}) {
    tell(lie);
    expect_refused(village_->cairn("alice-1", {"send", "bob@localhost", "while it lies: " + lie, "--fresh"}), lie);
  }
  expect_nothing_grew(before);
  tell("none");
  must(village_->cairn("alice-1", {"send", "bob@localhost", "in honest times", "--fresh"}));
  EXPECT_TRUE(eventually([&] { return has_text("bob-1", "alice@localhost", "alice@localhost: in honest times"); }));
  EXPECT_EQ(texts("bob-1", "alice@localhost").size(), 1u);
}

TEST_F(Lies, AboutAKnownContactAreRefusedToo) {
  must(village_->cairn("alice-1", {"send", "bob@localhost", "in honest times"}));
  EXPECT_TRUE(eventually([&] { return has_text("bob-1", "alice@localhost", "alice@localhost: in honest times"); }));
  const Stored before = stored();
  for (const std::string lie : {"unsigned-device", "brought-back", "forked-chain", "forked-map", "forked-with-lines",
                                "false-absence", "false-reset", "no-quorum", "own-cosigners", "another-config"}) {
    tell(lie);
    expect_refused(village_->cairn("alice-1", {"send", "bob@localhost", "while it lies: " + lie, "--fresh"}), lie);
    expect_refused(village_->cairn("alice-1", {"contact", "verify", "bob@localhost"}), lie);
  }
  expect_nothing_grew(before);
  tell("none");
  must(village_->cairn("alice-1", {"send", "bob@localhost", "honest again"}));
  EXPECT_TRUE(eventually([&] { return has_text("bob-1", "alice@localhost", "alice@localhost: honest again"); }));
  EXPECT_EQ(texts("bob-1", "alice@localhost").size(), 2u);
}

// bob had a second device, whose key the server may have: it lets him have it back.
TEST_F(Lies, ThatBringARemovedDeviceBackAreRefused) {
  must(village_->link_device("bob-2", "bob@localhost", "bob-1"));
  const demo::Said before = village_->cairn("bob-2", {"status"});
  must(village_->cairn("bob-1", {"device", "remove", before.json["device"].get<std::string>()}));
  EXPECT_TRUE(eventually([&] { return village_->cairn("bob-2", {"status"}).json["state"] == "removed"; }));
  const Stored rows = stored();
  tell("brought-back");
  expect_refused(village_->cairn("alice-1", {"send", "bob@localhost", "to whom?", "--fresh"}), "brought-back");
  expect_nothing_grew(rows);
  tell("none");
  must(village_->cairn("alice-1", {"send", "bob@localhost", "to bob alone", "--fresh"}));
  EXPECT_TRUE(eventually([&] { return has_text("bob-1", "alice@localhost", "alice@localhost: to bob alone"); }));
  EXPECT_FALSE(has_text("bob-2", "alice@localhost", "alice@localhost: to bob alone"));
}

TEST_F(Lies, ForASingleEpochAreRefusedAndTheNextOneIsBelieved) {
  tell("flash");
  expect_refused(village_->cairn("alice-1", {"send", "bob@localhost", "in the flash", "--fresh"}), "flash");
  must(village_->register_person("carol-1", "carol@localhost"));  // an epoch
  must(village_->cairn("alice-1", {"send", "bob@localhost", "afterwards", "--fresh"}));
  EXPECT_TRUE(eventually([&] { return has_text("bob-1", "alice@localhost", "alice@localhost: afterwards"); }));
  EXPECT_EQ(texts("bob-1", "alice@localhost").size(), 1u);
}

TEST_F(Lies, ThatWereTrueOnceAreRefusedByWhoKnowsBetter) {
  must(village_->cairn("alice-1", {"send", "bob@localhost", "first"}));
  must(village_->register_person("carol-1", "carol@localhost"));
  must(village_->cairn("alice-1", {"contact", "verify", "bob@localhost"}));
  tell("replayed-answer");  // the first that bob himself was given, when he registered
  expect_refused(village_->cairn("alice-1", {"send", "bob@localhost", "to who he was", "--fresh"}), "replayed-answer");
  tell("none");
  must(village_->cairn("alice-1", {"send", "bob@localhost", "second", "--fresh"}));
  EXPECT_TRUE(eventually([&] { return has_text("bob-1", "alice@localhost", "alice@localhost: second"); }));
  EXPECT_EQ(texts("bob-1", "alice@localhost").size(), 2u);
}

/// Dave's name can be reset, and somebody asks for it: no program does that, so his statements are said to the server
/// as they are.
class LiesAboutResets : public Lies {
 protected:
  LiesAboutResets() : Lies("dave@localhost") {}
};

TEST_F(LiesAboutResets, AreRefusedAndTheRequestIsSeenInTheEnd) {
  testing::TestPerson dave("dave@localhost", 9);
  const std::uint64_t size = log_size();
  dave.take(dave.genesis(dave.new_device()));
  submit(dave.statements.back());
  dave.take(dave.request(dave.new_device(), 8));  // in an epoch of its own
  submit(dave.statements.back());
  ASSERT_TRUE(eventually([&] { return log_size() >= size + 2; }));
  const Stored before = stored();
  for (const std::string lie : {"no-notice", "wrong-veto-keys", "hidden-reset"}) {
    tell(lie);
    expect_refused(village_->cairn("alice-1", {"send", "dave@localhost", "while it lies: " + lie, "--fresh"}), lie);
    expect_refused(village_->cairn("alice-1", {"contact", "verify", "dave@localhost"}), lie);
  }
  expect_nothing_grew(before);
  tell("none");
  must(village_->cairn("alice-1", {"contact", "verify", "dave@localhost"}));
}

/// Epochs that no honest auditor cosigns (auditor_lies_test.cpp), served to people whose whole quorum lies along: what
/// a client knows by itself still holds. Dave's name can be reset, and the attacker has asked for it.
class LiesOfAQuorum : public LyingVillage {
 protected:
  LiesOfAQuorum() : LyingVillage("dave@localhost") {}
  void SetUp() override {
    LyingVillage::SetUp();
    policy_ = folder_.string() + "-colluders";
    begin({"--colluders", policy_});
    for (const std::string who : {"alice", "eve"}) enrol(who, {});
    enrol("dave", {"--reset-delay", "3"});
    for (const std::string who : {"alice", "eve"}) talk(who);
  }
  void TearDown() override {
    std::filesystem::remove(policy_);
    LyingVillage::TearDown();
  }
  void enrol(const std::string& who, const std::vector<std::string>& more) {
    std::vector<std::string> words = {"register", who + "@localhost", "--server", village_->url(), "--policy", policy_};
    words.insert(words.end(), more.begin(), more.end());
    must(village_->cairn(who, words, std::chrono::seconds(60)));
  }
  /// They know each other, and each other's devices. Neither reports what has come: what is sent later is words.
  void talk(const std::string& who) {
    must(village_->cairn(who, {"send", "dave@localhost", "hello"}));
    must(village_->cairn("dave", {"read", who + "@localhost"}));
    must(village_->cairn("dave", {"send", who + "@localhost", "hello"}));
    ASSERT_TRUE(eventually([&] { return has_text(who, "dave@localhost", "dave@localhost: hello"); }));
    must(village_->cairn(who, {"conversation", "receipts", "dave@localhost", "off"}));
    must(village_->cairn("dave", {"conversation", "receipts", who + "@localhost", "off"}));
    for (const std::string& device : {who, std::string("dave")}) must(village_->cairn(device, {"read"}));
  }
  /// Dave's chain as it is served.
  directory::NameState chain() {
    const auto name = *directory::Name::from("dave@localhost");
    const std::string answer = post(proto::kPathLookup, wire::encode(directory::make_lookup(name, {})));
    const auto response = wire::decode<directory::LookupResponse>(as_bytes(answer)).value();
    directory::NameState out(name);
    for (const directory::Statement& one : response.statements) EXPECT_TRUE(testing::accepted(out.apply(one)));
    return out;
  }
  /// The attacker's request, by its own device, is in the log.
  void ask_for_the_name() {
    const directory::NameState before = chain();
    testing::SeededEntropy entropy(lying::kAttackersSeed);
    submit(lying::Liar(before.name(), entropy).request_reset(before));
    ASSERT_TRUE(eventually([&] { return chain().open_reset().has_value(); }));
  }
  /// By whom the lie is not believed, what is said, and that nothing is sent.
  void expect_unbelieved(const std::string& who, const std::string& lie, const std::string& why) {
    tell(lie);
    expect_refused(village_->cairn(who, {"send", "dave@localhost", "while it lies: " + lie, "--fresh"}), lie, why);
    expect_refused(village_->cairn(who, {"contact", "verify", "dave@localhost"}), lie, why);
  }

  std::string policy_;
};

TEST_F(LiesOfAQuorum, AreRefusedWhereTheClientCanTell) {
  ASSERT_NO_FATAL_FAILURE(ask_for_the_name());
  const Stored before = stored();
  const std::pair<std::string, std::string> lies[] = {
      {"short-delay", "condition 7: delay too short"},
      {"early-completion", "condition 7: completed too soon"},
      {"other-config", "condition 4: not the config of the record"},
      {"frozen-clock", "condition 2: not fresh"},
      {"fast-clock", "condition 2: cosigned ahead of this clock"},
  };
  for (const auto& [lie, why] : lies) {
    expect_unbelieved("alice", lie, why);
    expect_unbelieved("alice", lie + "-but-one", "condition 1: no quorum");  // without an auditor nothing is looked at
  }
  expect_unbelieved("alice", "false-completion-but-one", "condition 1: no quorum");
  expect_nothing_grew(before);
  tell("none");
  must(village_->cairn("alice", {"send", "dave@localhost", "honest again", "--fresh"}));
  ASSERT_TRUE(eventually([&] { return has_text("dave", "alice@localhost", "alice@localhost: honest again"); }));
  EXPECT_EQ(texts("dave", "alice@localhost").size(), 3u);
}

/// The record's clock is set ahead, past the delay. Who holds the owner's veto refuses that; who does not believes that
/// the name was reset, and sends nothing to it either.
TEST_F(LiesOfAQuorum, ThatCompleteAResetReachNobodyWithoutASentence) {
  ASSERT_NO_FATAL_FAILURE(ask_for_the_name());
  Stored before = stored();
  tell("false-completion");
  const demo::Said stopped = village_->cairn("eve", {"send", "dave@localhost", "to whom?", "--fresh"});
  EXPECT_EQ(stopped.exit_code, 1);
  EXPECT_NE(stopped.error.find("The name dave@localhost was reset"), std::string::npos) << stopped.error;
  EXPECT_NE(stopped.error.find("Nothing is sent to it"), std::string::npos) << stopped.error;
  tell("none");
  expect_nothing_grew(before);

  must(village_->cairn("alice", {"contact", "verify", "dave@localhost"}));  // she has seen the request
  const demo::Said vetoed = village_->cairn("dave", {"veto"}, std::chrono::seconds(60));
  must(vetoed);
  must(village_->cairn("dave", {"send", "alice@localhost", "it was not me"}));  // behind the veto, which she is told
  before = stored();
  tell("false-completion");
  ASSERT_TRUE(eventually([&] { return has_text("alice", "dave@localhost", "dave@localhost: it was not me"); }));
  expect_unbelieved("alice", "false-completion", "condition 7: its owner vetoed it");
  expect_nothing_grew(before);
  tell("none");
  must(village_->cairn("alice", {"send", "dave@localhost", "I know", "--fresh"}));
  EXPECT_TRUE(eventually([&] { return has_text("dave", "alice@localhost", "alice@localhost: I know"); }));
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
