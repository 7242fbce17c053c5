#include "shell/store/sqlite/reserve.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

namespace cairn::store {

namespace {

std::uint64_t free_bytes_of_file_system(const std::string& path) {
  const std::string folder = path.substr(0, path.find_last_of('/') + 1);
  struct statvfs room = {};
  if (::statvfs(folder.empty() ? "." : folder.c_str(), &room) != 0) return 0;
  return std::uint64_t{room.f_bavail} * room.f_frsize;
}

}  // namespace

Reserve::Reserve(std::string path, std::uint64_t size, std::function<std::uint64_t()> free_bytes)
    : path_(std::move(path)), size_(size), free_bytes_(std::move(free_bytes)) {
  if (!free_bytes_) free_bytes_ = [this] { return free_bytes_of_file_system(path_); };
  struct stat found = {};
  held_ = ::stat(path_.c_str(), &found) == 0 && static_cast<std::uint64_t>(found.st_size) >= size_;
}

bool Reserve::hold() {
  if (held_ || size_ == 0) return true;
  if (free_bytes_() < 2 * size_) return false;
  held_ = allocate();
  if (!held_) release();
  return held_;
}

bool Reserve::allocate() const {
  const int file = ::open(path_.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (file < 0) return false;
  const bool allocated = ::posix_fallocate(file, 0, static_cast<off_t>(size_)) == 0;
  return ::close(file) == 0 && allocated;
}

void Reserve::release() {
  ::unlink(path_.c_str());
  held_ = false;
}

}  // namespace cairn::store
