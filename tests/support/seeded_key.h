// Keys that a test has again from their seeds.
#pragma once

#include "core/crypto/signature.h"
#include "tests/support/seeded_entropy.h"

namespace cairn::testing {

inline crypto::SigningKey seeded_key(std::uint64_t seed) {
  SeededEntropy entropy(seed);
  return crypto::SigningKey::generate(entropy);
}

}  // namespace cairn::testing
