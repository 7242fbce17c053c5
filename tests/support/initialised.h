// A witness, an auditor or a realm as after `cairn-witness init`.
#pragma once

#include "core/witness/key.h"
#include "tests/support/mind_driver.h"

namespace cairn::testing {

/// Makes its key and starts it.
inline void init_and_start(MindDriver& driver) {
  SeededEntropy entropy(98);
  driver.store.apply(witness::make_key(driver.store, entropy));
  driver.rebuild();
}

}  // namespace cairn::testing
