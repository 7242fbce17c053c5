#include "core/witness/internal/peers.h"

namespace cairn::witness {

void Peers::rebuild() {
  reads_.clear();
  vetoes_.clear();
  passed_.clear();
}

void Peers::round(Turn& turn, const Logs& logs) {
  const std::size_t pairs = urls_.size() * logs.size();
  for (std::size_t calls = 0; calls < std::min(pairs, kCallsARound); ++calls, ++next_) {
    const std::size_t pair = next_ % pairs;
    const Log& log = std::next(logs.begin(), static_cast<std::ptrdiff_t>(pair / urls_.size()))->second;
    const std::string url = urls_[pair % urls_.size()] + "/" + tlog::checkpoint_path(log.origin());
    reads_[turn.call(proto::Method::get, url)] = log.id;
  }
  pass_vetoes(turn, logs);
}

/// Those of requests that are open or owed their waiting. Of a log that is barred it is too late for all.
void Peers::pass_vetoes(Turn& turn, const Logs& logs) {
  std::map<Hash, const directory::VetoNotice*> vetoes;
  for (const auto& [id, log] : logs) {
    if (!log.replay || log.replay->settled().is_barred()) continue;
    for (const auto& [request, open] : log.replay->settled().open_requests()) {
      if (open.veto) vetoes.emplace(request, &*open.veto);
    }
  }
  std::erase_if(passed_, [&](const Passed& it) { return !vetoes.contains(it.second); });
  std::vector<const directory::VetoNotice*> in_turn;
  for (const auto& [request, veto] : vetoes) in_turn.push_back(veto);
  const std::size_t pairs = in_turn.size() * urls_.size();
  for (std::size_t i = 0; i < pairs && vetoes_.size() < kCallsARound; ++i, ++next_veto_) {
    pass(turn, next_veto_ % urls_.size(), *in_turn[next_veto_ / urls_.size() % in_turn.size()]);
  }
}

void Peers::pass_veto(Turn& turn, const directory::VetoNotice& veto) {
  for (std::size_t peer = 0; peer < urls_.size(); ++peer) pass(turn, peer, veto);
}

void Peers::pass(Turn& turn, std::size_t peer, const directory::VetoNotice& veto) {
  const Hash request = veto.request.hash();
  if (vetoes_.size() >= kCallsARound || !passed_.insert({peer, request}).second) return;
  const proto::CallId call = turn.call(proto::Method::post, urls_[peer] + "/veto", wire::encode(veto));
  vetoes_[call] = {peer, request};
}

void Peers::done(Turn& turn, const proto::CallDone& call, Logs& logs) {
  const bool good = call.reply && call.reply->status == 200;
  if (const auto veto = vetoes_.find(call.id); veto != vetoes_.end()) {
    // 410: its mailbox is closed. Anything else is tried again in the next round.
    const bool closed = call.reply && call.reply->status == 410;
    if (!good && !closed) passed_.erase(veto->second);
    vetoes_.erase(veto);
    return;
  }
  const auto log = logs.find(reads_.at(call.id));
  reads_.erase(call.id);
  if (!good || log == logs.end()) return;
  const auto note = tlog::SignedCheckpoint::parse(as_text(call.reply->body), tlog::ExtensionLines::tolerate);
  if (!note || note->claim().origin != log->second.origin()) return;
  const auto checkpoint = tlog::VerifiedCheckpoint::verify(*note, log->second.row.key);
  if (checkpoint) compare(turn, log->second, *checkpoint);
}

}  // namespace cairn::witness
