#include "core/relay/internal/refusals.h"

#include "core/crypto/hash.h"

namespace cairn::relay {

void put_refusals(Turn& turn, const MailboxId& mailbox, const proto::Refusals& refusals) {
  if (refusals.senders.empty()) return turn.rows.erase(table::kRefusals, to_bytes(mailbox));
  save(turn.rows, table::kRefusals, to_bytes(mailbox), refusals);
}

Status check_not_refused(const StoreView& rows, std::string_view sender, std::span<const MailboxId> welcomed) {
  for (const MailboxId& mailbox : welcomed) {
    const auto refusals = TRY(load<proto::Refusals>(rows, table::kRefusals, mailbox));
    if (!refusals) continue;
    const Hash entry = crypto::sha256(concat({mailbox, as_bytes(sender)}));
    REQUIRE(!std::ranges::binary_search(refusals->senders, entry), ErrorCode::not_authorised,
            "A device that you add takes no conversations of your name; leave it out.");
  }
  return ok();
}

}  // namespace cairn::relay
