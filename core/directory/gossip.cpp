#include "core/directory/gossip.h"

#include "core/tlog/checkpoint.h"

namespace cairn::directory {

void Gossip::write(wire::Writer& writer) const {
  writer.opaque(origin);
  writer.u64(tree.size);
  writer.raw(tree.root);
}

Result<Gossip> Gossip::read(wire::Reader& reader) {
  Gossip out;
  out.origin = TRY(reader.opaque_text(tlog::kMaxOriginBytes));
  out.tree.size = TRY(reader.u64());
  out.tree.root = TRY(reader.fixed<Hash>());
  return out;
}

}  // namespace cairn::directory
