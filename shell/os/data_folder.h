// The folder in which a program keeps everything, held by one process at a time.
#pragma once

#include <string>

#include "core/base/result.h"

namespace cairn::os {

/// $XDG_DATA_HOME/`program`, by default ~/.local/share/`program` (XDG Base Directory Specification).
/// not_found when neither variable says where home is.
Result<std::string> default_data_folder(const std::string& program);

/// Holds the folder's lock while it lives; the kernel lets go of it when the process dies, whatever way.
class DataFolder {
 public:
  /// Makes the folder (0700) if it is missing and takes its lock. Errors, each `where` a sentence for a person:
  /// conflict when another process holds it, invalid_state when others may read the folder, storage_full,
  /// storage_failed.
  static Result<DataFolder> open(std::string path);

  ~DataFolder();
  DataFolder(DataFolder&& other) noexcept;
  DataFolder& operator=(DataFolder&& other) noexcept;
  DataFolder(const DataFolder&) = delete;
  DataFolder& operator=(const DataFolder&) = delete;

  const std::string& path() const { return path_; }
  std::string file(const std::string& name) const { return path_ + "/" + name; }

 private:
  DataFolder(std::string path, int lock) : path_(std::move(path)), lock_(lock) {}

  std::string path_;
  int lock_;
};

}  // namespace cairn::os
