// SipHash-2-4 (Aumasson and Bernstein, 2012): where things stand in a table in memory. Its 64 bits name nothing.
#pragma once

#include "core/base/types.h"

namespace cairn::crypto {

/// Drawn anew for each table, and known to nobody who chooses what goes into it.
using ShortHashKey = FixedBytes<struct ShortHashKeyTag, 16>;

/// A pseudo-random function: who does not know the key finds no two that come together more often than by chance.
std::uint64_t short_hash(const ShortHashKey& key, ByteView data);

}  // namespace cairn::crypto
