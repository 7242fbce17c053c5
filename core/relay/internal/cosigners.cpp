#include "core/relay/internal/cosigners.h"

namespace cairn::relay {
namespace {

constexpr unsigned kConflictsAtOnce = 3;

/// The cosigner's word. Of a refusal the words count too: what a proxy says in its place says nothing of it, and is as
/// if nobody had answered (docs/adr/0013).
Result<tlog::AddCheckpointAnswer> parse_cosigner_answer(const proto::CallReply& reply) {
  const std::string body = as_text(reply.body);
  auto answer = TRY(tlog::parse_answer(reply.status, body));
  const auto* status = std::get_if<tlog::WitnessStatus>(&answer);
  if (status == nullptr) return answer;
  REQUIRE(tlog::is_refusal(body), ErrorCode::malformed, "a refusal that is no witness's");
  REQUIRE(*status != tlog::WitnessStatus::not_found || body == std::string(tlog::kUnknownLog) + "\n",
          ErrorCode::malformed, "a 404 that is no witness's");
  return answer;
}

std::string add_checkpoint_url(std::string url) {
  while (!url.empty() && url.back() == '/') url.pop_back();
  return url + "/add-checkpoint";
}

}  // namespace

Cosigners::Cosigners(const RelayConfig& config, std::uint64_t& next_call)
    : policy_(config.policy), times_(config.times), next_call_(next_call) {
  for (const tlog::Policy::Witness& witness : config.policy.witnesses()) {
    if (!witness.url.empty()) cosigners_.emplace_back(witness.name, witness.key, add_checkpoint_url(witness.url));
  }
}

void Cosigners::rebuild(const std::optional<tlog::SignedCheckpoint>& served) {
  offered_.reset();
  for (Cosigner& it : cosigners_) {
    Cosigner anew(it.name, it.key, it.url);
    anew.heard = it.heard;
    anew.ahead = it.ahead;
    anew.cosigned = it.cosigned;
    it = std::move(anew);
    if (!served) continue;
    const auto lines = tlog::verify_cosignatures(served->note(), {&it.key, 1});
    if (!lines || lines->empty()) continue;
    it.line = lines->front();
    it.known_size = it.line_size = served->claim().tree.size;
  }
}

void Cosigners::offer(const tlog::SignedCheckpoint& checkpoint, Time now) {
  offered_ = checkpoint;
  for (Cosigner& it : cosigners_) {
    it.refused = false;
    if (it.reached) it.next_try = now;
  }
}

void Cosigners::call(const tlog::HashReader& hashes, Time now, std::vector<proto::Send>& sends) {
  if (!offered_) return;
  const std::uint64_t size = offered_->claim().tree.size;
  for (Cosigner& it : cosigners_) {
    if (it.call || it.next_try > now) continue;
    // Who has not been heard yet is asked as if it knew nothing: it answers with the size that it knows.
    const std::uint64_t old_size = it.heard ? std::min(it.known_size, size) : 0;
    auto proof = tlog::prove_consistency(hashes, old_size, size);
    if (!proof) {
      failed(it, now);
      continue;
    }
    const tlog::AddCheckpoint request{old_size, std::move(*proof), *offered_};
    it.call = Call{proto::CallId{next_call_++}, size, offered_->note().text};
    sends.emplace_back(
        proto::Call{it.call->id, proto::Method::post, it.url, {}, to_bytes(request.encode()), times_.call_timeout_ms});
  }
}

bool Cosigners::done(const proto::CallDone& call, Time now, std::vector<proto::Event>& events) {
  const std::size_t before = events.size();
  const bool is_new = take(call, now, events);
  is_troubled_ = is_troubled_ || events.size() != before;
  if (is_troubled_ && all_cosign()) {
    is_troubled_ = false;
    events.push_back({proto::Event::Level::info, "all cosigners of the policy cosign", cosigners_.size()});
  }
  return is_new;
}

bool Cosigners::all_cosign() const {
  if (!offered_ || cosigners_.empty()) return false;
  const std::uint64_t size = offered_->claim().tree.size;
  return std::ranges::all_of(cosigners_, [&](const Cosigner& it) {
    return it.cosigned && it.line_size == size && it.reached && !it.strange && !it.refused && !it.ahead;
  });
}

bool Cosigners::take(const proto::CallDone& call, Time now, std::vector<proto::Event>& events) {
  const auto found =
      std::ranges::find_if(cosigners_, [&](const Cosigner& it) { return it.call && it.call->id == call.id; });
  if (found == cosigners_.end()) return false;
  Cosigner& it = *found;
  const Call answered = std::move(*std::exchange(it.call, std::nullopt));
  const bool was_reached = std::exchange(it.reached, call.reply.has_value());
  if (it.reached && !was_reached) it.failures = 0;  // it is back: what it still lacks takes a moment, not a minute
  if (was_reached && !it.reached) {
    events.push_back({proto::Event::Level::warning, "a cosigner of the policy cannot be reached", 0, it.name});
  }
  if (!call.reply) {
    failed(it, now);
    return false;
  }
  const auto answer = parse_cosigner_answer(*call.reply);
  if (!std::exchange(it.strange, !answer) && it.strange) {
    events.push_back(
        {proto::Event::Level::warning,
         "what answers at the address of a cosigner of the policy is no witness: look whether a proxy stands "
         "there, and whether it runs",
         0, it.name});
  }
  const bool was_heard = it.heard;
  hear(it, answer, offered_->claim().tree.size);
  if (answer && std::holds_alternative<tlog::StaleSize>(*answer)) {
    if (it.heard && !was_heard) it.known_size = 0;  // whatever it says is news
    conflict(it, std::get<tlog::StaleSize>(*answer).size, now, events);
    return false;
  }
  if (answer && std::holds_alternative<tlog::SignatureLines>(*answer)) {
    return cosigned(it, answered, std::get<tlog::SignatureLines>(*answer), now);
  }
  const bool refuses = answer.has_value() && answered.size == offered_->claim().tree.size;
  if (!std::exchange(it.refused, refuses) && it.refused) {
    events.push_back({proto::Event::Level::warning,
                      "a cosigner of the policy refuses our newest epoch: see that this machine's clock is right, and "
                      "that it knows this log",
                      0, it.name});
  }
  failed(it, now);
  const std::uint64_t asked_ms =
      std::min<std::uint64_t>(call.reply->retry_after_s.value_or(0) * kSecondMs, times_.retry_most_ms);
  it.next_try = std::max(it.next_try, after(now, asked_ms));
  return false;
}

/// Whether an answer says how far the log is for this cosigner. A 409 does, and so does its word on ours; a 404 in its
/// own words says that it does not know the log. Anything else may have been said before it looked.
void Cosigners::hear(Cosigner& it, const Result<tlog::AddCheckpointAnswer>& answer, std::uint64_t ours) {
  if (!answer) return;
  if (const auto* stale = std::get_if<tlog::StaleSize>(&*answer)) {
    // Later on one that lies cannot stop us with it.
    it.ahead = it.ahead || (!it.heard && stale->size > ours);
    it.heard = it.heard || stale->size <= ours;
  } else if (const auto* status = std::get_if<tlog::WitnessStatus>(&*answer)) {
    it.heard = it.heard || *status == tlog::WitnessStatus::not_found;
  }
}

Standing Cosigners::standing(Ask ask) const {
  std::vector<PublicKey> unheard;
  for (const Cosigner& it : cosigners_) {
    if (it.ahead) return Standing::behind;
    // One of whom the store has no word is there and refuses: an auditor, perhaps, who wants a newer record of a young
    // log. It would wait for ever if we waited for it. Of a store that was put back the word may be what is missing.
    const bool is_new = ask == Ask::enough && it.refused && !it.line;
    if (!it.heard && !is_new) unheard.push_back(it.key.key());
  }
  if (ask == Ask::all) return unheard.empty() && !cosigners_.empty() ? Standing::newest : Standing::asking;
  const bool enough = policy_.accepts_anything() || unheard.empty() || !policy_.satisfied(unheard);
  return enough ? Standing::newest : Standing::asking;
}

bool Cosigners::cosigned(Cosigner& it, const Call& call, const tlog::SignatureLines& lines, Time now) const {
  for (const tlog::NoteSignature& line : lines) {
    if (!line.names(it.key)) continue;
    auto verified = tlog::verify_cosignature(line, it.key, call.text);
    if (!verified) break;
    it.cosigned = now;
    it.line = std::move(*verified);
    it.known_size = it.line_size = call.size;
    it.failures = it.conflicts = 0;
    if (call.size != offered_->claim().tree.size) {  // there is a newer one meanwhile
      it.next_try = now;
      return false;
    }
    it.heard = true;
    it.refused = false;
    it.next_try = after(now, times_.cosign_ms);
    return true;
  }
  failed(it, now);
  return false;
}

void Cosigners::conflict(Cosigner& it, std::uint64_t size, Time now, std::vector<proto::Event>& events) const {
  const std::uint64_t ours = offered_->claim().tree.size;
  if (size > ours) {
    events.push_back({proto::Event::Level::error,
                      "a cosigner has seen more of our log than we have: this store is not the newest", size, it.name});
  }
  // One that cannot make up its mind is not asked for ever without a pause.
  const bool news = size != it.known_size && size <= ours && ++it.conflicts <= kConflictsAtOnce;
  it.known_size = size;
  failed(it, now);
  if (news) it.next_try = now;
}

void Cosigners::failed(Cosigner& it, Time now) const {
  const std::uint64_t wait = it.failures < 16 ? times_.retry_first_ms << it.failures : times_.retry_most_ms;
  it.next_try = after(now, std::min(wait, times_.retry_most_ms));
  ++it.failures;
}

std::vector<tlog::VerifiedCosignature> Cosigners::cosignatures(std::uint64_t size) const {
  std::vector<tlog::VerifiedCosignature> out;
  for (const Cosigner& it : cosigners_) {
    if (it.line && it.line_size == size) out.push_back(*it.line);
  }
  return out;
}

bool Cosigners::refused() const {
  return std::ranges::any_of(cosigners_, [](const Cosigner& it) { return it.refused; });
}

std::optional<NewestCosignature> Cosigners::newest_cosignature(const PublicKey& cosigner,
                                                               std::uint64_t served_size) const {
  for (const Cosigner& it : cosigners_) {
    if (it.key.key() == cosigner && it.cosigned) return NewestCosignature{*it.cosigned, it.line_size >= served_size};
  }
  return std::nullopt;
}

bool Cosigners::settled() const {
  if (!offered_) return false;
  const std::uint64_t size = offered_->claim().tree.size;
  return std::ranges::all_of(cosigners_, [&](const Cosigner& it) { return it.line_size == size || !it.reached; });
}

Time Cosigners::deadline() const {
  Time first = Time::never();
  if (!offered_) return first;
  for (const Cosigner& it : cosigners_) {
    if (!it.call) first = std::min(first, it.next_try);
  }
  return first;
}

}  // namespace cairn::relay
