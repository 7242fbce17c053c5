// The files of the MLS working group that are about keys (test-vectors/*.json).
#pragma once

#include "tests/vectors/vector_count.h"

namespace cairn::testing {

/// Each takes the parsed file of that name.
VectorCount run_crypto_basics(const nlohmann::json& cases);
VectorCount run_key_schedule(const nlohmann::json& cases);
VectorCount run_psk_secret(const nlohmann::json& cases);
VectorCount run_secret_tree(const nlohmann::json& cases);
VectorCount run_transcript_hashes(const nlohmann::json& cases);

}  // namespace cairn::testing
