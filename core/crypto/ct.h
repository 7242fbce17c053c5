// Constant-time comparison of secrets and of what authenticates them.
#pragma once

#include "core/base/bytes.h"

namespace cairn::crypto {

/// Whether a and b are the same bytes, in time that depends on their sizes alone.
bool ct_equal(ByteView a, ByteView b);

}  // namespace cairn::crypto
