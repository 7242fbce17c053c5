// Keys of rows that are counted within a conversation: `home || uint64 index` (tables.h).
#pragma once

#include "core/base/types.h"

namespace cairn::client {

/// `home || uint64 index`.
Bytes numbered(const ChannelId& home, std::uint64_t index);

/// The index in such a key. The key may go on after it.
std::uint64_t index_of(ByteView key);

}  // namespace cairn::client
