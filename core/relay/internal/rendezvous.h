// Two devices that share a secret meet at an id (docs/spec/relay.md s.4).
#pragma once

#include "core/relay/internal/turn.h"
#include "core/relay/tables.h"

namespace cairn::relay {

/// `conflict` when the id was used in the last ten minutes, `over_limit` beyond 4 KiB.
Result<Answer> put_rendezvous(Turn& turn, const proto::RendezvousId& id, ByteView body);
/// `not_found` when there is nothing, or not any more.
Result<Answer> get_rendezvous(const Turn& turn, const proto::RendezvousId& id);

}  // namespace cairn::relay
