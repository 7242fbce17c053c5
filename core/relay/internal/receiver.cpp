#include "core/relay/internal/receiver.h"

#include "core/relay/internal/key_packages.h"
#include "core/relay/internal/refusals.h"

namespace cairn::relay {
namespace {

Bytes member_key(const MailboxId& mailbox, std::string_view from, const ChannelId& channel) {
  return concat({mailbox, domain_key(from, channel)});
}

/// Of all recipients those that are mailboxes of this domain.
Result<std::set<MailboxId>> known_mailboxes(const StoreView& rows, const proto::ForwardBatch& batch,
                                            std::uint64_t last) {
  std::set<MailboxId> out;
  for (const proto::ForwardItem& item : batch.items) {
    if (item.sequence <= last) continue;
    for (const MailboxId& mailbox : item.recipients) {
      if (!out.contains(mailbox) && rows.get(table::kMailboxes, mailbox)) out.insert(mailbox);
    }
  }
  return out;
}

}  // namespace

Result<Answer> Receiver::take(Turn& turn, const proto::ForwardBatch& batch) const {
  constexpr int kOlderQueue = 409;
  REQUIRE(batch.queue <= after(turn.now, proto::kMaxQueueAheadMs).ms, ErrorCode::unavailable,
          "This queue was begun in the future; set the clocks of both servers.");
  const bool is_own = !batch.only.is_zero();
  // What is for nobody here is dropped, and not counted either: nobody fills the store with mailboxes that are none.
  if (is_own && !turn.rows.get(table::kMailboxes, batch.only)) {
    return Answer{200, wire::encode(proto::ForwardAnswer{batch.queue, batch.items.back().sequence, {}}), {}};
  }
  Bytes key = is_own ? domain_key(batch.from, batch.only) : to_bytes(batch.from);
  IncomingRow row = TRY(load<IncomingRow>(turn.rows, table::kIncoming, key))
  .value_or(IncomingRow{});
  if (batch.queue < row.queue) {
    return Answer{kOlderQueue, wire::encode(proto::ForwardAnswer{row.queue, row.last, {}}), {}};
  }
  if (batch.queue > row.queue) row = {batch.queue, 0};
  const Taken taken = TRY(take_items(turn, batch, row.last));
  const bool grew = taken.up_to > row.last;
  row.last = taken.up_to;
  // A row for a mailbox that admitted nothing would tell by its next answer (409) that there is such a mailbox.
  if (grew && (!is_own || taken.any)) save(turn.rows, table::kIncoming, std::move(key), row);
  return Answer{
      200, wire::encode(proto::ForwardAnswer{row.queue, row.last, {taken.full.begin(), taken.full.end()}}), {}};
}

Result<Receiver::Taken> Receiver::take_items(Turn& turn, const proto::ForwardBatch& batch, std::uint64_t last) const {
  const std::set<MailboxId> known = TRY(known_mailboxes(turn.rows, batch, last));
  TRY(mailboxes.prepare(turn.rows, std::vector<MailboxId>(known.begin(), known.end())));
  Taken out{last, {}, false};
  for (const proto::ForwardItem& item : batch.items) {
    if (item.sequence <= last) continue;
    std::vector<MailboxId> to = TRY(admitted(turn, batch.from, item));
    std::erase_if(to, [&](const MailboxId& it) { return !known.contains(it); });
    if (TRY(names_full(turn, batch.from, to, out))) break;
    if (item.is_welcome() && !to.empty()) {  // what nobody takes costs nobody's turn
      const std::uint32_t wait_s = welcomes.take(as_bytes(batch.from), turn.now);
      if (wait_s != 0 && out.up_to == last) {
        turn.retry_after_s = wait_s;
        return fail(ErrorCode::rate_limited, "Your domain welcomes too many people here; wait a moment.");
      }
      if (wait_s != 0) break;
    }
    TRY(deliver(turn, batch.from, item, to));
    out.up_to = item.sequence;
    out.any = out.any || !to.empty();
    TRY(names_full(turn, batch.from, to, out));
  }
  return out;
}

Result<bool> Receiver::names_full(Turn& turn, const std::string& from, const std::vector<MailboxId>& to,
                                  Taken& out) const {
  bool any = false;
  for (const MailboxId& mailbox : to) {
    if (!TRY(mailboxes.full_for(turn.rows, mailbox, from))) continue;
    any = true;
    // What stops a batch has to be named, or it would stop for ever: another one is named the next time.
    if (out.full.size() == proto::kMaxFull) out.full.erase(out.full.begin());
    out.full.insert(mailbox);
  }
  return any;
}

Result<std::vector<MailboxId>> Receiver::admitted(Turn& turn, const std::string& from, const proto::ForwardItem& item) {
  if (item.is_welcome()) return TRY(may_be_welcomed(turn, from, item))
  ? item.recipients : std::vector<MailboxId>{};
  std::vector<MailboxId> out;
  for (const MailboxId& mailbox : item.recipients) {
    if (turn.rows.get(table::kForeignMembers, member_key(mailbox, from, item.channel))) out.push_back(mailbox);
  }
  return out;
}

// What is wrong with a welcome is told to nobody: it would say which mailboxes there are, and whom they refuse.
Result<bool> Receiver::may_be_welcomed(Turn& turn, const std::string& from, const proto::ForwardItem& item) {
  const MailboxId& mailbox = item.recipients.front();
  const auto row = TRY(load<MailboxRow>(turn.rows, table::kMailboxes, mailbox));
  // The token first: it is one row, and without it nobody makes this server read many.
  if (!row || !TRY(is_good_join_token(turn, row->device, item.join_token))) return false;
  if (!check_not_refused(turn.rows, item.sender, item.recipients)) return false;
  if (turn.rows.get(table::kForeignMembers, member_key(mailbox, from, item.channel))) return true;
  const Bytes of_domain = concat({mailbox, domain_key(from, {})});
  const auto members = turn.rows.scan_prefix(table::kForeignMembers, of_domain, proto::kMaxForeignChannels);
  return members.size() < proto::kMaxForeignChannels;
}

Status Receiver::deliver(Turn& turn, const std::string& from, const proto::ForwardItem& item,
                         const std::vector<MailboxId>& to) const {
  for (const MailboxId& mailbox : to) {
    Bytes key = member_key(mailbox, from, item.channel);
    if (item.is_welcome()) {
      const auto row = TRY(load<MailboxRow>(turn.rows, table::kMailboxes, mailbox));
      REQUIRE(row && TRY(use_join_token(turn, row->device, item.join_token)), ErrorCode::internal,
              "a welcome that was admitted has no join token");
      save(turn.rows, table::kForeignMembers, std::move(key), NumberRow{turn.now.ms});
    } else if (item.leaving) {
      turn.rows.erase(table::kForeignMembers, std::move(key));
    }
  }
  mailboxes.deliver(turn, {item.kind, item.channel, item.epoch, turn.now.ms, item.body, from}, to);
  return ok();
}

}  // namespace cairn::relay
