#include "core/relay/internal/forwarder.h"

#include <algorithm>

#include "core/base/encoding.h"
#include "core/crypto/labels.h"

namespace cairn::relay {
namespace {

constexpr std::size_t kQueuesAtOnce = 1024;
constexpr std::size_t kDroppedAtOnce = 512;
constexpr const char* kFullThere =
    "A mailbox of this conversation is full; send again when its device has been on line, or remove that device.";
constexpr std::uint64_t kMostAsideAtOnce = std::uint64_t{8} << 20;  // bytes in a turn, and what one envelope brings
constexpr std::size_t kSetAsideAtOnce = 64;                         // mailboxes; each gets a copy of the envelope
constexpr std::uint64_t kMailboxesThatTakeAll = 64;                 // of what a domain can set aside
constexpr unsigned kMostDoublings = 16;
constexpr std::uint32_t kPauseS = 600;  // until what is full here or there is tried again

/// Stands in no domain's name.
constexpr char kOfOne = '/';

std::string name_of_lane(std::string_view domain, const MailboxId& mailbox) {
  return std::string(domain) + kOfOne + to_hex(mailbox);
}

Bytes outgoing_key(std::string_view lane, std::uint64_t sequence) { return domain_key(lane, u64_key(sequence)); }

/// The oldest of a lane's items.
std::vector<Row> oldest_of(const StoreView& rows, std::string_view lane, std::size_t most) {
  return rows.scan_prefix(table::kOutgoing, domain_key(lane, {}), most);
}

bool is_of_rejoin(proto::EnvelopeKind kind) {
  return kind == proto::EnvelopeKind::rejoin || kind == proto::EnvelopeKind::rejoin_answer;
}

/// `least` to twice that.
std::uint64_t jittered(std::uint64_t least, Entropy& entropy) {
  const auto random = random_value<FixedBytes<struct JitterTag, 8>>(entropy);
  return least + number_of_key(random) % (least + 1);
}

}  // namespace

Status Forwarder::rebuild(const StoreView& rows) {
  lanes_.clear();
  Bytes first;
  for (std::vector<Row> page; !(page = rows.scan(table::kOutgoingQueues, first, {}, kQueuesAtOnce)).empty();) {
    for (const Row& row : page) {
      auto queue = wire::decode<OutgoingQueueRow>(row.value);
      REQUIRE(queue.has_value(), ErrorCode::internal, "a row of the store does not decode");
      const std::string name = as_text(row.key);
      const std::size_t end = name.find(kOfOne);
      Lane& lane = lanes_[name];
      lane.row = *queue;
      lane.domain = name.substr(0, end);
      if (end == std::string::npos) continue;
      const Bytes only = TRY(from_hex(std::string_view(name).substr(end + 1)));
      lane.only = TRY(MailboxId::from(only));
      lanes_[lane.domain].aside_bytes += queue->bytes;
    }
    first = std::move(page.back().key);
    first.push_back(0);
  }
  return ok();
}

Status Forwarder::check_domain(Turn& turn, const std::string& domain, proto::EnvelopeKind kind,
                               std::size_t& more) const {
  REQUIRE(config_.federation.mode != Federation::Mode::off, ErrorCode::unsupported,
          "This server delivers to devices of its own domain only.");
  REQUIRE(config_.federation.speaks_to(domain), ErrorCode::not_authorised,
          "This server does not speak to the domain of a member; ask its operator, or remove that member.");
  const auto lane = lanes_.find(domain);
  if (lane == lanes_.end() && !has_place(more++)) {
    turn.retry_after_s = kPauseS;
    return fail(ErrorCode::unavailable,
                "Messages for too many domains that never answered wait at this server; try again later.");
  }
  const std::uint64_t waits = lane == lanes_.end() ? 0 : lane->second.row.bytes;
  REQUIRE(waits < config_.federation.queue_bytes, ErrorCode::over_limit,
          "Too much waits for the server of a member's domain, which cannot be reached; send again later.");
  if (is_of_rejoin(kind) && lane != lanes_.end() && lane->second.no_rejoins_until > turn.now) {
    constexpr std::uint64_t kMostWaitS = 600;  // it may be a newer one at any time
    const std::uint64_t left_s = elapsed_ms(lane->second.no_rejoins_until, turn.now) / kSecondMs + 1;
    turn.retry_after_s = static_cast<std::uint32_t>(std::min(left_s, kMostWaitS));
    return fail(ErrorCode::unavailable,
                "The server of a member's domain does not know yet how devices are let in again; try again later.");
  }
  return ok();
}

Status Forwarder::check_mailbox(Turn& turn, const proto::Address& to) const {
  REQUIRE(!to.mailbox.is_zero(), ErrorCode::malformed, "A mailbox of zeros is none.");
  const auto full = TRY(load<NumberRow>(turn.rows, table::kFullElsewhere, domain_key(to.domain, to.mailbox)));
  if (!has_lane(to.domain, to.mailbox) && !(full && full->value > turn.now.ms)) return ok();
  turn.retry_after_s = kPauseS;
  return fail(ErrorCode::over_limit, kFullThere);
}

Status Forwarder::check(Turn& turn, std::span<const proto::Address> recipients, proto::EnvelopeKind kind) const {
  const std::string* last = nullptr;
  std::size_t more = 0;
  for (const proto::Address& to : recipients) {
    if (last == nullptr || *last != to.domain) TRY(check_domain(turn, to.domain, kind, more));
    TRY(check_mailbox(turn, to));
    last = &to.domain;
  }
  return ok();
}

std::vector<proto::Address> Forwarder::reachable(Turn& turn, std::span<const proto::Address> recipients,
                                                 proto::EnvelopeKind kind) const {
  std::vector<proto::Address> out;
  const std::string* last = nullptr;
  bool is_open = false;
  std::size_t more = 0;
  for (const proto::Address& to : recipients) {
    if (last == nullptr || *last != to.domain) is_open = check_domain(turn, to.domain, kind, more).has_value();
    if (is_open && check_mailbox(turn, to)) out.push_back(to);
    last = &to.domain;
  }
  turn.retry_after_s.reset();
  return out;
}

bool Forwarder::has_place(std::size_t more) const {
  std::size_t strangers = more;
  std::size_t busy = more;
  for (const auto& [name, lane] : lanes_) {
    if (lane.is_of_one()) continue;
    strangers += lane.is_strange() ? 1 : 0;
    busy += lane.is_idle() ? 0 : 1;
  }
  return strangers < kMostStrangers && busy < kMostQueues;
}

void Forwarder::queue(Turn& turn, const std::string& domain, std::vector<MailboxId> recipients,
                      proto::ForwardItem item) {
  if (recipients.empty() || !config_.federation.speaks_to(domain)) return;
  Lane& lane = lanes_[domain];
  lane.domain = domain;
  item.recipients = std::move(recipients);
  if (lane.row.items == 0 && lane.failures == 0) lane.next_try = turn.now;
  append(turn, domain, lane, turn.now.ms, std::move(item));
}

void Forwarder::append(Turn& turn, const std::string& name, Lane& lane, std::uint64_t queued_ms,
                       proto::ForwardItem item) {
  if (lane.row.queue == 0) lane.row.queue = std::max<std::uint64_t>(turn.now.ms, 1);
  const std::uint64_t sequence = item.sequence = lane.row.next++;
  Bytes row = wire::encode(OutgoingRow{queued_ms, std::move(item)});
  ++lane.row.items;
  count(lane, row.size(), 0);
  turn.rows.put(table::kOutgoing, outgoing_key(name, sequence), std::move(row));
  save(turn.rows, table::kOutgoingQueues, to_bytes(name), lane.row);
}

void Forwarder::count(Lane& lane, std::uint64_t bytes_more, std::uint64_t bytes_less) {
  const auto change = [&](std::uint64_t& bytes) {
    bytes += bytes_more;
    bytes -= std::min(bytes, bytes_less);
  };
  change(lane.row.bytes);
  if (lane.is_of_one()) change(lanes_[lane.domain].aside_bytes);
}

void Forwarder::drop(Turn& turn, const std::string& name, Lane& lane, const Row& row) {
  turn.rows.erase(table::kOutgoing, row.key);
  lane.row.items -= std::min<std::uint64_t>(lane.row.items, 1);
  count(lane, 0, row.value.size());
  save(turn.rows, table::kOutgoingQueues, to_bytes(name), lane.row);
}

void Forwarder::drop_up_to(Turn& turn, const std::string& name, Lane& lane, std::uint64_t sequence) {
  const Bytes first = domain_key(name, {});
  const auto rows = turn.rows.scan(table::kOutgoing, first, outgoing_key(name, sequence + 1), kDroppedAtOnce);
  for (const Row& row : rows) drop(turn, name, lane, row);
}

void Forwarder::drop_expired(Turn& turn, const std::string& name, Lane& lane) {
  std::uint64_t last = 0;
  std::uint64_t expired = 0;
  for (const Row& row : oldest_of(turn.rows, name, kDroppedAtOnce)) {
    const auto waiting = wire::decode<OutgoingRow>(row.value);
    if (waiting && after(Time{waiting->queued_ms}, config_.limits.undelivered_ms) > turn.now) break;
    last = number_of_key(row.key);
    ++expired;
  }
  if (expired == 0) return;
  drop_up_to(turn, name, lane, last);
  turn.events.push_back({proto::Event::Level::warning,
                         "envelopes waited too long for another domain's server, and are dropped", expired});
}

// ---- mailboxes that have no room ----

bool Forwarder::has_lane(const std::string& domain, const MailboxId& mailbox) const {
  const auto found = lanes_.find(name_of_lane(domain, mailbox));
  return found != lanes_.end() && found->second.row.items != 0;
}

Forwarder::Lane& Forwarder::lane_of(Turn& turn, const std::string& domain, const MailboxId& mailbox) {
  Lane& lane = lanes_[name_of_lane(domain, mailbox)];
  lane.domain = domain;
  lane.only = mailbox;
  if (lane.row.items == 0) {
    lane.failures = 0;
    failed(turn, lane, 0);
  }
  return lane;
}

std::size_t Forwarder::places_aside(const std::string& domain) const {
  const auto first = lanes_.lower_bound(domain + kOfOne);
  const auto end = lanes_.lower_bound(domain + static_cast<char>(kOfOne + 1));
  return kMostLanesOfOne - std::min(kMostLanesOfOne, static_cast<std::size_t>(std::distance(first, end)));
}

bool Forwarder::has_room_aside(const Lane& lane, const MailboxId& mailbox, std::size_t places) const {
  const std::uint64_t all = config_.federation.queue_bytes;
  const auto found = lanes_.find(name_of_lane(lane.domain, mailbox));
  if (found == lanes_.end() && places == 0) return false;
  const std::uint64_t waits = found == lanes_.end() ? 0 : found->second.row.bytes;
  return waits < all / kMostLanesOfOne || (lane.aside_bytes < all && waits < all / kMailboxesThatTakeAll);
}

Forwarder::Aside Forwarder::set_aside(Turn& turn, Lane& lane, const Row& row, OutgoingRow& waiting,
                                      const std::set<MailboxId>& who) {
  Aside out;
  std::set<MailboxId> gone;
  const std::size_t most = lanes_.size() + places_aside(lane.domain);
  for (const MailboxId& mailbox : who) {
    if (!has_room_aside(lane, mailbox, most - lanes_.size())) {
      ++out.lost;
    } else if (out.copies == kSetAsideAtOnce) {
      out.is_all = false;
      continue;
    } else {
      ++out.copies;
      proto::ForwardItem item = waiting.item;
      item.recipients = {mailbox};
      append(turn, name_of_lane(lane.domain, mailbox), lane_of(turn, lane.domain, mailbox), waiting.queued_ms,
             std::move(item));
    }
    gone.insert(mailbox);
  }
  std::erase_if(waiting.item.recipients, [&](const MailboxId& it) { return gone.contains(it); });
  out.anybody = !waiting.item.recipients.empty();
  if (out.anybody) {
    Bytes rest = wire::encode(waiting);
    count(lane, rest.size(), row.value.size());
    turn.rows.put(table::kOutgoing, row.key, std::move(rest));
  } else {
    turn.rows.erase(table::kOutgoing, row.key);
    lane.row.items -= std::min<std::uint64_t>(lane.row.items, 1);
    count(lane, 0, row.value.size());
  }
  save(turn.rows, table::kOutgoingQueues, to_bytes(lane.domain), lane.row);
  return out;
}

void Forwarder::note_lost(Turn& turn, std::uint64_t lost) {
  if (lost == 0) return;
  turn.events.push_back({proto::Event::Level::warning,
                         "envelopes for full mailboxes of another domain are dropped: too much waits for these", lost});
}

// What else was in the batch for these follows in next_batch().
bool Forwarder::step_aside(Turn& turn, Lane& lane, const std::vector<MailboxId>& full) {
  if (lane.is_of_one()) return false;
  const auto rows = oldest_of(turn.rows, lane.domain, 1);
  auto waiting = rows.empty() ? Result<OutgoingRow>(fail(ErrorCode::not_found, "no item"))
                              : wire::decode<OutgoingRow>(rows.front().value);
  if (!waiting) return false;
  std::set<MailboxId> who;
  for (const MailboxId& mailbox : waiting->item.recipients) {
    if (std::ranges::binary_search(full, mailbox)) who.insert(mailbox);
  }
  if (who.empty()) return false;
  note_lost(turn, set_aside(turn, lane, rows.front(), *waiting, who).lost);
  return true;
}

// ---- batches ----

Forwarder::Batch Forwarder::next_batch(Turn& turn, const std::string& name, Lane& lane) {
  Batch batch;
  std::size_t bytes = 0;
  std::uint64_t written = 0;  // for what is set aside
  std::uint64_t lost = 0;
  std::uint64_t unknown = 0;
  const bool is_one = lane.one_by_one || (lane.is_of_one() && lane.failures != 0);  // a try costs its allowance
  lane.next_try = after(turn.now, kHourMs);  // unless something is sent, or set aside
  for (const Row& row : oldest_of(turn.rows, name, is_one ? 1 : proto::kMaxForwardItems)) {
    auto waiting = wire::decode<OutgoingRow>(row.value);
    if (!waiting) break;
    if (lane.no_rejoins_until > turn.now && is_of_rejoin(waiting->item.kind)) {
      drop(turn, name, lane, row);
      lane.next_try = turn.now;
      ++unknown;
      continue;
    }
    std::set<MailboxId> who;
    for (const MailboxId& mailbox : waiting->item.recipients) {
      if (!lane.is_of_one() && lane.aside_bytes != 0 && has_lane(lane.domain, mailbox)) who.insert(mailbox);
    }
    if (!who.empty()) {
      lane.next_try = turn.now;
      if (written >= kMostAsideAtOnce) break;
      const Aside aside = set_aside(turn, lane, row, *waiting, who);
      written += row.value.size() * (aside.copies + 1);
      lost += aside.lost;
      if (!aside.is_all) break;  // the others in the next turn
      if (!aside.anybody) continue;
    }
    bytes += row.value.size();
    if (bytes > proto::kMaxForwardBytes && !batch.empty()) break;
    batch.push_back(std::move(waiting->item));
  }
  note_lost(turn, lost);
  if (unknown != 0) {
    turn.events.push_back({proto::Event::Level::warning,
                           "envelopes that let devices in again are dropped: another domain's server knows none",
                           unknown});
  }
  return batch;
}

void Forwarder::send_batch(Turn& turn, const Keys& keys, const std::string& name, Lane& lane) {
  drop_expired(turn, name, lane);
  if (!config_.federation.speaks_to(lane.domain)) {
    lane.next_try = after(turn.now, kHourMs);
    return;
  }
  proto::ForwardBatch batch{config_.domain, lane.domain, lane.row.queue, next_batch(turn, name, lane), {}, lane.only};
  if (batch.items.empty()) return;
  batch.signature = crypto::sign_labelled(keys.server, crypto::kSignForward, batch.content());
  lane.first_sent = batch.items.front().sequence;
  lane.last_sent = batch.items.back().sequence;
  proto::Call call = neighbours_.call_to(lane.domain, proto::kPathForward);
  call.id = proto::CallId{next_call_++};
  call.method = proto::Method::post;
  call.body = wire::encode(batch);
  call.timeout_ms = kForwardTimeoutMs;
  lane.call = call.id;
  turn.sends.emplace_back(std::move(call));
}

// Mailboxes without room are asked about one after the other: they are another domain's to name, and may be many.
Forwarder::UnderWay Forwarder::under_way() const {
  UnderWay out;
  for (const auto& [name, lane] : lanes_) {
    if (lane.call) out.add(lane);
  }
  return out;
}

// A queue that is made again counts in a larger `queue` than the one before: it was empty for a while.
void Forwarder::forget_idle(Turn& turn) {
  constexpr std::uint64_t kLeastIdleMs = kMinuteMs;
  std::vector<std::pair<Time, std::string>> idle;
  std::size_t domains = 0;
  for (auto& [name, lane] : lanes_) {
    domains += lane.is_of_one() ? 0 : 1;
    if (!lane.is_idle()) {
      lane.idle_since.reset();
    } else {
      if (!lane.idle_since) lane.idle_since = turn.now;
      idle.emplace_back(*lane.idle_since, name);
    }
  }
  std::ranges::sort(idle);
  for (const auto& [since, name] : idle) {
    const std::uint64_t idle_ms = elapsed_ms(turn.now, since);
    const auto lane = lanes_.find(name);
    const bool is_of_one = lane->second.is_of_one();
    const bool goes = idle_ms >= (is_of_one ? kLeastIdleMs : kIdleQueueMs) ||
                      (!is_of_one && domains > kMostQueues && idle_ms >= kLeastIdleMs);
    if (!goes) continue;
    domains -= is_of_one ? 0 : 1;
    turn.rows.erase(table::kOutgoingQueues, to_bytes(name));
    lanes_.erase(lane);
  }
}

void Forwarder::tick(Turn& turn, const Keys& keys) {
  forget_idle(turn);
  UnderWay calls = under_way();
  std::vector<std::pair<Time, std::string>> due;
  for (const auto& [name, lane] : lanes_) {
    if (!lane.call && lane.row.items != 0 && lane.next_try <= turn.now) due.emplace_back(lane.next_try, name);
  }
  std::ranges::sort(due);
  for (const auto& [since, name] : due) {
    Lane& lane = lanes_.at(name);
    if (!calls.lets(lane)) continue;
    send_batch(turn, keys, name, lane);
    if (lane.call) calls.add(lane);
  }
}

// Who has to wait for another one's answer is woken by that.
Time Forwarder::deadline() const {
  const UnderWay calls = under_way();
  Time next = Time::never();
  for (const auto& [name, lane] : lanes_) {
    if (!lane.call && lane.row.items != 0 && calls.lets(lane)) next = std::min(next, lane.next_try);
  }
  return next;
}

bool Forwarder::owns(proto::CallId id) const {
  return std::ranges::any_of(lanes_, [&](const auto& entry) { return entry.second.call == id; });
}

void Forwarder::failed(Turn& turn, Lane& lane, std::uint64_t at_least_ms) const {
  const std::uint64_t doubled = kFirstRetryMs << std::min(lane.failures, kMostDoublings);
  const std::uint64_t wait_ms = jittered(std::min(doubled, kMostRetryMs) / 2, turn.entropy);
  lane.next_try = after(turn.now, std::max(wait_ms, std::min<std::uint64_t>(at_least_ms, kHourMs)));
  ++lane.failures;
}

std::vector<MailboxId> Forwarder::asked_about(const StoreView& rows, const std::string& name, const Lane& lane,
                                              const std::vector<MailboxId>& full) {
  std::set<MailboxId> asked;
  for (const Row& row : rows.scan(table::kOutgoing, outgoing_key(name, lane.first_sent),
                                  outgoing_key(name, lane.last_sent + 1), proto::kMaxForwardItems)) {
    const auto waiting = wire::decode<OutgoingRow>(row.value);
    if (waiting) asked.insert(waiting->item.recipients.begin(), waiting->item.recipients.end());
  }
  std::vector<MailboxId> out = full;
  std::erase_if(out, [&](const MailboxId& it) { return !asked.contains(it); });
  return out;
}

void Forwarder::note_full(Turn& turn, const std::string& domain, const std::vector<MailboxId>& full) {
  std::size_t known = turn.rows.scan_prefix(table::kFullElsewhere, domain_key(domain, {}), kMostFullElsewhere).size();
  for (const MailboxId& mailbox : full) {
    Bytes key = domain_key(domain, mailbox);
    const bool is_known = turn.rows.get(table::kFullElsewhere, key).has_value();
    if (!is_known && known >= kMostFullElsewhere) continue;
    known += is_known ? 0 : 1;
    save(turn.rows, table::kFullElsewhere, std::move(key), NumberRow{after(turn.now, kFullElsewhereMs).ms});
  }
}

void Forwarder::taken(Turn& turn, const std::string& name, Lane& lane, const proto::ForwardAnswer& answer) {
  const std::vector<MailboxId> full =
      answer.full.empty() ? answer.full : asked_about(turn.rows, name, lane, answer.full);
  if (!full.empty()) note_full(turn, lane.domain, full);
  drop_up_to(turn, name, lane, answer.up_to);
  const bool goes_on = answer.up_to >= lane.last_sent || step_aside(turn, lane, full);
  if (answer.up_to < lane.first_sent && !goes_on) return failed(turn, lane, 0);
  if (lane.failures != 0 && !lane.is_of_one()) {
    turn.events.push_back({proto::Event::Level::info, "another domain's server takes envelopes again", lane.row.items});
  }
  lane.failures = 0;
  lane.one_by_one = false;
  lane.next_try = turn.now;
  if (!goes_on) failed(turn, lane, 0);  // it takes the rest later
}

void Forwarder::begin_anew(Turn& turn, const std::string& name, Lane& lane, std::uint64_t their_queue) {
  turn.events.push_back({proto::Event::Level::warning, "another domain's server knows a later queue of ours", 0});
  lane.row.queue = std::max(turn.now.ms, their_queue + 1);
  save(turn.rows, table::kOutgoingQueues, to_bytes(name), lane.row);
}

void Forwarder::refused(Turn& turn, const std::string& name, Lane& lane, const proto::CallReply& reply) {
  constexpr int kMalformed = 400, kConflict = 409, kTooLarge = 413;
  const auto answer = wire::decode<proto::ForwardAnswer>(reply.body);
  // Its own words: a proxy in its place says 400 too.
  const auto error = wire::decode<proto::ErrorAnswer>(reply.body);
  const bool not_understood = (reply.status == kMalformed && error && error->code == ErrorCode::malformed) ||
                              (reply.status == kTooLarge && error && error->code == ErrorCode::over_limit);
  // Nobody can have taken a queue of ours from further ahead (receiver.cpp), so it is no honest answer.
  const bool is_possible = answer && answer->queue <= after(turn.now, proto::kMaxQueueAheadMs).ms;
  if (reply.status == kConflict && is_possible && answer->queue >= lane.row.queue) {
    begin_anew(turn, name, lane, answer->queue);
  } else if (not_understood) {
    if (lane.one_by_one) {
      turn.events.push_back(
          {proto::Event::Level::warning, "another domain's server does not understand an envelope; it is dropped", 1});
      const auto row = turn.rows.get(table::kOutgoing, outgoing_key(name, lane.last_sent));
      const auto item = row ? wire::decode<OutgoingRow>(*row) : Result<OutgoingRow>(fail(ErrorCode::not_found, "row"));
      drop_up_to(turn, name, lane, lane.last_sent);
      // Others like it wait there perhaps, and nobody can have the queue stand still for each of them.
      if (item && is_of_rejoin(item->item.kind)) {
        lane.no_rejoins_until = after(turn.now, kHourMs);
        lane.failures = 0;
      }
    }
    lane.one_by_one = true;
  }
  failed(turn, lane, std::uint64_t{reply.retry_after_s.value_or(0)} * kSecondMs);
}

void Forwarder::call_done(Turn& turn, const proto::CallDone& done) {
  const auto found = std::ranges::find_if(lanes_, [&](const auto& entry) { return entry.second.call == done.id; });
  if (found == lanes_.end()) return;
  const std::string& name = found->first;
  Lane& lane = found->second;
  lane.call.reset();
  const bool was_failing = lane.failures != 0;
  const auto answer = done.reply && done.reply->status == 200
                          ? wire::decode<proto::ForwardAnswer>(done.reply->body)
                          : Result<proto::ForwardAnswer>(fail(ErrorCode::unavailable, "not taken"));
  if (answer && answer->queue == lane.row.queue && answer->up_to >= lane.row.next) {
    begin_anew(turn, name, lane, answer->queue);
    failed(turn, lane, 0);
  } else if (answer && answer->queue == lane.row.queue) {
    taken(turn, name, lane, *answer);
  } else if (done.reply && done.reply->status != 200) {
    refused(turn, name, lane, *done.reply);
  } else {
    failed(turn, lane, 0);
  }
  if (!was_failing && lane.failures != 0 && !lane.is_of_one()) {
    turn.events.push_back({proto::Event::Level::warning,
                           "another domain's server takes no envelopes at the moment; what is for it waits",
                           lane.row.items});
  }
}

Forwarder::Waiting Forwarder::waiting() const {
  Waiting out;
  for (const auto& [domain, lane] : lanes_) {
    out.items += lane.row.items;
    out.bytes += lane.row.bytes;
    if (lane.is_of_one() || lane.row.bytes + lane.aside_bytes == 0) continue;
    ++out.domains;
    out.failing += lane.failures != 0 ? 1 : 0;
  }
  return out;
}

}  // namespace cairn::relay
