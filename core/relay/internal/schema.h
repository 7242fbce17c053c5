// Which version of the tables a store has.
#pragma once

#include "core/relay/internal/turn.h"

namespace cairn::relay {

/// Of tables.h as it stands:
///   1  until it was recorded
///   2  kReferences counts the bytes that wait
///   3  bodies and recipients of other domains, which older servers would drop
///   4  kChannels has the digest of the commit that began the epoch, which older servers do not read
inline constexpr std::uint64_t kSchema = 4;

/// Brings the store to kSchema within this turn, so in one transaction; `unsupported`, and nothing is written, for a
/// newer one.
Status check_schema(Turn& turn);

}  // namespace cairn::relay
