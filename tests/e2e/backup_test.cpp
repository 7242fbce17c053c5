// Backups with real programs: what comes back, what never does, and what is said when a storage lies or breaks.
#include <sqlite3.h>

#include <csignal>
#include <random>

#include "core/base/padding.h"
#include "core/relay/tables.h"
#include "tests/e2e/village_fixture.h"

namespace cairn::e2e {
namespace {

namespace fs = std::filesystem;

class Backups : public VillageTest {
 protected:
  /// alice with one device and bob, who have said something.
  void two_people_who_talked() {
    const demo::Said registered = village().register_person("alice-1", "alice@localhost");
    must(registered);
    key_ = registered.json["recovery_key"];
    must(village().register_person("bob-1", "bob@localhost"));
    must(village().cairn("alice-1", {"send", "bob@localhost", kSecret}));
    ASSERT_TRUE(eventually([&] { return has_text("bob-1", "alice@localhost", kSaid); }));
    must(village().cairn("bob-1", {"send", "alice@localhost", "an answer"}));
    ASSERT_TRUE(eventually([&] { return has_text("alice-1", "bob@localhost", "bob@localhost: an answer"); }));
  }
  demo::Said backup(const std::string& device, std::vector<std::string> words, const std::string& typed = {}) {
    words.insert(words.begin(), "backup");
    if (!typed.empty()) words.emplace_back("--recovery-key");
    return village().cairn(device, words, std::chrono::seconds(60), typed.empty() ? typed : typed + "\n");
  }
  demo::Said recover(const std::string& device, const std::string& typed, std::vector<std::string> more = {}) {
    std::vector<std::string> words = {"recover",       "alice@localhost", "--remove-others",      "--server",
                                      village().url(), "--policy",        village().policy_file()};
    words.insert(words.end(), more.begin(), more.end());
    return village().cairn(device, words, std::chrono::seconds(90), typed + "\n");
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
  std::string stick() const { return (folder_ / "stick").string(); }

  const std::string kSecret = "the treasure lies under the third stone";
  const std::string kSaid = "alice@localhost: " + kSecret;
  std::string key_;
};

TEST_F(Backups, FromAnEmptyMachineOldMessagesAreReadAndNewOnesWritten) {
  two_people_who_talked();
  const demo::Said created = backup("alice-1", {"create"}, key_);
  must(created);
  EXPECT_EQ(created.json["generation"], 1);
  EXPECT_EQ(created.json["snapshot"], 1);
  must(village().cairn("alice-1", {"send", "bob@localhost", "later"}));
  EXPECT_EQ(backup("alice-1", {"create"}).json["snapshot"], 2);  // the key is not asked for again
  must(backup("alice-1", {"verify"}));
  village().stop_daemon("alice-1");

  must(recover("alice-2", key_));
  village().start_daemon("alice-2");
  const auto old = texts("alice-2", "bob (restored)");
  EXPECT_EQ(old, (std::vector<std::string>{kSaid, "bob@localhost: an answer", "alice@localhost: later"}));
  must(village().cairn("bob-1", {"send", "alice@localhost", "is it you?", "--fresh", "--wait", "30"}));
  EXPECT_TRUE(eventually([&] { return has_text("alice-2", "bob@localhost", "bob@localhost: is it you?"); }));
  must(village().cairn("alice-2", {"send", "bob@localhost", "it is", "--wait", "30"}));
  EXPECT_TRUE(eventually([&] { return has_text("bob-1", "alice@localhost", "alice@localhost: it is"); }));
  // The device that is gone, and the recovery key that was used, open nothing from here on.
  const demo::Said next = backup("alice-2", {"create"}, key_);
  must(next);
  EXPECT_EQ(next.json["generation"], 2);
  EXPECT_EQ(next.json["snapshot"], 1);
}

TEST_F(Backups, TheServersDiskHoldsNoPlaintextAndPaddedSizesAlone) {
  two_people_who_talked();
  must(backup("alice-1", {"create"}, key_));
  village().stop_server(SIGTERM);
  EXPECT_FALSE(holds(village().server_folder(), kSecret));
  EXPECT_FALSE(holds(village().server_folder(), "an answer"));

  sqlite3* db = nullptr;
  ASSERT_EQ(sqlite3_open((village().server_folder() + "/store.sqlite").c_str(), &db), SQLITE_OK);
  sqlite3_stmt* rows = nullptr;
  ASSERT_EQ(sqlite3_prepare_v2(db, "SELECT tab, key, value FROM rows WHERE tab BETWEEN 26 AND 32", -1, &rows, nullptr),
            SQLITE_OK);
  std::size_t objects = 0;
  while (sqlite3_step(rows) == SQLITE_ROW) {
    const auto column = [&](int i) {
      const auto* data = static_cast<const std::uint8_t*>(sqlite3_column_blob(rows, i));
      return Bytes(data, data + sqlite3_column_bytes(rows, i));
    };
    const Table table{static_cast<std::uint8_t>(sqlite3_column_int(rows, 0))};
    const Bytes value = column(2);
    if (table == relay::table::kVaultObjects) {
      const auto object = wire::decode<relay::ObjectRow>(value);
      ASSERT_TRUE(object.has_value());
      EXPECT_EQ(padme(object->size), object->size);
      ++objects;
    }
    // Whose vault it is stands in the account alone, never in what was put.
    const std::string text = as_text(value);
    const bool account = table == relay::table::kVaults || table == relay::table::kKeyBoxes;
    if (!account) {
      EXPECT_EQ(text.find("alice"), std::string::npos);
    }
    EXPECT_EQ(text.find("bob"), std::string::npos);
  }
  sqlite3_finalize(rows);
  sqlite3_close(db);
  EXPECT_GE(objects, 3u);  // a pack, an index, a manifest
}

TEST_F(Backups, WhoHasNoKeyReadsNothingWhateverTheServerHolds) {
  two_people_who_talked();
  must(backup("alice-1", {"create"}, key_));
  // Somebody else's recovery key, on a device of theirs, against the same server.
  const demo::Said mallory = village().register_person("mallory-1", "mallory@localhost");
  must(mallory);
  const std::string other = mallory.json["recovery_key"];
  const demo::Said none = backup("mallory-1", {"restore"}, other);
  EXPECT_EQ(none.exit_code, 1);
  EXPECT_NE(none.error.find("no backup"), std::string::npos) << none.error;
  const demo::Said not_theirs = backup("mallory-1", {"restore"}, key_);
  EXPECT_EQ(not_theirs.exit_code, 1);
  const demo::Said wrong = recover("mallory-2", other);
  EXPECT_EQ(wrong.exit_code, 1);
  EXPECT_FALSE(holds(folder_ / "mallory-1", kSecret));
  EXPECT_FALSE(holds(folder_ / "mallory-2", kSecret));
}

TEST_F(Backups, AFolderIsAStorageAndAnOlderStateOfItIsRefused) {
  two_people_who_talked();
  must(backup("alice-1", {"create", "--to", stick()}, key_));
  EXPECT_FALSE(holds(stick(), kSecret));
  fs::copy(stick(), stick() + "-old", fs::copy_options::recursive);
  must(village().cairn("alice-1", {"send", "bob@localhost", "later"}));
  must(backup("alice-1", {"create"}));
  EXPECT_EQ(backup("alice-1", {"list"}).json["snapshots"].size(), 2u);

  fs::rename(stick(), stick() + "-new");
  const demo::Said gone = backup("alice-1", {"verify"});
  EXPECT_EQ(gone.exit_code, 3) << gone.error;
  fs::rename(stick() + "-old", stick());
  for (const char* verb : {"verify", "restore"}) {
    const demo::Said refused = backup("alice-1", {verb});
    EXPECT_EQ(refused.exit_code, 1);
    EXPECT_NE(refused.error.find("older"), std::string::npos) << refused.error;
  }
  fs::rename(stick(), stick() + "-old");
  fs::rename(stick() + "-new", stick());
  must(backup("alice-1", {"verify"}));

  must(backup("alice-1", {"delete"}));
  // What stays is the id by which the folder is known.
  for (const auto& entry : fs::directory_iterator(stick())) {
    EXPECT_NE(entry.path().string().find("636169726e2073746f72616765206964"), std::string::npos) << entry.path();
  }
  EXPECT_EQ(backup("alice-1", {"list", "--from", stick()}, key_).exit_code, 1);
}

TEST_F(Backups, ADamagedPackIsNamedAndDoesNotStopARestore) {
  two_people_who_talked();
  must(backup("alice-1", {"create", "--to", stick()}, key_));
  // The object that begins with the kind of a pack (docs/spec/backup.md s.3): all of them, one bit each.
  std::size_t packs = 0;
  for (const auto& entry : fs::recursive_directory_iterator(stick())) {
    const std::string name = entry.path().filename();
    if (name.size() != 32 || !name.starts_with("01")) continue;
    std::fstream file(entry.path(), std::ios::in | std::ios::out | std::ios::binary);
    const auto byte = static_cast<char>(file.get() ^ 1);
    file.seekp(0);
    file.put(byte);
    ++packs;
  }
  ASSERT_GE(packs, 1u);
  const demo::Said verified = backup("alice-1", {"verify"});
  EXPECT_EQ(verified.exit_code, 1);
  EXPECT_NE(verified.error.find("pack 01"), std::string::npos) << verified.error;
  const demo::Said restored = backup("alice-1", {"restore"});
  must(restored);
  EXPECT_FALSE(restored.json["warnings"].empty());
}

TEST_F(Backups, KilledAtAnyMomentItIsWholeOrGoesOn) {
  two_people_who_talked();
  must(backup("alice-1", {"create"}, key_));
  std::mt19937 random(7);
  for (int round = 0; round < 6; ++round) {
    must(village().cairn("alice-1", {"send", "bob@localhost", "round " + std::to_string(round)}));
    demo::Process create = demo::Process::start(
        {program_folder() + "/cairn", "--data", village().device_folder("alice-1"), "backup", "create"},
        (folder_ / "create.out").string());
    std::this_thread::sleep_for(std::chrono::milliseconds(random() % 150));
    village().daemon("alice-1").signal(SIGKILL);
    village().daemon("alice-1").wait(std::chrono::seconds(5));
    create.signal(SIGKILL);  // a command that comes too late for the daemon does the work itself, and has the folder
    create.wait(std::chrono::seconds(5));
    village().start_daemon("alice-1");
    must(backup("alice-1", {"verify"}));
  }
  must(backup("alice-1", {"create"}));
  must(backup("alice-1", {"verify"}));
  must(backup("alice-1", {"restore"}));
  EXPECT_EQ(texts("alice-1", "bob (restored)"), texts("alice-1", "bob@localhost"));
}

}  // namespace
}  // namespace cairn::e2e
