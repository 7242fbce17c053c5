// What a client is told about a name: always as of the served checkpoint (docs/spec/directory.md s.6).
#pragma once

#include "core/directory/lookup.h"
#include "core/relay/internal/publisher.h"

namespace cairn::relay {

/// `unavailable` while nothing is served, `not_authorised` for a name of another domain.
Result<directory::LookupResponse> answer_lookup(const StoreView& rows, const Keys& keys, const Publisher& publisher,
                                                std::string_view domain, const directory::LookupRequest& request);

}  // namespace cairn::relay
