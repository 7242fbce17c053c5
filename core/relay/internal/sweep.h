// Throws away what has run out: nonces, join tokens, rendezvous, invitations, envelopes, uploads; and erases deleted
// vaults.
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
  /// A vault was deleted: its objects are to be erased.
  void vault_deleted(Time now);
  Time deadline() const;

 private:
  struct Walk {
    Table table;
    Bytes next_key;
    Time next;
  };
  enum class Outcome : std::uint8_t { next_row, enough };  ///< enough: of this row there may be more, at the next step
  static Outcome visit(Turn& turn, Mailboxes& mailboxes, Table table, const Row& row);
  void step(Turn& turn, Mailboxes& mailboxes, Walk& walk);

  std::vector<Walk> walks_;
};

}  // namespace cairn::relay
