#include "core/relay/internal/forwarder.h"

#include <algorithm>

#include "core/crypto/labels.h"

namespace cairn::relay {
namespace {

constexpr std::size_t kQueuesAtOnce = 1024;
constexpr std::size_t kDroppedAtOnce = 512;
constexpr unsigned kMostDoublings = 16;

Bytes outgoing_key(std::string_view domain, std::uint64_t sequence) { return domain_key(domain, u64_key(sequence)); }

/// The oldest of a domain's items.
std::vector<Row> oldest_of(const StoreView& rows, std::string_view domain, std::size_t most) {
  return rows.scan_prefix(table::kOutgoing, domain_key(domain, {}), most);
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
      lanes_[as_text(row.key)].row = *queue;
    }
    first = std::move(page.back().key);
    first.push_back(0);
  }
  return ok();
}

Status Forwarder::check(const StoreView& rows, std::span<const proto::Address> recipients, Time now) const {
  const std::string* last = nullptr;
  for (const proto::Address& to : recipients) {
    if (last == nullptr || *last != to.domain) {
      REQUIRE(config_.federation.mode != Federation::Mode::off, ErrorCode::unsupported,
              "This server delivers to devices of its own domain only.");
      REQUIRE(config_.federation.speaks_to(to.domain), ErrorCode::not_authorised,
              "This server does not speak to the domain of a member; ask its operator, or remove that member.");
      const auto lane = lanes_.find(to.domain);
      REQUIRE(lane == lanes_.end() || lane->second.row.bytes < config_.federation.queue_bytes, ErrorCode::over_limit,
              "Too much waits for the server of a member's domain, which cannot be reached; send again later.");
      last = &to.domain;
    }
    const auto full = TRY(load<NumberRow>(rows, table::kFullElsewhere, domain_key(to.domain, to.mailbox)));
    REQUIRE(!full || full->value <= now.ms, ErrorCode::over_limit,
            "A mailbox of this conversation is full; send again when its device has been on line, or remove that "
            "device.");
  }
  return ok();
}

void Forwarder::queue(Turn& turn, const std::string& domain, std::vector<MailboxId> recipients,
                      proto::ForwardItem item) {
  if (recipients.empty() || !config_.federation.speaks_to(domain)) return;
  Lane& lane = lanes_[domain];
  if (lane.row.queue == 0) lane.row.queue = std::max<std::uint64_t>(turn.now.ms, 1);
  item.recipients = std::move(recipients);
  item.sequence = lane.row.next++;
  Bytes row = wire::encode(OutgoingRow{turn.now.ms, std::move(item)});
  if (lane.row.items == 0 && lane.failures == 0) lane.next_try = turn.now;
  ++lane.row.items;
  lane.row.bytes += row.size();
  turn.rows.put(table::kOutgoing, outgoing_key(domain, lane.row.next - 1), std::move(row));
  save(turn.rows, table::kOutgoingQueues, to_bytes(domain), lane.row);
}

void Forwarder::drop_up_to(Turn& turn, const std::string& domain, Lane& lane, std::uint64_t sequence) {
  const Bytes first = domain_key(domain, {});
  const auto rows = turn.rows.scan(table::kOutgoing, first, outgoing_key(domain, sequence + 1), kDroppedAtOnce);
  for (const Row& row : rows) {
    turn.rows.erase(table::kOutgoing, row.key);
    lane.row.items -= std::min<std::uint64_t>(lane.row.items, 1);
    lane.row.bytes -= std::min<std::uint64_t>(lane.row.bytes, row.value.size());
  }
  if (!rows.empty()) save(turn.rows, table::kOutgoingQueues, to_bytes(domain), lane.row);
}

void Forwarder::drop_expired(Turn& turn, const std::string& domain, Lane& lane) const {
  std::uint64_t last = 0;
  std::uint64_t count = 0;
  for (const Row& row : oldest_of(turn.rows, domain, kDroppedAtOnce)) {
    const auto waiting = wire::decode<OutgoingRow>(row.value);
    if (waiting && after(Time{waiting->queued_ms}, config_.limits.undelivered_ms) > turn.now) break;
    last = number_of_key(row.key);
    ++count;
  }
  if (count == 0) return;
  drop_up_to(turn, domain, lane, last);
  turn.events.push_back(
      {proto::Event::Level::warning, "envelopes waited too long for another domain's server, and are dropped", count});
}

void Forwarder::send_batch(Turn& turn, const Keys& keys, const std::string& domain, Lane& lane) {
  drop_expired(turn, domain, lane);
  if (!config_.federation.speaks_to(domain)) {
    lane.next_try = after(turn.now, kHourMs);
    return;
  }
  proto::ForwardBatch batch{config_.domain, domain, lane.row.queue, {}, {}};
  std::size_t bytes = 0;
  for (const Row& row : oldest_of(turn.rows, domain, lane.one_by_one ? 1 : proto::kMaxForwardItems)) {
    auto waiting = wire::decode<OutgoingRow>(row.value);
    if (!waiting) break;
    bytes += row.value.size();
    if (bytes > proto::kMaxForwardBytes && !batch.items.empty()) break;
    batch.items.push_back(std::move(waiting->item));
  }
  if (batch.items.empty()) {
    lane.next_try = after(turn.now, kHourMs);
    return;
  }
  batch.signature = crypto::sign_labelled(keys.server, crypto::kSignForward, batch.content());
  lane.first_sent = batch.items.front().sequence;
  lane.last_sent = batch.items.back().sequence;
  proto::Call call = neighbours_.call_to(domain, proto::kPathForward);
  call.id = proto::CallId{next_call_++};
  call.method = proto::Method::post;
  call.body = wire::encode(batch);
  call.timeout_ms = kForwardTimeoutMs;
  lane.call = call.id;
  turn.sends.emplace_back(std::move(call));
}

void Forwarder::tick(Turn& turn, const Keys& keys) {
  for (auto& [domain, lane] : lanes_) {
    if (!lane.call && lane.row.items != 0 && lane.next_try <= turn.now) send_batch(turn, keys, domain, lane);
  }
}

Time Forwarder::deadline() const {
  Time next = Time::never();
  for (const auto& [domain, lane] : lanes_) {
    if (!lane.call && lane.row.items != 0) next = std::min(next, lane.next_try);
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

void Forwarder::taken(Turn& turn, const std::string& domain, Lane& lane, const proto::ForwardAnswer& answer) {
  for (const MailboxId& mailbox : answer.full) {
    save(turn.rows, table::kFullElsewhere, domain_key(domain, mailbox),
         NumberRow{after(turn.now, kFullElsewhereMs).ms});
  }
  const bool progress = answer.up_to >= lane.first_sent;
  drop_up_to(turn, domain, lane, answer.up_to);
  if (!progress) return failed(turn, lane, 0);
  if (lane.failures != 0) {
    turn.events.push_back({proto::Event::Level::info, "another domain's server takes envelopes again", lane.row.items});
  }
  lane.failures = 0;
  lane.one_by_one = false;
  lane.next_try = turn.now;
  if (answer.up_to < lane.last_sent) failed(turn, lane, 0);  // it takes the rest later
}

void Forwarder::begin_anew(Turn& turn, const std::string& domain, Lane& lane, std::uint64_t their_queue) {
  turn.events.push_back({proto::Event::Level::warning, "another domain's server knows a later queue of ours", 0});
  lane.row.queue = std::max(turn.now.ms, their_queue + 1);
  save(turn.rows, table::kOutgoingQueues, to_bytes(domain), lane.row);
}

void Forwarder::refused(Turn& turn, const std::string& domain, Lane& lane, const proto::CallReply& reply) {
  constexpr int kMalformed = 400, kConflict = 409, kTooLarge = 413;
  const auto answer = wire::decode<proto::ForwardAnswer>(reply.body);
  // Its own words: a proxy in its place says 400 too.
  const auto error = wire::decode<proto::ErrorAnswer>(reply.body);
  const bool not_understood = (reply.status == kMalformed && error && error->code == ErrorCode::malformed) ||
                              (reply.status == kTooLarge && error && error->code == ErrorCode::over_limit);
  // Nobody can have taken a queue of ours from further ahead (receiver.cpp), so it is no honest answer.
  const bool is_possible = answer && answer->queue <= after(turn.now, proto::kMaxQueueAheadMs).ms;
  if (reply.status == kConflict && is_possible && answer->queue >= lane.row.queue) {
    begin_anew(turn, domain, lane, answer->queue);
  } else if (not_understood) {
    if (lane.one_by_one) {
      turn.events.push_back(
          {proto::Event::Level::warning, "another domain's server does not understand an envelope; it is dropped", 1});
      drop_up_to(turn, domain, lane, lane.last_sent);
    }
    lane.one_by_one = true;
  }
  failed(turn, lane, std::uint64_t{reply.retry_after_s.value_or(0)} * kSecondMs);
}

void Forwarder::call_done(Turn& turn, const proto::CallDone& done) {
  const auto found = std::ranges::find_if(lanes_, [&](const auto& entry) { return entry.second.call == done.id; });
  if (found == lanes_.end()) return;
  const std::string& domain = found->first;
  Lane& lane = found->second;
  lane.call.reset();
  const bool was_failing = lane.failures != 0;
  const auto answer = done.reply && done.reply->status == 200
                          ? wire::decode<proto::ForwardAnswer>(done.reply->body)
                          : Result<proto::ForwardAnswer>(fail(ErrorCode::unavailable, "not taken"));
  if (answer && answer->queue == lane.row.queue && answer->up_to >= lane.row.next) {
    begin_anew(turn, domain, lane, answer->queue);
    failed(turn, lane, 0);
  } else if (answer && answer->queue == lane.row.queue) {
    taken(turn, domain, lane, *answer);
  } else if (done.reply && done.reply->status != 200) {
    refused(turn, domain, lane, *done.reply);
  } else {
    failed(turn, lane, 0);
  }
  if (!was_failing && lane.failures != 0) {
    turn.events.push_back({proto::Event::Level::warning,
                           "another domain's server takes no envelopes at the moment; what is for it waits",
                           lane.row.items});
  }
}

Forwarder::Waiting Forwarder::waiting() const {
  Waiting out;
  for (const auto& [domain, lane] : lanes_) {
    if (lane.row.items == 0) continue;
    ++out.domains;
    out.failing += lane.failures != 0 ? 1 : 0;
    out.items += lane.row.items;
    out.bytes += lane.row.bytes;
  }
  return out;
}

}  // namespace cairn::relay
