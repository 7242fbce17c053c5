// A server that lies about somebody: refused in one sentence, and nothing is sent.
#include <sqlite3.h>

#include <csignal>
#include <fstream>

#include "core/proto/api.h"
#include "core/relay/tables.h"
#include "tests/e2e/village_fixture.h"
#include "tests/support/raw_client.h"
#include "tests/support/test_person.h"

namespace cairn::e2e {
namespace {

class Lies : public VillageTest {
 protected:
  explicit Lies(std::string victim = "bob@localhost") : victim_(std::move(victim)) {}
  void SetUp() override {
    VillageTest::SetUp();
    file_ = folder_.string() + "-lie";
    tell("none");
    village("cairn-lying-server", {"--about", victim_, "--accomplice", "mallory@localhost", "--lie-file", file_});
    must(village_->register_person("alice-1", "alice@localhost"));
    must(village_->register_person("bob-1", "bob@localhost"));
    must(village_->register_person("mallory-1", "mallory@localhost"));
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

  void expect_refused(const demo::Said& said, const std::string& lie) {
    EXPECT_EQ(said.exit_code, 1) << lie;
    EXPECT_NE(said.error.find("was refused (condition "), std::string::npos) << lie << ": " << said.error;
    EXPECT_NE(said.error.find("nothing was sent"), std::string::npos) << lie << ": " << said.error;
  }

  std::string victim_, file_;
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

  unsigned port() const {
    return static_cast<unsigned>(std::stoul(village_->url().substr(village_->url().rfind(':') + 1)));
  }
  void submit(testing::TestPerson& person, const directory::Statement& statement) {
    person.take(statement);
    const Bytes body = wire::encode(proto::StatementRequest{wire::encode(statement), {}, {}});
    testing::RawClient client(static_cast<std::uint16_t>(port()));
    client.send("POST " + std::string(proto::kPathStatement) + " HTTP/1.1\r\nHost: localhost\r\nContent-Length: " +
                std::to_string(body.size()) + "\r\nConnection: close\r\n\r\n");
    client.send(body);
    ASSERT_TRUE(eventually([&] { return client.has_ended(); }));
    EXPECT_TRUE(client.read().starts_with("HTTP/1.1 202")) << client.read();
  }
  /// The size of the log that is served.
  std::uint64_t log_size() const {
    const auto note = demo::http_get(port(), "/log/checkpoint");
    return note ? std::stoull(note->substr(note->find('\n') + 1)) : 0;
  }
};

TEST_F(LiesAboutResets, AreRefusedAndTheRequestIsSeenInTheEnd) {
  testing::TestPerson dave("dave@localhost", 9);
  const std::uint64_t size = log_size();
  submit(dave, dave.genesis(dave.new_device()));
  submit(dave, dave.request(dave.new_device(), 8));  // in an epoch of its own
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
