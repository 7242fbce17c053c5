// The labels under which core/client derives keys (docs/spec/client.md).
#pragma once

#include <string_view>

namespace cairn::client {

// KDF(one-time secret of a link, label, signature key).
inline constexpr std::string_view kDeriveLinkSlots = "link slots";
inline constexpr std::string_view kDeriveLinkSeal = "link seal";

}  // namespace cairn::client
