#include "core/relay/internal/sweep.h"

namespace cairn::relay {
namespace {

constexpr std::size_t kRowsAtOnce = 256;
constexpr std::uint64_t kStepMs = kSecondMs;
constexpr std::uint64_t kPauseMs = 5 * kMinuteMs;

/// Where the row's own expiry stands: all of these rows begin or end with it.
std::uint64_t expiry_of(Table table, ByteView value) {
  if (table == table::kInvitations) return number_of_key(value);  // behind the uses
  return number_of_key(value.first(std::min<std::size_t>(value.size(), 8)));
}

}  // namespace

void Sweeper::rebuild(Time now) {
  walks_.clear();
  for (const Table table :
       {table::kUsedNonces, table::kJoinTokens, table::kRendezvous, table::kInvitations, table::kMailboxes}) {
    walks_.push_back({table, {}, after(now, kPauseMs)});
  }
}

Time Sweeper::deadline() const {
  Time first = Time::never();
  for (const Walk& walk : walks_) first = std::min(first, walk.next);
  return first;
}

void Sweeper::run(Turn& turn, Mailboxes& mailboxes) {
  for (Walk& walk : walks_) {
    if (walk.next <= turn.now) step(turn, mailboxes, walk);
  }
}

void Sweeper::step(Turn& turn, Mailboxes& mailboxes, Walk& walk) {
  const std::vector<Row> rows = turn.rows.scan(walk.table, walk.next_key, {}, kRowsAtOnce);
  for (const Row& row : rows) {
    if (walk.table == table::kMailboxes) {
      const auto mailbox = MailboxId::from(row.key);
      if (mailbox && mailboxes.expire(turn, *mailbox)) {
        walk.next_key = row.key;  // there is more in this one
        walk.next = after(turn.now, kStepMs);
        return;
      }
    } else if (expiry_of(walk.table, row.value) <= turn.now.ms) {
      turn.rows.erase(walk.table, row.key);
    }
  }
  const bool at_end = rows.size() < kRowsAtOnce;
  walk.next_key = at_end ? Bytes{} : rows.back().key;
  if (!at_end) walk.next_key.push_back(0);
  walk.next = after(turn.now, at_end ? kPauseMs : kStepMs);
}

}  // namespace cairn::relay
