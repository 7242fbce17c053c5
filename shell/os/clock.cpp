#include "shell/os/clock.h"

#include <chrono>

namespace cairn::os {

namespace {

template <class Clock>
std::uint64_t milliseconds() {
  const auto since_start = std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now().time_since_epoch());
  return since_start.count() < 0 ? 0 : static_cast<std::uint64_t>(since_start.count());
}

}  // namespace

Time now() { return {milliseconds<std::chrono::system_clock>()}; }

std::uint64_t monotonic_ms() { return milliseconds<std::chrono::steady_clock>(); }

}  // namespace cairn::os
