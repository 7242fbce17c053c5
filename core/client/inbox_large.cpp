// Envelopes that say where a commit, a welcome or an answer to a rejoin lies (large_bodies.h): it is fetched first, and
// all that is behind it in its channel waits.
#include "core/client/domains.h"
#include "core/client/inbox.h"
#include "core/client/rejoin.h"
#include "core/client/rejoiner.h"

namespace cairn::client {

Inbox::Verdict Inbox::take_large(const proto::Envelope& envelope) {
  const auto ref = wire::decode<proto::BlobRef>(envelope.body);
  Verdict verdict = Verdict::done;
  if (is_awaited(envelope)) {
    if (ref) {
      verdict = take_from(envelope, *ref);
    } else {
      is_bad(envelope);
    }
  }
  if (ref && verdict == Verdict::done) owner_.large_.forget(context_, channel_, *ref);
  return verdict;
}

bool Inbox::is_awaited(const proto::Envelope& envelope) {
  if (envelope.kind != proto::EnvelopeKind::welcome_blob) return is_to_be_followed(envelope);
  const mls::Group* present = owner_.group(context_.store, channel_);
  return present == nullptr || !present->is_active() || needs_rejoin(context_.store, channel_);
}

Inbox::Verdict Inbox::take_from(const proto::Envelope& envelope, const proto::BlobRef& ref) {
  const bool is_welcome = envelope.kind == proto::EnvelopeKind::welcome_blob;
  LargeBodies::Fetched body = fetched(envelope, ref);
  if (body.state == LargeBodies::State::waits) return Verdict::wait;
  if (body.state != LargeBodies::State::whole) {
    body.state == LargeBodies::State::bad ? is_bad(envelope) : is_gone(envelope);
    return Verdict::done;
  }
  proto::Envelope whole = envelope;
  whole.kind = is_welcome ? proto::EnvelopeKind::welcome : proto::EnvelopeKind::commit;
  whole.body = std::move(body.body);
  return is_welcome ? take_welcome(whole) : take_handshake_or_message(whole);
}

Inbox::Verdict Inbox::take_answer(const proto::Envelope& envelope, Rejoiner& rejoiner) {
  const auto answer = wire::decode<RejoinAnswer>(envelope.body);
  if (!answer || !answer->large) {
    rejoiner.take_answer(envelope, {});
    return Verdict::done;
  }
  if (rejoiner.wants(envelope)) {
    LargeBodies::Fetched body = fetched(envelope, *answer->large);
    if (body.state == LargeBodies::State::waits) return Verdict::wait;
    rejoiner.take_answer(envelope, std::move(body.body));
  }
  owner_.large_.forget(context_, channel_, *answer->large);
  return Verdict::done;
}

// What comes of a former epoch was followed already; of a later one, what is between does not come any more.
bool Inbox::is_to_be_followed(const proto::Envelope& envelope) {
  if (!has_place(envelope, owner_.find(context_.store, channel_))) return false;
  const auto rejoin = load_rejoin(context_.store, channel_);
  if (rejoin && !rejoin->commit.empty()) return false;
  const std::uint64_t epoch = owner_.group(context_.store, channel_)->epoch();
  if (envelope.epoch > epoch) owner_.cannot_go_on(context_, channel_, envelope.domain);
  return envelope.epoch == epoch;
}

LargeBodies::Fetched Inbox::fetched(const proto::Envelope& envelope, const proto::BlobRef& ref) {
  using State = LargeBodies::State;
  const mls::Group* group = owner_.group(context_.store, channel_);
  if (group != nullptr && group->pending() != nullptr && envelope.kind == proto::EnvelopeKind::commit_blob) {
    const Bytes& own = group->pending()->commit();
    if (LargeBodies::place_of(account_, channel_, own).blob == ref.blob) return {State::whole, own};
  }
  if (owner_.must_wait(context_, channel_)) return {State::waits, {}};
  LargeBodies::Fetched out =
      owner_.large_.get(context_, account_, {channel_, envelope.domain, envelope.epoch}, ref,
                        [&owner = owner_, channel = channel_](Context& later, const Answer& answer) {
                          const auto account = load_account(later.store);
                          if (account) Inbox(owner, later, *account, channel).part_came(answer);
                        });
  if (out.state == State::later) {
    owner_.retry_later(context_, channel_);
    note_trouble("Too much is fetched at once; what is new here waits for it.");
    out.state = State::waits;
  }
  return out;
}

void Inbox::note_trouble(std::string sentence) {
  auto conversation = owner_.find(context_.store, channel_);
  if (!conversation || conversation->trouble == sentence) return;
  conversation->trouble = std::move(sentence);
  owner_.save(context_, *conversation);
}

void Inbox::part_came(const Answer& answer) {
  const ErrorCode code = answer.body ? ErrorCode::internal : answer.body.error().code;
  const bool is_no = code == ErrorCode::not_found || code == ErrorCode::over_limit;
  if (answer.body) owner_.retries_.erase(channel_);
  if (answer.body || is_no) return owner_.due(channel_);
  owner_.retry_later(context_, channel_, &answer);
  const auto conversation = owner_.find(context_.store, channel_);
  if (!conversation) return;
  note_trouble(why_not(account_, conversation->domain, answer, ";") + " What is new here waits for it.");
}

void Inbox::is_gone(const proto::Envelope& envelope) {
  context_.note(proto::Event::Level::warning, "a commit or welcome is not on its server, or not any more");
  const auto old = owner_.find(context_.store, channel_);
  if (!old || old->is_writable() || is_back_in(envelope, *old)) {
    owner_.cannot_go_on(context_, channel_, envelope.domain);
  }
}

// As a commit or welcome that an envelope holds, and that is none: who could let this device in again after a commit
// that nobody can follow is whoever made it.
void Inbox::is_bad(const proto::Envelope& envelope) {
  auto conversation = owner_.find(context_.store, channel_);
  if (envelope.kind == proto::EnvelopeKind::welcome_blob || !conversation) return is_gone(envelope);
  broken(*conversation, "a commit that is not what it was announced as");
}

}  // namespace cairn::client
