// One input's turn: what a handler reads, and what it leaves to be done.
#pragma once

#include "core/base/overlay.h"
#include "core/proto/mind.h"

namespace cairn::relay {

/// Rows read through it show what this turn has written.
struct Turn {
  Turn(const StoreView& store, Time time, Entropy& random) : rows(store), now(time), entropy(random) {}

  Overlay rows;
  Time now;
  Entropy& entropy;
  std::vector<proto::Send> sends;
  std::vector<proto::Event> events;
  std::optional<std::uint32_t> retry_after_s;  ///< of an answer that says: not so fast

  /// Everything that this turn did.
  proto::Effects take() { return {rows.take_writes(), std::move(sends), std::move(events)}; }
};

/// What a request is answered, when it is not an error.
struct Answer {
  int status = 200;
  Bytes body;
  std::string content_type;  ///< empty: application/octet-stream
};

}  // namespace cairn::relay
