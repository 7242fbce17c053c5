// A store for the tests of minds: what handle() wrote is applied at once.
#pragma once

#include "core/base/memory_view.h"

namespace cairn::testing {

/// `store.apply(effects.writes)` after each call of a mind. The loop itself and its failures are tested in shell/loop.
using MemoryStore = MemoryView;

}  // namespace cairn::testing
