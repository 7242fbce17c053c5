// Throws away what has run out: nonces, join tokens, rendezvous, invitations, envelopes, uploads, unused channels,
// blobs, keys of other domains' servers; and erases what was deleted of vaults and blobs.
#pragma once

#include "core/relay/internal/mailboxes.h"

namespace cairn::relay {

/// Walks through each table a few rows at a time, and begins anew some minutes after its end.
class Sweeper {
 public:
  /// Forgets how far it was.
  void rebuild(Time now);
  /// Does what is due.
  void run(Turn& turn, Mailboxes& mailboxes);
  /// A vault, objects of one, or a blob were deleted: they are to be erased.
  void deleted_parts(Time now) { next_erasure_ = std::min(next_erasure_, now); }
  Time deadline() const;

 private:
  struct Walk {
    Table table;
    Bytes next_key;
    Time next;
  };
  enum class Outcome : std::uint8_t { next_row, enough };  ///< enough: of this row there may be more, at the next step
  Outcome visit(Turn& turn, Mailboxes& mailboxes, Table table, const Row& row);
  void step(Turn& turn, Mailboxes& mailboxes, Walk& walk);

  std::vector<Walk> walks_;
  Time next_erasure_;
};

}  // namespace cairn::relay
