#include "shell/os/slot_file.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "shell/os/file.h"
#include "tests/support/scratch_folder.h"

namespace cairn::os {
namespace {

constexpr std::size_t kSlotSize = SlotKey::kSize;

SlotKey slot_of(std::uint8_t byte) { return *SlotKey::from(Bytes(kSlotSize, byte)); }

bool holds(const SlotFile& file, std::uint32_t number, std::uint8_t byte) {
  const auto slot = file.read(number);
  return slot && *slot && equal((*slot)->expose(), Bytes(kSlotSize, byte));
}

TEST(SlotFile, KeepsWhatIsWrittenOverARestart) {
  const testing::ScratchFolder folder;
  {
    auto file = SlotFile::open(folder.file("keys"));
    ASSERT_TRUE(file);
    ASSERT_TRUE((*file)->write(0, slot_of(1)));
    ASSERT_TRUE((*file)->write(7, slot_of(2)));
    ASSERT_TRUE((*file)->write(7, slot_of(3)));
  }
  const auto file = SlotFile::open(folder.file("keys"));
  ASSERT_TRUE(file);
  EXPECT_TRUE(holds(**file, 0, 1));
  EXPECT_TRUE(holds(**file, 7, 3));
  for (const std::uint32_t blank : {1U, 6U, 8U, 1'000'000U}) EXPECT_FALSE((*file)->read(blank)->has_value()) << blank;
  struct stat found = {};
  ASSERT_EQ(::stat(folder.file("keys").c_str(), &found), 0);
  EXPECT_EQ(found.st_mode & 0777, 0600u);
}

TEST(SlotFile, LeavesNothingOfWhatItErasesAndTheRestAsItWas) {
  const testing::ScratchFolder folder;
  auto file = SlotFile::open(folder.file("keys"));
  for (std::uint32_t i = 0; i < 4; ++i) ASSERT_TRUE((*file)->write(i, slot_of(static_cast<std::uint8_t>(10 + i))));
  ASSERT_TRUE((*file)->erase(2));
  EXPECT_FALSE((*file)->read(2)->has_value());
  const auto bytes = read_file(folder.file("keys"), 4096);
  ASSERT_TRUE(bytes);
  EXPECT_EQ(bytes->size(), 3 * kSlotStride + kSlotSize);  // in place: it did not grow
  EXPECT_EQ(std::count(bytes->begin(), bytes->end(), 12), 0);
  for (const std::uint8_t i : {std::uint8_t{0}, std::uint8_t{1}, std::uint8_t{3}}) {
    EXPECT_TRUE(holds(**file, i, static_cast<std::uint8_t>(10 + i)));
  }
}

TEST(SlotFile, KeepsEachSlotWithinOneSector) {
  constexpr std::size_t kSector = 512;
  for (std::size_t slot = 0; slot < 1000; ++slot) {
    const std::size_t first = slot * kSlotStride;
    EXPECT_EQ(first / kSector, (first + kSlotSize - 1) / kSector) << slot;
  }
  const testing::ScratchFolder folder;
  auto file = SlotFile::open(folder.file("keys"));
  ASSERT_TRUE((*file)->write(85, slot_of(9)));
  const auto bytes = read_file(folder.file("keys"), 1 << 20);
  ASSERT_TRUE(bytes);
  EXPECT_EQ(std::find(bytes->begin(), bytes->end(), 9) - bytes->begin(), 85 * 64);
}

TEST(SlotFile, SaysWhenItCannotBeOpened) {
  const testing::ScratchFolder folder;
  EXPECT_FALSE(SlotFile::open(folder.file("missing/keys")));
}

}  // namespace
}  // namespace cairn::os
