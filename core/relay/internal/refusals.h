// Names whose welcomes a device takes no more: refused here, so that its mailbox does not become a recipient.
#pragma once

#include <span>

#include "core/proto/refusals.h"
#include "core/relay/internal/login.h"

namespace cairn::relay {

/// Replaces what stands for this mailbox.
void put_refusals(Turn& turn, const MailboxId& mailbox, const proto::Refusals& refusals);

/// `not_authorised` when one of these refuses welcomes of `sender`.
Status check_not_refused(const StoreView& rows, std::string_view sender, std::span<const MailboxId> welcomed);

}  // namespace cairn::relay
