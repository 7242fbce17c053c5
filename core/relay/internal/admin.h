// The commands of core/relay/admin.h, within a turn.
#pragma once

#include "core/relay/admin.h"
#include "core/relay/internal/mailboxes.h"
#include "core/relay/invitation.h"

namespace cairn::relay {

/// One line, and the line that answers it. `malformed` for one that is no command.
///   invite USES DAYS            a new code; numbers from 1, limits in invitation.h
///   user list [AFTER]           "NAME DEVICES active|blocked|removed" and a semicolon each, then "more" if there are
///   user block|unblock|remove NAME
/// `mailboxes` are those of the server that runs, if one does.
Result<std::string> administer(Turn& turn, Mailboxes* mailboxes, std::string_view line);

/// The same, an error as the line that tells it.
std::string answer_line(Turn& turn, Mailboxes* mailboxes, std::string_view line);

}  // namespace cairn::relay
