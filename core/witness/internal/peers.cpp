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
  for (const auto& [id, log] : logs) pass_vetoes(turn, log);
}

void Peers::pass_vetoes(Turn& turn, const Log& log) {
  if (!log.replay) return;
  for (const auto& [request, open] : log.replay->settled().open_requests()) {
    if (!open.veto) continue;
    for (std::size_t peer = 0; peer < urls_.size(); ++peer) {
      if (!passed_.insert({peer, request}).second) continue;
      const proto::CallId call = turn.call(proto::Method::post, urls_[peer] + "/veto", wire::encode(*open.veto));
      vetoes_[call] = {peer, request};
    }
  }
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
