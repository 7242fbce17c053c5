// Devices whose data folder is an older copy, or has lost what it knew of a conversation, go on by themselves.
#include <sqlite3.h>

#include <csignal>

#include "tests/e2e/village_fixture.h"

namespace cairn::e2e {
namespace {

class Rejoin : public VillageTest {
 protected:
  void SetUp() override {
    VillageTest::SetUp();
    two_people_with_two_devices();
    must(village().cairn("alice-1", {"send", "bob@localhost", "one"}));
    must(village().cairn("bob-1", {"send", "alice@localhost", "two"}));
    for (const std::string device : {"alice-1", "alice-2", "bob-1", "bob-2"}) {
      ASSERT_TRUE(eventually([&] { return has_text(device, other_of(device), "bob@localhost: two"); })) << device;
    }
  }

  static std::string other_of(const std::string& device) {
    return device.starts_with("alice") ? "bob@localhost" : "alice@localhost";
  }
  /// Says something and waits until everybody has it.
  void expect_heard(const std::string& from, const std::string& text) {
    must(village().cairn(from, {"send", other_of(from), text, "--wait", "60"}));
    const std::string line = (from.starts_with("alice") ? "alice@localhost: " : "bob@localhost: ") + text;
    for (const std::string device : {"alice-1", "alice-2", "bob-1", "bob-2"}) {
      EXPECT_TRUE(eventually([&] { return has_text(device, other_of(device), line); }, std::chrono::seconds(60)))
          << device << ": " << text;
    }
  }
  bool shows_gap(const std::string& device) {
    const demo::Said said = village().cairn(device, {"read", other_of(device)});
    if (!said.good()) return false;
    for (const auto& message : said.json["messages"]) {
      const bool is_notice = message["delivery"] == "notice";
      if (is_notice && message["text"].get<std::string>().starts_with("Messages may be missing here")) return true;
    }
    return false;
  }
  /// Whether `device` was told that one of the others came in again.
  bool heard_of_rejoin(const std::string& device) {
    const demo::Said said = village().cairn(device, {"read", other_of(device)});
    if (!said.good()) return false;
    for (const auto& message : said.json["messages"]) {
      const bool is_notice = message["delivery"] == "notice";
      if (is_notice && message["text"].get<std::string>().ends_with("had lost its place here, and rejoined."))
        return true;
    }
    return false;
  }
  /// Its files as they are now, and back again: sockets are made anew.
  static void copy_files(const std::string& from, const std::string& to) {
    std::filesystem::remove_all(to);
    std::filesystem::create_directories(to);
    std::filesystem::permissions(to, std::filesystem::perms::owner_all);
    for (const auto& entry : std::filesystem::directory_iterator(from)) {
      if (entry.is_regular_file())
        std::filesystem::copy_file(entry.path(), to + "/" + entry.path().filename().string());
    }
  }
  /// What a broken disk does.
  void erase_table(const std::string& device, int table) {
    sqlite3* database = nullptr;
    const std::string path = village().device_folder(device) + "/store.sqlite";
    ASSERT_EQ(sqlite3_open_v2(path.c_str(), &database, SQLITE_OPEN_READWRITE, nullptr), SQLITE_OK);
    const std::string sql = "DELETE FROM rows WHERE tab = " + std::to_string(table);
    EXPECT_EQ(sqlite3_exec(database, sql.c_str(), nullptr, nullptr, nullptr), SQLITE_OK) << sqlite3_errmsg(database);
    EXPECT_GT(sqlite3_changes(database), 0);
    sqlite3_close(database);
  }
};

TEST_F(Rejoin, ADeviceThatLostItsGroupGoesOnByItself) {
  constexpr int kGroups = 6;  // core/client/tables.h
  village().stop_daemon("bob-1");
  erase_table("bob-1", kGroups);
  village().start_daemon("bob-1");
  // What is said before it is in again it cannot read.
  EXPECT_TRUE(eventually([&] { return heard_of_rejoin("alice-1"); }, std::chrono::seconds(90)));
  expect_heard("alice-1", "are you there");
  expect_heard("bob-1", "here I am");
  EXPECT_TRUE(shows_gap("bob-1"));
  EXPECT_FALSE(shows_gap("alice-1"));
}

TEST_F(Rejoin, ADeviceThatWasPutBackFromAnOlderCopyGoesOnByItself) {
  const std::string folder = village().device_folder("bob-1");
  village().stop_daemon("bob-1");
  const std::string copy = folder_.string() + "/copy";
  copy_files(folder, copy);
  village().start_daemon("bob-1");
  expect_heard("bob-1", "said after the copy");
  village().stop_daemon("bob-1");
  copy_files(copy, folder);
  village().start_daemon("bob-1");
  expect_heard("bob-1", "back from the past");
  expect_heard("alice-2", "welcome back");
  EXPECT_TRUE(shows_gap("bob-1"));
  EXPECT_FALSE(has_text("bob-1", "alice@localhost", "bob@localhost: said after the copy"));
}

}  // namespace
}  // namespace cairn::e2e
