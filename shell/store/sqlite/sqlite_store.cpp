#include "shell/store/sqlite/sqlite_store.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <limits>

namespace cairn::store {

namespace {

constexpr const char* kFull = "the disk is full: make room, what was stored before is safe";
constexpr const char* kFailed = "the store cannot be read or written: check the disk and its permissions";

/// Each entry brings a file from version i to i + 1. Never changed, only added to.
constexpr const char* kMigrations[] = {
    "CREATE TABLE rows ("
    "  tab INTEGER NOT NULL,"
    "  key BLOB NOT NULL,"
    "  value BLOB NOT NULL,"
    "  PRIMARY KEY (tab, key)"
    ") STRICT, WITHOUT ROWID",
};
constexpr std::int64_t kVersion = std::size(kMigrations);

/// While the disk is full, this many free pages are worth giving back to it.
constexpr std::int64_t kPagesToGiveBack = 256;
/// A full store takes commits that grow it by so little (the nonce of a login, which must be possible for devices to
/// fetch and acknowledge), as long as all of them together stay within a quarter of the reserve.
constexpr std::int64_t kTrifle = 128;
/// What a row costs beside its key and value, roughly.
constexpr std::int64_t kRowOverhead = 16;

/// Binds bytes that outlive the step. An empty view must not become NULL.
int bind_bytes(sqlite3_stmt* statement, int index, ByteView bytes) {
  if (bytes.empty()) return sqlite3_bind_zeroblob(statement, index, 0);
  return sqlite3_bind_blob64(statement, index, bytes.data(), bytes.size(), SQLITE_STATIC);
}

Bytes column(sqlite3_stmt* statement, int index) {
  const auto* data = static_cast<const std::uint8_t*>(sqlite3_column_blob(statement, index));
  const auto size = static_cast<std::size_t>(sqlite3_column_bytes(statement, index));
  return data == nullptr ? Bytes{} : Bytes(data, data + size);
}

/// Makes a statement ready for its next use, whatever way the function is left.
class InUse {
 public:
  explicit InUse(sqlite3_stmt* statement) : statement_(statement) {}
  ~InUse() {
    sqlite3_reset(statement_);
    sqlite3_clear_bindings(statement_);
  }
  InUse(const InUse&) = delete;
  InUse& operator=(const InUse&) = delete;

 private:
  sqlite3_stmt* statement_;
};

/// An empty private file, durable together with its entry in the folder, unless there is one already.
Status create_private_file(const std::string& path) {
  const int file = ::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (file < 0 && errno == EEXIST) return ok();
  if (file < 0) return fail(errno == ENOSPC ? ErrorCode::storage_full : ErrorCode::storage_failed, kFailed);
  ::close(file);
  const std::string folder = path.substr(0, path.find_last_of('/') + 1);
  const int directory = ::open(folder.empty() ? "." : folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (directory < 0) return fail(ErrorCode::storage_failed, kFailed);
  const int synced = ::fsync(directory);
  ::close(directory);
  REQUIRE(synced == 0, ErrorCode::storage_failed, kFailed);
  return ok();
}

}  // namespace

SqliteStore::SqliteStore(SqliteOptions options)
    : options_(std::move(options)), reserve_(options_.path + "-reserve", options_.reserve_bytes, options_.free_bytes) {}

Result<std::unique_ptr<SqliteStore>> SqliteStore::open(SqliteOptions options) {
  std::unique_ptr<SqliteStore> store(new SqliteStore(std::move(options)));
  if (!store->options_.read_only) TRY(create_private_file(store->options_.path));
  TRY(store->open_file());
  TRY(store->configure());
  TRY(store->migrate());
  TRY(store->prepare());
  if (!store->options_.read_only && !store->reserve_.hold()) store->enter_full();
  return store;
}

SqliteStore::~SqliteStore() {
  for (sqlite3_stmt* statement : statements_) sqlite3_finalize(statement);
  sqlite3_close(db_);  // checkpoints and removes the log
}

// ---- opening ----

namespace {

/// SQLite's own way to say it: a write-ahead log that lies beside the file is not looked at.
std::string immutable_uri(const std::string& path) {
  std::string uri = "file:";
  for (const char c : path) {
    constexpr char kHex[] = "0123456789abcdef";
    if (c != '%' && c != '?' && c != '#') {
      uri.push_back(c);
    } else {
      uri.append({'%', kHex[(c >> 4) & 15], kHex[c & 15]});
    }
  }
  return uri + "?immutable=1";
}

}  // namespace

Status SqliteStore::open_file() {
  if (options_.read_only) {
    constexpr int kReadOnly =
        SQLITE_OPEN_READONLY | SQLITE_OPEN_URI | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE | SQLITE_OPEN_EXRESCODE;
    const int code = sqlite3_open_v2(immutable_uri(options_.path).c_str(), &db_, kReadOnly, nullptr);
    return code == SQLITE_OK ? ok() : error(code);
  }
  constexpr int kFlags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE | SQLITE_OPEN_EXRESCODE;
  const char* vfs = options_.vfs.empty() ? nullptr : options_.vfs.c_str();
  const int flags = kFlags | (vfs == nullptr ? 0 : SQLITE_OPEN_CREATE);
  if (const int code = sqlite3_open_v2(options_.path.c_str(), &db_, flags, vfs); code != SQLITE_OK) return error(code);
  sqlite3_db_config(db_, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  sqlite3_db_config(db_, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
  sqlite3_wal_hook(
      db_,
      [](void* self, sqlite3*, const char*, int pages) {
        static_cast<SqliteStore*>(self)->log_pages_ = pages;
        return SQLITE_OK;
      },
      this);
  return ok();
}

Status SqliteStore::configure() {
  if (options_.read_only) return check_file();
  // Exclusive: no other process, and no shared memory file beside the store. Set before the log is first touched.
  TRY(run("PRAGMA locking_mode = EXCLUSIVE"));
  // Before the first page exists. Whether the file is ours is asked before anything is written.
  TRY(run("PRAGMA auto_vacuum = INCREMENTAL"));
  const std::int64_t application = TRY(number("PRAGMA application_id"));
  const std::int64_t version = TRY(number("PRAGMA user_version"));
  const std::int64_t tables = TRY(number("SELECT count(*) FROM sqlite_schema"));
  const bool fresh = application == 0 && version == 0 && tables == 0;
  REQUIRE(fresh || application == options_.application_id, ErrorCode::malformed,
          "this file is not a store of this program: name another one");
  REQUIRE(version <= kVersion, ErrorCode::unsupported,
          "this store was written by a newer version: install that version or a later one");
  TRY(run("PRAGMA journal_mode = WAL"));
  TRY(run("PRAGMA synchronous = FULL"));
  TRY(run("PRAGMA cell_size_check = ON"));
  TRY(run("PRAGMA temp_store = MEMORY"));
  // What is deleted is overwritten: wiped keys and delivered messages do not stay in free pages.
  TRY(run("PRAGMA secure_delete = ON"));
  const std::string cache = "PRAGMA cache_size = -" + std::to_string(options_.cache_bytes / 1024);
  TRY(run(cache.c_str()));
  // A log that one huge batch made long is cut back when it is next written from its beginning.
  const std::string limit =
      "PRAGMA journal_size_limit = " + std::to_string(std::int64_t{options_.max_log_pages} * 4096);
  TRY(run(limit.c_str()));
  return ok();
}

Status SqliteStore::check_file() const {
  REQUIRE(TRY(number("PRAGMA application_id")) == options_.application_id, ErrorCode::malformed,
          "this file is not a store of this program: name another one");
  REQUIRE(TRY(number("PRAGMA user_version")) == kVersion, ErrorCode::unsupported,
          "this store was written by another version: use that version to look at it");
  return ok();
}

Status SqliteStore::migrate() {
  if (options_.read_only) return ok();
  for (std::int64_t version = TRY(number("PRAGMA user_version")); version < kVersion; ++version) {
    const std::string sql = "BEGIN IMMEDIATE; " + std::string(kMigrations[version]) +
                            "; PRAGMA application_id = " + std::to_string(options_.application_id) +
                            "; PRAGMA user_version = " + std::to_string(version + 1) + "; COMMIT";
    TRY(run(sql.c_str()));  // an open transaction is rolled back when the failed store closes
  }
  return ok();
}

Status SqliteStore::prepare() {
  constexpr const char* kSql[kStatements] = {
      "SELECT value FROM rows WHERE tab = ?1 AND key = ?2",
      "SELECT length(value) FROM rows WHERE tab = ?1 AND key = ?2",
      ("INSERT INTO rows (tab, key, value) VALUES (?1, ?2, ?3) "
       "ON CONFLICT (tab, key) DO UPDATE SET value = excluded.value"),
      "DELETE FROM rows WHERE tab = ?1 AND key = ?2",
      "SELECT key, value FROM rows WHERE tab = ?1 AND key >= ?2 AND key < ?3 ORDER BY key LIMIT ?4",
      "SELECT key, value FROM rows WHERE tab = ?1 AND key >= ?2 AND key < ?3 ORDER BY key DESC LIMIT ?4",
      "SELECT key, value FROM rows WHERE tab = ?1 AND key >= ?2 ORDER BY key LIMIT ?4",
      "SELECT key, value FROM rows WHERE tab = ?1 AND key >= ?2 ORDER BY key DESC LIMIT ?4",
      "BEGIN IMMEDIATE",
      "COMMIT",
      "ROLLBACK",
  };
  for (int i = 0; i < kStatements; ++i) {
    const int code = sqlite3_prepare_v3(db_, kSql[i], -1, SQLITE_PREPARE_PERSISTENT, &statements_[i], nullptr);
    if (code != SQLITE_OK) return error(code);
  }
  return ok();
}

Status SqliteStore::run(const char* sql) const {
  const int code = sqlite3_exec(db_, sql, nullptr, nullptr, nullptr);
  return code == SQLITE_OK ? ok() : error(code);
}

Result<std::int64_t> SqliteStore::number(const char* sql) const {
  sqlite3_stmt* statement = nullptr;
  int code = sqlite3_prepare_v2(db_, sql, -1, &statement, nullptr);
  if (code == SQLITE_OK) code = sqlite3_step(statement);
  const std::int64_t value = code == SQLITE_ROW ? sqlite3_column_int64(statement, 0) : 0;
  sqlite3_finalize(statement);
  if (code != SQLITE_ROW) return tl::unexpected<Error>(error(code).error());
  return value;
}

Status SqliteStore::error(int code) const {
  const int cause = db_ == nullptr ? 0 : sqlite3_system_errno(db_);
  switch (code & 0xff) {
    case SQLITE_FULL: return fail(ErrorCode::storage_full, kFull);
    case SQLITE_IOERR:
      if (cause == ENOSPC || cause == EDQUOT) return fail(ErrorCode::storage_full, kFull);
      return fail(ErrorCode::storage_failed, kFailed);
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return fail(ErrorCode::conflict, "another process has the store open: stop it, or use another data folder");
    case SQLITE_NOTADB: return fail(ErrorCode::malformed, "this file is not a store of this program: name another one");
    case SQLITE_CORRUPT: return fail(ErrorCode::storage_failed, "the store is damaged: restore it from a backup");
    default: return fail(ErrorCode::storage_failed, kFailed);
  }
}

// ---- reading ----

std::optional<Bytes> SqliteStore::get(Table table, ByteView key) const {
  sqlite3_stmt* statement = statements_[kGet];
  const InUse in_use(statement);
  sqlite3_bind_int(statement, 1, static_cast<int>(table));
  bind_bytes(statement, 2, key);
  const int code = sqlite3_step(statement);
  if (code == SQLITE_ROW) return column(statement, 0);
  read_failed_ |= code != SQLITE_DONE;
  return std::nullopt;
}

std::vector<Row> SqliteStore::scan(Table table, ByteView first, ByteView end, std::size_t limit, Order order) const {
  const bool up = order == Order::ascending;
  sqlite3_stmt* statement =
      statements_[end.empty() ? (up ? kScanUpToEnd : kScanDownToEnd) : (up ? kScanUp : kScanDown)];
  const InUse in_use(statement);
  sqlite3_bind_int(statement, 1, static_cast<int>(table));
  bind_bytes(statement, 2, first);
  if (!end.empty()) bind_bytes(statement, 3, end);
  constexpr std::size_t kMostRows = std::numeric_limits<std::int64_t>::max();
  sqlite3_bind_int64(statement, 4, static_cast<std::int64_t>(std::min(limit, kMostRows)));
  std::vector<Row> rows;
  int code = SQLITE_ROW;
  while ((code = sqlite3_step(statement)) == SQLITE_ROW) rows.push_back({column(statement, 0), column(statement, 1)});
  read_failed_ |= code != SQLITE_DONE;
  return rows;
}

// ---- committing ----

Status SqliteStore::commit_if(const std::vector<Condition>& conditions, const std::vector<Write>& writes) {
  REQUIRE(!std::exchange(read_failed_, false), ErrorCode::storage_failed, kFailed);
  REQUIRE(!options_.read_only || writes.empty(), ErrorCode::storage_failed, "this store was opened to be read alone");
  if (full_ && !options_.read_only) full_ = !reserve_.hold();
  if (writes.empty()) return check(conditions);  // nobody else has the file: between two reads nothing changes
  if (full_) return commit_when_full(conditions, writes);
  Status committed = transact(conditions, writes);
  if (!committed && committed.error().code == ErrorCode::storage_full) {
    enter_full();
    return commit_when_full(conditions, writes);
  }
  if (committed) tidy_up();
  return committed;
}

Status SqliteStore::commit_when_full(const std::vector<Condition>& conditions, const std::vector<Write>& writes) {
  const std::int64_t growth = TRY(growth_of(writes));
  REQUIRE(growth <= std::min(kTrifle, spare_), ErrorCode::storage_full, kFull);
  TRY(transact(conditions, writes));
  spare_ -= growth;
  tidy_up();
  return ok();
}

Status SqliteStore::check(const std::vector<Condition>& conditions) const {
  const bool hold = all_hold(*this, conditions);
  REQUIRE(!std::exchange(read_failed_, false), ErrorCode::storage_failed, kFailed);
  REQUIRE(hold, ErrorCode::conflict, kChanged);
  return ok();
}

Status SqliteStore::transact(const std::vector<Condition>& conditions, const std::vector<Write>& writes) {
  const auto step = [this](Statement which) {
    const InUse in_use(statements_[which]);
    const int code = sqlite3_step(statements_[which]);
    return code == SQLITE_DONE ? ok() : error(code);
  };
  Status done = step(kBegin);
  if (done) done = check(conditions);
  for (auto next = writes.begin(); done && next != writes.end(); ++next) done = write(*next);
  if (done) done = step(kCommit);
  // SQLite may have rolled back by itself; then there is nothing left to undo.
  if (!done && sqlite3_get_autocommit(db_) == 0) static_cast<void>(step(kRollback));
  return done;
}

Status SqliteStore::write(const Write& write) {
  sqlite3_stmt* statement = statements_[write.value ? kPut : kErase];
  const InUse in_use(statement);
  sqlite3_bind_int(statement, 1, static_cast<int>(write.table));
  bind_bytes(statement, 2, write.key);
  if (write.value) bind_bytes(statement, 3, *write.value);
  const int code = sqlite3_step(statement);
  return code == SQLITE_DONE ? ok() : error(code);
}

// Asked only while the disk is full, so its reads cost nobody anything.
Result<std::int64_t> SqliteStore::growth_of(const std::vector<Write>& writes) const {
  std::int64_t growth = 0;
  for (const Write& write : writes) {
    sqlite3_stmt* statement = statements_[kSize];
    const InUse in_use(statement);
    sqlite3_bind_int(statement, 1, static_cast<int>(write.table));
    bind_bytes(statement, 2, write.key);
    const int code = sqlite3_step(statement);
    if (code != SQLITE_ROW && code != SQLITE_DONE) return tl::unexpected<Error>(error(code).error());
    const auto row = static_cast<std::int64_t>(write.key.size()) + kRowOverhead;
    if (code == SQLITE_ROW) growth -= row + sqlite3_column_int64(statement, 0);
    if (write.value) growth += row + static_cast<std::int64_t>(write.value->size());
  }
  return growth;
}

// ---- after a commit: what fails here is tried again after the next one; the commit itself stands ----

void SqliteStore::tidy_up() {
  if (full_) shrink();
  if (log_pages_ < options_.max_log_pages) return;
  if (const Status done = checkpoint(); !done && done.error().code == ErrorCode::storage_full) {
    enter_full();  // so that the log does not grow without end
    static_cast<void>(checkpoint());
  }
}

Status SqliteStore::checkpoint() {
  const int code = sqlite3_wal_checkpoint_v2(db_, nullptr, SQLITE_CHECKPOINT_PASSIVE, nullptr, nullptr);
  if (code != SQLITE_OK) return error(code);
  log_pages_ = 0;
  return ok();
}

// Deleted rows leave free pages in the file; on a full disk they go back to it, so that the reserve can be made again.
void SqliteStore::shrink() {
  const Result<std::int64_t> free_pages = number("PRAGMA freelist_count");
  if (!free_pages || *free_pages < kPagesToGiveBack) return;
  if (run("PRAGMA incremental_vacuum") && checkpoint()) full_ = !reserve_.hold();
}

void SqliteStore::enter_full() {
  if (!full_) spare_ = static_cast<std::int64_t>(options_.reserve_bytes / 4);
  full_ = true;
  reserve_.release();
}

// ---- for the operator ----

Status SqliteStore::verify() const {
  sqlite3_stmt* statement = nullptr;
  int code = sqlite3_prepare_v2(db_, "PRAGMA integrity_check(1)", -1, &statement, nullptr);
  if (code == SQLITE_OK) code = sqlite3_step(statement);
  const bool intact = code == SQLITE_ROW && as_text(column(statement, 0)) == "ok";
  sqlite3_finalize(statement);
  REQUIRE(intact, ErrorCode::storage_failed, "the store is damaged: restore it from a backup");
  return ok();
}

Status SqliteStore::copy_to(const std::string& path) const {
  struct stat found = {};
  REQUIRE(::lstat(path.c_str(), &found) != 0, ErrorCode::conflict, "there is a file of this name: name another one");
  TRY(create_private_file(path));
  sqlite3_stmt* statement = nullptr;
  int code = sqlite3_prepare_v2(db_, "VACUUM INTO ?1", -1, &statement, nullptr);
  if (code == SQLITE_OK) sqlite3_bind_text(statement, 1, path.c_str(), -1, SQLITE_STATIC);
  if (code == SQLITE_OK) code = sqlite3_step(statement);
  sqlite3_finalize(statement);
  if (code != SQLITE_DONE) {
    ::unlink(path.c_str());
    return error(code);
  }
  // VACUUM INTO leaves the writing out to the system's leisure.
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  const bool synced = file >= 0 && ::fsync(file) == 0;
  if (file >= 0) ::close(file);
  REQUIRE(synced, ErrorCode::storage_failed, kFailed);
  return ok();
}

}  // namespace cairn::store
