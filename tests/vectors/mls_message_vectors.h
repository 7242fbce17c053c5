// The files of the MLS working group that are about messages (test-vectors/*.json).
#pragma once

#include "tests/vectors/vector_count.h"

namespace cairn::testing {

/// Each takes the parsed file of that name.
VectorCount run_deserialization(const nlohmann::json& cases);
VectorCount run_messages(const nlohmann::json& cases);
VectorCount run_message_protection(const nlohmann::json& cases);
VectorCount run_welcome(const nlohmann::json& cases);

}  // namespace cairn::testing
