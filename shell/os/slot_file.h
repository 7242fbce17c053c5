// A file of numbered slots that are overwritten in place: for keys that must be gone when they are erased.
#pragma once

#include <memory>
#include <string>

#include "core/base/erasable_keys.h"

namespace cairn::os {

/// The distance between two slots: so none lies in two sectors, of which a power cut could leave one overwritten.
constexpr std::size_t kSlotStride = 64;

/// Slot n stands at n * 64 for ever, blank (zeros) or full. Nothing is renamed, copied or appended elsewhere, so that
/// what is overwritten is gone where this file lies; a file system that copies on writing, or somebody's snapshot of
/// it, keeps the old bytes all the same.
class SlotFile final : public ErasableKeys {
 public:
  /// Makes the file with mode 0600 if it is missing. Errors: storage_full, storage_failed, each a sentence.
  static Result<std::unique_ptr<SlotFile>> open(const std::string& path);
  ~SlotFile() override;
  SlotFile(const SlotFile&) = delete;
  SlotFile& operator=(const SlotFile&) = delete;

  /// Nothing also behind the end.
  Result<std::optional<SlotKey>> read(std::uint32_t slot) const override;
  Status write(std::uint32_t slot, const SlotKey& key) override;
  /// Overwrites it with zeros.
  Status erase(std::uint32_t slot) override;

 private:
  explicit SlotFile(int file) : file_(file) {}
  Status put(std::uint32_t slot, ByteView bytes);
  int file_;
};

}  // namespace cairn::os
