#include "shell/os/slot_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace cairn::os {
namespace {

Status slot_failed(int cause) {
  if (cause == ENOSPC || cause == EDQUOT) return fail(ErrorCode::storage_full, "the disk is full: make room");
  return fail(ErrorCode::storage_failed, "the file of keys cannot be read or written: check the disk");
}

constexpr std::size_t kSlotSize = SlotKey::kSize;
static_assert(kSlotSize <= kSlotStride && 512 % kSlotStride == 0);

off_t place_of(std::uint32_t slot) { return static_cast<off_t>(slot) * static_cast<off_t>(kSlotStride); }

/// A new file's name must outlive a power cut as its bytes do.
bool sync_folder_of(const std::string& path) {
  const std::size_t slash = path.find_last_of('/');
  const std::string folder = slash == std::string::npos ? "." : path.substr(0, slash + 1);
  const int descriptor = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0) return false;
  const bool synced = ::fsync(descriptor) == 0;
  ::close(descriptor);
  return synced;
}

}  // namespace

Result<std::unique_ptr<SlotFile>> SlotFile::open(const std::string& path) {
  const int file = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (file < 0) return tl::unexpected<Error>(slot_failed(errno).error());
  std::unique_ptr<SlotFile> out(new SlotFile(file));
  if (!sync_folder_of(path)) return tl::unexpected<Error>(slot_failed(errno).error());
  return out;
}

SlotFile::~SlotFile() { ::close(file_); }

Result<std::optional<SlotKey>> SlotFile::read(std::uint32_t slot) const {
  SlotKey key;
  const MutableByteView bytes = key.expose_mutable();
  std::size_t have = 0;
  while (have < kSlotSize) {
    const ssize_t got =
        ::pread(file_, bytes.data() + have, kSlotSize - have, place_of(slot) + static_cast<off_t>(have));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return tl::unexpected<Error>(slot_failed(errno).error());
    if (got == 0) return std::optional<SlotKey>{};
    have += static_cast<std::size_t>(got);
  }
  const bool blank = std::all_of(bytes.begin(), bytes.end(), [](std::uint8_t byte) { return byte == 0; });
  if (blank) return std::optional<SlotKey>{};
  return std::optional<SlotKey>(std::move(key));
}

Status SlotFile::write(std::uint32_t slot, const SlotKey& key) { return put(slot, key.expose()); }

Status SlotFile::erase(std::uint32_t slot) { return put(slot, SlotKey().expose()); }

Status SlotFile::put(std::uint32_t slot, ByteView bytes) {
  off_t place = place_of(slot);
  while (!bytes.empty()) {
    const ssize_t written = ::pwrite(file_, bytes.data(), bytes.size(), place);
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return slot_failed(errno);
    place += written;
    bytes = bytes.subspan(static_cast<std::size_t>(written));
  }
  return ::fdatasync(file_) == 0 ? ok() : slot_failed(errno);
}

}  // namespace cairn::os
