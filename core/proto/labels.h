// Labels of requests under which keys of channels sign (docs/spec/relay.md s.2); the others stand in core/crypto.
#pragma once

#include <string_view>

namespace cairn::proto {

inline constexpr std::string_view kSignChannelSignal = "channel signal";
/// Authenticated data of an MLS message that goes as a signal: so none can pass for a message that is kept, nor the
/// other way round.
inline constexpr std::string_view kSignalData = "cairn fleeting signal";

}  // namespace cairn::proto
