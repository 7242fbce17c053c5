// Key boxes: small values that are replaced by who holds their write key, one version after the other
// (docs/spec/relay.md s.5). What they are for is not known here.
#pragma once

#include <functional>

#include "core/relay/internal/turn.h"
#include "core/relay/tables.h"

namespace cairn::relay {

/// `owner` is asked for the name that is logged in when a new key box is to be charged to it. `conflict` when the id is
/// another key's, or the key box does not stand at the version before.
Status put_key_box(Turn& turn, const proto::KeyBoxPut& request, const std::function<Result<std::string>()>& owner);
Result<proto::KeyBoxPut> get_key_box(const StoreView& rows, const proto::KeyBoxGet& request);
/// `conflict` when the key box stands at another version.
Status delete_key_box(Turn& turn, const proto::KeyBoxDelete& request);

}  // namespace cairn::relay
