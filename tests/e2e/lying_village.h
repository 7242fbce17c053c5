// A village whose server lies about somebody, for tests of what people are told and that nothing is sent.
#pragma once

#include <sqlite3.h>

#include <csignal>
#include <fstream>

#include "core/client/account.h"
#include "core/directory/verifier.h"
#include "core/proto/api.h"
#include "core/relay/tables.h"
#include "shell/os/entropy.h"
#include "shell/store/encrypted/key_file.h"
#include "shell/store/sqlite/sqlite_store.h"
#include "tests/e2e/village_fixture.h"
#include "tests/lying/expected.h"
#include "tests/support/refused.h"
#include "tests/support/seeded_entropy.h"

namespace cairn::e2e {

class LyingVillage : public VillageTest {
 protected:
  explicit LyingVillage(std::string victim) : victim_(std::move(victim)) {}
  void SetUp() override {
    VillageTest::SetUp();
    file_ = folder_.string() + "-lie";
    tell("none");
  }
  void begin(const std::vector<std::string>& more) {
    std::vector<std::string> words = {"--about", victim_, "--lie-file", file_, "--removed-key", key_file()};
    words.insert(words.end(), more.begin(), more.end());
    village("cairn-lying-server", words);
  }
  void TearDown() override {
    std::filesystem::remove(file_);
    std::filesystem::remove(key_file());
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
  /// When what was under way has arrived.
  Stored settled() {
    Stored last = stored();
    for (int round = 0; round < 20; ++round) {
      std::this_thread::sleep_for(std::chrono::milliseconds(500));
      const Stored now = stored();
      if (std::exchange(last, now) == now) break;
    }
    return last;
  }
  void expect_nothing_grew(const Stored& before) {
    for (const auto& [name, count] : stored()) EXPECT_LE(count, before.at(name)) << name;
  }

  /// The whole sentence, as the table of lies has it, and nothing else.
  void expect_refused(const demo::Said& said, const std::string& lie, std::string_view condition) {
    EXPECT_EQ(said.exit_code, 1) << lie;
    EXPECT_EQ(said.error, lying::sentence(victim_, condition)) << lie;
  }
  /// The server tells it: the first words to a new contact, or more to a known one, are not sent, and are told why.
  void expect_unsent(const std::string& device, const std::string& lie, std::string_view condition) {
    tell(lie);
    expect_refused(village_->cairn(device, {"send", victim_, "while it lies: " + lie, "--fresh"}), lie, condition);
  }
  /// Nor is it believed when nothing is to be sent.
  void expect_unbelieved(const std::string& device, const std::string& lie, std::string_view condition) {
    expect_unsent(device, lie, condition);
    expect_refused(village_->cairn(device, {"contact", "verify", victim_}), lie, condition);
  }

  // ---- a removed device of the victim's, whose owner helps the server ----

  std::string key_file() const { return file_ + "-key"; }
  /// Its key, out of its folder. Its program must have ended.
  void give_key_of(const std::string& device) {
    os::SystemEntropy entropy;
    const std::string folder = village_->device_folder(device);
    auto key = store::open_key_file(folder + "/key", entropy);
    ASSERT_TRUE(key.has_value());
    store::SqliteOptions options;
    options.path = folder + "/store.sqlite";
    options.application_id = 0x6361726e;  // cairn's
    auto sqlite = store::SqliteStore::open(options);
    ASSERT_TRUE(sqlite.has_value());
    const auto sealed = store::EncryptedStore::open(std::move(*sqlite), std::move(*key), entropy);
    ASSERT_TRUE(sealed.has_value());
    const auto account = client::load_account(**sealed);
    ASSERT_TRUE(account.has_value());
    std::ofstream(key_file(), std::ios::binary) << as_text(account->signing_key.seed().expose());
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
  /// The victim's chain as it is served, when the server tells the truth.
  directory::NameState chain() {
    const auto name = *directory::Name::from(victim_);
    const std::string answer = post(proto::kPathLookup, wire::encode(directory::make_lookup(name, {})));
    const auto response = wire::decode<directory::LookupResponse>(as_bytes(answer)).value();
    directory::NameState out(name);
    for (const directory::Statement& one : response.statements) EXPECT_TRUE(testing::accepted(out.apply(one)));
    return out;
  }
  /// The attacker's request of a reset, by its own device, is in the log.
  void ask_for_the_name() {
    const directory::NameState before = chain();
    testing::SeededEntropy entropy(lying::kAttackersSeed);
    submit(lying::Liar(before.name(), entropy).request_reset(before));
    ASSERT_TRUE(eventually([&] { return chain().open_reset().has_value(); }));
  }
  /// The size of the log that is served.
  std::uint64_t log_size() const {
    const auto note = demo::http_get(port(), "/log/checkpoint");
    return note ? std::stoull(note->substr(note->find('\n') + 1)) : 0;
  }

  std::string victim_, file_;
};

}  // namespace cairn::e2e
