#include "core/proto/refusals.h"

#include <algorithm>

namespace cairn::proto {

void Refusals::write(wire::Writer& w) const {
  wire::Writer list;
  for (const Hash& sender : senders) list.raw(sender);
  w.opaque(std::move(list).take());
}

Result<Refusals> Refusals::read(wire::Reader& r) {
  wire::Reader list = TRY(r.nested(kMaxRefusals * Hash::kSize));
  Refusals out;
  while (!list.done()) {
    const Hash sender = TRY(list.fixed<Hash>());
    REQUIRE(out.senders.empty() || out.senders.back() < sender, ErrorCode::malformed, "refused senders ascend");
    out.senders.push_back(sender);
  }
  return out;
}

}  // namespace cairn::proto
