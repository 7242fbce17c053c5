// The store of every program by default: one SQLite file.
//
// One table of all rows, keyed by (table, key): a table of its own for each of a mind's tables was measured to be no
// faster, and needs its statements many times over. Write-ahead log, synchronous=FULL: commit() returns after fsync.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "shell/store/sqlite/reserve.h"
#include "shell/store/store.h"

struct sqlite3;
struct sqlite3_stmt;

namespace cairn::store {

struct SqliteOptions {
  std::string path;  ///< made with mode 0600 if absent; its folder must exist and lie on a local disk
  /// Whose store this is (SQLite's application_id); another program's file is refused.
  std::uint32_t application_id = 0;
  std::size_t cache_bytes = std::size_t{32} << 20;
  /// Held in the file `path`-reserve until the disk is full; covers the largest checkpoint in ordinary use.
  std::uint64_t reserve_bytes = std::uint64_t{16} << 20;
  /// The write-ahead log is copied into the main file at this length. 16 MiB: four times SQLite's own choice was
  /// measured to give a third more commits. The reserve should hold as much.
  int max_log_pages = 4096;
  /// A file that nobody else has open and that stays as it is, byte for byte: a backup that is looked at.
  bool read_only = false;
  std::string vfs;                            ///< empty: the platform's
  std::function<std::uint64_t()> free_bytes;  ///< room left on the disk; empty: the file system is asked
};

class SqliteStore final : public Store {
 public:
  /// Opens the file alone: while this object lives, no other process can. Errors, each `where` a sentence for a person:
  /// conflict (another process has it), unsupported (written by a newer version), malformed (not this program's
  /// store), storage_full, storage_failed.
  static Result<std::unique_ptr<SqliteStore>> open(SqliteOptions options);

  /// Writes everything into the main file and closes it.
  ~SqliteStore() override;
  SqliteStore(const SqliteStore&) = delete;
  SqliteStore& operator=(const SqliteStore&) = delete;

  std::optional<Bytes> get(Table table, ByteView key) const override;
  std::vector<Row> scan(Table table, ByteView first, ByteView end, std::size_t limit,
                        Order order = Order::ascending) const override;
  Status commit_if(const std::vector<Condition>& conditions, const std::vector<Write>& writes) override;
  bool full() const override { return full_; }

  /// Reads the whole file and checks its structure; storage_failed when it is damaged. Takes long.
  Status verify() const;

  /// Writes a consistent copy of all rows to `path`, which must not exist; durable on success. Takes long.
  Status copy_to(const std::string& path) const;

 private:
  enum Statement {
    kGet,
    kSize,
    kPut,
    kErase,
    kScanUp,
    kScanDown,
    kScanUpToEnd,
    kScanDownToEnd,
    kBegin,
    kCommit,
    kRollback,
    kStatements
  };

  friend class SqliteCopy;

  explicit SqliteStore(SqliteOptions options);
  Status open_file();
  Status configure();
  Status check_file() const;
  Status migrate();
  Status prepare();
  Status run(const char* sql) const;
  Result<std::int64_t> number(const char* sql) const;
  Status error(int code) const;

  Status transact(const std::vector<Condition>& conditions, const std::vector<Write>& writes);
  Status check(const std::vector<Condition>& conditions) const;
  Status write(const Write& write);
  Status commit_when_full(const std::vector<Condition>& conditions, const std::vector<Write>& writes);
  Result<std::int64_t> growth_of(const std::vector<Write>& writes) const;
  void tidy_up();
  Status checkpoint();
  void shrink();
  void enter_full();

  SqliteOptions options_;
  Reserve reserve_;
  sqlite3* db_ = nullptr;
  sqlite3_stmt* statements_[kStatements] = {};
  int log_pages_ = 0;  // in the write-ahead log after the last commit
  bool full_ = false;
  std::int64_t spare_ = 0;  // by how many bytes the rows may still grow while full
  mutable bool read_failed_ = false;
};

}  // namespace cairn::store
