// A PIN, and backups whose key lies behind realms, with real programs: what comes back from an empty machine, who is
// named, and what never opens again.
#include <sqlite3.h>

#include <csignal>

#include "core/base/bytes.h"
#include "tests/e2e/village_fixture.h"

namespace cairn::e2e {
namespace {

namespace fs = std::filesystem;
using std::chrono::seconds;

constexpr std::size_t kRealms = 3;
const std::string kPin = "correct horse";
const std::string kWrong = "wrong horse!";

class Pins : public VillageTest {
 protected:
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

  /// Three realms that take the tokens of the village's domain, and the list of them for clients.
  void start_realms() {
    const unsigned port = static_cast<unsigned>(std::stoul(village().url().substr(village().url().rfind(':') + 1)));
    const auto issuer = demo::http_get(port, "/v1/realm/vkey");
    ASSERT_TRUE(issuer.has_value());
    std::ofstream(folder_ / "issuers") << "issuer " << *issuer;
    std::ofstream list(realms_file());
    for (std::size_t i = 0; i < kRealms; ++i) {
      const auto made = demo::run(
          {program_folder() + "/cairn-witness", "--data", realm_data(i), "init", "--realm", "--name", realm_name(i)},
          seconds(60));
      ASSERT_EQ(made.exit_code, 0) << made.err;
      realms_[i].vkey = made.out.substr(0, made.out.find('\n'));
      start_realm(i);
      list << "realm " << realms_[i].vkey << " " << realms_[i].url() << "\n";
    }
  }
  void start_realm(std::size_t i) {
    Running& realm = realms_[i];
    const std::string log = realm_data(i) + ".log";
    fs::remove(log);
    realm.process.emplace(
        demo::Process::start({program_folder() + "/cairn-witness", "--data", realm_data(i), "serve", "--role", "realm",
                              "--name", realm_name(i), "--listen", "127.0.0.1:" + std::to_string(realm.port),
                              "--realm-list", (folder_ / "issuers").string()},
                             log));
    const std::string mark = "listening on http://127.0.0.1:";
    ASSERT_TRUE(eventually([&] { return realm.process->output().find(mark) != std::string::npos; }, seconds(60)));
    const std::string output = realm.process->output();
    realm.port = static_cast<unsigned>(std::stoul(output.substr(output.find(mark) + mark.size())));
    ASSERT_TRUE(eventually(
        [&] {
          const auto health = demo::http_get(realm.port, "/health");
          return health && health->find("serving") != std::string::npos;
        },
        seconds(60)));
  }
  void stop_realm(std::size_t i, int signal = SIGTERM) {
    realms_[i].process->signal(signal);
    ASSERT_TRUE(realms_[i].process->wait(seconds(30)));
    realms_[i].process.reset();
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
                                                  seconds(90));
    must(registered);
    key_ = registered.json["recovery_key"];
    village().start_daemon("alice-1");
    must(village().register_person("bob-1", "bob@localhost"));
    must(village().cairn("alice-1", {"send", "bob@localhost", kSecret}, seconds(90)));
    ASSERT_TRUE(eventually([&] { return has_text("bob-1", "alice@localhost", kSaid); }, seconds(60)));
  }
  demo::Said say(const std::string& device, std::vector<std::string> words, const std::string& typed = {}) {
    return village().cairn(device, words, seconds(120), typed);
  }
  demo::Said recover_by_pin(const std::string& device, const std::string& pin, std::vector<std::string> more = {}) {
    std::vector<std::string> words = {"recover",       "alice@localhost", "--pin",
                                      "--realms",      realms_file(),     "--server",
                                      village().url(), "--policy",        village().policy_file()};
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
  /// Whether any file below holds the text.
  static bool holds(const fs::path& folder, const std::string& text) {
    for (const auto& entry : fs::recursive_directory_iterator(folder)) {
      if (!entry.is_regular_file()) continue;
      std::ifstream in(entry.path(), std::ios::binary);
      const std::string all(std::istreambuf_iterator<char>(in), {});
      if (all.find(text) != std::string::npos) return true;
    }
    return false;
  }
  static bool says(const demo::Said& said, const std::string& words) {
    return said.error.find(words) != std::string::npos || said.json.dump().find(words) != std::string::npos;
  }

  const std::string kSecret = "the treasure lies under the third stone";
  const std::string kSaid = "alice@localhost: " + kSecret;
  const std::string kOld = "bob (restored)";
  std::string key_;
  std::array<Running, kRealms> realms_;
};

TEST_F(Pins, FromAnEmptyMachineNameAndPinBringTheMessagesAndAskForTheName) {
  two_people_who_talked("3");
  start_realms();
  set_pin_and_back_up();
  must(say("alice-1", {"pin", "check"}, kPin + "\n"));
  EXPECT_EQ(say("alice-1", {"status"}).json["alarms"].size(), 0u);
  // A wrong one counts, and is told to the owner.
  const demo::Said wrong = recover_by_pin("thief", kWrong);
  EXPECT_EQ(wrong.exit_code, 1);
  EXPECT_TRUE(says(wrong, "9 guesses are left")) << wrong.error;
  EXPECT_FALSE(has_text("thief", kOld, kSaid));
  const demo::Said status = say("alice-1", {"pin", "status"});
  must(status);
  EXPECT_EQ(status.json["guesses_left"], 9);
  EXPECT_EQ(status.json["guesses_unseen"], 1);
  const demo::Said alarmed = say("alice-1", {"status"});
  ASSERT_EQ(alarmed.json["alarms"].size(), 1u) << alarmed.json;
  EXPECT_EQ(alarmed.json["alarms"][0]["kind"], "pin");

  // Everything is lost; one realm lies.
  village().stop_daemon("alice-1");
  make_it_lie(1);
  const demo::Said back = recover_by_pin("alice-2", kPin);
  must(back);
  EXPECT_TRUE(says(back, "The realm localhost/r1 lies")) << back.json;
  EXPECT_EQ(texts("alice-2", kOld), std::vector<std::string>{kSaid});
  ASSERT_TRUE(back.json.contains("reset")) << back.json;
  EXPECT_GT(back.json["reset"]["matures_ms"], back.json["reset"]["requested_ms"]);
  EXPECT_EQ(say("alice-2", {"status"}).json["state"], "resetting");
  EXPECT_EQ(texts("alice-2", kOld), std::vector<std::string>{kSaid});
}

TEST_F(Pins, OneRealmMayBeDeadAndANameWithoutResetsIsReadAllTheSame) {
  two_people_who_talked();
  start_realms();
  set_pin_and_back_up();
  village().stop_daemon("alice-1");
  stop_realm(2, SIGKILL);
  const demo::Said back = recover_by_pin("alice-2", kPin);
  must(back);
  EXPECT_EQ(texts("alice-2", kOld), std::vector<std::string>{kSaid});
  EXPECT_TRUE(says(back, "allows no reset")) << back.json;
  // With two dead nothing opens, and no guess was spent at the one that lives.
  stop_realm(1, SIGKILL);
  const demo::Said none = recover_by_pin("alice-3", kPin);
  EXPECT_NE(none.exit_code, 0);
  EXPECT_TRUE(says(none, "Too few realms")) << none.error;
  // What one realm and the domain hold, with a new device of nobody: not a byte of the messages.
  stop_realm(0);
  village().stop_server(SIGTERM);
  for (const std::string& disk : {realm_data(0), village().server_folder()}) {
    EXPECT_FALSE(holds(disk, kSecret)) << disk;
    EXPECT_FALSE(holds(disk, kPin)) << disk;
  }
  EXPECT_FALSE(holds(folder_ / "alice-3", kSecret));
}

TEST_F(Pins, GuessingLocksItAndTheOwnerUnlocksItAndNothingIsLost) {
  two_people_who_talked();
  start_realms();
  set_pin_and_back_up();
  for (int round = 0; round < 2; ++round) {
    for (int i = 0; i < 5; ++i) {
      EXPECT_TRUE(says(recover_by_pin("thief", kWrong), "not the PIN"));
    }
    // The domain gives no more without a login; it counts in memory.
    village().stop_server(SIGTERM);
    village().start_server();
  }
  const demo::Said locked = recover_by_pin("thief-2", kPin);
  EXPECT_EQ(locked.exit_code, 1);
  EXPECT_TRUE(says(locked, "nothing is lost")) << locked.error;
  EXPECT_TRUE(texts("thief-2", kOld).empty());
  const demo::Said status = say("alice-1", {"pin", "status"});
  must(status);
  EXPECT_EQ(status.json["locked"], true) << status.json;
  const demo::Said refused = say("alice-1", {"pin", "check"}, kPin + "\n");
  EXPECT_EQ(refused.exit_code, 1);
  EXPECT_TRUE(says(refused, "pin unlock")) << refused.error;
  const demo::Said unlocked = say("alice-1", {"pin", "unlock"});
  must(unlocked);
  EXPECT_EQ(say("alice-1", {"pin", "status"}).json["guesses_left"], 10);
  must(say("alice-1", {"pin", "check"}, kPin + "\n"));
  village().stop_server(SIGTERM);
  village().start_server();
  must(recover_by_pin("alice-2", kPin));
  EXPECT_EQ(texts("alice-2", kOld), std::vector<std::string>{kSaid});
}

TEST_F(Pins, ChangedItOpensAndTheOldOneDoesNotAndRemovedNeitherDoes) {
  two_people_who_talked();
  start_realms();
  set_pin_and_back_up();
  EXPECT_EQ(say("alice-1", {"pin", "change"}, "123456\n").exit_code, 1);
  const std::string other = "another battery";
  must(say("alice-1", {"pin", "change"}, other + "\n"));
  must(say("alice-1", {"backup", "create"}));
  EXPECT_TRUE(says(recover_by_pin("alice-2", kPin), "not the PIN"));
  must(recover_by_pin("alice-2", other));
  EXPECT_EQ(texts("alice-2", kOld), std::vector<std::string>{kSaid});
  must(say("alice-1", {"pin", "remove"}));
  EXPECT_EQ(say("alice-1", {"pin", "status"}).json["set"], false);
  const demo::Said gone = recover_by_pin("alice-3", other);
  EXPECT_EQ(gone.exit_code, 1);
  EXPECT_TRUE(says(gone, "hold no PIN")) << gone.error;
  must(say("alice-1", {"backup", "create"}));
}

TEST_F(Pins, ARealmThatWasAwayDuringAChangeGetsTheNewPinWhenItIsBack) {
  two_people_who_talked();
  start_realms();
  set_pin_and_back_up();
  stop_realm(2, SIGKILL);
  const std::string other = "another battery";
  must(say("alice-1", {"pin", "change"}, other + "\n"));
  must(say("alice-1", {"backup", "create"}));
  EXPECT_EQ(say("alice-1", {"pin", "status"}).json["owed"].size(), 1u);
  start_realm(2);
  village().stop_daemon("alice-1");
  village().start_daemon("alice-1");
  ASSERT_TRUE(eventually([&] { return say("alice-1", {"pin", "status"}).json["owed"].empty(); }, seconds(60)));
  make_it_lie(0);  // so it takes the one that was away
  const demo::Said back = recover_by_pin("alice-2", other);
  must(back);
  EXPECT_TRUE(says(back, "The realm localhost/r0 lies")) << back.json;
  EXPECT_EQ(texts("alice-2", kOld), std::vector<std::string>{kSaid});
}

TEST_F(Pins, WhatWasErasedOpensNeverAgainWhoeverKeptACopyAndHasTheKey) {
  two_people_who_talked();
  start_realms();
  const std::string stick = (folder_ / "stick").string();
  set_pin_and_back_up({"--to", stick});
  fs::copy(stick, stick + "-kept", fs::copy_options::recursive);

  // A device asks: three days, and any device calls it off.
  const demo::Said asked = say("alice-1", {"backup", "delete"});
  must(asked);
  EXPECT_EQ(asked.json["waiting"].size(), 1u) << asked.json;
  EXPECT_TRUE(asked.json["deleted"].empty());
  must(say("alice-1", {"backup", "delete", "--cancel"}));
  must(say("alice-1", {"backup", "restore"}));
  EXPECT_EQ(texts("alice-1", kOld), std::vector<std::string>{kSaid});

  // The recovery key asks: at once; one realm is away, and that does not matter.
  stop_realm(2);
  const demo::Said erased = say("alice-1", {"backup", "delete", "--recovery-key"}, key_ + "\n");
  must(erased);
  EXPECT_FALSE(erased.json.contains("waiting")) << erased.json;
  EXPECT_GE(erased.json["receipts"].size(), 2u);
  EXPECT_GE(say("alice-1", {"backup", "receipts"}).json["receipts"].size(), 2u);
  start_realm(2);

  // Whoever kept a copy, and steals the recovery key now.
  const demo::Said stolen = say("thief",
                                {"recover", "alice@localhost", "--server", village().url(), "--policy",
                                 village().policy_file(), "--remove-others", "--from", stick + "-kept"},
                                key_ + "\n");
  EXPECT_EQ(stolen.exit_code, 1);
  EXPECT_TRUE(says(stolen, "erased")) << stolen.error << stolen.json;
  EXPECT_FALSE(has_text("thief", kOld, kSaid));
}

TEST_F(Pins, APrintedTokenDoesWithoutRealms) {
  two_people_who_talked();
  start_realms();
  const demo::Said created =
      say("alice-1", {"backup", "create", "--realms", realms_file(), "--print-token", "--recovery-key"}, key_ + "\n");
  must(created);
  const std::string token = created.json["token"];
  for (std::size_t i = 0; i < kRealms; ++i) stop_realm(i);
  const demo::Said without = say("alice-1", {"backup", "restore"});
  EXPECT_NE(without.exit_code, 0);
  EXPECT_TRUE(says(without, "2 are needed")) << without.error;
  EXPECT_NE(say("alice-1", {"backup", "restore", "--token"}, "AAAAA\n").exit_code, 0);
  must(say("alice-1", {"backup", "restore", "--token"}, token + "\n"));
  EXPECT_EQ(texts("alice-1", kOld), std::vector<std::string>{kSaid});
}

}  // namespace
}  // namespace cairn::e2e
