// Rows of typing.h, beside those of tables.h.
#pragma once

#include "core/base/store.h"

namespace cairn::client::tables {

inline constexpr Table kTypingOff{100};    ///< home, or "" for every conversation -> "": nobody is told of typing
inline constexpr Table kSignalsSent{101};  ///< channel id -> SignalsSent (typing.h)

}  // namespace cairn::client::tables
