// Throws away what has run out: nonces, join tokens, rendezvous, invitations, envelopes.
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
  Time deadline() const;

 private:
  struct Walk {
    Table table;
    Bytes next_key;
    Time next;
  };
  void step(Turn& turn, Mailboxes& mailboxes, Walk& walk);

  std::vector<Walk> walks_;
};

}  // namespace cairn::relay
