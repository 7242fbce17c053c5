// Labels of requests under which keys of channels sign (docs/spec/relay.md s.2); the others stand in core/crypto.
#pragma once

#include <string_view>

namespace cairn::proto {

inline constexpr std::string_view kSignChannelSignal = "channel signal";

}  // namespace cairn::proto
