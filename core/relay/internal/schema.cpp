#include "core/relay/internal/schema.h"

#include "core/relay/internal/mailboxes.h"

namespace cairn::relay {
namespace {

constexpr std::size_t kMigratedAtOnce = 4096;

/// 1 to 2: each reference gets the bytes that are queued up to it.
Status count_bytes(Turn& turn) {
  Bytes mailbox;
  std::uint64_t total = 0;
  Bytes first;
  for (std::vector<Row> page; !(page = turn.rows.scan(table::kReferences, first, {}, kMigratedAtOnce)).empty();) {
    for (const Row& row : page) {
      REQUIRE(row.key.size() == MailboxId::kSize + 8, ErrorCode::internal, "a row of the store does not decode");
      const ByteView owner = ByteView(row.key).first(MailboxId::kSize);
      if (!equal(owner, mailbox)) total = 0;
      mailbox = to_bytes(owner);
      const std::uint64_t number = number_of_key(row.value);
      const auto body = TRY(load<BodyRow>(turn.rows, table::kBodies, u64_key(number)));
      if (body) total += Mailboxes::cost_of(*body);
      save(turn.rows, table::kReferences, row.key, ReferenceRow{total, number});
    }
    first = std::move(page.back().key);
    first.push_back(0);
  }
  return ok();
}

}  // namespace

Status check_schema(Turn& turn) {
  const auto row = TRY(load<NumberRow>(turn.rows, table::kKeys, as_bytes(kSchemaRow)));
  const bool fresh = !turn.rows.get(table::kKeys, as_bytes(kConfigRow));
  const std::uint64_t version = row ? row->value : fresh ? kSchema : 1;
  REQUIRE(version <= kSchema, ErrorCode::unsupported,
          "this store was written by a newer version of cairnd: install that version or a later one");
  if (version < 2) TRY(count_bytes(turn));
  if (!row || version != kSchema) save(turn.rows, table::kKeys, to_bytes(kSchemaRow), NumberRow{kSchema});
  return ok();
}

}  // namespace cairn::relay
