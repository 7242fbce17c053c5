#include "shell/os/file.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>

#include "core/base/secret.h"

namespace cairn::os {

namespace {

constexpr off_t kMostWipedBytes = off_t{1} << 20;
/// What write_file() writes first is called so, and ends in six characters that mkostemp() makes up.
constexpr std::string_view kBeside = ".new-";
constexpr std::size_t kRandomEnding = 6;

/// A file descriptor that closes itself.
class Descriptor {
 public:
  explicit Descriptor(int value) : value_(value) {}
  ~Descriptor() {
    if (value_ >= 0) ::close(value_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return value_; }
  bool valid() const { return value_ >= 0; }

 private:
  int value_;
};

Status failed(int cause) {
  if (cause == ENOSPC || cause == EDQUOT) return fail(ErrorCode::storage_full, "the disk is full: make room");
  if (cause == EROFS) return fail(ErrorCode::storage_failed, kReadOnlyDisk);
  if (cause == ENOENT || cause == ENOTDIR) return fail(ErrorCode::not_found, "there is no such file");
  if (cause == EACCES || cause == EPERM) {
    return fail(ErrorCode::storage_failed, "the file belongs to somebody else: change its owner or permissions");
  }
  return fail(ErrorCode::storage_failed, "the file cannot be read or written: check the disk");
}

std::string folder_of(const std::string& path) {
  const std::size_t slash = path.find_last_of('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

bool write_all(int file, ByteView content) {
  while (!content.empty()) {
    const ssize_t written = ::write(file, content.data(), content.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return false;
    content = content.subspan(static_cast<std::size_t>(written));
  }
  return true;
}

/// Over all of a small file, as far as that can be had.
void write_zeros(int file) {
  struct stat about {};
  if (::fstat(file, &about) != 0 || !S_ISREG(about.st_mode) || about.st_size > kMostWipedBytes) return;
  const Bytes zeros(static_cast<std::size_t>(about.st_size));
  if (::lseek(file, 0, SEEK_SET) == 0 && write_all(file, zeros)) ::fsync(file);
}

/// A descriptor to write with, or -1 and errno: also of a file of ours that has no write permission.
int open_to_wipe(const std::string& path) {
  const int file = ::open(path.c_str(), O_WRONLY | O_CLOEXEC);
  if (file >= 0 || errno != EACCES || ::chmod(path.c_str(), 0600) != 0) return file;
  return ::open(path.c_str(), O_WRONLY | O_CLOEXEC);
}

}  // namespace

Result<Bytes> read_file(const std::string& path, std::size_t most) {
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file.valid()) return tl::unexpected<Error>(failed(errno).error());
  Bytes out;
  SecretBytes part(std::size_t{16} * 1024);  // what is read may be a key
  for (;;) {
    const ssize_t got = ::read(file.get(), part.expose_mutable().data(), part.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return tl::unexpected<Error>(failed(errno).error());
    if (got == 0) return out;
    append(out, part.expose().first(static_cast<std::size_t>(got)));
    if (out.size() <= most) continue;
    wipe(out);
    return fail(ErrorCode::over_limit, "the file is larger than it may be");
  }
}

Status write_file(const std::string& path, ByteView content) {
  std::string beside = path + std::string(kBeside) + "XXXXXX";
  const Descriptor file(::mkostemp(beside.data(), O_CLOEXEC));  // mode 0600
  if (!file.valid()) return failed(errno);
  if (!write_all(file.get(), content) || ::fsync(file.get()) != 0 || ::rename(beside.c_str(), path.c_str()) != 0) {
    const int cause = errno;
    write_zeros(file.get());  // it may be a key, and nobody could find it any more
    ::unlink(beside.c_str());
    return failed(cause);
  }
  const Descriptor folder(::open(folder_of(path).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!folder.valid() || ::fsync(folder.get()) != 0) return fail(ErrorCode::storage_failed, kNotSynced);
  return ok();
}

Status write_over_secret(const std::string& path, ByteView content) {
  const Descriptor old(open_to_wipe(path));
  if (!old.valid() && errno != ENOENT) return failed(errno);
  TRY(write_file(path, content));
  if (old.valid()) write_zeros(old.get());
  return ok();
}

void wipe_leftovers(const std::string& path) {
  const std::string folder = folder_of(path);
  const std::string beginning = path.substr(path.find_last_of('/') + 1) + std::string(kBeside);
  DIR* const entries = ::opendir(folder.c_str());
  if (entries == nullptr) return;
  while (const dirent* entry = ::readdir(entries)) {
    const std::string_view name = entry->d_name;
    if (!name.starts_with(beginning) || name.size() != beginning.size() + kRandomEnding) continue;
    const std::string file = folder + "/" + std::string(name);
    const Descriptor left(::open(file.c_str(), O_WRONLY | O_CLOEXEC | O_NOFOLLOW));
    if (left.valid()) write_zeros(left.get());
    ::unlink(file.c_str());
  }
  ::closedir(entries);
}

Status create_file(const std::string& path, ByteView content) {
  std::string beside = path + ".XXXXXX";
  const Descriptor file(::mkostemp(beside.data(), O_CLOEXEC));  // mode 0600
  if (!file.valid()) return failed(errno);
  const bool written = write_all(file.get(), content) && ::fsync(file.get()) == 0;
  // A link is made to nothing that is there, and is made at once.
  const bool linked = written && ::link(beside.c_str(), path.c_str()) == 0;
  const int cause = errno;
  ::unlink(beside.c_str());
  if (!linked && cause == EEXIST) return fail(ErrorCode::duplicate, "there is a file of that name already");
  if (!linked) return failed(cause);
  const Descriptor folder(::open(folder_of(path).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!folder.valid() || ::fsync(folder.get()) != 0) return failed(errno);
  return ok();
}

Status make_folder(const std::string& path) {
  if (::mkdir(path.c_str(), 0700) == 0 || errno == EEXIST) return ok();
  if (errno != ENOENT || path.empty()) return failed(errno);
  for (std::size_t slash = path.find('/', 1); slash != std::string::npos; slash = path.find('/', slash + 1)) {
    if (::mkdir(path.substr(0, slash).c_str(), 0700) != 0 && errno != EEXIST) return failed(errno);
  }
  if (::mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) return failed(errno);
  return ok();
}

}  // namespace cairn::os
