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

/// Between two asks no more than this counts as silence: the server may have slept.
constexpr std::uint64_t kMostGapMs = 2 * kLastRetryMs;
constexpr std::uint64_t kRoomPauseMs = 5 * kSecondMs;

}  // namespace

// ---- the row ----

void ClosingRow::Word::write(wire::Writer& w) const {
  w.raw(auditor);
  w.u8(silent_ms ? 1 : 0);
  if (silent_ms) w.u64(*silent_ms);
  w.u8(closed ? 1 : 0);
  if (closed) w.raw(*closed);
}

Result<ClosingRow::Word> ClosingRow::Word::read(wire::Reader& r) {
  Word out;
  out.auditor = TRY(r.fixed<PublicKey>());
  if (TRY(r.presence())) out.silent_ms = TRY(r.u64());
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

// ---- who is asked ----

Closings::Closings(const RelayConfig& config, std::uint64_t& next_call) : config_(config), next_call_(next_call) {
  const std::vector<PublicKey>& named = config.auditors;
  for (const tlog::Policy::Witness& witness : config.policy.witnesses()) {
    const PublicKey& key = witness.key.key();
    if (!named.empty() && std::ranges::find(named, key) == named.end()) {
      others_.push_back(key);
    } else if (!witness.url.empty()) {
      auditors_.push_back({key, close_url(witness.url)});
    }
  }
}

Closings::Asked Closings::begin(Time now) const {
  Asked out;
  for (const Auditor& it : auditors_) {
    out.row.words.push_back({it.key, {}, {}});
    out.paces.push_back({now, {}, 0, false});
  }
  return out;
}

Status Closings::rebuild(const StoreView& rows, Time now) {
  asked_.clear();
  calls_.clear();
  for (const Row& row : rows.scan(table::kClosings, {}, {}, kMaxRows)) {
    const Hash request = TRY(Hash::from(row.key));
    auto stored = wire::decode<ClosingRow>(row.value);
    REQUIRE(stored.has_value(), ErrorCode::internal, "a row of closings does not decode");
    Asked asked = begin(now);
    asked.is_news = false;
    asked.row.veto = std::move(stored->veto);
    for (ClosingRow::Word& word : asked.row.words) {
      const auto known = std::ranges::find(stored->words, word.auditor, &ClosingRow::Word::auditor);
      if (known != stored->words.end()) word = *known;
    }
    asked_.emplace(request, std::move(asked));
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
    found = asked_.emplace(request, begin(now)).first;
    due_ = now;
  }
  const ClosingRow& row = found->second.row;
  REQUIRE(!row.veto, ErrorCode::not_authorised,
          "An auditor holds a veto of this reset, so it is never completed; ask for another one if the name is yours.");
  std::vector<PublicKey> willing = others_;
  for (const ClosingRow::Word& word : row.words) {
    if (word.closed) {
      willing.push_back(word.auditor);
      continue;
    }
    REQUIRE(word.silent_ms && *word.silent_ms >= kClosingPatienceMs, ErrorCode::unavailable,
            "The auditors are being asked whether this reset was vetoed; try again in some minutes.");
  }
  REQUIRE(config_.policy.satisfied(willing), ErrorCode::unavailable,
          "Too few auditors have said that this reset was not vetoed; try again later, or tell the operator.");
  return ok();
}

void Closings::forget(Turn& turn, const Hash& request) {
  turn.rows.erase(table::kClosings, to_bytes(request));
  asked_.erase(request);  // answers that are under way are nobody's
}

// ---- asking ----

void Closings::call(Turn& turn, const Hash& request, Asked& asked, std::size_t auditor) {
  const proto::CallId id{next_call_++};
  turn.sends.emplace_back(proto::Call{id,
                                      proto::Method::post,
                                      auditors_[auditor].url,
                                      {},
                                      wire::encode(body_of(request)),
                                      config_.times.call_timeout_ms});
  asked.paces[auditor].under_way = true;
  calls_.emplace(id, Place{request, auditor});
}

void Closings::tick(Turn& turn) {
  if (due_ > turn.now) return;
  for (auto& [request, asked] : asked_) {
    if (asked.is_news && !turn.rows.full()) {
      save(turn.rows, table::kClosings, to_bytes(request), asked.row);
      asked.is_news = false;
    }
    if (asked.row.veto) continue;
    for (std::size_t i = 0; i < auditors_.size() && calls_.size() < kCallsAtOnce; ++i) {
      const Pace& one = asked.paces[i];
      if (!asked.row.words[i].closed && !one.under_way && one.next_try <= turn.now) call(turn, request, asked, i);
    }
  }
  due_ = next_due(turn.now);
}

void Closings::call_done(Turn& turn, const proto::CallDone& call) {
  const Place place = calls_.at(call.id);
  calls_.erase(call.id);
  const auto found = asked_.find(place.first);
  if (found != asked_.end()) {
    Asked& asked = found->second;
    Pace& one = asked.paces[place.second];
    one.under_way = false;
    one.next_try = after(turn.now, std::min(kFirstRetryMs << std::min(one.tries++, 16u), kLastRetryMs));
    ClosingRow::Word& word = asked.row.words[place.second];
    const bool answered = call.reply && take(turn, place, asked, *call.reply);
    if (!answered && !word.silent_ms) {
      turn.events.push_back({proto::Event::Level::warning,
                             "an auditor does not say whether a reset was vetoed: its completion waits", 0});
    }
    asked.is_news = asked.is_news || !answered || word.silent_ms;
    if (answered) {
      word.silent_ms.reset();
      one.failed.reset();
    } else {
      count_silence(word, one, turn.now);
    }
  }
  due_ = turn.now;
  tick(turn);
}

bool Closings::take(Turn& turn, const Place& place, Asked& asked, const proto::CallReply& reply) const {
  constexpr int kOk = 200, kNotYet = 503;
  if (reply.status == kNotYet) return true;
  if (reply.status != kOk || reply.body.size() > directory::kMaxCloseBytes) return false;
  auto answer = wire::decode<directory::CloseAnswer>(reply.body);
  if (!answer) return false;
  if (auto* veto = std::get_if<directory::VetoNotice>(&answer->body)) {
    if (veto->request.hash() != place.first || !veto->verify()) return false;
    turn.events.push_back({proto::Event::Level::info, "an auditor holds a veto of a reset: it is not completed", 0});
    asked.row.veto = std::move(*veto);
  } else {
    const auto& signature = std::get<Signature>(answer->body);
    if (!directory::verify_closing(body_of(place.first), auditors_[place.second].key, signature)) return false;
    asked.row.words[place.second].closed = signature;
  }
  asked.is_news = true;
  return true;
}

void Closings::count_silence(ClosingRow::Word& word, Pace& pace, Time now) {
  const std::uint64_t gap_ms = pace.failed ? std::min(elapsed_ms(now, *pace.failed), kMostGapMs) : 0;
  word.silent_ms = word.silent_ms.value_or(0) + gap_ms;
  pace.failed = now;
}

Time Closings::next_due(Time now) const {
  Time first = Time::never();
  for (const auto& [request, asked] : asked_) {
    if (asked.is_news) first = std::min(first, after(now, kRoomPauseMs));  // the disk was full
    if (asked.row.veto || calls_.size() >= kCallsAtOnce) continue;
    for (std::size_t i = 0; i < auditors_.size(); ++i) {
      const Pace& one = asked.paces[i];
      if (!asked.row.words[i].closed && !one.under_way) first = std::min(first, one.next_try);
    }
  }
  return first;
}

}  // namespace cairn::relay
