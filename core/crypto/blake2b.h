// BLAKE2b (RFC 7693), keyed: names for secret content.
#pragma once

#include "core/base/bytes.h"

namespace cairn::crypto {

/// The hash of `data` under a key of at most 64 bytes (none: the plain hash), as many bytes as `out` has, 1 to 64 (both
/// CHECKed). With a key it is a pseudo-random function (RFC 7693 s.2.9).
void blake2b(ByteView key, ByteView data, MutableByteView out);

}  // namespace cairn::crypto
