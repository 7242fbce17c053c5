#include "shell/store/sqlite/sqlite_copy.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "shell/store/sqlite/sqlite_store.h"

namespace cairn::store {

namespace {

constexpr const char* kNoRoomToCopy = "the disk has no room for the copy: make room, or copy to another disk";
constexpr const char* kCopyFailed =
    "the copy cannot be written: name a folder that is there and that the server may write";
/// Written out so often, so that no sync at the end takes long.
constexpr int kPagesASync = 4096;

/// Of a folder, so that a new name in it is durable.
bool sync_folder_of(const std::string& path) {
  const std::string folder = path.substr(0, path.find_last_of('/') + 1);
  const int directory = ::open(folder.empty() ? "." : folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (directory < 0) return false;
  const bool synced = ::fsync(directory) == 0;
  ::close(directory);
  return synced;
}

}  // namespace

Result<std::unique_ptr<SqliteCopy>> SqliteCopy::begin(SqliteStore& store, std::string path) {
  struct stat found = {};
  REQUIRE(::lstat(path.c_str(), &found) != 0, ErrorCode::conflict, "there is a file of this name: name another one");
  std::unique_ptr<SqliteCopy> copy(new SqliteCopy(std::move(path)));
  ::unlink(copy->part_.c_str());
  copy->file_ = ::open(copy->part_.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  REQUIRE(copy->file_ >= 0, errno == ENOSPC ? ErrorCode::storage_full : ErrorCode::storage_failed,
          errno == ENOSPC ? kNoRoomToCopy : kCopyFailed);
  constexpr int kFlags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE | SQLITE_OPEN_EXRESCODE;
  int code = sqlite3_open_v2(copy->part_.c_str(), &copy->to_, kFlags, nullptr);
  // Nobody reads it before it is whole: no journal, and we sync it ourselves.
  const char* const plain = "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA locking_mode = EXCLUSIVE";
  if (code == SQLITE_OK) code = sqlite3_exec(copy->to_, plain, nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) return tl::unexpected<Error>(copy->error(code).error());
  copy->backup_ = sqlite3_backup_init(copy->to_, "main", store.db_, "main");
  if (copy->backup_ == nullptr) {
    return tl::unexpected<Error>(copy->error(sqlite3_extended_errcode(copy->to_)).error());
  }
  return copy;
}

SqliteCopy::~SqliteCopy() {
  close();
  if (file_ >= 0) ::close(file_);
  if (!part_.empty()) ::unlink(part_.c_str());
}

void SqliteCopy::close() {
  if (backup_ != nullptr) sqlite3_backup_finish(std::exchange(backup_, nullptr));
  if (to_ != nullptr) sqlite3_close(std::exchange(to_, nullptr));
}

Status SqliteCopy::error(int code) const {
  const int cause = to_ == nullptr ? 0 : sqlite3_system_errno(to_);
  const bool full = (code & 0xff) == SQLITE_FULL || cause == ENOSPC || cause == EDQUOT;
  return full ? fail(ErrorCode::storage_full, kNoRoomToCopy) : fail(ErrorCode::storage_failed, kCopyFailed);
}

Result<bool> SqliteCopy::step(int pages) {
  const int code = sqlite3_backup_step(backup_, pages);
  pages_since_sync_ += pages;
  if (pages_since_sync_ >= kPagesASync) {
    pages_since_sync_ = 0;
    REQUIRE(::fdatasync(file_) == 0, ErrorCode::storage_failed, kCopyFailed);
  }
  if (code == SQLITE_DONE) return true;
  if (code == SQLITE_OK || code == SQLITE_BUSY || code == SQLITE_LOCKED) return false;
  return tl::unexpected<Error>(error(code).error());
}

Result<std::uint64_t> SqliteCopy::finish() {
  const int code = sqlite3_backup_finish(std::exchange(backup_, nullptr));
  if (code != SQLITE_OK) return tl::unexpected<Error>(error(code).error());
  close();
  struct stat found = {};
  REQUIRE(::fsync(file_) == 0 && ::fstat(file_, &found) == 0, ErrorCode::storage_failed, kCopyFailed);
  // Not over another file that came meanwhile.
  REQUIRE(::link(part_.c_str(), path_.c_str()) == 0, errno == EEXIST ? ErrorCode::conflict : ErrorCode::storage_failed,
          errno == EEXIST ? "there is a file of this name: name another one" : kCopyFailed);
  ::unlink(part_.c_str());
  part_.clear();
  REQUIRE(sync_folder_of(path_), ErrorCode::storage_failed, kCopyFailed);
  return static_cast<std::uint64_t>(found.st_size);
}

}  // namespace cairn::store
