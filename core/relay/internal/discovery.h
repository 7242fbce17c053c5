// The two JSON documents of a server: what it is, and how it is (docs/spec/relay.md s.1).
#pragma once

#include "core/relay/internal/forwarder.h"
#include "core/relay/internal/publisher.h"

namespace cairn::relay {

/// GET /.well-known/cairn.
Answer well_known(const RelayConfig& config, const Keys& keys);
/// GET /v1/health. That it is answered at all says that the store answers; `full` that it has no room.
Answer health(const Publisher& publisher, const Forwarder& forwarder, std::size_t connected, bool full, Time now);

}  // namespace cairn::relay
