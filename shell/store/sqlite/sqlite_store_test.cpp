#include "shell/store/sqlite/sqlite_store.h"

#include <sqlite3.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>

#include "tests/support/scratch_folder.h"
#include "tests/support/store_contract.h"

namespace cairn::testing {
namespace {

constexpr std::uint32_t kApplication = 0x43524e74;

store::SqliteOptions options(const ScratchFolder& folder) {
  store::SqliteOptions out;
  out.path = folder.file("store.db");
  out.application_id = kApplication;
  out.reserve_bytes = 1 << 20;
  return out;
}

std::unique_ptr<store::SqliteStore> open(const ScratchFolder& folder) {
  auto opened = store::SqliteStore::open(options(folder));
  EXPECT_TRUE(opened) << opened.error().where;
  return opened ? std::move(*opened) : nullptr;
}

struct SqliteBackend {
  store::Store& store() { return *store_; }
  void reopen() {
    store_.reset();
    store_ = open(folder_);
  }
  std::unique_ptr<store::Store> open_again() {
    auto opened = store::SqliteStore::open(options(folder_));
    EXPECT_FALSE(opened);
    EXPECT_EQ(opened.error().code, ErrorCode::conflict);
    return nullptr;
  }
  ScratchFolder folder_;
  std::unique_ptr<store::SqliteStore> store_ = open(folder_);
};

INSTANTIATE_TYPED_TEST_SUITE_P(Sqlite, StoreContract, SqliteBackend);

/// Runs SQL on the closed file, as another program would.
void run_sql(const std::string& path, const char* sql) {
  sqlite3* db = nullptr;
  ASSERT_EQ(sqlite3_open(path.c_str(), &db), SQLITE_OK);
  EXPECT_EQ(sqlite3_exec(db, sql, nullptr, nullptr, nullptr), SQLITE_OK) << sqlite3_errmsg(db);
  sqlite3_close(db);
}

TEST(SqliteStore, KeepsEverythingAcrossReopening) {
  const ScratchFolder folder;
  ASSERT_TRUE(open(folder)->commit({put(kFirstTable, "a", "1"), put(kLastTable, "", "")}));
  const auto store = open(folder);
  EXPECT_EQ(store->get(kFirstTable, as_bytes("a")), to_bytes("1"));
  EXPECT_EQ(store->get(kLastTable, {}), Bytes{});
}

TEST(SqliteStore, MakesPrivateFiles) {
  const ScratchFolder folder;
  const auto store = open(folder);
  ASSERT_TRUE(store->commit({put(kFirstTable, "a", "1")}));
  for (const char* name : {"store.db", "store.db-wal", "store.db-reserve"}) {
    struct stat found = {};
    ASSERT_EQ(::stat(folder.file(name).c_str(), &found), 0) << name;
    EXPECT_EQ(found.st_mode & 0777, 0600u) << name;
  }
}

TEST(SqliteStore, LeavesNoLogBehindWhenItCloses) {
  const ScratchFolder folder;
  ASSERT_TRUE(open(folder)->commit({put(kFirstTable, "a", "1")}));
  EXPECT_FALSE(std::filesystem::exists(folder.file("store.db-wal")));
}

TEST(SqliteStore, RefusesASecondProcess) {
  const ScratchFolder folder;
  const auto store = open(folder);
  const pid_t child = ::fork();
  if (child == 0) {
    const auto second = store::SqliteStore::open(options(folder));
    ::_exit(!second && second.error().code == ErrorCode::conflict ? 0 : 1);
  }
  int status = 1;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  EXPECT_TRUE(store->commit({put(kFirstTable, "a", "1")}));
}

TEST(SqliteStore, RefusesTheStoreOfAnotherProgram) {
  const ScratchFolder folder;
  open(folder);
  auto other = options(folder);
  other.application_id = kApplication + 1;
  const auto opened = store::SqliteStore::open(other);
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, ErrorCode::malformed);
}

TEST(SqliteStore, RefusesAForeignDatabaseAndLeavesItAlone) {
  const ScratchFolder folder;
  run_sql(folder.file("store.db"), "CREATE TABLE theirs (x)");
  const auto opened = store::SqliteStore::open(options(folder));
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, ErrorCode::malformed);
  run_sql(folder.file("store.db"), "DROP TABLE theirs");
}

TEST(SqliteStore, RefusesAFileThatIsNoDatabase) {
  const ScratchFolder folder;
  std::ofstream(folder.file("store.db")) << std::string(8192, 'x');
  const auto opened = store::SqliteStore::open(options(folder));
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, ErrorCode::malformed);
}

TEST(SqliteStore, RefusesANewerVersion) {
  const ScratchFolder folder;
  open(folder);
  run_sql(folder.file("store.db"), "PRAGMA user_version = 99");
  const auto opened = store::SqliteStore::open(options(folder));
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, ErrorCode::unsupported);
}

TEST(SqliteStore, RefusesAMissingFolder) {
  const ScratchFolder folder;
  auto lost = options(folder);
  lost.path = folder.file("nowhere/store.db");
  const auto opened = store::SqliteStore::open(lost);
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, ErrorCode::storage_failed);
}

TEST(SqliteStore, KeepsTheLogBounded) {
  const ScratchFolder folder;
  const auto store = open(folder);
  const Bytes value(200'000, 7);
  for (std::uint8_t i = 0; i < 200; ++i) ASSERT_TRUE(store->commit({{kFirstTable, {i}, value}}));
  EXPECT_LT(std::filesystem::file_size(folder.file("store.db-wal")), std::uintmax_t{20} << 20);
  EXPECT_GT(std::filesystem::file_size(folder.file("store.db")), std::uintmax_t{20} << 20);
}

TEST(SqliteStore, OverwritesWhatItDeletes) {
  const ScratchFolder folder;
  const std::string secret = "a very recognisable secret value";
  {
    const auto store = open(folder);
    ASSERT_TRUE(store->commit({put(kFirstTable, "k", secret)}));
  }
  const auto contains = [&] {
    std::ifstream file(folder.file("store.db"), std::ios::binary);
    const std::string all((std::istreambuf_iterator<char>(file)), {});
    return all.find(secret) != std::string::npos;
  };
  EXPECT_TRUE(contains());
  ASSERT_TRUE(open(folder)->commit({erase(kFirstTable, "k")}));
  EXPECT_FALSE(contains());
}

/// Rows as large as a vault's parts lie in pages of their own. Their bytes are gone from the main file with the next
/// checkpoint, and from the log when the store closes.
TEST(SqliteStore, OverwritesRowsOfManyPagesAtTheNextCheckpoint) {
  const ScratchFolder folder;
  const std::string mark = "a part of an object that somebody deletes ";
  std::string part;
  while (part.size() < 1'000'000) part += mark;
  const auto count_in = [&](const std::string& file) {
    std::ifstream in(folder.file(file), std::ios::binary);
    const std::string all(std::istreambuf_iterator<char>(in), {});
    std::size_t found = 0;
    for (std::size_t at = all.find(mark); at != std::string::npos; at = all.find(mark, at + 1)) ++found;
    return found;
  };
  auto store = open(folder);
  ASSERT_TRUE(store->commit({put(kFirstTable, "part", part)}));
  const auto churn = [&] {  // as much as one checkpoint asks for
    for (int i = 0; i < 18; ++i)
      ASSERT_TRUE(store->commit({put(kLastTable, "x", std::string(1 << 20, static_cast<char>('a' + i)))}));
  };
  churn();
  EXPECT_GT(count_in("store.db"), 20'000u);
  ASSERT_TRUE(store->commit({erase(kFirstTable, "part")}));
  churn();
  EXPECT_EQ(count_in("store.db"), 0u);
  store.reset();
  EXPECT_EQ(count_in("store.db"), 0u);
  EXPECT_FALSE(std::filesystem::exists(folder.file("store.db-wal")));
}

TEST(SqliteStore, AFailedReadFailsTheCommitOfItsBatch) {
  const ScratchFolder folder;
  std::vector<Write> writes;
  for (std::uint8_t i = 0; i < 100; ++i) writes.push_back({kFirstTable, {i}, Bytes(2000, i)});
  ASSERT_TRUE(open(folder)->commit(writes));
  {
    std::fstream file(folder.file("store.db"), std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(4096 * 3);
    file << std::string(4096 * 40, '\xee');
  }
  const auto store = open(folder);
  EXPECT_LT(store->scan(kFirstTable, {}, {}, kAll).size(), 100u);
  EXPECT_FALSE(store->verify());
  const Status commit = store->commit({});
  ASSERT_FALSE(commit);
  EXPECT_EQ(commit.error().code, ErrorCode::storage_failed);
  EXPECT_TRUE(store->commit({}));
}

TEST(SqliteStore, CopiesItselfAndVerifies) {
  const ScratchFolder folder;
  const auto store = open(folder);
  ASSERT_TRUE(store->commit({put(kFirstTable, "a", "1")}));
  EXPECT_TRUE(store->verify());
  ASSERT_TRUE(store->copy_to(folder.file("copy.db")));
  EXPECT_FALSE(store->copy_to(folder.file("copy.db")));
  auto copy = options(folder);
  copy.path = folder.file("copy.db");
  const auto opened = store::SqliteStore::open(copy);
  ASSERT_TRUE(opened) << opened.error().where;
  EXPECT_EQ((*opened)->get(kFirstTable, as_bytes("a")), to_bytes("1"));
}

}  // namespace
}  // namespace cairn::testing
