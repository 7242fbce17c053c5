// For measuring how long something takes.
#pragma once

#include <chrono>
#include <cstdint>

namespace cairn::bench {

/// Microseconds of a clock that never jumps, from an arbitrary start.
inline std::uint64_t now_us() {
  const auto since_start = std::chrono::steady_clock::now().time_since_epoch();
  return static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::microseconds>(since_start).count());
}

}  // namespace cairn::bench
