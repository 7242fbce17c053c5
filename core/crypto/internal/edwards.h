// Encodings of points of edwards25519 (RFC 8032 s.5.1.2, 5.1.3), beyond what libsodium checks.
#pragma once

#include "core/base/bytes.h"

namespace cairn::crypto::internal {

/// Whether 32 bytes could be what encoding a point gives: y below 2^255 - 19, and no sign where x is 0 (y = 1 or -1).
/// Says nothing about the curve. For public data: its time varies.
bool is_canonical_point(ByteView encoded);

}  // namespace cairn::crypto::internal
