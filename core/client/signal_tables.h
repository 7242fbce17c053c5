// Rows of typing.h, beside those of tables.h.
#pragma once

#include "core/base/store.h"

namespace cairn::client::tables {

inline constexpr Table kTypingOff{100};      ///< home, or "" for every conversation -> "": nobody is told of typing
inline constexpr Table kFormerSignals{101};  ///< of earlier builds, whose signals used up keys of messages

}  // namespace cairn::client::tables
