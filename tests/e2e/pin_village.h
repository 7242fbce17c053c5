// alice, who has a PIN at realms, mostly three, and bob, to whom she has said something, with real programs.
#pragma once

#include <sqlite3.h>

#include <csignal>

#include "core/base/bytes.h"
#include "tests/e2e/stolen.h"
#include "tests/e2e/village_fixture.h"

namespace cairn::e2e {

namespace fs = std::filesystem;

class PinVillage : public VillageTest {
 protected:
  static constexpr std::size_t kRealms = 3;
  inline static const std::string kPin = "correct horse";
  inline static const std::string kWrong = "wrong horse!";

  struct Running {
    std::optional<demo::Process> process;
    unsigned port = 0;
    std::string vkey;
    std::string url() const { return "http://127.0.0.1:" + std::to_string(port); }
  };

  void TearDown() override {
    for (Running& realm : realms_) realm.process.reset();
    VillageTest::TearDown();
  }

  // ---- realms ----

  std::string realm_data(std::size_t i) const { return (folder_ / ("realm" + std::to_string(i))).string(); }
  std::string realm_name(std::size_t i) const { return "localhost/r" + std::to_string(i); }
  std::string realms_file() const { return (folder_ / "realms").string(); }

  /// Realms that take the tokens of the village's domain, and the list of them for clients.
  void start_realms(std::size_t count = kRealms) {
    const unsigned port = static_cast<unsigned>(std::stoul(village().url().substr(village().url().rfind(':') + 1)));
    const auto issuer = demo::http_get(port, "/v1/realm/vkey");
    ASSERT_TRUE(issuer.has_value());
    std::ofstream(folder_ / "issuers") << "issuer " << *issuer;
    std::ofstream list(realms_file());
    realms_.resize(count);
    for (std::size_t i = 0; i < count; ++i) {
      realms_[i].vkey =
          demo::init_cosigner({program_folder() + "/cairn-witness", "--data", realm_data(i)}, "realm", realm_name(i));
      start_realm(i);
      list << "realm " << realms_[i].vkey << " " << realms_[i].url() << "\n";
    }
  }
  void start_realm(std::size_t i) {
    Running& realm = realms_[i];
    const std::string log = realm_data(i) + ".log";
    fs::remove(log);
    std::vector<std::string> words = prefix_for("realm" + std::to_string(i));
    words.insert(words.end(), {program_folder() + "/cairn-witness", "--data", realm_data(i), "serve", "--role", "realm",
                               "--name", realm_name(i), "--listen", "127.0.0.1:" + std::to_string(realm.port),
                               "--realm-list", (folder_ / "issuers").string()});
    realm.process.emplace(demo::Process::start(words, log));
    const std::string mark = "listening on http://127.0.0.1:";
    ASSERT_TRUE(
        eventually([&] { return realm.process->output().find(mark) != std::string::npos; }, std::chrono::seconds(60)));
    const std::string output = realm.process->output();
    realm.port = static_cast<unsigned>(std::stoul(output.substr(output.find(mark) + mark.size())));
    ASSERT_TRUE(eventually(
        [&] {
          const auto health = demo::http_get(realm.port, "/health");
          return health && health->find("serving") != std::string::npos;
        },
        std::chrono::seconds(60)));
  }
  void stop_realm(std::size_t i, int signal = SIGTERM) {
    realms_[i].process->signal(signal);
    ASSERT_TRUE(realms_[i].process->wait(std::chrono::seconds(30)));
    realms_[i].process.reset();
  }
  /// A copy of a realm's disk, taken while it stands still.
  void copy_realm(std::size_t i, const std::string& to) {
    stop_realm(i);
    fs::copy(realm_data(i), to, fs::copy_options::recursive);
    start_realm(i);
  }
  /// It goes on from a copy of its disk, and has forgotten what came since.
  void set_realm_back(std::size_t i, const std::string& copy) {
    if (realms_[i].process) stop_realm(i);
    fs::remove_all(realm_data(i));
    fs::copy(copy, realm_data(i), fs::copy_options::recursive);
    start_realm(i);
  }
  /// From now on this realm gives other shares of tokens than it was given, and calls them its own.
  void make_its_token_shares_lie(std::size_t i) {
    stop_realm(i);
    ASSERT_GE(spoil_token_shares(realm_data(i)), 1u);
    start_realm(i);
  }
  /// From now on this realm uses another key than it was given (docs/spec/realm.md s.2: behind PinPublic and auth_key).
  void make_it_lie(std::size_t i) {
    stop_realm(i);
    sqlite3* db = nullptr;
    ASSERT_EQ(sqlite3_open((realm_data(i) + "/store.sqlite").c_str(), &db), SQLITE_OK);
    sqlite3_stmt* get = nullptr;
    ASSERT_EQ(sqlite3_prepare_v2(db, "SELECT key, value FROM rows WHERE tab = 2", -1, &get, nullptr), SQLITE_OK);
    ASSERT_EQ(sqlite3_step(get), SQLITE_ROW);
    const auto column = [&](int at) {
      const auto* data = static_cast<const std::uint8_t*>(sqlite3_column_blob(get, at));
      return Bytes(data, data + sqlite3_column_bytes(get, at));
    };
    const Bytes key = column(0);
    Bytes value = column(1);
    sqlite3_finalize(get);
    constexpr std::size_t kKeyShare = 179 + 32;
    ASSERT_GT(value.size(), kKeyShare);
    value[kKeyShare] ^= 1;
    sqlite3_stmt* put = nullptr;
    ASSERT_EQ(sqlite3_prepare_v2(db, "UPDATE rows SET value = ? WHERE tab = 2 AND key = ?", -1, &put, nullptr),
              SQLITE_OK);
    sqlite3_bind_blob(put, 1, value.data(), static_cast<int>(value.size()), SQLITE_STATIC);
    sqlite3_bind_blob(put, 2, key.data(), static_cast<int>(key.size()), SQLITE_STATIC);
    ASSERT_EQ(sqlite3_step(put), SQLITE_DONE);
    sqlite3_finalize(put);
    sqlite3_close(db);
    start_realm(i);
  }

  // ---- people ----

  /// alice, whose name can be reset if `delay` is not 0, and bob, who have said something.
  void two_people_who_talked(const std::string& delay = "0") {
    village("cairnd", {"--resets"});
    const demo::Said registered = village().cairn("alice-1",
                                                  {"register", "alice@localhost", "--server", village().url(),
                                                   "--policy", village().policy_file(), "--reset-delay", delay},
                                                  std::chrono::seconds(90));
    must(registered);
    key_ = registered.json["recovery_key"];
    village().start_daemon("alice-1");
    must(village().register_person("bob-1", "bob@localhost"));
    must(village().cairn("alice-1", {"send", "bob@localhost", kSecret}, std::chrono::seconds(90)));
    ASSERT_TRUE(eventually([&] { return has_text("bob-1", "alice@localhost", kSaid); }, std::chrono::seconds(60)));
  }
  demo::Said say(const std::string& device, std::vector<std::string> words, const std::string& typed = {}) {
    return village().cairn(device, words, std::chrono::seconds(120), typed);
  }
  demo::Said recover_by_pin(const std::string& device, const std::string& pin, std::vector<std::string> more = {},
                            const std::string& name = "alice@localhost") {
    std::vector<std::string> words = {"recover",       name,          "--pin",
                                      "--realms",      realms_file(), "--server",
                                      village().url(), "--policy",    village().policy_file()};
    words.insert(words.end(), more.begin(), more.end());
    return say(device, words, pin + "\n");
  }
  void set_pin_and_back_up(const std::vector<std::string>& to = {}) {
    std::vector<std::string> words = {"pin", "set", "--realms", realms_file(), "--recovery-key"};
    words.insert(words.end(), to.begin(), to.end());
    must(say("alice-1", words, key_ + "\n" + kPin + "\n"));
    const demo::Said created = say("alice-1", {"backup", "create"});
    must(created);
    EXPECT_EQ(created.json["behind_realms"], true);
  }
  /// The domain gives few guesses without a login, and counts them in memory.
  void allow_guesses() {
    village().stop_server(SIGTERM);
    village().start_server();
  }
  static bool says(const demo::Said& said, const std::string& words) {
    return said.error.find(words) != std::string::npos || said.json.dump().find(words) != std::string::npos;
  }

  const std::string kSecret = "the treasure lies under the third stone";
  const std::string kSaid = "alice@localhost: " + kSecret;
  const std::string kOld = "bob (restored)";
  std::string key_;
  std::vector<Running> realms_;
};

}  // namespace cairn::e2e
