// A disk for SQLite that lives in memory, can lose power at any write, and can be full.
//
// Until it is synced a write may be lost, torn, or reach the disk before earlier ones; what was synced stays. A write
// does not harm bytes beside it (SQLite assumes as much of the platform's disks: SQLITE_IOCAP_POWERSAFE_OVERWRITE).
#pragma once

#include <sqlite3.h>

#include <cstring>
#include <functional>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/base/bytes.h"
#include "tests/support/seeded_entropy.h"

namespace cairn::testing {

/// Registered with SQLite under name() while it lives.
class CrashDisk {
 public:
  CrashDisk() : name_("crash-disk-" + std::to_string(++instances())) {
    vfs_ = *sqlite3_vfs_find(nullptr);
    vfs_.szOsFile = sizeof(Handle);
    vfs_.zName = name_.c_str();
    vfs_.pAppData = this;
    vfs_.pNext = nullptr;
    vfs_.xOpen = open;
    vfs_.xDelete = remove;
    vfs_.xAccess = access;
    vfs_.xFullPathname = full_pathname;
    sqlite3_vfs_register(&vfs_, 0);
  }
  ~CrashDisk() { sqlite3_vfs_unregister(&vfs_); }
  CrashDisk(const CrashDisk&) = delete;
  CrashDisk& operator=(const CrashDisk&) = delete;

  const std::string& name() const { return name_; }

  /// After this many changes (writes, truncations, syncs, deletions) everything fails, beginning with the next.
  void power_off_after(std::size_t changes) { changes_left_ = changes; }
  bool power_is_off() const { return changes_left_ == 0; }

  /// What survives: all that was synced, and of the rest what `random` decides. The power is back afterwards.
  void restart(SeededEntropy& random) {
    changes_left_ = std::numeric_limits<std::size_t>::max();
    for (auto& [path, file] : files_) {
      for (const Change& change : file->unsynced) {
        if (random.below(2) == 0) continue;
        const bool torn = change.data && random.below(3) == 0;
        apply(file->synced, change, torn ? random.below(change.data->size() + 1) : kWhole);
      }
      file->unsynced.clear();
      file->seen = file->synced;
    }
  }

  /// Writes that would make all files together larger fail as on a full disk.
  void set_capacity(std::uint64_t bytes) { capacity_ = bytes; }
  /// What others hold of the capacity.
  void set_held_by_others(std::function<std::uint64_t()> held) { held_by_others_ = std::move(held); }
  std::uint64_t free_bytes() const {
    std::uint64_t used = held_by_others_ ? held_by_others_() : 0;
    for (const auto& [path, file] : files_) used += file->seen.size();
    return used < capacity_ ? capacity_ - used : 0;
  }

 private:
  static constexpr std::size_t kWhole = std::numeric_limits<std::size_t>::max();

  struct Change {
    std::size_t offset = 0;
    std::optional<Bytes> data;  // absent: cut to `offset` bytes
  };
  struct File {
    Bytes seen;    // by the running program
    Bytes synced;  // by the disk
    std::vector<Change> unsynced;
  };
  struct Handle {
    sqlite3_file base;
    CrashDisk* disk;
    File* file;
  };

  static int& instances() {
    static int count = 0;
    return count;
  }
  static CrashDisk& self(sqlite3_vfs* vfs) { return *static_cast<CrashDisk*>(vfs->pAppData); }
  static Handle& handle(sqlite3_file* file) { return *reinterpret_cast<Handle*>(file); }

  static void apply(Bytes& content, const Change& change, std::size_t length = kWhole) {
    if (!change.data) {
      content.resize(change.offset);
      return;
    }
    const std::size_t size = std::min(length, change.data->size());
    if (size == 0) return;
    if (content.size() < change.offset + size) content.resize(change.offset + size);
    std::memcpy(content.data() + change.offset, change.data->data(), size);
  }

  /// False when the power is off, or goes off now.
  bool may_change() {
    if (changes_left_ == 0) return false;
    if (changes_left_ != std::numeric_limits<std::size_t>::max()) --changes_left_;
    return changes_left_ != 0;
  }

  int change(File& file, Change change) {
    if (!may_change()) return SQLITE_IOERR_WRITE;
    const std::size_t end = change.offset + (change.data ? change.data->size() : 0);
    if (end > file.seen.size() && end - file.seen.size() > free_bytes()) return SQLITE_FULL;
    apply(file.seen, change);
    file.unsynced.push_back(std::move(change));
    return SQLITE_OK;
  }

  // ---- sqlite3_vfs ----

  static int open(sqlite3_vfs* vfs, const char* path, sqlite3_file* out, int flags, int* out_flags) {
    CrashDisk& disk = self(vfs);
    out->pMethods = nullptr;
    if (disk.power_is_off()) return SQLITE_CANTOPEN;
    auto& file = disk.files_[path == nullptr ? "temporary" : path];
    if (!file) file = std::make_unique<File>();
    handle(out) = {{methods()}, &disk, file.get()};
    if (out_flags != nullptr) *out_flags = flags;
    return SQLITE_OK;
  }
  static int remove(sqlite3_vfs* vfs, const char* path, int) {
    CrashDisk& disk = self(vfs);
    if (!disk.may_change()) return SQLITE_IOERR_DELETE;
    return disk.files_.erase(path) == 0 ? SQLITE_IOERR_DELETE_NOENT : SQLITE_OK;
  }
  static int access(sqlite3_vfs* vfs, const char* path, int, int* found) {
    *found = self(vfs).files_.contains(path) ? 1 : 0;
    return SQLITE_OK;
  }
  static int full_pathname(sqlite3_vfs*, const char* path, int size, char* out) {
    sqlite3_snprintf(size, out, "%s", path);
    return SQLITE_OK;
  }

  // ---- sqlite3_io_methods ----

  static int read(sqlite3_file* file, void* out, int size, sqlite3_int64 at) {
    const Handle& opened = handle(file);
    if (opened.disk->power_is_off()) return SQLITE_IOERR_READ;
    const Bytes& content = opened.file->seen;
    const auto offset = std::min(static_cast<std::size_t>(at), content.size());
    const auto wanted = static_cast<std::size_t>(size);
    const std::size_t there = std::min(wanted, content.size() - offset);
    std::memset(out, 0, wanted);
    if (there != 0) std::memcpy(out, content.data() + offset, there);
    return there == wanted ? SQLITE_OK : SQLITE_IOERR_SHORT_READ;
  }
  static int write(sqlite3_file* file, const void* data, int size, sqlite3_int64 at) {
    const auto* bytes = static_cast<const std::uint8_t*>(data);
    return handle(file).disk->change(*handle(file).file, {static_cast<std::size_t>(at), Bytes(bytes, bytes + size)});
  }
  static int truncate(sqlite3_file* file, sqlite3_int64 size) {
    return handle(file).disk->change(*handle(file).file, {static_cast<std::size_t>(size), std::nullopt});
  }
  static int sync(sqlite3_file* file, int) {
    Handle& opened = handle(file);
    if (!opened.disk->may_change()) return SQLITE_IOERR_FSYNC;
    for (const Change& change : opened.file->unsynced) apply(opened.file->synced, change);
    opened.file->unsynced.clear();
    return SQLITE_OK;
  }
  static const sqlite3_io_methods* methods() {
    static const sqlite3_io_methods table = [] {
      sqlite3_io_methods m = {};
      m.iVersion = 1;
      m.xClose = [](sqlite3_file*) { return SQLITE_OK; };
      m.xRead = read;
      m.xWrite = write;
      m.xTruncate = truncate;
      m.xSync = sync;
      m.xFileSize = [](sqlite3_file* file, sqlite3_int64* size) {
        *size = static_cast<sqlite3_int64>(handle(file).file->seen.size());
        return SQLITE_OK;
      };
      m.xLock = [](sqlite3_file*, int) { return SQLITE_OK; };
      m.xUnlock = [](sqlite3_file*, int) { return SQLITE_OK; };
      m.xCheckReservedLock = [](sqlite3_file*, int* reserved) {
        *reserved = 0;
        return SQLITE_OK;
      };
      m.xFileControl = [](sqlite3_file*, int, void*) { return SQLITE_NOTFOUND; };
      m.xSectorSize = [](sqlite3_file*) { return 4096; };
      m.xDeviceCharacteristics = [](sqlite3_file*) { return SQLITE_IOCAP_POWERSAFE_OVERWRITE; };
      return m;
    }();
    return &table;
  }

  std::string name_;
  sqlite3_vfs vfs_ = {};
  std::map<std::string, std::unique_ptr<File>> files_;
  std::size_t changes_left_ = std::numeric_limits<std::size_t>::max();
  std::uint64_t capacity_ = std::numeric_limits<std::uint64_t>::max();
  std::function<std::uint64_t()> held_by_others_;
};

}  // namespace cairn::testing
