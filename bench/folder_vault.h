// A folder as a vault for benchmarks: an object is a file, durable before it counts as stored.
#pragma once

#include <condition_variable>
#include <deque>
#include <filesystem>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "core/vault/types.h"

namespace cairn::bench {

class FolderVault {
 public:
  explicit FolderVault(std::filesystem::path folder);
  ~FolderVault();

  /// Begins to store it; the bytes are written and synced by a thread of this object.
  void put(vault::Object object);
  /// Objects that are durable now and were not told of yet; waits for one if `wait`.
  enum class Wait { no, yes };
  std::vector<vault::ObjectId> take_stored(Wait wait);

  vault::StoredObjects list() const;
  std::optional<Bytes> get(const vault::ObjectId& id) const;

 private:
  void run();
  void store(const vault::Object& object) const;

  std::filesystem::path folder_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<vault::Object> queue_;
  std::vector<vault::ObjectId> stored_;
  bool ends_ = false;
  std::thread thread_;
};

}  // namespace cairn::bench
