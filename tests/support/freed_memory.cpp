#include "tests/support/freed_memory.h"

#include <malloc.h>

#include <array>
#include <cstdlib>
#include <cstring>
#include <new>

#include "core/base/check.h"

namespace {

using cairn::testing::FreedMemory;

// Of this program: there is one operator delete.
std::array<std::array<unsigned char, FreedMemory::kNeedle>, FreedMemory::kMost> needles;
std::size_t needle_count = 0;
std::size_t blocks_found = 0;

bool holds_a_needle(const void* block, std::size_t size) {
  for (std::size_t i = 0; i < needle_count; ++i) {
    if (memmem(block, size, needles[i].data(), needles[i].size()) != nullptr) return true;
  }
  return false;
}

void give_back(void* block) noexcept {
  if (block == nullptr) return;
  if (needle_count != 0 && holds_a_needle(block, malloc_usable_size(block))) ++blocks_found;
  std::free(block);
}

}  // namespace

void* operator new(std::size_t size) {
  void* block = std::malloc(size == 0 ? 1 : size);
  if (block == nullptr) throw std::bad_alloc();
  return block;
}
void operator delete(void* block) noexcept { give_back(block); }
void operator delete(void* block, std::size_t) noexcept { give_back(block); }

namespace cairn::testing {

FreedMemory::FreedMemory(std::initializer_list<ByteView> secrets) {
  CHECK(needle_count == 0 && secrets.size() <= kMost);
  blocks_found = 0;
  std::size_t count = 0;
  for (const ByteView secret : secrets) {
    CHECK(secret.size() >= kNeedle);
    std::memcpy(needles[count++].data(), secret.data(), kNeedle);
  }
  needle_count = count;
}

FreedMemory::~FreedMemory() { needle_count = 0; }

std::size_t FreedMemory::found() const { return blocks_found; }

}  // namespace cairn::testing
