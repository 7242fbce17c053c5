// The files of the MLS working group that are about the ratchet tree (test-vectors/*.json).
#pragma once

#include "tests/vectors/vector_count.h"

namespace cairn::testing {

/// Each takes the parsed file of that name.
VectorCount run_tree_math(const nlohmann::json& cases);
VectorCount run_tree_operations(const nlohmann::json& cases);
VectorCount run_tree_validation(const nlohmann::json& cases);
VectorCount run_treekem(const nlohmann::json& cases);

}  // namespace cairn::testing
