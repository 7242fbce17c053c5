// A run in which the operator of the server lies about a name.
#pragma once

#include "tests/sim/world.h"

namespace cairn::sim {

/// Tells every lie of tests/lying to a client: about somebody it never wrote to, and about somebody it knows. All are
/// refused, and no channel hears anything meanwhile; the truth is believed again. The violations are what was not so.
std::vector<std::string> run_lies(std::uint64_t seed, WorldOptions options);

}  // namespace cairn::sim
