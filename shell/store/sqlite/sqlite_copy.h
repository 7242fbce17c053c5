// A copy of a store that is in use, made in small steps.
#pragma once

#include <memory>
#include <string>

#include "core/base/result.h"

struct sqlite3;
struct sqlite3_backup;

namespace cairn::store {

class SqliteStore;

/// Between two steps the store may be read and written as always: what is written goes into the copy too, so the copy
/// is the store as of its last step. The store must outlive this.
class SqliteCopy {
 public:
  /// To a file that does not exist yet, of mode 0600. Until finish() it bears the name `path`.part, and goes with this
  /// object. Errors, each a sentence: conflict, storage_full, storage_failed.
  static Result<std::unique_ptr<SqliteCopy>> begin(SqliteStore& store, std::string path);
  ~SqliteCopy();
  SqliteCopy(const SqliteCopy&) = delete;
  SqliteCopy& operator=(const SqliteCopy&) = delete;

  /// Copies at most `pages` pages of 4 KiB. Whether all are there: then finish() follows. Not within a commit.
  Result<bool> step(int pages);
  /// Durable, and under its own name. The size in bytes.
  Result<std::uint64_t> finish();

 private:
  explicit SqliteCopy(std::string path) : path_(std::move(path)), part_(path_ + ".part") {}
  Status error(int code) const;
  void close();

  std::string path_, part_;
  sqlite3* to_ = nullptr;
  sqlite3_backup* backup_ = nullptr;
  int file_ = -1;  ///< the same file, for syncing
  int pages_since_sync_ = 0;
};

}  // namespace cairn::store
