// A file between two people with two devices each, with real programs: killed in the middle on either side, in memory
// that does not grow, and with a server that alters a byte or loses a part.
#include <sqlite3.h>

#include <csignal>
#include <random>

#include "tests/e2e/village_fixture.h"

namespace cairn::e2e {
namespace {

using nlohmann::json;
namespace fs = std::filesystem;

constexpr std::size_t kSize = std::size_t{64} << 20;
constexpr std::uint64_t kMostMoreKib = 64 * 1024;
constexpr auto kMostOfATransfer = std::chrono::minutes(5);

class FilesBetweenPrograms : public VillageTest {
 protected:
  void meet() {
    two_people_with_two_devices();
    must(village().cairn("alice-1", {"send", "bob@localhost", "hello bob"}));
    ASSERT_TRUE(eventually([&] { return has_text("bob-1", "alice@localhost", "alice@localhost: hello bob"); }));
    must(village().cairn("bob-1", {"send", "alice@localhost", "hello alice"}));
    ASSERT_TRUE(eventually([&] { return has_text("alice-1", "bob@localhost", "bob@localhost: hello alice"); }));
    ASSERT_TRUE(eventually([&] { return has_text("bob-2", "alice@localhost", "bob@localhost: hello alice"); }));
  }
  std::string make_file(const std::string& name, std::size_t size) {
    const std::string path = (folder_ / name).string();
    std::ofstream out(path, std::ios::binary);
    std::mt19937_64 random(size);
    std::vector<std::uint64_t> block(std::size_t{1} << 17);
    for (std::size_t left = size; left > 0;) {
      for (auto& word : block) word = random();
      const std::size_t count = std::min(left, block.size() * sizeof(std::uint64_t));
      out.write(reinterpret_cast<const char*>(block.data()), static_cast<std::streamsize>(count));
      left -= count;
    }
    return path;
  }
  static bool same_files(const fs::path& a, const fs::path& b) {
    std::ifstream one(a, std::ios::binary), two(b, std::ios::binary);
    if (!one || !two || fs::file_size(a) != fs::file_size(b)) return false;
    std::vector<char> left(std::size_t{1} << 20), right(left.size());
    while (one && two) {
      one.read(left.data(), static_cast<std::streamsize>(left.size()));
      two.read(right.data(), static_cast<std::streamsize>(right.size()));
      if (one.gcount() != two.gcount() || !std::equal(left.begin(), left.begin() + one.gcount(), right.begin()))
        return false;
    }
    return true;
  }
  std::string folder_of(const std::string& who) {
    const fs::path path = folder_ / ("saved-" + who);
    fs::create_directories(path);
    return path.string();
  }
  /// Beside what is hidden, which is what gathers.
  static std::size_t files_in(const fs::path& folder, bool hidden) {
    std::size_t count = 0;
    for (const auto& entry : fs::directory_iterator(folder))
      count += entry.path().filename().string().starts_with(".") == hidden ? 1 : 0;
    return count;
  }
  /// The message with a file of this name on a device; null when there is none.
  json message_with(const std::string& device, const std::string& file) {
    const std::string other = device.starts_with("alice") ? "bob@localhost" : "alice@localhost";
    const demo::Said said = village().cairn(device, {"read", other, "--peek"});
    if (!said.good()) return nullptr;
    for (const json& one : said.json["messages"]) {
      if (one.contains("attachment") && one["attachment"]["name"] == file) return one;
    }
    return nullptr;
  }
  json await_message(const std::string& device, const std::string& file) {
    json out;
    EXPECT_TRUE(eventually([&] { return (out = message_with(device, file)).is_object(); }, std::chrono::seconds(60)))
        << device;
    return out;
  }
  json newest_transfer(const std::string& device) {
    const demo::Said said = village().cairn(device, {"attachment", "status"});
    if (!said.good() || said.json["transfers"].empty()) return json::object();
    return said.json["transfers"].back();
  }
  /// Waits until so many bytes of the newest transfer are over.
  bool await_bytes(const std::string& device, std::uint64_t bytes) {
    return eventually(
        [&] {
          const json one = newest_transfer(device);
          if (one.empty()) return false;  // the command has not come to it yet
          return one["state"] != "running" || one.value("done", std::uint64_t{0}) >= bytes;
        },
        most_of_a_transfer_);
  }
  bool await_end(const std::string& device) {
    return eventually([&] { return newest_transfer(device).value("state", "running") != "running"; },
                      most_of_a_transfer_);
  }
  void kill_daemon(const std::string& device) {
    village().daemon(device).signal(SIGKILL);
    village().daemon(device).wait(std::chrono::seconds(5));
    village().start_daemon(device);
  }
  void kill_server() {
    village().stop_server(SIGKILL);
    village().start_server();
  }
  std::uint64_t most_memory(const std::string& device) { return memory_kib(village().daemon(device).pid(), "VmHWM"); }
  void expect_flat(const std::string& device, std::uint64_t before) {
    const std::uint64_t most = most_memory(device);
    std::printf("memory of %s: %llu KiB before, %llu KiB at most since\n", device.c_str(),
                static_cast<unsigned long long>(before), static_cast<unsigned long long>(most));
    EXPECT_GT(most, 0u);
    EXPECT_LT(most, before + kMostMoreKib);
  }
  /// Begins, in the daemon, and does not wait.
  void begin(const std::string& device, const std::vector<std::string>& words) {
    const std::string output = "command-" + std::to_string(begun_.size());
    begun_.push_back(demo::Process::start(command_of(device, words), (folder_ / output).string()));
  }
  void TearDown() override {
    begun_.clear();
    VillageTest::TearDown();
  }

  std::chrono::minutes most_of_a_transfer_ = kMostOfATransfer;

 private:
  SmallQuarantine quarantine_;
  std::vector<demo::Process> begun_;
};

TEST_F(FilesBetweenPrograms, AFileComesToAllDevicesThroughKillsOnEitherSide) {
  meet();
  const std::string path = make_file("film.mp4", kSize);
  const std::uint64_t before_out = most_memory("alice-1");
  ASSERT_GT(before_out, 0u);

  begin("alice-1", {"send", "bob@localhost", "a film", "--attach", path});
  ASSERT_TRUE(await_bytes("alice-1", kSize / 64));
  const json first = newest_transfer("alice-1");
  ASSERT_EQ(first.value("state", ""), "running");
  expect_flat("alice-1", before_out);
  kill_daemon("alice-1");
  ASSERT_TRUE(await_bytes("alice-1", first.value("done", std::uint64_t{0})));  // it goes on by itself, where it was
  ASSERT_EQ(newest_transfer("alice-1").value("state", ""), "running");
  kill_server();
  ASSERT_TRUE(await_end("alice-1")) << newest_transfer("alice-1");
  EXPECT_EQ(newest_transfer("alice-1").value("state", ""), "done") << newest_transfer("alice-1");
  expect_flat("alice-1", before_out);

  const json message = await_message("bob-1", "film.mp4");
  ASSERT_TRUE(message.is_object());
  EXPECT_EQ(message["text"], "a film");
  EXPECT_EQ(message["attachment"]["size"], kSize);
  const std::string id = message["id"];
  const std::uint64_t before_in = most_memory("bob-1");
  begin("bob-1", {"save", id, "--to", folder_of("bob-1")});
  ASSERT_TRUE(await_bytes("bob-1", kSize / 64));
  const json begun = newest_transfer("bob-1");
  ASSERT_EQ(begun.value("state", ""), "running");
  EXPECT_EQ(files_in(folder_of("bob-1"), false), 0u);  // nothing under the name before it is whole
  expect_flat("bob-1", before_in);
  kill_daemon("bob-1");
  ASSERT_TRUE(await_bytes("bob-1", begun.value("done", std::uint64_t{0})));
  ASSERT_EQ(newest_transfer("bob-1").value("state", ""), "running");
  kill_server();
  ASSERT_TRUE(await_end("bob-1")) << newest_transfer("bob-1");
  EXPECT_EQ(newest_transfer("bob-1").value("state", ""), "done") << newest_transfer("bob-1");
  EXPECT_TRUE(same_files(path, folder_of("bob-1") + "/film.mp4"));
  EXPECT_EQ(files_in(folder_of("bob-1"), true), 0u);
  expect_flat("bob-1", before_in);

  for (const std::string device : {"alice-2", "bob-2"}) {
    ASSERT_EQ(await_message(device, "film.mp4").value("id", ""), id);
    must(village().cairn(device, {"save", id, "--to", folder_of(device)}, kMostOfATransfer));
    EXPECT_TRUE(same_files(path, folder_of(device) + "/film.mp4")) << device;
  }
  // Once more: under another name.
  const demo::Said again = village().cairn("bob-2", {"save", id, "--to", folder_of("bob-2")}, kMostOfATransfer);
  must(again);
  EXPECT_TRUE(again.json["path"].get<std::string>().ends_with("/film (2).mp4")) << again.json;
}

/// Flips one bit of the part with this number, of the only blob in the server's store.
void alter_stored_part(const std::string& store, int number) {
  sqlite3* db = nullptr;
  ASSERT_EQ(sqlite3_open(store.c_str(), &db), SQLITE_OK);
  sqlite3_stmt* find = nullptr;
  // A row that is as large as a part is one.
  ASSERT_EQ(sqlite3_prepare_v2(
                db, "SELECT tab, key, value FROM rows WHERE length(value) = 1044480 ORDER BY tab, key LIMIT 1 OFFSET ?",
                -1, &find, nullptr),
            SQLITE_OK)
      << sqlite3_errmsg(db);
  sqlite3_bind_int(find, 1, number);
  ASSERT_EQ(sqlite3_step(find), SQLITE_ROW);
  const auto bytes_of = [&](int column) {
    return std::string(static_cast<const char*>(sqlite3_column_blob(find, column)),
                       static_cast<std::size_t>(sqlite3_column_bytes(find, column)));
  };
  const std::int64_t table = sqlite3_column_int64(find, 0);
  const std::string key = bytes_of(1);
  std::string value = bytes_of(2);
  sqlite3_finalize(find);
  value[1000] = static_cast<char>(value[1000] ^ 1);
  sqlite3_stmt* change = nullptr;
  ASSERT_EQ(sqlite3_prepare_v2(db, "UPDATE rows SET value = ? WHERE tab = ? AND key = ?", -1, &change, nullptr),
            SQLITE_OK);
  sqlite3_bind_blob(change, 1, value.data(), static_cast<int>(value.size()), SQLITE_TRANSIENT);
  sqlite3_bind_int64(change, 2, table);
  sqlite3_bind_blob(change, 3, key.data(), static_cast<int>(key.size()), SQLITE_TRANSIENT);
  ASSERT_EQ(sqlite3_step(change), SQLITE_DONE);
  ASSERT_EQ(sqlite3_changes(db), 1);
  sqlite3_finalize(change);
  ASSERT_EQ(sqlite3_close(db), SQLITE_OK);
}

/// Takes the row of the part with this number, of the only blob, out of the server's store.
void lose_stored_part(const std::string& store, int number) {
  sqlite3* db = nullptr;
  ASSERT_EQ(sqlite3_open(store.c_str(), &db), SQLITE_OK);
  sqlite3_stmt* erase = nullptr;
  ASSERT_EQ(sqlite3_prepare_v2(db,
                               "DELETE FROM rows WHERE (tab, key) IN (SELECT tab, key FROM rows WHERE length(value) = "
                               "1044480 ORDER BY tab, key LIMIT 1 OFFSET ?)",
                               -1, &erase, nullptr),
            SQLITE_OK)
      << sqlite3_errmsg(db);
  sqlite3_bind_int(erase, 1, number);
  ASSERT_EQ(sqlite3_step(erase), SQLITE_DONE);
  ASSERT_EQ(sqlite3_changes(db), 1);
  sqlite3_finalize(erase);
  ASSERT_EQ(sqlite3_close(db), SQLITE_OK);
}

/// Of the file of the long test; CAIRN_LONG_MIB is for trying the test itself, with a smaller one.
constexpr std::uint64_t kLargestMib = 4096;
constexpr std::uint64_t kSmallestMib = 256;  ///< of a smaller one a kill in the middle would come too late

class LongFiles : public FilesBetweenPrograms {
 protected:
  /// MiB; 0, and a failure, for a number that says nothing.
  static std::uint64_t wanted_mib() {
    const char* wanted = std::getenv("CAIRN_LONG_MIB");
    const std::uint64_t mib = wanted == nullptr ? kLargestMib : std::strtoull(wanted, nullptr, 10);
    if (mib >= kSmallestMib && mib <= kLargestMib) return mib;
    ADD_FAILURE() << "CAIRN_LONG_MIB is " << wanted << ", and has to be " << kSmallestMib << " to " << kLargestMib;
    return 0;
  }
  /// What a test that fails leaves to be looked at is not the file four times over.
  void TearDown() override {
    FilesBetweenPrograms::TearDown();
    if (!fs::exists(folder_)) return;
    std::vector<fs::path> large;
    for (const auto& entry : fs::recursive_directory_iterator(folder_)) {
      if (entry.is_regular_file() && entry.file_size() >= std::uint64_t{64} << 20) large.push_back(entry.path());
    }
    for (const fs::path& one : large) fs::remove(one);
  }
};

TEST_F(LongFiles, AFileOfFourGibibytesThroughAKillOnEachSideInMemoryThatDoesNotGrow) {
  const std::uint64_t mib = wanted_mib();
  ASSERT_GT(mib, 0u);
  // The file, the server's parts, what the receiver gathers, and half as much again for the server's journal.
  const std::uint64_t needed = mib * 7 / 2;
  const std::uint64_t room = fs::space(fs::temp_directory_path()).available >> 20;
  if (room < needed) {
    GTEST_SKIP() << "SKIPPED: " << fs::temp_directory_path() << " has " << room << " MiB left, and " << needed
                 << " are needed; TMPDIR may name another folder";
  }
  most_of_a_transfer_ = std::chrono::minutes(25);
  meet();
  const std::uint64_t size = mib << 20;
  const std::string path = make_file("archive.tar", size);
  const std::uint64_t before_out = most_memory("alice-1");
  const std::uint64_t before_server = memory_kib(village().server().pid(), "VmHWM");
  begin("alice-1", {"send", "bob@localhost", "all of it", "--attach", path});
  ASSERT_TRUE(await_bytes("alice-1", size / 2));
  expect_flat("alice-1", before_out);
  EXPECT_LT(memory_kib(village().server().pid(), "VmHWM"), before_server + kMostMoreKib);
  kill_daemon("alice-1");
  kill_server();
  ASSERT_TRUE(await_end("alice-1")) << newest_transfer("alice-1");
  EXPECT_EQ(newest_transfer("alice-1").value("state", ""), "done") << newest_transfer("alice-1");
  expect_flat("alice-1", before_out);

  const json message = await_message("bob-1", "archive.tar");
  ASSERT_TRUE(message.is_object());
  EXPECT_EQ(message["attachment"]["size"], size);
  const std::uint64_t before_in = most_memory("bob-1");
  begin("bob-1", {"save", message["id"], "--to", folder_of("bob-1")});
  ASSERT_TRUE(await_bytes("bob-1", size / 2));
  kill_daemon("bob-1");
  kill_server();
  ASSERT_TRUE(await_end("bob-1")) << newest_transfer("bob-1");
  EXPECT_EQ(newest_transfer("bob-1").value("state", ""), "done") << newest_transfer("bob-1");
  EXPECT_TRUE(same_files(path, folder_of("bob-1") + "/archive.tar"));
  expect_flat("bob-1", before_in);

  // One byte more than the largest is none; no disk is needed for it.
  fs::resize_file(path, (kLargestMib << 20) + 1);
  const demo::Said refused = village().cairn("alice-1", {"send", "bob@localhost", "--attach", path});
  EXPECT_FALSE(refused.good());
  EXPECT_NE(refused.error.find("4 GiB"), std::string::npos) << refused.error;
}

TEST_F(FilesBetweenPrograms, AServerThatAltersOneBitIsNamedAndNothingIsSaved) {
  meet();
  const std::string path = make_file("report.pdf", std::size_t{4} << 20);
  must(village().cairn("alice-1", {"send", "bob@localhost", "--attach", path}, kMostOfATransfer));
  const std::string id = await_message("bob-1", "report.pdf")["id"];
  village().stop_server(SIGTERM);
  alter_stored_part(village().server_folder() + "/store.sqlite", 2);
  village().start_server();
  const demo::Said refused = village().cairn("bob-1", {"save", id, "--to", folder_of("bob-1")}, kMostOfATransfer);
  EXPECT_EQ(refused.exit_code, 1);
  // Part 2 begins in the 32nd piece of 64 KiB.
  EXPECT_EQ(refused.error.find("report.pdf was not saved: Piece 32 of 64 is not what alice@localhost sent"), 0u)
      << refused.error;
  EXPECT_EQ(files_in(folder_of("bob-1"), false), 0u);
  EXPECT_TRUE(eventually([&] { return files_in(folder_of("bob-1"), true) == 0; }));  // right after the answer
  // It is sent again, and taken back: then the server has it no more.
  must(village().cairn("alice-1", {"send", "bob@localhost", "once more", "--attach", path}, kMostOfATransfer));
  json second;
  ASSERT_TRUE(eventually([&] {
    const demo::Said said = village().cairn("bob-1", {"read", "alice@localhost", "--peek"});
    if (said.good()) second = said.json["messages"].back();
    return second.value("text", "") == "once more";
  }));
  must(village().cairn("bob-1", {"save", second["id"], "--to", folder_of("bob-1")}, kMostOfATransfer));
  EXPECT_TRUE(same_files(path, folder_of("bob-1") + "/report.pdf"));
  must(village().cairn("alice-1", {"unsend", second["id"]}));
  EXPECT_TRUE(eventually([&] {
    return village().cairn("bob-1", {"save", second["id"], "--to", folder_of("bob-1")}).error.find("no file") !=
           std::string::npos;
  }));
}

TEST_F(FilesBetweenPrograms, APieceThatTheServerHasLostIsNamedAndNothingIsSaved) {
  meet();
  const std::string path = make_file("report.pdf", std::size_t{4} << 20);
  must(village().cairn("alice-1", {"send", "bob@localhost", "--attach", path}, kMostOfATransfer));
  const std::string id = await_message("bob-1", "report.pdf")["id"];
  village().stop_server(SIGTERM);
  lose_stored_part(village().server_folder() + "/store.sqlite", 2);
  village().start_server();
  const demo::Said refused = village().cairn("bob-1", {"save", id, "--to", folder_of("bob-1")}, kMostOfATransfer);
  EXPECT_EQ(refused.exit_code, 1);
  // The 32nd piece of 64 KiB begins in part 1 and ends in part 2.
  EXPECT_EQ(refused.error.find("report.pdf was not saved: Piece 32 of 64 is missing on the server, or it has another "
                               "one in its place; ask alice@localhost to send it again."),
            0u)
      << refused.error;
  EXPECT_EQ(files_in(folder_of("bob-1"), false), 0u);
  EXPECT_TRUE(eventually([&] { return files_in(folder_of("bob-1"), true) == 0; }));  // right after the answer
}

}  // namespace
}  // namespace cairn::e2e
