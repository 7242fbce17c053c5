// The clock of this machine.
#pragma once

#include "core/base/environment.h"

namespace cairn::os {

/// The local clock's claim; it may jump when somebody sets it.
Time now();

/// Milliseconds of a clock that never jumps, from an arbitrary start: for measuring how long something takes.
std::uint64_t monotonic_ms();

}  // namespace cairn::os
