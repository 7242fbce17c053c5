#include "core/witness/internal/server.h"

#include "core/base/encoding.h"
#include "core/witness/internal/health.h"
#include "core/witness/key.h"

namespace cairn::witness {
namespace {

using tlog::WitnessStatus;

constexpr std::uint64_t kMostElapsedMs = 2 * kMinuteMs;
constexpr std::size_t kMaxVetoBytes = 8 * 1024;

/// "/<64 hex digits>/<file>" as the log that it names; nothing for any other path.
std::optional<LogId> log_of(std::string_view target, std::string_view file) {
  constexpr std::size_t kDigits = 2 * LogId::kSize;
  if (target.size() != 1 + kDigits + 1 + file.size() || target[0] != '/' || target[1 + kDigits] != '/') return {};
  if (!target.ends_with(file)) return {};
  const std::string_view digits = target.substr(1, kDigits);
  const auto bytes = from_hex(digits);
  if (!bytes || to_hex(*bytes) != digits) return {};
  return *LogId::from(*bytes);
}

/// A veto that comes after its mailbox was closed. C2SP's list, which has no such thing, is for add-checkpoint alone.
constexpr int kGone = 410;

WitnessStatus status_of_veto(ErrorCode code) {
  switch (code) {
    case ErrorCode::not_found: return WitnessStatus::not_found;
    case ErrorCode::not_authorised:
    case ErrorCode::invalid_signature: return WitnessStatus::forbidden;
    default: return WitnessStatus::bad_request;
  }
}

}  // namespace

Server::Server(const WitnessConfig& config)
    : config_(config), enrolment_(config.role, config.list), peers_(config.list.peers) {}

proto::Effects Server::rebuild(const StoreView& store, Time now, Entropy& entropy) {
  Turn turn(store, now, entropy, next_call_);
  cosigner_.reset();
  logs_.clear();
  peers_.rebuild();
  uptime_ms_.reset();
  was_full_ = false;
  next_round_ = now;
  if (const Status read = read_store(turn); !read) {
    cosigner_.reset();
    proto::Effects effects;
    effects.events.push_back({proto::Event::Level::error, read.error().where, 0});
    return effects;
  }
  return turn.take();
}

Status Server::read_store(Turn& turn) {
  cosigner_.emplace(config_.role, config_.name, TRY(read_key(turn.rows)));
  return enrolment_.rebuild(turn, logs_);
}

proto::Effects Server::handle(const proto::Input& input, const StoreView& store, Time now, Entropy& entropy) {
  Turn turn(store, now, entropy, next_call_);
  next_round_ = std::min(next_round_, after(now, kRoundMs));  // the clock of the day may have been set back
  if (const auto* arrived = std::get_if<proto::RequestArrived>(&input)) {
    request(turn, *arrived);
  } else if (const auto* call = std::get_if<proto::CallDone>(&input)) {
    call_done(turn, *call);
  } else if (const auto* fired = std::get_if<proto::TimerFired>(&input)) {
    timer(turn, fired->uptime_ms);
  } else if (const auto* socket = std::get_if<proto::SocketOpened>(&input)) {
    turn.sends.emplace_back(proto::SocketClose{socket->id});  // nothing here speaks in frames
  }
  return turn.take();
}

void Server::request(Turn& turn, const proto::RequestArrived& request) {
  if (!cosigner_) {
    turn.sends.emplace_back(proto::Respond{request.id, 500, std::string(tlog::kNoteContentType),
                                           to_bytes("the store of this witness cannot be read\n"), std::nullopt});
    return;
  }
  if (request.method == proto::Method::get) return get(turn, request);
  if (request.method == proto::Method::post && request.target == "/add-checkpoint") {
    return cosigner_->add_checkpoint(turn, logs_, request.id, request.body);
  }
  if (request.method == proto::Method::post && request.target == "/veto" && config_.role == Role::auditor) {
    return veto(turn, request);
  }
  if (request.method == proto::Method::post && request.target == "/close" && config_.role == Role::auditor) {
    return close(turn, request);
  }
  turn.refuse(request.id, WitnessStatus::not_found, "no such request");
}

void Server::get(Turn& turn, const proto::RequestArrived& request) const {
  if (request.target == "/vkey") {
    tlog::WitnessReply reply;
    reply.body = cosigner_->key().to_text() + "\n";
    return turn.respond(request.id, reply);
  }
  if (request.target == "/health") {
    const std::string json = health(config_, cosigner_->key(), logs_, turn.rows.full(), turn.now);
    turn.sends.emplace_back(proto::Respond{request.id, 200, "application/json", to_bytes(json), std::nullopt});
    return;
  }
  if (const auto id = log_of(request.target, "checkpoint")) {
    const auto log = logs_.find(*id);
    if (log != logs_.end() && log->second.cosigned) {
      tlog::WitnessReply reply;
      reply.body = log->second.cosigned->encode();
      return turn.respond(request.id, reply);
    }
  }
  if (const auto id = log_of(request.target, "evidence")) {
    if (auto evidence = turn.rows.get(table::kEvidence, *id)) {
      turn.sends.emplace_back(proto::Respond{request.id, 200, {}, std::move(*evidence), std::nullopt});
      return;
    }
  }
  turn.refuse(request.id, WitnessStatus::not_found, "nothing here");
}

void Server::veto(Turn& turn, const proto::RequestArrived& request) {
  if (request.body.size() > kMaxVetoBytes) return turn.refuse(request.id, WitnessStatus::bad_request, "too large");
  const auto veto = wire::decode<directory::VetoNotice>(request.body);
  if (!veto) return turn.refuse(request.id, WitnessStatus::bad_request, veto.error().where);
  if (turn.rows.full()) {
    was_full_ = true;
    return turn.refuse(request.id, WitnessStatus::unavailable, "our disk is full");
  }
  // Two logs may show one request: it does not name its log. The veto counts in both; if it comes too late for one of
  // them, that is the answer.
  bool accepted = false;
  Status refused = fail(ErrorCode::not_found, "no such request is open here");
  for (auto& [id, log] : logs_) {
    if (!log.replay) continue;
    const auto* known = log.replay->settled().find(veto->request.hash());
    const bool had_one = known != nullptr && known->veto;
    const Status taken = log.replay->accept_veto(turn, *veto);
    // What was only replayed may be in no log. One that was here already is passed on in rounds alone: else each post
    // of it would make a call to each peer.
    if (taken && !had_one && log.replay->settled().find(veto->request.hash()) != nullptr) {
      peers_.pass_veto(turn, *veto);
    }
    const bool says_more = !taken && taken.error().code != ErrorCode::not_found;
    if (says_more && refused.error().code != ErrorCode::stale) refused = taken;
    accepted |= taken.has_value();
  }
  if (refused.error().code == ErrorCode::stale) {
    turn.sends.emplace_back(proto::Respond{request.id, kGone, std::string(tlog::kNoteContentType),
                                           to_bytes(std::string(refused.error().where) + "\n"), std::nullopt});
    return;
  }
  if (accepted) return turn.respond(request.id, {});
  turn.refuse(request.id, status_of_veto(refused.error().code), refused.error().where);
}

void Server::close(Turn& turn, const proto::RequestArrived& request) {
  if (request.body.size() > directory::kMaxCloseBytes) {
    return turn.refuse(request.id, WitnessStatus::bad_request, "too large");
  }
  const auto asked = wire::decode<directory::CloseRequest>(request.body);
  if (!asked) return turn.refuse(request.id, WitnessStatus::bad_request, asked.error().where);
  const auto log = logs_.find(log_id(asked->origin));
  if (log == logs_.end() || !log->second.replay) {
    return turn.refuse(request.id, WitnessStatus::not_found, "unknown log");
  }
  if (log->second.contradicted) {
    return turn.refuse(request.id, WitnessStatus::unprocessable, "this log has contradicted itself");
  }
  Replay& replay = *log->second.replay;
  if (replay.settled().is_barred()) {
    return turn.refuse(request.id, WitnessStatus::unprocessable, "this log has completed a reset that was vetoed");
  }
  const auto answer = [&](auto body) {
    turn.sends.emplace_back(
        proto::Respond{request.id, 200, {}, wire::encode(directory::CloseAnswer{std::move(body)}), std::nullopt});
  };
  auto veto = replay.close(turn, asked->request);
  if (!veto && veto.error().code == ErrorCode::unavailable) return answer(cosigner_->sign_not_yet(*asked));
  if (!veto) return turn.refuse(request.id, WitnessStatus::not_found, veto.error().where);
  if (*veto) return answer(std::move(**veto));
  answer(cosigner_->sign_closed(*asked));
}

void Server::call_done(Turn& turn, const proto::CallDone& call) {
  if (!cosigner_) return;
  if (enrolment_.owns(call.id)) return enrolment_.done(turn, call, logs_);
  if (peers_.owns(call.id)) return peers_.done(turn, call, logs_);
  for (auto& [id, log] : logs_) {
    if (!log.replay || !log.replay->owns(call.id)) continue;
    const Status moved = log.replay->done(turn, call);
    cosigner_->go_on(turn, log, moved);
    log.replay->call(turn);
    return;
  }
}

void Server::timer(Turn& turn, std::uint64_t uptime_ms) {
  if (!cosigner_) return;
  enrolment_.call_due(turn, logs_);
  for (auto& [id, log] : logs_) {
    cosigner_->expire(turn, log);
    if (log.replay) log.replay->call(turn);
  }
  // Rounds keep to the clock that nobody sets; by the other one alone they would stop when it is set.
  const bool is_time = !uptime_ms_ || uptime_ms < *uptime_ms_ || uptime_ms - *uptime_ms_ >= kRoundMs;
  if (turn.now < next_round_ && !is_time) return;
  next_round_ = after(turn.now, kRoundMs);
  count_elapsed(turn, uptime_ms);
  peers_.round(turn, logs_);
}

void Server::count_elapsed(Turn& turn, std::uint64_t uptime_ms) {
  const std::uint64_t before = std::exchange(uptime_ms_, uptime_ms).value_or(uptime_ms);
  const std::uint64_t elapsed = uptime_ms > before ? std::min(uptime_ms - before, kMostElapsedMs) : 0;
  const bool was_full = std::exchange(was_full_, turn.rows.full());
  // What a reset waits for is that vetoes could be taken.
  if (elapsed == 0 || was_full || was_full_) return;
  for (auto& [id, log] : logs_) {
    if (log.replay) log.replay->add_elapsed(turn, elapsed);
  }
}

Time Server::next_deadline() const {
  if (!cosigner_) return Time::never();
  Time first = std::min(next_round_, enrolment_.deadline());
  for (const auto& [id, log] : logs_) {
    if (log.held) first = std::min(first, log.held->until);
    if (log.replay) first = std::min(first, log.replay->deadline());
  }
  return first;
}

}  // namespace cairn::witness
