// Any bytes as a file of slots: a slot is what stands at its place, and nothing where that is blank or not all there;
// what is written or erased touches no other.
#include "shell/os/slot_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>

#include "tests/support/scratch_folder.h"

namespace {

using namespace cairn;

/// What stands in a slot of a file with these bytes.
std::optional<Bytes> slot_of(ByteView file, std::uint32_t slot) {
  const std::size_t place = slot * os::kSlotStride;
  if (place + SlotKey::kSize > file.size()) return std::nullopt;
  const ByteView bytes = file.subspan(place, SlotKey::kSize);
  if (std::all_of(bytes.begin(), bytes.end(), [](std::uint8_t byte) { return byte == 0; })) return std::nullopt;
  return to_bytes(bytes);
}

/// Over what stands there, behind zeros where the file ended before.
void put(Bytes& file, std::uint32_t slot, ByteView bytes) {
  const std::size_t place = slot * os::kSlotStride;
  file.resize(std::max(file.size(), place + bytes.size()));
  std::copy(bytes.begin(), bytes.end(), file.begin() + static_cast<std::ptrdiff_t>(place));
}

/// All slots, one behind the end, and the last that there can be.
void check(const os::SlotFile& slots, ByteView file, std::uint32_t count) {
  for (std::uint32_t slot = 0; slot <= count; ++slot) {
    const std::uint32_t number = slot == count ? 0xffffffff : slot;
    const auto wanted = slot_of(file, number);
    const auto read = slots.read(number);
    CHECK(read && read->has_value() == wanted.has_value());
    if (wanted) CHECK(equal((*read)->expose(), *wanted));
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const testing::ScratchFolder folder;
  static const auto slots = os::SlotFile::open(folder.file("keys"));
  CHECK(slots);
  static const int file = ::open(folder.file("keys").c_str(), O_RDWR | O_CLOEXEC);
  CHECK(::ftruncate(file, 0) == 0 && ::pwrite(file, data, size, 0) == static_cast<ssize_t>(size));
  Bytes model(data, data + size);
  const auto count = static_cast<std::uint32_t>(size / os::kSlotStride + 2);
  check(**slots, model, count);
  const std::uint32_t changed = size == 0 ? 0 : data[0] % count;
  const Bytes written(SlotKey::kSize, 9);
  CHECK((*slots)->write(changed, *SlotKey::from(written)));
  put(model, changed, written);
  check(**slots, model, count);
  CHECK((*slots)->erase(changed));
  put(model, changed, Bytes(SlotKey::kSize));
  check(**slots, model, count);
  return 0;
}
