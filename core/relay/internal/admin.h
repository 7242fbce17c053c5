// What the operator's own commands ask of a running server, over a socket of this machine (docs/spec/relay.md s.6).
#pragma once

#include "core/relay/internal/turn.h"
#include "core/relay/invitation.h"

namespace cairn::relay {

/// One line, and the line that answers it. `invite USES DAYS` (from 1, limits in invitation.h): a new code.
/// `malformed` for anything else.
Result<std::string> administer(Turn& turn, std::string_view line);

}  // namespace cairn::relay
