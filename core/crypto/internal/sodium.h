// libsodium, initialised once.
#pragma once

#include <sodium.h>

namespace cairn::crypto::internal {

/// Lets libsodium choose its code for this processor, once per process. Call before any of its functions.
void require_sodium();

}  // namespace cairn::crypto::internal
