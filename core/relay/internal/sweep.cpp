#include "core/relay/internal/sweep.h"

#include "core/relay/internal/blobs.h"
#include "core/relay/internal/channels.h"
#include "core/relay/internal/neighbours.h"
#include "core/relay/internal/vaults.h"

namespace cairn::relay {
namespace {

constexpr std::size_t kSweptAtOnce = 256;
constexpr std::uint64_t kStepMs = kSecondMs;
constexpr std::uint64_t kPauseMs = 5 * kMinuteMs;
constexpr std::uint64_t kEraseStepMs = 100;

/// Where the row's own expiry stands: all of these rows begin or end with it.
std::uint64_t expiry_of(Table table, ByteView value) {
  if (table == table::kInvitations) return number_of_key(value);  // behind the uses
  // When it was heard, behind the key: from then on it would have to be asked again in any case.
  if (table == table::kNeighbours) return after(Time{number_of_key(value)}, Neighbours::kForgetMs).ms;
  return number_of_key(value.first(std::min<std::size_t>(value.size(), 8)));
}

}  // namespace

void Sweeper::rebuild(Time now) {
  walks_.clear();
  for (const Table table :
       {table::kUsedNonces, table::kJoinTokens, table::kRendezvous, table::kInvitations, table::kMailboxes,
        table::kVaultUploads, table::kDueChannels, table::kBlobs, table::kFullElsewhere, table::kNeighbours}) {
    walks_.push_back({table, {}, after(now, kPauseMs)});
  }
  next_erasure_ = now;
}

Time Sweeper::deadline() const {
  Time first = next_erasure_;
  for (const Walk& walk : walks_) first = std::min(first, walk.next);
  return first;
}

void Sweeper::run(Turn& turn, Mailboxes& mailboxes) {
  for (Walk& walk : walks_) {
    if (walk.next <= turn.now) step(turn, mailboxes, walk);
  }
  if (next_erasure_ > turn.now) return;
  const bool more = erase_dying(turn) || erase_dying_blobs(turn);
  next_erasure_ = after(turn.now, more ? kEraseStepMs : kPauseMs);
}

Sweeper::Outcome Sweeper::visit(Turn& turn, Mailboxes& mailboxes, Table table, const Row& row) {
  if (table == table::kMailboxes) {
    const auto mailbox = MailboxId::from(row.key);
    return mailbox && mailboxes.expire(turn, *mailbox) ? Outcome::enough : Outcome::next_row;
  }
  if (expiry_of(table, row.value) > turn.now.ms) return Outcome::next_row;
  if (table == table::kDueChannels) {
    if (const auto channel = ChannelId::from(row.key)) look_at_channel(turn, *channel);
    return Outcome::next_row;
  }
  if (table == table::kVaultUploads) {
    give_up_upload(turn, row.key);
    deleted_parts(turn.now);
    return Outcome::enough;
  }
  if (table == table::kBlobs) {
    expire_blob(turn, row.key);  // its parts are erased by and by
    deleted_parts(turn.now);
    return Outcome::next_row;
  }
  turn.rows.erase(table, row.key);
  return Outcome::next_row;
}

void Sweeper::step(Turn& turn, Mailboxes& mailboxes, Walk& walk) {
  const std::vector<Row> rows = turn.rows.scan(walk.table, walk.next_key, {}, kSweptAtOnce);
  for (const Row& row : rows) {
    if (visit(turn, mailboxes, walk.table, row) == Outcome::next_row) continue;
    walk.next_key = row.key;
    walk.next = after(turn.now, kStepMs);
    return;
  }
  const bool at_end = rows.size() < kSweptAtOnce;
  walk.next_key = at_end ? Bytes{} : rows.back().key;
  if (!at_end) walk.next_key.push_back(0);
  walk.next = after(turn.now, at_end ? kPauseMs : kStepMs);
}

}  // namespace cairn::relay
