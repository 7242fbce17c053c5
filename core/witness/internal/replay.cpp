#include "core/witness/internal/replay.h"

namespace cairn::witness {
namespace {

/// Audits asked for at a time.
constexpr std::uint64_t kCallsAtOnce = 4;

bool waits(const directory::Auditor& auditor) {
  return std::ranges::any_of(auditor.open_requests(), [](const auto& entry) { return entry.second.cosigned; });
}

/// Whether the request is open there, and nobody has vetoed it yet.
bool lacks_veto(const directory::Auditor& auditor, const Hash& request) {
  const auto found = auditor.open_requests().find(request);
  return found != auditor.open_requests().end() && !found->second.veto;
}

/// Refusals that time or an owner may lift, and that say nothing against what was replayed before.
bool is_of_the_moment(ErrorCode code) { return code == ErrorCode::unavailable || code == ErrorCode::not_authorised; }

}  // namespace

Replay Replay::begin(Turn& turn, const LogId& log, std::string url, directory::Auditor auditor) {
  Replay out(log, std::move(url), auditor, auditor);
  out.save_settled(turn);
  return out;
}

Result<std::optional<Replay>> Replay::load(const Turn& turn, const LogId& log, std::string url) {
  auto settled = TRY(turn.load<directory::Auditor>(table::kSettled, log));
  if (!settled) return std::optional<Replay>{};
  auto working = TRY(turn.load<directory::Auditor>(table::kWorking, log));
  const bool differs = working.has_value();
  Replay out(log, std::move(url), *settled, differs ? std::move(*working) : *settled);
  out.differs_ = differs;
  return std::optional<Replay>(std::move(out));
}

void Replay::call(Turn& turn) {
  if (!behind() || resting(turn.now)) return;
  const std::uint64_t end = std::min(target_, working_.size() + kCallsAtOnce);
  for (std::uint64_t epoch = working_.size(); epoch < end; ++epoch) {
    if (calls_.contains(epoch) || arrived_.contains(epoch)) continue;
    calls_[epoch] = turn.call(proto::Method::get, url_ + "/audit/" + std::to_string(epoch));
  }
}

bool Replay::owns(proto::CallId call) const {
  return std::ranges::any_of(calls_, [&](const auto& entry) { return entry.second == call; });
}

Status Replay::done(Turn& turn, const proto::CallDone& call) {
  const auto found = std::ranges::find_if(calls_, [&](const auto& entry) { return entry.second == call.id; });
  CHECK(found != calls_.end());
  const std::uint64_t epoch = found->first;
  calls_.erase(found);
  if (!call.reply || call.reply->status != 200) {
    failed(turn);
    return fail(ErrorCode::unavailable, "the log does not give an audit");
  }
  arrived_[epoch] = call.reply->body;
  while (!arrived_.empty() && arrived_.begin()->first == working_.size()) {
    const Bytes bytes = std::move(arrived_.begin()->second);
    arrived_.erase(arrived_.begin());
    const auto next = directory::EpochAudit::decode(bytes);
    if (!next) {
      failed(turn);
      return fail(ErrorCode::unavailable, "the log gives an audit that is none");
    }
    const Status audited = audit(turn, *next);
    if (audited) {
      failures_ = 0;
      continue;
    }
    turn.event(proto::Event::Level::warning, audited.error().where, working_.size());
    if (is_of_the_moment(audited.error().code)) {
      failed(turn);
    } else {
      reset(turn);
    }
    return audited;
  }
  return ok();
}

Status Replay::audit(Turn& turn, const directory::EpochAudit& epoch) {
  TRY(working_.audit(epoch, turn.now));
  TRY(recall_vetoes(turn, epoch));
  save_working(turn);
  turn.save(table::kRoots, root_key(log_, working_.size()), RootRow{working_.head().root, {}});
  if (working_.size() > kKeptRoots) turn.rows.erase(table::kRoots, root_key(log_, working_.size() - kKeptRoots));
  return ok();
}

/// A veto is taken once: what was replayed may be forgotten since, and another log may have shown the request first.
Status Replay::recall_vetoes(const Turn& turn, const directory::EpochAudit& epoch) {
  for (const directory::Notice& notice : epoch.notices) {
    if (!std::holds_alternative<directory::RequestNotice>(notice.body)) continue;
    const auto veto = TRY(turn.load<directory::VetoNotice>(table::kVetoes, notice.request().hash()));
    if (veto) TRY(working_.accept_veto(*veto));
  }
  return ok();
}

void Replay::failed(Turn& turn) {
  calls_.clear();  // answers to them are nobody's
  arrived_.clear();
  next_try_ = retry_time(turn.now, failures_++);
}

Time Replay::deadline() const { return behind() && calls_.empty() ? next_try_ : Time::never(); }

void Replay::settle(Turn& turn) {
  if (!differs_ && settled_.cosigned_size() == settled_.size()) return;  // the same size again
  for (const auto& [request, open] : working_.open_requests()) {
    if (!open.cosigned) just_cosigned_.insert(request);
  }
  working_.record_cosigned();
  settled_ = working_;
  save_settled(turn);
  if (std::exchange(differs_, false)) turn.rows.erase(table::kWorking, to_bytes(log_));
}

void Replay::reset(Turn& turn) {
  working_ = settled_;
  if (std::exchange(differs_, false)) turn.rows.erase(table::kWorking, to_bytes(log_));
  failed(turn);
}

Status Replay::accept_veto(Turn& turn, const directory::VetoNotice& veto) {
  const Hash request = veto.request.hash();
  const bool is_news = lacks_veto(settled_, request) || lacks_veto(working_, request);
  const Status in_settled = settled_.accept_veto(veto);
  if (!in_settled && in_settled.error().code == ErrorCode::stale) return in_settled;
  const Status in_working = working_.accept_veto(veto);
  if (!in_settled && !in_working) return in_settled.error().code == ErrorCode::not_found ? in_working : in_settled;
  if (!is_news) return ok();
  if (in_settled) save_settled(turn);
  if (in_settled && !in_working) {
    reset(turn);
  } else if (differs_) {
    save_working(turn);
  }
  if (!turn.rows.get(table::kVetoes, request)) turn.save(table::kVetoes, to_bytes(request), veto);
  return ok();
}

Result<std::optional<directory::VetoNotice>> Replay::close(Turn& turn, const Hash& request) {
  const auto open = settled_.open_requests().find(request);
  REQUIRE(open != settled_.open_requests().end(), ErrorCode::not_found, "close: no such open request");
  if (open->second.closed) return std::optional<directory::VetoNotice>{};
  // A veto that came while this log was not on the operator's list stands in the table alone.
  const auto kept = TRY(turn.load<directory::VetoNotice>(table::kVetoes, request));
  if (kept) TRY(accept_veto(turn, *kept));
  auto veto = TRY(settled_.close(request, turn.now));
  if (veto) return veto;
  save_settled(turn);
  if (!differs_) {
    working_ = settled_;
  } else if (working_.open_requests().contains(request)) {
    const auto in_working = working_.close(request, turn.now);
    if (in_working && !*in_working) {
      save_working(turn);
    } else {
      reset(turn);  // what was replayed says something else; it is read anew
    }
  }
  return veto;
}

void Replay::add_elapsed(Turn& turn, std::uint64_t ms) {
  const std::set<Hash> just_cosigned = std::exchange(just_cosigned_, {});
  if (waits(settled_)) {
    settled_.add_elapsed(ms, just_cosigned);
    save_settled(turn);
  }
  if (!differs_) {
    working_ = settled_;
  } else if (waits(working_)) {
    working_.add_elapsed(ms, just_cosigned);
    save_working(turn);
  }
}

void Replay::save_settled(Turn& turn) { turn.save(table::kSettled, to_bytes(log_), settled_); }

void Replay::save_working(Turn& turn) {
  differs_ = true;
  turn.save(table::kWorking, to_bytes(log_), working_);
}

}  // namespace cairn::witness
