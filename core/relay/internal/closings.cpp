#include "core/relay/internal/closings.h"

#include <algorithm>

namespace cairn::relay {
namespace {

/// More than the open requests that the server takes (directory_writer.cpp).
constexpr std::size_t kMaxRows = 65'536;
constexpr std::size_t kMaxRowBytes = 64 * 1024;
constexpr std::size_t kCallsAtOnce = 32;
constexpr std::uint64_t kFirstRetryMs = 2 * kSecondMs;
constexpr std::uint64_t kLastRetryMs = 5 * kMinuteMs;

std::string close_url(std::string url) {
  while (!url.empty() && url.back() == '/') url.pop_back();
  return url + "/close";
}

/// Between two asks no more than this counts as silence: the server may have slept. And so long ago may the last
/// cosignature be of one that cosigns.
constexpr std::uint64_t kMostGapMs = 2 * kLastRetryMs;
constexpr std::uint64_t kClosingPauseMs = 5 * kSecondMs;

}  // namespace

// ---- the row ----

void ClosingRow::Word::write(wire::Writer& w) const {
  w.raw(auditor);
  w.u8(silent_from_ms ? 1 : 0);
  if (silent_from_ms) w.u64(*silent_from_ms);
  w.u8(closed ? 1 : 0);
  if (closed) w.raw(*closed);
}

Result<ClosingRow::Word> ClosingRow::Word::read(wire::Reader& r) {
  Word out;
  out.auditor = TRY(r.fixed<PublicKey>());
  if (TRY(r.presence())) out.silent_from_ms = TRY(r.u64());
  if (TRY(r.presence())) out.closed = TRY(r.fixed<Signature>());
  return out;
}

void ClosingRow::write(wire::Writer& w) const {
  w.vector(words);
  w.optional(veto);
}

Result<ClosingRow> ClosingRow::read(wire::Reader& r) {
  ClosingRow out;
  out.words = TRY(r.vector<Word>(kMaxRowBytes, tlog::kMaxPolicyWitnesses));
  out.veto = TRY(r.optional<directory::VetoNotice>());
  return out;
}

void SilenceRow::write(wire::Writer& w) const {
  w.u64(total_ms);
  w.u64(alive_ms);
}

Result<SilenceRow> SilenceRow::read(wire::Reader& r) {
  SilenceRow out;
  out.total_ms = TRY(r.u64());
  out.alive_ms = TRY(r.u64());
  return out;
}

// ---- who is asked ----

Closings::Closings(const RelayConfig& config, std::uint64_t& next_call, Newest newest_cosignature)
    : config_(config), next_call_(next_call), newest_cosignature_(std::move(newest_cosignature)) {
  const std::vector<PublicKey>& named = config.auditors;
  for (const tlog::Policy::Witness& witness : config.policy.witnesses()) {
    const PublicKey& key = witness.key.key();
    if (!named.empty() && std::ranges::find(named, key) == named.end()) {
      others_.push_back(key);
    } else if (!witness.url.empty()) {
      Auditor& it = auditors_.emplace_back();
      it.key = key;
      it.url = close_url(witness.url);
    }
  }
}

Closings::Asked Closings::begin() const {
  Asked out;
  for (const Auditor& it : auditors_) {
    out.row.words.push_back({it.key, {}, {}});
    out.paces.emplace_back();
  }
  return out;
}

Closings::Asked& Closings::add(const Hash& request, Asked asked, Time now) {
  for (std::size_t i = 0; i < auditors_.size(); ++i) {
    if (asked.row.veto || asked.row.words[i].closed) continue;
    asked.paces[i].next_try = now;
    auditors_[i].queue.emplace(now, request);
  }
  return asked_.insert_or_assign(request, std::move(asked)).first->second;
}

std::size_t Closings::share() const {
  return std::max<std::size_t>(1, kCallsAtOnce / std::max<std::size_t>(1, auditors_.size()));
}

Status Closings::rebuild(const StoreView& rows, Time now) {
  asked_.clear();
  calls_.clear();
  news_.clear();
  for (Auditor& it : auditors_) {
    it.queue.clear();
    it.under_way = 0;
    it.silence = TRY(load<SilenceRow>(rows, table::kSilences, it.key))
    .value_or(SilenceRow{});
    it.is_news = it.is_told = false;
    it.failed.reset();
  }
  for (const Row& row : rows.scan(table::kClosings, {}, {}, kMaxRows)) {
    const Hash request = TRY(Hash::from(row.key));
    auto stored = wire::decode<ClosingRow>(row.value);
    REQUIRE(stored.has_value(), ErrorCode::internal, "a row of closings does not decode");
    Asked asked = begin();
    asked.row.veto = std::move(stored->veto);
    for (ClosingRow::Word& word : asked.row.words) {
      const auto known = std::ranges::find(stored->words, word.auditor, &ClosingRow::Word::auditor);
      if (known != stored->words.end()) word = *known;
    }
    add(request, std::move(asked), now);
  }
  due_ = asked_.empty() ? Time::never() : now;
  return ok();
}

// ---- what follows from it ----

Status Closings::may_complete(const Hash& request, Time now) {
  if (auditors_.empty()) return ok();
  auto found = asked_.find(request);
  if (found == asked_.end()) {
    REQUIRE(asked_.size() < kMaxRows, ErrorCode::unavailable, "Too many resets are being completed; try again later.");
    add(request, begin(), now);
    found = asked_.find(request);
    news_.insert(request);
    due_ = now;
  }
  const ClosingRow& row = found->second.row;
  REQUIRE(!row.veto, ErrorCode::not_authorised,
          "An auditor holds a veto of this reset, so it is never completed; ask for another one if the name is yours.");
  std::vector<PublicKey> willing = others_;
  for (std::size_t i = 0; i < auditors_.size(); ++i) {
    const ClosingRow::Word& word = row.words[i];
    REQUIRE(word.closed || is_gone(auditors_[i], word, now), ErrorCode::unavailable,
            "The auditors are being asked whether this reset was vetoed; try again in some minutes.");
    const auto newest = newest_cosignature_(word.auditor);
    if (word.closed && newest && newest->of_served && cosigns(word.auditor, now)) willing.push_back(word.auditor);
  }
  REQUIRE(
      config_.policy.satisfied(willing), ErrorCode::unavailable,
      "Too few auditors that cosign just now have said that this reset was not vetoed; try again later, or tell the "
      "operator.");
  return ok();
}

bool Closings::cosigns(const PublicKey& auditor, Time now) const {
  const auto newest = newest_cosignature_(auditor);
  // One from ahead of this clock is of before it was set back, and says nothing of now.
  return newest && newest->taken <= now && elapsed_ms(now, newest->taken) <= kMostGapMs;
}

bool Closings::is_gone(const Auditor& auditor, const ClosingRow::Word& word, Time now) const {
  if (!word.silent_from_ms || cosigns(auditor.key, now)) return false;
  const std::uint64_t from_ms = std::max(*word.silent_from_ms, auditor.silence.alive_ms);
  return auditor.silence.total_ms >= from_ms && auditor.silence.total_ms - from_ms >= kClosingPatienceMs;
}

void Closings::forget(Turn& turn, const Hash& request) {
  turn.rows.erase(table::kClosings, to_bytes(request));
  const auto found = asked_.find(request);
  if (found == asked_.end()) return;
  drop_from_queues(request, found->second);
  asked_.erase(found);  // answers that are under way are nobody's
  news_.erase(request);
}

void Closings::drop_from_queues(const Hash& request, const Asked& asked) {
  for (std::size_t i = 0; i < auditors_.size(); ++i) auditors_[i].queue.erase({asked.paces[i].next_try, request});
}

// ---- asking ----

void Closings::call(Turn& turn, const Hash& request, std::size_t auditor) {
  Auditor& it = auditors_[auditor];
  const directory::CloseRequest body{config_.origin(), request, random_value<Nonce16>(turn.entropy)};
  const proto::CallId id{next_call_++};
  turn.sends.emplace_back(
      proto::Call{id, proto::Method::post, it.url, {}, wire::encode(body), config_.times.call_timeout_ms});
  ++it.under_way;
  calls_.emplace(id, Place{body, auditor});
}

void Closings::tick(Turn& turn) {
  if (due_ > turn.now) return;
  save_news(turn);
  for (std::size_t i = 0; i < auditors_.size(); ++i) {
    Auditor& it = auditors_[i];
    while (it.under_way < share() && !it.queue.empty() && it.queue.begin()->first <= turn.now) {
      const Hash request = it.queue.begin()->second;
      it.queue.erase(it.queue.begin());
      call(turn, request, i);
    }
  }
  due_ = next_due(turn.now);
}

void Closings::save_news(Turn& turn) {
  if (turn.rows.full()) return;
  for (const Hash& request : std::exchange(news_, {})) {
    save(turn.rows, table::kClosings, to_bytes(request), asked_.at(request).row);
  }
  for (Auditor& it : auditors_) {
    if (std::exchange(it.is_news, false)) save(turn.rows, table::kSilences, to_bytes(it.key), it.silence);
  }
}

void Closings::call_done(Turn& turn, const proto::CallDone& call) {
  const Place place = std::move(calls_.at(call.id));
  calls_.erase(call.id);
  Auditor& auditor = auditors_[place.auditor];
  --auditor.under_way;
  const Hash& request = place.asked.request;
  const auto found = asked_.find(request);
  if (found != asked_.end() && !found->second.row.veto) {
    Asked& asked = found->second;
    Pace& one = asked.paces[place.auditor];
    ClosingRow::Word& word = asked.row.words[place.auditor];
    one.next_try = after(turn.now, std::min(kFirstRetryMs << std::min(one.tries++, 16u), kLastRetryMs));
    if (call.reply && take(turn, place, asked, *call.reply)) {
      hear_life(auditor);
    } else {
      hear_nothing(turn, asked, place.auditor, request);
    }
    if (!asked.row.veto && !word.closed) auditor.queue.emplace(one.next_try, request);
  }
  due_ = turn.now;
  tick(turn);
}

bool Closings::take(Turn& turn, const Place& place, Asked& asked, const proto::CallReply& reply) {
  constexpr int kOk = 200;
  const PublicKey& key = auditors_[place.auditor].key;
  if (reply.status != kOk || reply.body.size() > directory::kMaxCloseBytes) return false;
  auto answer = wire::decode<directory::CloseAnswer>(reply.body);
  if (!answer) return false;
  if (const auto* not_yet = std::get_if<directory::NotYet>(&answer->body)) {
    return directory::verify_not_yet(place.asked, key, *not_yet).has_value();
  }
  if (auto* veto = std::get_if<directory::VetoNotice>(&answer->body)) {
    if (veto->request.hash() != place.asked.request || !veto->verify()) return false;
    turn.events.push_back({proto::Event::Level::info, "an auditor holds a veto of a reset: it is not completed", 0});
    drop_from_queues(place.asked.request, asked);
    asked.row.veto = std::move(*veto);
  } else {
    const auto& closed = std::get<directory::Closed>(answer->body);
    if (!directory::verify_closed(place.asked, key, closed)) return false;
    asked.row.words[place.auditor].closed = closed.signature;
  }
  news_.insert(place.asked.request);
  return true;
}

void Closings::hear_life(Auditor& auditor) {
  auditor.is_news |= auditor.silence.alive_ms != auditor.silence.total_ms;
  auditor.silence.alive_ms = auditor.silence.total_ms;
  auditor.failed.reset();
}

void Closings::hear_nothing(Turn& turn, Asked& asked, std::size_t auditor, const Hash& request) {
  Auditor& it = auditors_[auditor];
  if (cosigns(it.key, turn.now)) {
    // It is there: whatever it says, it may hold a veto, and is one of those that carry the log on.
    hear_life(it);
    if (std::exchange(it.is_told, true)) return;
    turn.events.push_back({proto::Event::Level::warning,
                           "an auditor cosigns and does not say whether a reset was vetoed: its completion waits; see "
                           "that its address takes POST /close, or take it out of the policy's auditors",
                           auditor + 1});
    return;
  }
  if (!it.failed && it.silence.total_ms == it.silence.alive_ms) {
    turn.events.push_back({proto::Event::Level::warning,
                           "an auditor does not say whether a reset was vetoed: its completion waits", auditor + 1});
  }
  const std::uint64_t gap_ms = it.failed ? std::min(elapsed_ms(turn.now, *it.failed), kMostGapMs) : 0;
  it.silence.total_ms += gap_ms;
  it.is_news |= gap_ms != 0;
  it.failed = turn.now;
  ClosingRow::Word& word = asked.row.words[auditor];
  if (word.silent_from_ms) return;
  word.silent_from_ms = it.silence.total_ms;
  news_.insert(request);
}

Time Closings::next_due(Time now) const {
  Time first = news_.empty() ? Time::never() : after(now, kClosingPauseMs);  // the disk was full
  for (const Auditor& it : auditors_) {
    if (it.under_way < share() && !it.queue.empty()) first = std::min(first, it.queue.begin()->first);
  }
  return first;
}

}  // namespace cairn::relay
