#include "tests/lying/lying_relay.h"

#include <cstdio>

#include "core/base/overlay.h"
#include "core/proto/api.h"
#include "core/proto/blobs.h"
#include "core/proto/signals.h"
#include "core/tlog/witness_request.h"

namespace cairn::lying {
namespace {

proto::Effects respond(proto::RequestId id, int status, Bytes body) {
  proto::Effects out;
  out.sends.emplace_back(proto::Respond{id, status, {}, std::move(body), {}});
  return out;
}

}  // namespace

proto::Effects LyingRelay::rebuild(const StoreView& store, Time now, Entropy& entropy) {
  Overlay rows(store);
  rows.apply(forge(false_epoch_named(word_()), liar_, store, now));
  proto::Effects effects = relay_.rebuild(rows, now, entropy);
  rows.apply(std::exchange(effects.writes, {}));
  effects.writes = rows.take_writes();
  return watched(std::move(effects));
}

proto::Effects LyingRelay::handle(const proto::Input& input, const StoreView& store, Time now, Entropy& entropy) {
  if (const auto* request = std::get_if<proto::RequestArrived>(&input)) {
    tell_of(*request);
    if (auto lie = lie_to(*request, store)) return std::move(*lie);
  }
  if (const auto* call = std::get_if<proto::CallDone>(&input)) hear(*call);
  return watched(relay_.handle(input, store, now, entropy));
}

/// A line for each message, signal and part of a file that somebody sends: its size, without what is around it.
void LyingRelay::tell_of(const proto::RequestArrived& request) {
  const char* what = nullptr;
  std::size_t size = 0;
  if (request.target == proto::kPathChannelSend) {
    const auto message = wire::decode<proto::ChannelSend>(request.body);
    if (message) what = "message", size = message->ciphertext.size();
  } else if (request.target == proto::kPathChannelSignal) {
    const auto signal = wire::decode<proto::ChannelSignal>(request.body);
    if (signal) what = "signal", size = signal->ciphertext.size();
  } else if (request.target == proto::kPathBlobPut) {
    const auto part = wire::decode<proto::BlobPut>(request.body);
    if (part && !part->data.empty()) what = "file", size = part->data.size();
  }
  if (what == nullptr) return;
  std::printf("passes: %s %zu\n", what, size);
  std::fflush(stdout);
}

std::optional<proto::Effects> LyingRelay::lie_to(const proto::RequestArrived& request, const StoreView& store) const {
  if (keeps_back(request)) return respond(request.id, 202, {});  // as if it were taken
  if (auto audit = false_audit(store, request.target)) return respond(request.id, 200, std::move(*audit));
  return std::nullopt;
}

bool LyingRelay::keeps_back(const proto::RequestArrived& request) const {
  if (request.target != proto::kPathStatement || word_() == "none") return false;
  const auto body = wire::decode<proto::StatementRequest>(request.body);
  if (!body) return false;
  const auto statement = directory::Statement::decode(body->statement);
  return statement && statement->content.name == liar_.victim() &&
         statement->content.type() == directory::StatementType::veto_reset;
}

proto::Effects LyingRelay::watched(proto::Effects effects) {
  for (const proto::Send& send : effects.sends) {
    const auto* call = std::get_if<proto::Call>(&send);
    if (call == nullptr || !call->url.ends_with("/add-checkpoint")) continue;
    const auto request = tlog::AddCheckpoint::parse(as_text(call->body), tlog::ExtensionLines::refuse);
    if (request) asked_[call->id] = {call->url, request->checkpoint.claim().tree.size};
  }
  return effects;
}

/// In one line for each thing that one says anew.
void LyingRelay::hear(const proto::CallDone& call) {
  const auto found = asked_.find(call.id);
  if (found == asked_.end()) return;
  const Asked asked = std::move(found->second);
  asked_.erase(found);
  if (!call.reply) return;
  const auto answer = tlog::parse_answer(call.reply->status, as_text(call.reply->body));
  std::string words = as_text(call.reply->body);
  if (const auto* given = answer ? std::get_if<tlog::SignatureLines>(&*answer) : nullptr) {
    for (const tlog::NoteSignature& line : *given) lines_[asked.size].insert_or_assign(line.key_name, line);
    words = "cosigned\n";
  }
  words = "a cosigner of the log of size " + std::to_string(asked.size) + ": " + words;
  if (std::exchange(said_[asked.url], words) == words) return;
  std::printf("%s", words.c_str());
  std::fflush(stdout);
}

std::vector<tlog::NoteSignature> LyingRelay::lines(std::uint64_t size) const {
  std::vector<tlog::NoteSignature> out;
  const auto found = lines_.find(size);
  if (found == lines_.end()) return out;
  for (const auto& [name, line] : found->second) out.push_back(line);
  return out;
}

}  // namespace cairn::lying
