// The files of the MLS working group that follow a whole group as one of its members (test-vectors/passive-*.json).
#pragma once

#include "tests/vectors/vector_count.h"

namespace cairn::testing {

/// All three files have one format.
VectorCount run_passive_client(const nlohmann::json& cases);

}  // namespace cairn::testing
