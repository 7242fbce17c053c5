// Weeks in the life of a name that can be reset: requests, vetoes and completions under honest auditors.
#pragma once

#include "tests/sim/world.h"

namespace cairn::sim {

struct ResetsResult {
  std::vector<std::string> violations;
  std::uint64_t trace_hash = 0;
  std::uint64_t steps = 0;
  std::uint64_t simulated_ms = 0;
  std::size_t requests = 0, vetoes = 0, completions = 0;
  std::size_t too_early = 0;  ///< completions that were asked for before their time, and refused
  std::size_t missed = 0;     ///< resets over which an auditor was away, that it cosigned in the end
  bool good() const { return violations.empty(); }
};

/// 24 days. The owner of the name, or a thief, says statements to the server as they are; whoever has the name as a
/// contact is a real client. Auditors are down for hours, and everybody sleeps for up to half a day at once. In every
/// fourth run the last veto reaches one auditor alone; in every fourth that auditor, one of three of which two are
/// enough, is gone when the reset is completed and comes back afterwards; in every fourth one of three is gone over the
/// whole reset, and cosigns again when it has waited itself. Nothing stops the domain for long. The last two end with
/// that reset, up to two days sooner.
ResetsResult run_resets(std::uint64_t seed, WorldOptions options);

}  // namespace cairn::sim
