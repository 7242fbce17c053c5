#include "core/relay/internal/mailboxes.h"

#include <algorithm>

namespace cairn::relay {
namespace {

using proto::MailboxPush;

constexpr std::size_t kExpiredAtOnce = 256;

/// Where Envelope::sequence stands in an encoded push: behind the kind.
constexpr std::size_t kSequenceOffset = 1;

/// What an envelope takes beside its body, in the store and on the way: rows, keys, head.
constexpr std::uint64_t kEnvelopeCost = 128;

void patch_sequence(Bytes& frame, std::uint64_t sequence) {
  const Bytes number = u64_key(sequence);
  std::ranges::copy(number, frame.begin() + kSequenceOffset);
}

/// References [first, end) of a mailbox, in order.
std::vector<Row> references(const StoreView& rows, const MailboxId& mailbox, std::uint64_t first, std::uint64_t end,
                            std::size_t limit) {
  return rows.scan(table::kReferences, numbered_key(mailbox, first), numbered_key(mailbox, end), limit);
}

Bytes share_key(const MailboxId& mailbox, std::string_view domain) { return concat({mailbox, as_bytes(domain)}); }

/// A row that cannot be read counts as none: what is counted here decides who waits, and nothing else.
ShareRow share_of(const StoreView& rows, const Bytes& key) {
  const auto row = load<ShareRow>(rows, table::kForeignShares, key);
  return row && *row ? **row : ShareRow{};
}

void save_share(Turn& turn, Bytes key, const ShareRow& share) {
  if (share.envelopes == 0) return turn.rows.erase(table::kForeignShares, std::move(key));
  save(turn.rows, table::kForeignShares, std::move(key), share);
}

void add(ShareRow& share, std::uint64_t cost) {
  ++share.envelopes;
  share.bytes += cost;
}

void take_off(ShareRow& share, std::uint64_t cost) {
  share.envelopes -= std::min<std::uint64_t>(share.envelopes, 1);
  share.bytes -= std::min(share.bytes, cost);
}

}  // namespace

std::uint64_t Mailboxes::cost_of(const BodyRow& body) { return body.body.size() + kEnvelopeCost; }

void Mailboxes::rebuild(const StoreView& store) {
  boxes_.clear();
  sessions_.clear();
  const auto newest = store.scan(table::kBodies, {}, {}, 1, Order::descending);
  next_body_ = newest.empty() ? 1 : number_of_key(newest.front().key) + 1;
}

Mailboxes::Box& Mailboxes::box(const MailboxId& mailbox) {
  const auto found = boxes_.find(mailbox);
  CHECK(found != boxes_.end());
  return found->second;
}
const Mailboxes::Box& Mailboxes::box(const MailboxId& mailbox) const {
  const auto found = boxes_.find(mailbox);
  CHECK(found != boxes_.end());
  return found->second;
}

Status Mailboxes::prepare(const StoreView& rows, std::span<const MailboxId> mailboxes) {
  if (boxes_.size() > kMaxRemembered + sessions_.size()) {
    std::erase_if(boxes_, [](const auto& entry) { return !entry.second.socket; });
  }
  for (const MailboxId& mailbox : mailboxes) {
    if (!boxes_.contains(mailbox)) boxes_.emplace(mailbox, TRY(read_box(rows, mailbox)));
  }
  return ok();
}

Result<Mailboxes::Box> Mailboxes::read_box(const StoreView& rows, const MailboxId& mailbox) {
  const auto row = TRY(load<MailboxRow>(rows, table::kMailboxes, mailbox));
  REQUIRE(row, ErrorCode::not_found, "There is no such mailbox here; look the name up again.");
  Box box;
  box.acknowledged = box.last = row->acknowledged;
  box.shut = rows.get(table::kClosedMailboxes, mailbox).has_value();
  box.elsewhere = share_of(rows, to_bytes(mailbox));
  const auto newest = rows.scan(table::kReferences, mailbox, prefix_end(mailbox), 1, Order::descending);
  if (newest.empty()) return box;
  box.last = number_of_key(newest.front().key);
  box.total = TRY(wire::decode<ReferenceRow>(newest.front().value))
  .total;
  // What was queued before the oldest that waits is what its total has beyond its own cost.
  const auto oldest = rows.scan(table::kReferences, mailbox, prefix_end(mailbox), 1);
  const auto first = TRY(wire::decode<ReferenceRow>(oldest.front().value));
  const auto body = TRY(load<BodyRow>(rows, table::kBodies, u64_key(first.body)));
  const std::uint64_t cost = body ? cost_of(*body) : 0;
  box.acknowledged_total = first.total > cost ? first.total - cost : 0;
  return box;
}

std::uint64_t Mailboxes::waiting(const MailboxId& mailbox) const {
  const Box& it = box(mailbox);
  return it.last - it.acknowledged;
}

std::uint64_t Mailboxes::waiting_bytes(const MailboxId& mailbox) const {
  const Box& it = box(mailbox);
  return it.total > it.acknowledged_total ? it.total - it.acknowledged_total : 0;
}

bool Mailboxes::full(const MailboxId& mailbox) const {
  const ShareRow& elsewhere = box(mailbox).elsewhere;
  return waiting(mailbox) >= limits_.mailbox_envelopes + elsewhere.envelopes ||
         waiting_bytes(mailbox) >= limits_.mailbox_bytes + elsewhere.bytes;
}

Result<bool> Mailboxes::full_for(const StoreView& rows, const MailboxId& mailbox, std::string_view domain) const {
  const ShareRow& all = box(mailbox).elsewhere;
  const auto row = TRY(load<ShareRow>(rows, table::kForeignShares, share_key(mailbox, domain)));
  const ShareRow theirs = row.value_or(ShareRow{});
  return all.envelopes + theirs.envelopes >= limits_.mailbox_envelopes ||
         all.bytes + theirs.bytes >= limits_.mailbox_bytes;
}

Bytes Mailboxes::frame_of(const BodyRow& body, std::uint64_t sequence) const {
  MailboxPush push;
  push.kind = MailboxPush::Kind::envelope;
  push.envelope = {sequence,         body.kind, body.domain.empty() ? domain_ : body.domain, body.channel, body.epoch,
                   body.received_ms, body.body};
  return wire::encode(push);
}

std::uint64_t Mailboxes::deliver(Turn& turn, const BodyRow& body, std::span<const MailboxId> mailboxes, Keep keep) {
  const std::uint64_t number = next_body_++;
  const auto shut = std::ranges::count_if(mailboxes, [&](const MailboxId& it) { return box(it).shut; });
  const std::size_t count = mailboxes.size() - static_cast<std::size_t>(shut) + (keep == Keep::yes ? 1 : 0);
  if (count == 0) return number;
  save(turn.rows, table::kBodies, u64_key(number), body);
  turn.rows.put(table::kBodyCounts, u64_key(number), u64_key(count));
  Bytes frame;
  for (const MailboxId& mailbox : mailboxes) {
    Box& it = box(mailbox);
    if (it.shut) continue;
    if (it.last == it.acknowledged) it.total = it.acknowledged_total = 0;
    const std::uint64_t sequence = ++it.last;
    it.total += cost_of(body);
    save(turn.rows, table::kReferences, numbered_key(mailbox, sequence), ReferenceRow{it.total, number});
    if (!body.domain.empty()) {
      const ForeignRow row{body.domain, cost_of(body)};
      Bytes key = share_key(mailbox, body.domain);
      ShareRow theirs = share_of(turn.rows, key);
      add(theirs, row.cost);
      add(it.elsewhere, row.cost);
      save_share(turn, std::move(key), theirs);
      save_share(turn, to_bytes(mailbox), it.elsewhere);
      save(turn.rows, table::kForeignReferences, numbered_key(mailbox, sequence), row);
    }
    if (!it.may_push(sequence)) continue;
    if (frame.empty()) frame = frame_of(body, sequence);
    patch_sequence(frame, sequence);
    turn.sends.emplace_back(proto::SocketSend{*it.socket, frame});
    it.pushed = sequence;
  }
  return number;
}

void Mailboxes::give_back(Turn& turn, const MailboxId& mailbox, Box& box, std::uint64_t first, std::uint64_t end) {
  if (box.elsewhere.envelopes == 0 || first >= end) return;
  const auto gone = turn.rows.scan(table::kForeignReferences, numbered_key(mailbox, first), numbered_key(mailbox, end),
                                   static_cast<std::size_t>(end - first));
  for (const Row& row : gone) {
    turn.rows.erase(table::kForeignReferences, row.key);
    const auto whose = wire::decode<ForeignRow>(row.value);
    if (!whose) continue;
    Bytes key = share_key(mailbox, whose->domain);
    ShareRow theirs = share_of(turn.rows, key);
    take_off(theirs, whose->cost);
    take_off(box.elsewhere, whose->cost);
    save_share(turn, std::move(key), theirs);
  }
  if (!gone.empty()) save_share(turn, to_bytes(mailbox), box.elsewhere);
}

void Mailboxes::release(Turn& turn, std::uint64_t body) {
  Bytes key = u64_key(body);
  const std::optional<Bytes> count = turn.rows.get(table::kBodyCounts, key);
  const std::uint64_t left = count ? number_of_key(*count) : 1;
  if (left > 1) {
    turn.rows.put(table::kBodyCounts, std::move(key), u64_key(left - 1));
    return;
  }
  turn.rows.erase(table::kBodies, key);
  turn.rows.erase(table::kBodyCounts, std::move(key));
}

Status Mailboxes::open(Turn& turn, proto::SocketId socket, const LoggedIn& who) {
  TRY(prepare(turn.rows, {&who.mailbox, 1}));
  Box& it = box(who.mailbox);
  if (it.socket) close(turn, *it.socket);
  it.socket = socket;
  it.pushed = it.acknowledged;
  it.caught_up = false;
  sessions_.emplace(socket, Session{who});
  push_frames(turn, who.mailbox, it);
  return ok();
}

void Mailboxes::push_frames(Turn& turn, const MailboxId& mailbox, Box& box) {
  if (!box.socket) return;
  const std::uint64_t end = std::min(box.last, box.acknowledged + proto::kPushWindow) + 1;
  if (box.pushed + 1 < end) {
    for (const Row& row : references(turn.rows, mailbox, box.pushed + 1, end, proto::kPushWindow)) {
      const auto body = load<BodyRow>(turn.rows, table::kBodies, u64_key(number_of_key(row.value)));
      if (!body || !*body) {
        turn.events.push_back({proto::Event::Level::error, "an envelope's body is missing from the store", 0});
        return close(turn, *box.socket);
      }
      box.pushed = number_of_key(row.key);
      turn.sends.emplace_back(proto::SocketSend{*box.socket, frame_of(**body, box.pushed)});
    }
  }
  if (box.pushed == box.last && !box.caught_up) {
    box.caught_up = true;
    turn.sends.emplace_back(
        proto::SocketSend{*box.socket, wire::encode(MailboxPush{MailboxPush::Kind::caught_up, {}, 0, box.last})});
  }
}

void Mailboxes::frame(Turn& turn, proto::SocketId socket, ByteView data) {
  const auto session = sessions_.find(socket);
  const auto ack = wire::decode<proto::MailboxAck>(data);
  if (session == sessions_.end()) {
    turn.sends.emplace_back(proto::SocketClose{socket});
    return;
  }
  const MailboxId mailbox = session->second.who.mailbox;
  Box& it = box(mailbox);
  if (!ack || ack->up_to > it.pushed) return close(turn, socket);
  if (ack->up_to <= it.acknowledged) return;
  auto row = load<MailboxRow>(turn.rows, table::kMailboxes, mailbox);
  if (!row || !*row) return close(turn, socket);
  for (const Row& reference : references(turn.rows, mailbox, it.acknowledged + 1, ack->up_to + 1, proto::kPushWindow)) {
    turn.rows.erase(table::kReferences, reference.key);
    release(turn, number_of_key(reference.value));
    const auto total = wire::decode<ReferenceRow>(reference.value);
    if (total) it.acknowledged_total = total->total;
  }
  give_back(turn, mailbox, it, it.acknowledged + 1, ack->up_to + 1);
  it.acknowledged = (*row)->acknowledged = ack->up_to;
  save(turn.rows, table::kMailboxes, to_bytes(mailbox), **row);
  push_frames(turn, mailbox, it);
}

void Mailboxes::closed(proto::SocketId socket) {
  const auto session = sessions_.find(socket);
  if (session == sessions_.end()) return;
  box(session->second.who.mailbox).socket.reset();
  sessions_.erase(session);
}

void Mailboxes::close(Turn& turn, proto::SocketId socket) {
  turn.sends.emplace_back(proto::SocketClose{socket});
  closed(socket);
}

bool Mailboxes::expire(Turn& turn, const MailboxId& mailbox) {
  auto row = load<MailboxRow>(turn.rows, table::kMailboxes, mailbox);
  if (!row || !*row || !prepare(turn.rows, {&mailbox, 1})) return false;
  Box& it = box(mailbox);
  const auto oldest = references(turn.rows, mailbox, it.acknowledged + 1, it.last + 1, kExpiredAtOnce);
  std::size_t expired = 0;
  const std::uint64_t first = it.acknowledged + 1;
  for (const Row& reference : oldest) {
    const auto body = load<BodyRow>(turn.rows, table::kBodies, u64_key(number_of_key(reference.value)));
    const bool fresh = body && *body && after(Time{(*body)->received_ms}, limits_.undelivered_ms) > turn.now;
    if (fresh && !it.shut) break;
    turn.rows.erase(table::kReferences, reference.key);
    release(turn, number_of_key(reference.value));
    it.acknowledged = number_of_key(reference.key);
    if (const auto total = wire::decode<ReferenceRow>(reference.value)) it.acknowledged_total = total->total;
    ++expired;
  }
  if (expired == 0) return false;
  give_back(turn, mailbox, it, first, it.acknowledged + 1);
  it.pushed = std::max(it.pushed, it.acknowledged);
  (*row)->acknowledged = it.acknowledged;
  save(turn.rows, table::kMailboxes, to_bytes(mailbox), **row);
  push_frames(turn, mailbox, it);
  return expired == kExpiredAtOnce;
}

void Mailboxes::push_log_grew(Turn& turn, std::uint64_t size) {
  const Bytes frame = wire::encode(MailboxPush{MailboxPush::Kind::log_grew, {}, size});
  for (const auto& [socket, session] : sessions_) turn.sends.emplace_back(proto::SocketSend{socket, frame});
}

void Mailboxes::push_key_packages_low(Turn& turn, const MailboxId& mailbox) {
  const auto found = boxes_.find(mailbox);
  if (found == boxes_.end() || !found->second.socket) return;
  const MailboxPush push{MailboxPush::Kind::key_packages_low, {}, 0};
  turn.sends.emplace_back(proto::SocketSend{*found->second.socket, wire::encode(push)});
}

void Mailboxes::push_signal(Turn& turn, const Bytes& frame, std::span<const MailboxId> mailboxes) const {
  for (const MailboxId& mailbox : mailboxes) {
    const auto found = boxes_.find(mailbox);
    if (found == boxes_.end() || !found->second.socket || found->second.shut) continue;
    // Who is behind with what is kept gets that first, and this not at all.
    if (found->second.acknowledged != found->second.last) continue;
    turn.sends.emplace_back(proto::SocketSend{*found->second.socket, frame});
  }
}

void Mailboxes::close_name(Turn& turn, std::string_view name) {
  std::vector<proto::SocketId> theirs;
  for (const auto& [socket, session] : sessions_) {
    if (session.who.name == name) theirs.push_back(socket);
  }
  for (const proto::SocketId socket : theirs) close(turn, socket);
}

void Mailboxes::shut(std::span<const MailboxId> mailboxes) {
  for (const MailboxId& mailbox : mailboxes) {
    const auto found = boxes_.find(mailbox);
    if (found != boxes_.end()) found->second.shut = true;
  }
}

void Mailboxes::close_removed(Turn& turn, const directory::Map& served, std::span<const std::string> names) {
  std::vector<proto::SocketId> removed;
  for (const auto& [socket, session] : sessions_) {
    if (!std::binary_search(names.begin(), names.end(), session.who.name)) continue;
    const auto active = find_active_device(turn.rows, served, session.who.name, session.who.device);
    if (!active || !*active || (*active)->mailbox != session.who.mailbox) removed.push_back(socket);
  }
  for (const proto::SocketId socket : removed) close(turn, socket);
}

}  // namespace cairn::relay
