// A run in which what people say is to disappear.
#pragma once

#include "tests/sim/world.h"

namespace cairn::sim {

struct VanishingResult {
  std::vector<std::string> violations;
  std::uint64_t trace_hash = 0;
  std::uint64_t steps = 0;
  std::uint64_t simulated_ms = 0;
  std::size_t texts = 0;   ///< that had to be gone in the end
  std::size_t unread = 0;  ///< that had to be there still: nobody had read them
  std::size_t faults = 0;

  bool good() const { return violations.empty(); }
};

/// alice and bob, with two devices each, agree on a time of half a day to eight days, talk, and read on one device
/// each, in some runs bob does not; things go wrong while they talk and before the time is over. What was read is there
/// until then, and afterwards nowhere on any device's disk: not on one that slept or was down at the time, not on one
/// that is put back from a copy, and neither the history that a new device is given nor a backup brings it back.
VanishingResult run_vanishing(std::uint64_t seed, WorldOptions options);

}  // namespace cairn::sim
