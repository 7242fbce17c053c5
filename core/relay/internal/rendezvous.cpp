#include "core/relay/internal/rendezvous.h"

namespace cairn::relay {
namespace {

/// The row, unless its time is over.
Result<std::optional<RendezvousRow>> load_live(const Turn& turn, const proto::RendezvousId& id) {
  auto row = TRY(load<RendezvousRow>(turn.rows, table::kRendezvous, id));
  if (row && row->expires_ms <= turn.now.ms) row.reset();
  return row;
}

}  // namespace

Result<Answer> put_rendezvous(Turn& turn, const proto::RendezvousId& id, ByteView body) {
  REQUIRE(body.size() <= proto::kMaxRendezvousBody, ErrorCode::over_limit, "A rendezvous holds at most 4 KiB.");
  REQUIRE(!TRY(load_live(turn, id)), ErrorCode::conflict,
          "This rendezvous was used already; make a new code on the new device.");
  save(turn.rows, table::kRendezvous, to_bytes(id),
       RendezvousRow{after(turn.now, proto::kRendezvousLifeMs).ms, to_bytes(body)});
  return Answer{};
}

Result<Answer> get_rendezvous(const Turn& turn, const proto::RendezvousId& id) {
  auto row = TRY(load_live(turn, id));
  REQUIRE(row, ErrorCode::not_found, "Nothing is here yet, or not any more; try again, or make a new code.");
  return Answer{200, std::move(row->body), {}};
}

}  // namespace cairn::relay
