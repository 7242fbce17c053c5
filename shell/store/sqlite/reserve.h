// Disk space held back, to be let go when the disk is full.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "core/base/result.h"

namespace cairn::store {

/// A file of allocated blocks that nobody reads; no file when the size is 0. Not thread-safe.
class Reserve {
 public:
  /// `free_bytes` tells the room left on the disk of `path`; when empty the file system is asked.
  Reserve(std::string path, std::uint64_t size, std::function<std::uint64_t()> free_bytes);

  /// Takes the space if it is not held, there is room for twice its size, and the file can be made. True when held.
  bool hold();

  /// Gives the space back to the disk.
  void release();

 private:
  bool allocate() const;

  std::string path_;
  std::uint64_t size_;
  std::function<std::uint64_t()> free_bytes_;
  bool held_ = false;
};

}  // namespace cairn::store
