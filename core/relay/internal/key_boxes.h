// Key boxes: small values that are replaced by who holds their write key, one version after the other
// (docs/spec/relay.md s.5). What they are for is not known here.
#pragma once

#include "core/relay/internal/turn.h"
#include "core/relay/tables.h"

namespace cairn::relay {

// Changed is a key box by the name that made it alone, `who`: a device that was removed from it still has the write
// key.
/// `conflict` when the id is another key's, or the key box does not stand at the version before.
Status put_key_box(Turn& turn, const std::string& who, const proto::KeyBoxPut& request);
Result<proto::KeyBoxPut> get_key_box(const StoreView& rows, const proto::KeyBoxGet& request);
/// `conflict` when the key box stands at another version.
Status delete_key_box(Turn& turn, const std::string& who, const proto::KeyBoxDelete& request);

}  // namespace cairn::relay
