// Backups with real programs: what comes back, what never does, and what is said when a storage lies or breaks.
#include <sqlite3.h>

#include <csignal>
#include <random>

#include "core/base/padding.h"
#include "core/relay/tables.h"
#include "tests/e2e/backup_village.h"
#include "tests/e2e/stolen.h"

namespace cairn::e2e {
namespace {

class Backups : public BackupVillage {
 protected:
  /// A copy of what the server has, taken while it stands still.
  std::string copy_of_server(const std::string& mark) {
    village().stop_server(SIGTERM);
    const std::string copy = village().server_folder() + mark;
    fs::copy(village().server_folder(), copy, fs::copy_options::recursive);
    village().start_server();
    return copy;
  }
  /// The server, which stood still meanwhile, shows the tables from `first` to `last` as they are in the copy, and
  /// everything else as it is: the directory, and so who the devices are, is not what its operator can set back.
  void set_back(const std::string& copy, Table first, Table last) {
    const auto number = [](Table table) { return std::to_string(static_cast<int>(table)); };
    const std::string rows = " rows WHERE tab BETWEEN " + number(first) + " AND " + number(last) + ";";
    change_store("ATTACH '" + copy + "/store.sqlite' AS old; BEGIN; DELETE FROM" + rows +
                 "INSERT INTO main.rows SELECT * FROM old." + rows.substr(1) + "COMMIT;");
  }
  void change_store(const std::string& statements) {
    village().stop_server(SIGTERM);
    sqlite3* db = nullptr;
    ASSERT_EQ(sqlite3_open((village().server_folder() + "/store.sqlite").c_str(), &db), SQLITE_OK);
    EXPECT_EQ(sqlite3_exec(db, statements.c_str(), nullptr, nullptr, nullptr), SQLITE_OK) << sqlite3_errmsg(db);
    sqlite3_close(db);
    village().start_server();
  }
  /// By a program of the thief's own, with all that was on the disk of a device, against what the stick has by now. The
  /// same program with the same keys reads what they are of, and with those of a device that stayed what came later.
  void try_stolen_keys(const std::string& disk, const std::string& later) {
    lab::StolenBackup stolen = lab::stolen_from_folder(stick() + "-stolen");
    lab::StolenBackup now = lab::stolen_from_folder(stick());
    const auto is_folder_id = [](const Bytes& box) { return box.size() == vault::FolderId::kSize; };
    for (lab::StolenBackup* one : {&stolen, &now}) std::erase_if(one->key_boxes, is_folder_id);
    ASSERT_EQ(stolen.key_boxes.size(), 1u);
    ASSERT_EQ(now.key_boxes.size(), 1u);
    const std::size_t all = now.objects.size();
    std::erase_if(now.objects, [&](const vault::Object& one) {
      return std::ranges::any_of(stolen.objects, [&](const vault::Object& other) { return other.id == one.id; });
    });
    ASSERT_LT(now.objects.size(), all);
    ASSERT_GE(now.objects.size(), 5u);  // two packs, an index, a manifest twice
    const auto backups = backups_of_device(disk);
    ASSERT_EQ(backups.size(), 1u);
    const vault::Generation& known = backups[0].content.current();
    EXPECT_EQ(lab::read_packs(stolen, known, *known.token, {kSecret}).size(), 1u);
    EXPECT_TRUE(lab::read_packs(now, known, *known.token, {kSecret, later}).empty());

    const std::vector<Row> rows = rows_of_device(disk);
    const std::vector<Row> of_backups = rows_of_device(disk, {client::tables::kAccount, client::tables::kBackup});
    EXPECT_TRUE(opens_with_a_root_in(rows, stolen.key_boxes[0]));
    EXPECT_TRUE(opens_with_an_opener_in(of_backups, stolen.key_boxes[0]));
    EXPECT_FALSE(opens_with_a_root_in(rows, now.key_boxes[0]));
    EXPECT_FALSE(opens_with_an_opener_in(of_backups, now.key_boxes[0]));
    EXPECT_FALSE(lab::open_with_what_lies_beside(now).has_value());

    const auto paper = lab::open_with_keys(now, lab::keys_of_paper(key_, "alice@localhost"));
    EXPECT_EQ(lab::read_packs(now, paper, {later}).size(), 1u);
  }
  /// Whether verify says that a pack's damage costs anything. What a copy of alice's device, which is stopped, has back
  /// is as it says: everything, or nothing, for these few data are one chunk.
  bool is_anything_lost(const fs::path& pack, const std::vector<std::string>& said) {
    const fs::path copy = village().device_folder("copy");
    fs::remove_all(copy);
    fs::copy(village().device_folder("alice-1"), copy, fs::copy_options::recursive);
    const demo::Said verified = backup("copy", {"verify"});
    EXPECT_EQ(verified.exit_code, 1);
    EXPECT_NE(verified.error.find(pack.filename()), std::string::npos) << verified.error;
    const bool is_lost = verified.error.find("nothing is lost by it") == std::string::npos;
    const demo::Said restored = backup("copy", {"restore"});
    EXPECT_TRUE(restored.good()) << restored.error;
    EXPECT_EQ(texts("copy", "bob (restored)"), is_lost ? std::vector<std::string>{} : said) << verified.error;
    return is_lost;
  }
  void expect_stale(const std::vector<std::string>& verbs, const std::string& sentence) {
    for (const std::string& verb : verbs) {
      const demo::Said refused = backup("alice-1", {verb});
      EXPECT_EQ(refused.exit_code, 1) << verb << refused.json;
      EXPECT_NE(refused.error.find(sentence), std::string::npos) << verb << refused.error;
    }
    EXPECT_TRUE(texts("alice-1", "bob (restored)").empty());
  }
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

/// Folder and recovery key are there, and the domain is not: what reads them is said.
TEST_F(Backups, WithoutTheDomainAnEmptyMachineIsToldWhatItTakes) {
  two_people_who_talked();
  const std::string other_key = village().register_person("carol-1", "carol@localhost").json["recovery_key"];
  must(backup("alice-1", {"create", "--to", stick()}, key_));
  village().stop_server(SIGTERM);
  const demo::Said gone = recover("alice-2", key_, {"--from", stick()});
  EXPECT_FALSE(gone.good());
  EXPECT_NE(gone.error.find("An empty machine takes no backup in without the directory"), std::string::npos)
      << gone.error;
  EXPECT_EQ(texts("alice-2", "bob (restored)"), std::vector<std::string>{});
  // It is written out for people, unchecked, and taken into no device.
  const std::string pages = (folder_ / "pages").string();
  const std::vector<std::string> read = {"backup", "read", stick(), pages, "--name", "alice@localhost"};
  const demo::Said other = village().cairn("alice-3", read, std::chrono::seconds(60), other_key + "\n");
  EXPECT_FALSE(other.good());
  EXPECT_NE(other.error.find("opens with that recovery key"), std::string::npos) << other.error;
  EXPECT_FALSE(fs::exists(pages));
  const demo::Said written = village().cairn("alice-3", read, std::chrono::seconds(60), key_ + "\n");
  must(written);
  EXPECT_GE(written.json["messages"], 2) << written.json;
  EXPECT_EQ(written.json["damaged"], 0) << written.json;
  EXPECT_TRUE(holds(pages, kSecret));
  EXPECT_TRUE(holds(pages, "an answer"));
  for (const auto& entry : fs::directory_iterator(pages)) {
    std::ifstream in(entry.path());
    const std::string all(std::istreambuf_iterator<char>(in), {});
    EXPECT_NE(all.find("Nobody has checked who wrote this"), std::string::npos) << entry.path();
  }
  const demo::Said again = village().cairn("alice-3", read, std::chrono::seconds(60), key_ + "\n");
  EXPECT_FALSE(again.good());
  EXPECT_NE(again.error.find("it is not replaced"), std::string::npos) << again.error;
  // A device that knew the name takes it in.
  village().stop_daemon("alice-1");
  must(backup("alice-1", {"restore", "--from", stick()}));
  EXPECT_EQ(texts("alice-1", "bob (restored)"), (std::vector<std::string>{kSaid, "bob@localhost: an answer"}));
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

TEST_F(Backups, AnOlderStateOfTheDomainsVaultIsRefused) {
  two_people_who_talked();
  must(backup("alice-1", {"create"}, key_));
  const std::string old = copy_of_server("-old");
  must(village().cairn("alice-1", {"send", "bob@localhost", "later", "--wait", "30"}, std::chrono::seconds(60)));
  EXPECT_EQ(backup("alice-1", {"create"}).json["snapshot"], 2);
  const std::string now = copy_of_server("-now");
  set_back(old, relay::table::kVaults, relay::table::kKeyBoxes);
  expect_stale({"verify", "restore"}, "older snapshot");
  // Manifests alone are held back (their ids begin with 03, behind the vault's), and all that they name is there.
  set_back(now, relay::table::kVaults, relay::table::kKeyBoxes);
  change_store("DELETE FROM rows WHERE tab BETWEEN 27 AND 28 AND hex(substr(key, 17, 1)) = '03';");
  expect_stale({"verify", "restore"}, "held back");
  set_back(now, relay::table::kVaults, relay::table::kKeyBoxes);
  must(backup("alice-1", {"verify"}));

  // The keys of before, once there are others: a second device has put its opener in.
  must(village().link_device("alice-2", "alice@localhost", "alice-1"));
  must(backup("alice-2", {"create"}, key_));
  must(backup("alice-1", {"create"}));
  const std::string newest = copy_of_server("-newest");
  set_back(old, relay::table::kKeyBoxes, relay::table::kKeyBoxes);
  expect_stale({"verify", "restore", "create"}, "older key box");
  set_back(newest, relay::table::kVaults, relay::table::kKeyBoxes);
  must(backup("alice-1", {"verify"}));

  // Who backs up there goes on, and is told: what was taken away is stored anew.
  set_back(now, relay::table::kVaultObjects, relay::table::kVaultParts);
  const demo::Said created = backup("alice-1", {"create"});
  must(created);
  EXPECT_NE(created.json["warnings"].dump().find("it was set back, or holds some back"), std::string::npos)
      << created.json;
  const nlohmann::json alarms = village().cairn("alice-1", {"status"}).json["alarms"];
  EXPECT_NE(alarms.dump().find("set back"), std::string::npos) << alarms;
  must(backup("alice-1", {"restore"}));
  EXPECT_TRUE(has_text("alice-1", "bob (restored)", "alice@localhost: later"));
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

TEST_F(Backups, ABitFlippedAnywhereIsFoundAndTheRestComesBack) {
  two_people_who_talked();
  must(backup("alice-1", {"create", "--to", stick()}, key_));
  const std::vector<std::string> said = texts("alice-1", "bob@localhost");
  ASSERT_EQ(said.size(), 2u);
  village().stop_daemon("alice-1");
  const auto packs = objects(stick(), "01");
  ASSERT_EQ(packs.size(), 2u);  // one of data, one of lists
  std::mt19937 random(11);
  constexpr std::uintmax_t kParts = 12;  // of a pack: a bit in each
  std::size_t costly = 0;
  for (const fs::path& pack : packs) {
    const std::uintmax_t bits = 8 * fs::file_size(pack) / kParts;
    bool is_costly = false;
    for (std::uintmax_t part = 0; part < kParts; ++part) {
      const std::uintmax_t bit = bits * part + random() % bits;
      SCOPED_TRACE(pack.filename().string() + " bit " + std::to_string(bit));
      flip(pack, bit);
      is_costly = is_anything_lost(pack, said) || is_costly;
      flip(pack, bit);
    }
    costly += is_costly ? 1 : 0;
  }
  EXPECT_EQ(costly, 1u);  // what stands in the pack of lists is in the other one as well
}

TEST_F(Backups, ABitFlippedInWhatListsPacksCostsNothing) {
  two_people_who_talked();
  must(backup("alice-1", {"create", "--to", stick()}, key_));
  std::mt19937 random(11);
  // It is there twice, or is in the packs as well.
  for (const char* kind : {"02", "03"}) {
    for (const fs::path& object : objects(stick(), kind)) {
      const std::uintmax_t bit = random() % (8 * fs::file_size(object));
      SCOPED_TRACE(object.filename().string() + " bit " + std::to_string(bit));
      flip(object, bit);
      must(backup("alice-1", {"verify"}));
      flip(object, bit);
    }
  }
  must(backup("alice-1", {"restore"}));
  EXPECT_EQ(texts("alice-1", "bob (restored)"), texts("alice-1", "bob@localhost"));
}

/// The whole disk of a device, as it was when it was stolen, and everything that is stored afterwards.
TEST_F(Backups, AStolenDeviceThatWasRemovedReadsNothingLater) {
  two_people_who_talked();
  must(village().link_device("alice-2", "alice@localhost", "alice-1"));
  must(backup("alice-1", {"create", "--to", stick()}, key_));
  must(backup("alice-2", {"create", "--to", stick()}, key_));
  village().stop_daemon("alice-2");
  const std::string thief = village().device_folder("thief");
  fs::copy(village().device_folder("alice-2"), thief, fs::copy_options::recursive);
  fs::copy(stick(), stick() + "-stolen", fs::copy_options::recursive);
  const std::string id = village().cairn("alice-2", {"status"}).json["device"];
  must(village().cairn("alice-1", {"device", "remove", id}, std::chrono::seconds(60)));
  const std::string later = "said after the theft";
  must(village().cairn("alice-1", {"send", "bob@localhost", later}));
  const demo::Said next = backup("alice-1", {"create"});
  must(next);
  EXPECT_EQ(next.json["generation"], 2);
  try_stolen_keys(thief, later);
  // And with the programs as they are shipped.
  for (const char* verb : {"restore", "list", "verify", "create", "prune"}) {
    const demo::Said refused = village().cairn("thief", {"backup", verb}, std::chrono::seconds(60));
    EXPECT_NE(refused.exit_code, 0) << verb << refused.json;
  }
  EXPECT_FALSE(device_holds(thief, later));
  EXPECT_FALSE(holds(stick(), later));
  must(backup("alice-1", {"restore"}));
  EXPECT_TRUE(has_text("alice-1", "bob (restored)", "alice@localhost: " + later));
}

/// The server, or whoever has a folder, shows parts of an older state beside the new one.
TEST_F(Backups, OlderIndexesAndKeyBoxesAreNotMixedIn) {
  two_people_who_talked();
  must(backup("alice-1", {"create", "--to", stick()}, key_));
  const auto old_index = objects(stick(), "02");
  ASSERT_EQ(old_index.size(), 1u);
  fs::copy(stick(), stick() + "-old", fs::copy_options::recursive);
  fs::remove(old_index[0]);
  must(village().cairn("alice-1", {"send", "bob@localhost", "later"}));
  must(backup("alice-1", {"create"}));
  const auto indexes = objects(stick(), "02");
  ASSERT_EQ(indexes.size(), 1u);
  const fs::path old_bytes = fs::path(stick() + "-old") / fs::relative(old_index[0], stick());
  fs::copy_file(old_bytes, indexes[0], fs::copy_options::overwrite_existing);
  must(backup("alice-1", {"verify"}));  // it is as if it were gone
  must(backup("alice-1", {"restore"}));
  EXPECT_TRUE(has_text("alice-1", "bob (restored)", "alice@localhost: later"));
  // The key box of before, once there is another: a device was linked and has put its opener in.
  must(village().link_device("alice-2", "alice@localhost", "alice-1"));
  must(backup("alice-2", {"create", "--to", stick()}, key_));
  must(backup("alice-1", {"create"}));  // from here on it knows that box
  std::size_t put_back = 0;
  for (const auto& entry : fs::recursive_directory_iterator(stick() + "-old")) {
    const fs::path now = fs::path(stick()) / fs::relative(entry.path(), stick() + "-old");
    const bool is_box = entry.is_regular_file() && entry.path().filename().string().size() != 32;
    if (!is_box || !fs::exists(now)) continue;
    fs::copy_file(entry.path(), now, fs::copy_options::overwrite_existing);
    ++put_back;
  }
  ASSERT_GE(put_back, 1u);
  const demo::Said refused = backup("alice-1", {"create"});
  EXPECT_EQ(refused.exit_code, 1);
  EXPECT_NE(refused.error.find("older key box"), std::string::npos) << refused.error;
}

TEST_F(Backups, SeveralStoragesStandSideBySideAndEachIsNamed) {
  two_people_who_talked();
  must(backup("alice-1", {"create"}, key_));
  must(backup("alice-1", {"create", "--to", stick()}, key_));
  const std::string disk = (folder_ / "disk").string();
  must(backup("alice-1", {"create", "--to", disk}, key_));
  const demo::Said listed = backup("alice-1", {"list"});
  must(listed);
  EXPECT_EQ(listed.json["storages"].size(), 3u) << listed.json;
  EXPECT_EQ(listed.json["snapshots"].size(), 3u);
  for (const char* verb : {"create", "verify", "restore", "delete", "prune"}) {
    const demo::Said asked = backup("alice-1", {verb});
    EXPECT_EQ(asked.exit_code, 1) << verb;
    EXPECT_NE(asked.error.find("several places"), std::string::npos) << asked.error;
    EXPECT_NE(asked.error.find(stick()), std::string::npos) << asked.error;
  }
  must(backup("alice-1", {"create", "--to", "domain"}));
  must(backup("alice-1", {"verify", "--from", disk}));
  must(backup("alice-1", {"schedule", "daily", "--to", stick()}));
  fs::rename(disk, disk + "-away");
  const demo::Said without = backup("alice-1", {"list"});
  must(without);
  EXPECT_EQ(without.json["snapshots"].size(), 3u);  // two at the domain, one on the stick
  fs::rename(disk + "-away", disk);
  must(backup("alice-1", {"delete", "--from", disk}));
  EXPECT_EQ(backup("alice-1", {"list"}).json["storages"].size(), 2u);
  must(backup("alice-1", {"restore", "--from", stick()}));
  must(backup("alice-1", {"delete", "--from", "domain"}));
  // One is left, and need not be named.
  must(backup("alice-1", {"verify"}));
  EXPECT_EQ(backup("alice-1", {"list"}).json["storages"][0]["storage"], "file://" + fs::canonical(stick()).string());
}

/// A few moments, and with the daemon; before each change of a file: backup_kill_test.cpp.
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
