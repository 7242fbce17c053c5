#include "core/witness/internal/replay.h"

namespace cairn::witness {
namespace {

/// Audits asked for at a time.
constexpr std::uint64_t kCallsAtOnce = 4;

}  // namespace

Replay Replay::begin(Turn& turn, const LogId& log, std::string url, directory::Auditor auditor) {
  Replay out(log, std::move(url), auditor, auditor);
  out.save_settled(turn);
  return out;
}

Result<std::optional<Replay>> Replay::load(Turn& turn, const LogId& log, std::string url) {
  auto settled = TRY(turn.load<directory::Auditor>(table::kSettled, log));
  if (!settled) return std::optional<Replay>{};
  Replay out(log, std::move(url), *settled, *settled);
  TRY(out.load_requests(turn));
  TRY(out.recall_all_vetoes(turn));
  return std::optional<Replay>(std::move(out));
}

Status Replay::load_requests(Turn& turn) {
  constexpr std::size_t kAll = 4 * directory::kMaxOpenRequests;
  // The store of an older version has them in the row itself. What was only replayed is replayed again.
  const bool is_old = !settled_.open_requests().empty();
  for (const Row& row : turn.rows.scan_prefix(table::kOpen, log_, kAll)) {
    auto open = wire::decode<directory::OpenRequest>(row.value);
    REQUIRE(open.has_value(), ErrorCode::internal, "a row of the store does not decode");
    const Hash request = TRY(Hash::from(ByteView(row.key).last(Hash::kSize)));
    settled_.put(request, std::move(*open));
  }
  if (is_old) {
    save_settled(turn);
  } else {
    settled_.take_touched();
  }
  auto working = TRY(turn.load<directory::Auditor>(table::kWorking, log_));
  if (working && (is_old || !working->open_requests().empty())) {
    turn.rows.erase(table::kWorking, to_bytes(log_));
    working.reset();
  }
  differs_ = working.has_value();
  if (!differs_) {
    working_ = settled_;
    return ok();
  }
  working_ = std::move(*working);
  for (const auto& [request, open] : settled_.open_requests()) working_.put(request, open);
  for (const Row& row : turn.rows.scan_prefix(table::kOpenWorking, log_, kAll)) {
    const Hash request = TRY(Hash::from(ByteView(row.key).last(Hash::kSize)));
    auto there = wire::decode<WorkingRequest>(row.value);
    REQUIRE(there.has_value(), ErrorCode::internal, "a row of the store does not decode");
    working_.put(request, std::move(there->open));
    unsettled_.insert(request);
  }
  working_.take_touched();
  return ok();
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
    gave_none(turn);
    return fail(ErrorCode::unavailable, "the log does not give an audit");
  }
  arrived_[epoch] = call.reply->body;
  while (!arrived_.empty() && arrived_.begin()->first == working_.size()) {
    const Bytes bytes = std::move(arrived_.begin()->second);
    arrived_.erase(arrived_.begin());
    const auto next = directory::EpochAudit::decode(bytes);
    if (!next) {
      gave_none(turn);
      return fail(ErrorCode::unavailable, "the log gives an audit that is none");
    }
    const Status audited = audit(turn, *next);
    if (audited) {
      failures_ = 0;
      if (std::exchange(is_silent_, false)) {
        turn.event(proto::Event::Level::info, "a log gives its audits again", 0, settled_.config().origin);
      }
      continue;
    }
    turn.event(proto::Event::Level::warning, audited.error().where, working_.size(), settled_.config().origin);
    if (directory::is_of_the_moment(audited.error().code)) {
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
  differs_ = true;
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

/// Some came while this log was not on the operator's list.
Status Replay::recall_all_vetoes(Turn& turn) {
  std::vector<Hash> lacking;
  for (const auto* auditor : {&settled_, &working_}) {
    for (const auto& [request, open] : auditor->open_requests()) {
      if (!open.veto && !open.closed) lacking.push_back(request);
    }
  }
  for (const Hash& request : lacking) {
    const auto veto = TRY(turn.load<directory::VetoNotice>(table::kVetoes, request));
    if (veto && !accept_veto(turn, *veto)) turn.event(proto::Event::Level::warning, "a kept veto came too late", 0);
  }
  return ok();
}

/// Its operator is told once, and again when it had given some meanwhile.
void Replay::gave_none(Turn& turn) {
  failed(turn);
  if (std::exchange(is_silent_, true)) return;
  turn.event(
      proto::Event::Level::warning,
      "a log does not give its audits, and is not cosigned until it does: look whether its server can be reached "
      "from here at the address in the list of logs",
      0, settled_.config().origin);
}

void Replay::failed(Turn& turn) {
  calls_.clear();  // answers to them are nobody's
  arrived_.clear();
  next_try_ = retry_time(turn.now, failures_++);
}

Time Replay::deadline() const { return behind() && calls_.empty() ? next_try_ : Time::never(); }

void Replay::settle(Turn& turn) {
  if (!differs_) return;
  settled_.follow(working_, unsettled_);
  differs_ = false;
  turn.rows.erase(table::kWorking, to_bytes(log_));
  for (const Hash& request : std::exchange(unsettled_, {})) {
    turn.rows.erase(table::kOpenWorking, request_key(log_, request));
  }
  save_settled(turn);
}

void Replay::record_cosigned(Turn& turn) {
  if (settled_.cosigned_size() == settled_.size()) return;  // the same size again
  settled_.record_cosigned();
  if (!differs_) working_.record_cosigned();
  save_settled(turn);
}

void Replay::reset(Turn& turn) {
  unsettled_.merge(working_.take_touched());
  working_.follow(settled_, unsettled_);
  working_.take_touched();
  for (const Hash& request : std::exchange(unsettled_, {})) {
    turn.rows.erase(table::kOpenWorking, request_key(log_, request));
  }
  if (std::exchange(differs_, false)) turn.rows.erase(table::kWorking, to_bytes(log_));
  failed(turn);
}

Status Replay::accept_veto(Turn& turn, const directory::VetoNotice& veto) {
  const directory::TakenVeto taken = TRY(directory::accept_veto(settled_, working_, veto));
  if (taken == directory::TakenVeto::known) return ok();
  if (taken == directory::TakenVeto::forgets) reset(turn);
  save_settled(turn);
  save_working(turn);
  const Hash request = veto.request.hash();
  if (!turn.rows.get(table::kVetoes, request)) turn.save(table::kVetoes, to_bytes(request), veto);
  return ok();
}

Result<std::optional<directory::VetoNotice>> Replay::close(Turn& turn, const Hash& request) {
  const directory::OpenRequest* read = working_.find(request);
  REQUIRE(read != nullptr && !read->completed, ErrorCode::not_found, "close: no such open request");
  // Who is asked is there, and says so; but what was only replayed may be in no log, and is not closed.
  const directory::OpenRequest* taken_over = settled_.find(request);
  REQUIRE(taken_over != nullptr, ErrorCode::unavailable, "close: the log has not signed what shows this request");
  if (taken_over->closed) return std::optional<directory::VetoNotice>{};
  // Whoever answers with a closing is to be one who will cosign, and can write it down.
  REQUIRE(!working_.owes(), ErrorCode::unavailable, "close: the waiting of another reset is owed");
  REQUIRE(!turn.rows.full(), ErrorCode::unavailable, "close: our disk is full");
  auto veto = TRY(settled_.close(request, turn.now));
  if (veto) return veto;
  const auto in_working = working_.close(request, turn.now);
  if (!in_working || *in_working != veto) reset(turn);
  save_settled(turn);
  save_working(turn);
  return veto;
}

void Replay::add_elapsed(Turn& turn, std::uint64_t ms) {
  const bool waits = !settled_.open_requests().empty() || !working_.open_requests().empty();
  settled_.add_elapsed(ms);
  working_.add_elapsed(ms);
  // How long ago the log signed these is not known, and counts as nothing.
  const std::set<Hash> begun = settled_.not_begun();
  settled_.begin_waiting(begun);
  working_.begin_waiting(begun);
  if (!waits) return;
  save_settled(turn);
  save_working(turn);
}

void Replay::save_settled(Turn& turn) {
  turn.save(table::kSettled, to_bytes(log_), settled_);
  for (const Hash& request : settled_.take_touched()) {
    if (const directory::OpenRequest* open = settled_.find(request)) {
      turn.save(table::kOpen, request_key(log_, request), *open);
    } else {
      turn.rows.erase(table::kOpen, request_key(log_, request));
    }
  }
  if (!differs_) working_.take_touched();
}

void Replay::save_working(Turn& turn) {
  if (!differs_) return;
  turn.save(table::kWorking, to_bytes(log_), working_);
  for (const Hash& request : working_.take_touched()) {
    const directory::OpenRequest *here = working_.find(request), *there = settled_.find(request);
    const bool same = here == nullptr || there == nullptr ? here == there : *here == *there;
    if (!same) {
      turn.save(table::kOpenWorking, request_key(log_, request),
                WorkingRequest{here != nullptr ? std::optional(*here) : std::nullopt});
      unsettled_.insert(request);
    } else if (unsettled_.erase(request) != 0) {
      turn.rows.erase(table::kOpenWorking, request_key(log_, request));
    }
  }
}

}  // namespace cairn::witness
