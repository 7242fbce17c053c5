// Looks at the memory that a test gives back: what was secret there is to be wiped by then.
#pragma once

#include <initializer_list>

#include "core/base/bytes.h"

namespace cairn::testing {

/// While it stands, each block that operator delete gives back is searched for the first kNeedle bytes of each of some
/// secrets. What C libraries give back by free(), and the stack, is not seen. One at a time, and for one thread.
class FreedMemory {
 public:
  static constexpr std::size_t kNeedle = 16;
  static constexpr std::size_t kMost = 16;

  /// At most kMost secrets of at least kNeedle bytes (CHECKed).
  FreedMemory(std::initializer_list<ByteView> secrets);
  ~FreedMemory();
  FreedMemory(const FreedMemory&) = delete;
  FreedMemory& operator=(const FreedMemory&) = delete;

  /// Blocks that were given back with one of them in it.
  std::size_t found() const;
};

}  // namespace cairn::testing
