// Files in backups with real programs: a picture that no server has any more comes back, and one that is damaged in the
// backup keeps nothing else from coming back.
#include <sqlite3.h>

#include <csignal>
#include <random>

#include "core/relay/tables.h"
#include "tests/e2e/backup_village.h"

namespace cairn::e2e {
namespace {

using nlohmann::json;

class BackupFiles : public BackupVillage {
 protected:
  /// A file of random bytes; its path.
  std::string make_picture(const std::string& name, std::size_t size) {
    const std::string path = (folder_ / name).string();
    std::mt19937 random(static_cast<unsigned>(size));
    std::ofstream out(path, std::ios::binary);
    for (std::size_t i = 0; i < size; ++i) out.put(static_cast<char>(random()));
    return path;
  }
  static std::string contents(const fs::path& path) {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  /// The message with a file of this name; null when there is none.
  json message_with(const std::string& device, const std::string& conversation, const std::string& file) {
    const demo::Said said = village().cairn(device, {"read", conversation, "--peek"});
    if (!said.good()) return nullptr;
    for (const json& one : said.json["messages"]) {
      if (one.contains("attachment") && one["attachment"]["name"] == file) return one;
    }
    return nullptr;
  }
  /// From bob to alice, and arrived.
  void send_picture(const std::string& path) {
    must(village().cairn("bob-1", {"send", "alice@localhost", "look", "--attach", path}, std::chrono::seconds(60)));
    const std::string name = fs::path(path).filename();
    ASSERT_TRUE(eventually([&] { return message_with("alice-1", "bob@localhost", name).is_object(); })) << name;
  }
  demo::Said save(const std::string& device, const std::string& name) {
    const json message = message_with(device, "bob (restored)", name);
    EXPECT_TRUE(message.is_object()) << name;
    if (!message.is_object()) return {};
    const std::string folder = (folder_ / "saved").string();
    fs::create_directories(folder);
    return village().cairn(device, {"save", message["id"], "--to", folder}, std::chrono::seconds(60));
  }
  /// As after 30 days.
  void lose_all_blobs() {
    village().stop_server(SIGTERM);
    sqlite3* db = nullptr;
    ASSERT_EQ(sqlite3_open((village().server_folder() + "/store.sqlite").c_str(), &db), SQLITE_OK);
    for (const Table table : {relay::table::kBlobs, relay::table::kBlobParts}) {
      const std::string sql = "DELETE FROM rows WHERE tab = " + std::to_string(static_cast<int>(table));
      ASSERT_EQ(sqlite3_exec(db, sql.c_str(), nullptr, nullptr, nullptr), SQLITE_OK) << sqlite3_errmsg(db);
      ASSERT_GT(sqlite3_changes(db), 0);
    }
    ASSERT_EQ(sqlite3_close(db), SQLITE_OK);
    village().start_server();
  }
};

TEST_F(BackupFiles, APictureThatNoServerHasAnyMoreIsSavedAndExportedAfterARestore) {
  two_people_who_talked();
  const std::string picture = make_picture("photo of us.jpg", 3'000'000);
  send_picture(picture);
  const demo::Said made = backup("alice-1", {"create", "--to", stick(), "--files", "100"}, key_);
  must(made);
  EXPECT_EQ(made.json["files"]["stored"], 1) << made.json;
  lose_all_blobs();
  village().stop_daemon("alice-1");

  must(recover("alice-2", key_, {"--from", stick()}));
  village().start_daemon("alice-2");
  const demo::Said saved = save("alice-2", "photo of us.jpg");
  must(saved);
  EXPECT_TRUE(contents(saved.json["path"].get<std::string>()) == contents(picture));
  const std::string pages = (folder_ / "pages").string();
  const demo::Said exported = village().cairn("alice-2", {"export", pages, "--attachments"}, std::chrono::seconds(60));
  must(exported);
  EXPECT_EQ(exported.json["files"], 1) << exported.json;
  EXPECT_EQ(exported.json["not_saved"], json::array());
  EXPECT_TRUE(holds(pages, "photo%20of%20us.jpg"));
}

TEST_F(BackupFiles, AFileThatIsDamagedInTheBackupIsNamedAndEverythingElseComesBack) {
  two_people_who_talked();
  const std::string photo = make_picture("photo.jpg", 500'000);
  send_picture(photo);
  must(backup("alice-1", {"create", "--to", stick(), "--files"}, key_));
  const auto before = objects(stick(), "01");
  send_picture(make_picture("film.mp4", 2'000'000));
  must(backup("alice-1", {"create"}));
  lose_all_blobs();
  // The largest of the packs that have come to it.
  fs::path pack;
  for (const fs::path& one : objects(stick(), "01")) {
    const bool is_new = std::find(before.begin(), before.end(), one) == before.end();
    if (is_new && (pack.empty() || fs::file_size(one) > fs::file_size(pack))) pack = one;
  }
  ASSERT_FALSE(pack.empty());
  ASSERT_GT(fs::file_size(pack), 2'000'000u);
  flip(pack, 8 * 1'000'000);
  const demo::Said verified = backup("alice-1", {"verify"});
  EXPECT_EQ(verified.exit_code, 1);
  EXPECT_NE(verified.error.find("lost are file/"), std::string::npos) << verified.error;

  const demo::Said restored = backup("alice-1", {"restore"});
  must(restored);
  EXPECT_EQ(restored.json["files"], 1) << restored.json;
  EXPECT_NE(restored.json["warnings"].dump().find("film.mp4"), std::string::npos) << restored.json;
  EXPECT_EQ(texts("alice-1", "bob (restored)"), texts("alice-1", "bob@localhost"));
  const demo::Said saved = save("alice-1", "photo.jpg");
  must(saved);
  EXPECT_TRUE(contents(saved.json["path"].get<std::string>()) == contents(photo));
  const demo::Said lost = save("alice-1", "film.mp4");
  EXPECT_EQ(lost.exit_code, 1);
  EXPECT_NE(lost.error.find("not on the server"), std::string::npos) << lost.error;
}

}  // namespace
}  // namespace cairn::e2e
