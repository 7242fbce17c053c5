// Loaded in front of libc (LD_PRELOAD) by the end-to-end tests: gives one program another clock, a disk that is full or
// can only be read, and an end at any moment.
//
// CAIRN_TROUBLE names files that a test writes, PATH.clock, PATH.uptime, PATH.disk, PATH.readonly, PATH.kill, PATH.end
// and PATH.mute; all but .kill while the program runs:
//   .clock  seconds by which CLOCK_REALTIME goes ahead; a minus sign for behind. No file: the true time
//   .uptime seconds by which CLOCK_MONOTONIC goes ahead. No file: the true one. It never goes back
//   .disk   bytes that are free at the moment when the number is first seen. No file: the true disk
//   .readonly  no regular file can be made, changed or opened to be changed (EROFS). No file: they can
//   .kill   the program is killed, as by kill -9, before it changes files for the n-th time since it started. No file:
//           never. Changes are what is written, cut, made durable, renamed, linked and removed
//   .end    likewise, counted from the moment when the number is first seen
//   .mute   likewise, before it says something over a connection for the n-th time
// A disk is modelled by the ends of regular files: what makes a file longer takes room, what is overwritten does not,
// and what is cut off or removed gives room back.
#undef _FORTIFY_SOURCE  // it makes open() a function of the header, which cannot be defined once more
#include <dlfcn.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdarg>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <mutex>
#include <string>

namespace {

template <class Function>
Function next(const char* name) {
  return reinterpret_cast<Function>(dlsym(RTLD_NEXT, name));
}

/// The text of PATH`suffix`, empty when there is none. By system calls alone: nothing of it comes back here.
std::string control(const char* suffix) {
  const char* path = std::getenv("CAIRN_TROUBLE");
  if (path == nullptr) return {};
  const int file = static_cast<int>(syscall(SYS_open, (std::string(path) + suffix).c_str(), O_RDONLY | O_CLOEXEC));
  if (file < 0) return {};
  char text[32] = {};
  const long size = syscall(SYS_read, file, text, sizeof text - 1);
  syscall(SYS_close, file);
  return size > 0 ? std::string(text, static_cast<std::size_t>(size)) : std::string();
}

long offset_s(clockid_t clock) {
  if (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE) {
    return std::strtol(control(".clock").c_str(), nullptr, 10);
  }
  if (clock == CLOCK_MONOTONIC) return std::strtol(control(".uptime").c_str(), nullptr, 10);
  return 0;
}

// ---- the disk ----

std::mutex disk_mutex;
std::string disk_text;
long long disk_free = 0;

/// Whether the disk is limited now; takes a new number in. With disk_mutex held.
bool limited() {
  const std::string text = control(".disk");
  if (text != disk_text) {
    disk_text = text;
    disk_free = std::strtoll(text.c_str(), nullptr, 10);
  }
  return !text.empty();
}

/// Room for `file` to reach `end`. False, with errno, when there is not so much.
bool grow(int file, long long end) {
  const std::lock_guard lock(disk_mutex);
  struct stat found = {};
  if (file <= STDERR_FILENO || !limited() || fstat(file, &found) != 0 || !S_ISREG(found.st_mode)) return true;
  const long long growth = end - found.st_size;
  if (growth <= 0) return true;
  if (growth > disk_free) {
    errno = ENOSPC;
    return false;
  }
  disk_free -= growth;
  return true;
}

void give_back(long long bytes) {
  const std::lock_guard lock(disk_mutex);
  if (limited()) disk_free += std::max(bytes, 0LL);
}

long long free_now(bool& is_limited) {
  const std::lock_guard lock(disk_mutex);
  is_limited = limited();
  return disk_free;
}

// ---- the end ----

std::atomic<long> changes_done{0};

/// Kills the program when it has counted down from what the test wrote.
class Countdown {
 public:
  explicit Countdown(const char* suffix) : suffix_(suffix) {}
  void count() {
    const std::lock_guard lock(mutex_);
    const std::string text = control(suffix_);
    if (text != text_) {
      text_ = text;
      left_ = std::strtol(text.c_str(), nullptr, 10);
    }
    if (left_ > 0 && --left_ == 0) syscall(SYS_kill, getpid(), SIGKILL);
  }

 private:
  const char* suffix_;
  std::mutex mutex_;
  std::string text_;
  long left_ = 0;
};

/// Before a change: the n-th never happens.
void count_change() {
  static const long last = std::strtol(control(".kill").c_str(), nullptr, 10);
  if (last != 0 && ++changes_done == last) syscall(SYS_kill, getpid(), SIGKILL);
  static Countdown changes(".end");
  changes.count();
}

bool is_regular(int file) {
  struct stat found = {};
  return file > STDERR_FILENO && fstat(file, &found) == 0 && S_ISREG(found.st_mode);
}

// ---- a disk that can only be read ----

/// False, with errno, when nothing on the disk may be changed now.
bool may_change() {
  if (control(".readonly").empty()) return true;
  errno = EROFS;
  return false;
}
bool may_change(int file) { return !is_regular(file) || may_change(); }

/// Whether open() may go on: with EROFS as the kernel says it, of files alone.
bool may_open(const char* path, int flags) {
  const bool changes = (flags & O_ACCMODE) != O_RDONLY || (flags & O_TRUNC) != 0;
  if (!changes && (flags & O_CREAT) == 0) return true;
  struct stat found = {};
  const bool is_there = stat(path, &found) == 0;
  const bool touches = is_there ? changes && S_ISREG(found.st_mode) : (flags & O_CREAT) != 0;
  return !touches || may_change();
}

mode_t mode_of(int flags, va_list rest) { return (flags & O_CREAT) != 0 ? va_arg(rest, mode_t) : 0; }

}  // namespace

extern "C" {

int open64(const char* path, int flags, ...) {
  static const auto real = next<int (*)(const char*, int, ...)>("open64");
  va_list rest;
  va_start(rest, flags);
  const mode_t mode = mode_of(flags, rest);
  va_end(rest);
  return may_open(path, flags) ? real(path, flags, mode) : -1;
}
int open(const char* path, int flags, ...) {
  va_list rest;
  va_start(rest, flags);
  const mode_t mode = mode_of(flags, rest);
  va_end(rest);
  return open64(path, flags, mode);  // one function on 64-bit machines
}
int mkostemp(char* pattern, int flags) {
  static const auto real = next<int (*)(char*, int)>("mkostemp");
  return may_change() ? real(pattern, flags) : -1;
}
int mkdir(const char* path, mode_t mode) noexcept {
  static const auto real = next<int (*)(const char*, mode_t)>("mkdir");
  struct stat found = {};
  return stat(path, &found) == 0 || may_change() ? real(path, mode) : -1;
}
int link(const char* from, const char* to) noexcept {
  static const auto real = next<int (*)(const char*, const char*)>("link");
  return may_change() ? real(from, to) : -1;
}

int clock_gettime(clockid_t clock, struct timespec* now) noexcept {
  static const auto real = next<int (*)(clockid_t, struct timespec*)>("clock_gettime");
  const int result = real(clock, now);
  if (result == 0) now->tv_sec += offset_s(clock);
  return result;
}

int gettimeofday(struct timeval* now, void* zone) noexcept {
  static const auto real = next<int (*)(struct timeval*, void*)>("gettimeofday");
  const int result = real(now, zone);
  if (result == 0) now->tv_sec += offset_s(CLOCK_REALTIME);
  return result;
}

time_t time(time_t* out) noexcept {
  struct timespec now = {};
  clock_gettime(CLOCK_REALTIME, &now);
  if (out != nullptr) *out = now.tv_sec;
  return now.tv_sec;
}

ssize_t pwrite64(int file, const void* data, size_t size, off64_t offset) {
  static const auto real = next<ssize_t (*)(int, const void*, size_t, off64_t)>("pwrite64");
  if (is_regular(file)) count_change();
  if (!may_change(file) || !grow(file, offset + static_cast<long long>(size))) return -1;
  return real(file, data, size, offset);
}
ssize_t pwrite(int file, const void* data, size_t size, off_t offset) { return pwrite64(file, data, size, offset); }

ssize_t write(int file, const void* data, size_t size) {
  static const auto real = next<ssize_t (*)(int, const void*, size_t)>("write");
  if (is_regular(file)) count_change();
  if (!may_change(file)) return -1;
  const off_t at = lseek(file, 0, SEEK_CUR);
  if (at >= 0 && !grow(file, at + static_cast<long long>(size))) return -1;
  return real(file, data, size);
}

ssize_t sendmsg(int socket, const struct msghdr* message, int flags) {
  static const auto real = next<ssize_t (*)(int, const struct msghdr*, int)>("sendmsg");
  static Countdown answers(".mute");
  answers.count();
  return real(socket, message, flags);
}

int posix_fallocate64(int file, off64_t offset, off64_t size) {
  static const auto real = next<int (*)(int, off64_t, off64_t)>("posix_fallocate64");
  if (!may_change(file)) return EROFS;
  return grow(file, offset + size) ? real(file, offset, size) : ENOSPC;
}
int posix_fallocate(int file, off_t offset, off_t size) { return posix_fallocate64(file, offset, size); }

int ftruncate64(int file, off64_t size) noexcept {
  static const auto real = next<int (*)(int, off64_t)>("ftruncate64");
  count_change();
  struct stat found = {};
  if (!may_change(file) || !grow(file, size) || fstat(file, &found) != 0) return -1;
  const int result = real(file, size);
  if (result == 0) give_back(found.st_size - size);
  return result;
}
int ftruncate(int file, off_t size) noexcept { return ftruncate64(file, size); }

int unlink(const char* path) noexcept {
  static const auto real = next<int (*)(const char*)>("unlink");
  count_change();
  struct stat found = {};
  const bool regular = stat(path, &found) == 0 && S_ISREG(found.st_mode);
  if (regular && !may_change()) return -1;
  const int result = real(path);
  if (result == 0 && regular) give_back(found.st_size);
  return result;
}

int fsync(int file) {
  static const auto real = next<int (*)(int)>("fsync");
  count_change();
  return real(file);
}
int fdatasync(int file) {
  static const auto real = next<int (*)(int)>("fdatasync");
  count_change();
  return real(file);
}
int rename(const char* from, const char* to) noexcept {
  static const auto real = next<int (*)(const char*, const char*)>("rename");
  count_change();
  return may_change() ? real(from, to) : -1;
}
int renameat(int from_folder, const char* from, int to_folder, const char* to) noexcept {
  static const auto real = next<int (*)(int, const char*, int, const char*)>("renameat");
  count_change();
  return may_change() ? real(from_folder, from, to_folder, to) : -1;
}
int unlinkat(int folder, const char* path, int flags) noexcept {
  static const auto real = next<int (*)(int, const char*, int)>("unlinkat");
  count_change();
  return may_change() ? real(folder, path, flags) : -1;
}

int statvfs64(const char* path, struct statvfs64* out) noexcept {
  static const auto real = next<int (*)(const char*, struct statvfs64*)>("statvfs64");
  const int result = real(path, out);
  bool is_limited = false;
  const long long free = free_now(is_limited);
  if (result == 0 && is_limited) {
    out->f_bavail = std::min<fsblkcnt64_t>(out->f_bavail, static_cast<fsblkcnt64_t>(free) / out->f_frsize);
  }
  return result;
}
int statvfs(const char* path, struct statvfs* out) noexcept {
  return statvfs64(path, reinterpret_cast<struct statvfs64*>(out));  // one layout on 64-bit machines
}

}  // extern "C"
