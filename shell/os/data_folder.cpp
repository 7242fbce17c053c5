#include "shell/os/data_folder.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <utility>

#include "shell/os/file.h"

namespace cairn::os {

Result<std::string> default_data_folder(const std::string& program) {
  // A relative path in the variable is to be ignored, says the specification.
  const char* data = std::getenv("XDG_DATA_HOME");
  if (data != nullptr && data[0] == '/') return std::string(data) + "/" + program;
  const char* home = std::getenv("HOME");
  REQUIRE(home != nullptr && home[0] == '/', ErrorCode::not_found,
          "it is not known where your data lies: set HOME, or name a data folder");
  return std::string(home) + "/.local/share/" + program;
}

Result<DataFolder> DataFolder::open(std::string path) {
  TRY(make_folder(path));
  struct stat found = {};
  REQUIRE(::stat(path.c_str(), &found) == 0 && S_ISDIR(found.st_mode), ErrorCode::storage_failed,
          "the data folder is not a folder: name another one");
  REQUIRE((found.st_mode & 077) == 0, ErrorCode::invalid_state,
          "others may look into the data folder: run chmod 700 on it");
  const int lock = ::open((path + "/lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (lock < 0) {
    REQUIRE(errno != ENOSPC, ErrorCode::storage_full, "the disk is full: make room");
    REQUIRE(errno != EROFS, ErrorCode::storage_failed, kReadOnlyDisk);
    return fail(ErrorCode::storage_failed, "the data folder cannot be written: change its owner or permissions");
  }
  DataFolder folder(std::move(path), lock);
  REQUIRE(::flock(lock, LOCK_EX | LOCK_NB) == 0, ErrorCode::conflict,
          "another process uses this data folder: stop it, or name another folder");
  return folder;
}

DataFolder::~DataFolder() {
  if (lock_ >= 0) ::close(lock_);  // the file stays: removing it would let two processes hold two locks
}

DataFolder::DataFolder(DataFolder&& other) noexcept
    : path_(std::move(other.path_)), lock_(std::exchange(other.lock_, -1)) {}

DataFolder& DataFolder::operator=(DataFolder&& other) noexcept {
  std::swap(path_, other.path_);
  std::swap(lock_, other.lock_);
  return *this;
}

}  // namespace cairn::os
