#include "core/relay/restoring.h"

#include "core/relay/internal/schema.h"
#include "core/relay/tables.h"

namespace cairn::relay {
namespace {

constexpr std::size_t kRestoredAtOnce = 4096;

/// Calls `visit` with each row of a table; what it changes is seen behind the row alone.
template <class Visit>
Status for_each(const StoreView& rows, Table table, Visit visit) {
  Bytes first;
  for (std::vector<Row> page; !(page = rows.scan(table, first, {}, kRestoredAtOnce)).empty();) {
    for (const Row& row : page) TRY(visit(row));
    first = std::move(page.back().key);
    first.push_back(0);
  }
  return ok();
}

/// `before` is what `rows` lies on: the rows that are visited do not change under the walk.
Status move_mailboxes_on(const StoreView& before, Overlay& rows) {
  const auto move_on = [&](const Row& row) -> Status {
    auto mailbox = TRY(wire::decode<MailboxRow>(row.value));
    mailbox.acknowledged += kRestoredJump;
    save(rows, table::kMailboxes, row.key, mailbox);
    return ok();
  };
  TRY(for_each(before, table::kMailboxes, move_on));
  for (const Table table : {table::kReferences, table::kForeignReferences}) {
    TRY(for_each(before, table, [&](const Row& row) -> Status {
      const std::uint64_t sequence = number_of_key(row.key) + kRestoredJump;
      rows.erase(table, row.key);
      rows.put(table, numbered_key(ByteView(row.key).first(MailboxId::kSize), sequence), row.value);
      return ok();
    }));
  }
  return ok();
}

Status drop_key_packages(const StoreView& store, Overlay& rows) {
  const auto drop = [&](const Row& row) -> Status {
    rows.erase(table::kKeyPackages, row.key);
    return ok();
  };
  TRY(for_each(store, table::kKeyPackages, drop));
  return for_each(store, table::kKeyPackageStates, [&](const Row& row) -> Status {
    auto state = TRY(wire::decode<KeyPackageState>(row.value));
    state.first = state.next;
    save(rows, table::kKeyPackageStates, row.key, state);
    return ok();
  });
}

/// Other domains have heard of later items than these: counting begins anew, and larger.
Status begin_queues_anew(const StoreView& store, Overlay& rows, Time now) {
  return for_each(store, table::kOutgoingQueues, [&](const Row& row) -> Status {
    auto queue = TRY(wire::decode<OutgoingQueueRow>(row.value));
    queue.queue = std::max(queue.queue + 1, now.ms);
    save(rows, table::kOutgoingQueues, row.key, queue);
    return ok();
  });
}

}  // namespace

Result<std::vector<Write>> make_restored(const StoreView& store, AskCosigners ask, Time now, Entropy& entropy) {
  REQUIRE(store.get(table::kKeys, as_bytes(kConfigRow)), ErrorCode::not_found, "this store has no log: it is empty");
  Turn migrated(store, now, entropy);
  TRY(check_schema(migrated));
  Turn turn(migrated.rows, now, entropy);
  TRY(move_mailboxes_on(migrated.rows, turn.rows));
  TRY(drop_key_packages(migrated.rows, turn.rows));
  TRY(begin_queues_anew(migrated.rows, turn.rows, now));
  Bytes token(32);
  entropy.fill(token);
  turn.rows.put(table::kKeys, to_bytes(kTokenKeyRow), std::move(token));
  if (ask == AskCosigners::yes) {
    save(turn.rows, table::kKeys, to_bytes(kRestoredRow), NumberRow{now.ms});
  } else {
    turn.rows.erase(table::kKeys, to_bytes(kRestoredRow));
  }
  migrated.rows.apply(turn.rows.take_writes());
  return migrated.rows.take_writes();
}

}  // namespace cairn::relay
