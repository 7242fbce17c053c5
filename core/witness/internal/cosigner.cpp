#include "core/witness/internal/cosigner.h"

#include "core/tlog/cosignature.h"

namespace cairn::witness {
namespace {

using tlog::WitnessReply;
using tlog::WitnessStatus;

}  // namespace

Cosigner::Cosigner(Role role, tlog::KeyName name, crypto::SigningKey key)
    : role_(role),
      name_(std::move(name)),
      signing_(std::move(key)),
      verifier_(name_, tlog::SignatureType::cosignature_v1, signing_.public_key()) {}

void Cosigner::add_checkpoint(Turn& turn, Logs& logs, proto::RequestId id, ByteView body) const {
  const auto extensions = role_ == Role::witness ? tlog::ExtensionLines::tolerate : tlog::ExtensionLines::refuse;
  auto request = tlog::AddCheckpoint::parse(as_text(body), extensions);
  if (!request) return turn.refuse(id, WitnessStatus::bad_request, request.error().where);
  const auto log = logs.find(log_id(request->checkpoint.claim().origin));
  if (log == logs.end()) return turn.refuse(id, WitnessStatus::not_found, tlog::kUnknownLog);
  decide(turn, log->second, id, std::move(*request));
}

void Cosigner::decide(Turn& turn, Log& log, proto::RequestId id, tlog::AddCheckpoint request) const {
  if (const auto refused = check(turn, log, request)) return turn.respond(id, *refused);
  if (role_ == Role::auditor && log.replay) {
    Replay& replay = *log.replay;
    const std::uint64_t size = request.checkpoint.claim().tree.size;
    if (replay.working().size() < size) {
      replay.aim(size);
      if (replay.resting(turn.now)) return turn.refuse(id, WitnessStatus::unavailable, "not audited up to here yet");
      replay.call(turn);
      if (log.held) turn.refuse(log.held->id, WitnessStatus::unavailable, "there is a newer request");
      log.held = Held{id, std::move(request), after(turn.now, kHoldMs)};
      return;
    }
  }
  if (const auto refused = check_replay(turn, log, request)) return turn.respond(id, *refused);
  turn.respond(id, cosign(turn, log, request.checkpoint));
}

// tlog-witness, "add-checkpoint", in the order of its text.
std::optional<WitnessReply> Cosigner::check(Turn& turn, Log& log, const tlog::AddCheckpoint& request) const {
  const auto verified = tlog::VerifiedCheckpoint::verify(request.checkpoint, log.row.key);
  if (!verified) return reply_refused(WitnessStatus::forbidden, "no valid signature of the log");
  compare(turn, log, *verified);
  const tlog::TreeHead& tree = request.checkpoint.claim().tree;
  if (request.old_size > tree.size)
    return reply_refused(WitnessStatus::bad_request, "old size beyond the checkpoint's");
  if (log.contradicted) return reply_refused(WitnessStatus::unprocessable, "this log has contradicted itself");
  const tlog::TreeHead head = log.head();
  // The log has signed more than we cosigned: a server that was put back to an older store hears of it before it signs
  // another tree of that size.
  const std::uint64_t settled_size = log.replay ? log.replay->settled().size() : 0;
  if (tree.size < settled_size) return tlog::reply_conflict(settled_size);
  if (request.old_size != head.size) return tlog::reply_conflict(head.size);
  if (!verify_consistency(request.proof, head, tree)) {
    return reply_refused(WitnessStatus::unprocessable, "bad consistency proof");
  }
  if (turn.now.ms < kSecondMs) return reply_refused(WitnessStatus::unavailable, "our clock is not set");
  if (turn.rows.full() && tree.size != head.size) return reply_refused(WitnessStatus::unavailable, "our disk is full");
  return std::nullopt;
}

/// An auditor goes by its own result; the proof of consistency proves nothing to it.
std::optional<WitnessReply> Cosigner::check_replay(Turn& turn, Log& log, const tlog::AddCheckpoint& request) const {
  if (role_ == Role::witness) return std::nullopt;
  if (!log.replay) return reply_refused(WitnessStatus::unavailable, "the log's config is not known yet");
  const Status ours = log.replay->working().check_head(request.checkpoint.claim().tree);
  if (ours) return settle(turn, log, request.checkpoint);
  if (ours.error().code != ErrorCode::inconsistent) {
    return reply_refused(WitnessStatus::unavailable, ours.error().where);
  }
  turn.event(proto::Event::Level::warning, "the audits of a log do not give the root that it signed",
             log.replay->working().size(), log.origin());
  log.replay->reset(turn);
  return reply_refused(WitnessStatus::unprocessable, "the audits give another root");
}

/// The log has signed our own head. Whether it may be cosigned is another question.
std::optional<WitnessReply> Cosigner::settle(Turn& turn, Log& log, const tlog::SignedCheckpoint& checkpoint) const {
  const bool is_news = log.replay->settled().size() != checkpoint.claim().tree.size;
  log.replay->settle(turn);
  if (is_news) keep_root(turn, log, with_line_of(checkpoint, log.row.key));
  const directory::Auditor& settled = log.replay->settled();
  const Status may = settled.check_cosigning(turn.now);
  if (may) return std::nullopt;
  // Asked again within an hour: what follows it meanwhile is to be read.
  const std::uint64_t owed_s = std::min(settled.owed_ms(), kHourMs) / kSecondMs;
  if (is_news && (owed_s != 0 || settled.is_barred())) {
    turn.event(proto::Event::Level::warning, may.error().where, settled.owed_ms() / kHourMs, log.origin());
  }
  return reply_refused(WitnessStatus::unavailable, may.error().where,
                       std::max(std::uint32_t{1}, static_cast<std::uint32_t>(owed_s)));
}

void Cosigner::keep_root(Turn& turn, const Log& log, const tlog::SignedCheckpoint& note) {
  const tlog::TreeHead tree = note.claim().tree;
  turn.save(table::kRoots, root_key(log.id, tree.size), RootRow{tree.root, note.encode()});
  const std::uint64_t end = tree.size > kKeptRoots ? tree.size - kKeptRoots + 1 : 0;
  for (const Row& old : turn.rows.scan(table::kRoots, root_key(log.id, 0), root_key(log.id, end), 2)) {
    turn.rows.erase(table::kRoots, old.key);
  }
}

WitnessReply Cosigner::cosign(Turn& turn, Log& log, const tlog::SignedCheckpoint& checkpoint) const {
  tlog::SignedCheckpoint kept = with_line_of(checkpoint, log.row.key);
  const tlog::NoteSignature line = tlog::cosign(name_, signing_, turn.now.ms / kSecondMs, kept.note().text);
  if (!kept.add(line)) return reply_refused(WitnessStatus::bad_request, "checkpoint too large");
  if (log.replay) log.replay->record_cosigned(turn);
  turn.rows.put(table::kCosigned, to_bytes(log.id), to_bytes(kept.encode()));
  if (!log.cosigned || kept.claim().tree.size != log.head().size) keep_root(turn, log, kept);
  log.cosigned = std::move(kept);
  return tlog::reply_cosigned({&line, 1});
}

void Cosigner::go_on(Turn& turn, Log& log, const Status& moved) const {
  if (!log.held) return;
  const bool there = log.replay && log.replay->working().size() >= log.held->request.checkpoint.claim().tree.size;
  if (moved && !there) return;
  Held held = std::move(*std::exchange(log.held, std::nullopt));
  if (!there) return turn.refuse(held.id, WitnessStatus::unavailable, moved.error().where);
  decide(turn, log, held.id, std::move(held.request));
}

void Cosigner::expire(Turn& turn, Log& log) const {
  if (!log.held || turn.now < log.held->until) return;
  turn.refuse(log.held->id, WitnessStatus::unavailable, "not audited up to here yet");
  log.held.reset();
}

}  // namespace cairn::witness
