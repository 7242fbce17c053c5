// What the operator's own commands ask of a running server, over a socket of this machine (docs/spec/relay.md s.5).
#pragma once

#include "core/relay/internal/turn.h"

namespace cairn::relay {

inline constexpr std::string_view kPathAdmin = "/admin";

/// One line, and the line that answers it. `invite USES DAYS` (1 to 1,000,000 and 1 to 3,650): a new invitation code.
/// `malformed` for anything else.
Result<std::string> administer(Turn& turn, std::string_view line);

}  // namespace cairn::relay
