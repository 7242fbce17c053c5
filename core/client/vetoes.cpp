#include "core/client/vetoes.h"

#include "core/client/domain_words.h"
#include "core/client/tables.h"

namespace cairn::client {
namespace {

constexpr std::uint64_t kFirstPostRetryMs = 2 * kSecondMs;
constexpr std::uint64_t kLastPostRetryMs = 10 * kMinuteMs;
/// A view of a name that was vouched for so long after a veto was told would show the request, if there were one.
constexpr std::uint64_t kDoubtMs = kHourMs;
/// Who became a contact since, or dropped it, hears of it so often while the reset is open.
constexpr std::uint64_t kTellAgainMs = kDayMs;
// What an auditor answers (docs/spec/witness.md s.2).
constexpr int kTaken = 200;
constexpr int kNotAVeto = 400;
constexpr int kNotItsVeto = 403;
constexpr int kTooLate = 410;

Bytes post_key(const Hash& request, const PublicKey& auditor) { return concat({request, auditor}); }

}  // namespace

void Vetoes::heard(Context& context, const Account& account, const Heard& heard) {
  const VetoTold* told = heard.control ? std::get_if<VetoTold>(&*heard.control) : nullptr;
  if (told == nullptr) return;
  const directory::VetoNotice& notice = told->notice;
  if (!notice.verify()) {
    return context.note(proto::Event::Level::warning, "a veto that does not verify was dropped");
  }
  const Bytes key = veto_key(account, heard.name, notice.request.hash());
  if (context.store.get(tables::kVetoes, key)) return;
  const Bytes of_name = name_key(account, heard.name.text());
  const bool full = context.store.scan_prefix(tables::kVetoes, of_name, kMaxVetoesOfName).size() >= kMaxVetoesOfName ||
                    context.store.scan(tables::kVetoes, {}, {}, kMaxVetoes).size() >= kMaxVetoes;
  // That of the open request finds room whatever was told before it; there is one a name.
  const auto view = views_.view(context.store, account, heard.name);
  const bool is_open = view && view->state().open_reset() && view->newest_reset() == notice.request;
  if (full && !is_open) {
    return context.note(proto::Event::Level::warning, "a veto beyond what is kept was dropped");
  }
  const auto log = views_.domain(context.store, account, heard.name.domain());
  const Time now = log ? log->trusted_now(context.now) : context.now;
  const HeldVeto veto{heard.name, notice, HeldVeto::Origin::told, now.ms};
  if (is_over(context.store, account, veto)) return;
  save_veto(context, account, veto);
  views_.look_up_now(context, account, heard.name);
  due_ = context.now;
}

// A completion is never seen in a view while a veto of it is held. So where a view has the request and it is not open
// the chain has the veto; where it has another one at that place or later this one was never, or is decided.
bool Vetoes::is_over(const StoreView& store, const Account& account, const HeldVeto& veto) const {
  const auto view = views_.view(store, account, veto.name);
  if (!view) return false;
  const auto& newest = view->newest_reset();
  const directory::ResetNotice& request = veto.notice.request;
  if (newest && newest->request_sequence >= request.request_sequence) {
    return *newest != request || !view->state().open_reset();
  }
  const bool is_told = veto.origin == HeldVeto::Origin::told;
  return is_told && view->time_s() * kSecondMs > after(Time{veto.since_ms}, kDoubtMs).ms;
}

void Vetoes::forget(Context& context, const Bytes& key, const HeldVeto& veto) {
  const Hash request = veto.notice.request.hash();
  context.store.erase(tables::kVetoes, key);
  for (const Row& row : context.store.scan_prefix(tables::kVetoPosts, request, tlog::kMaxPolicyWitnesses)) {
    context.store.erase(tables::kVetoPosts, row.key);
  }
  std::erase_if(retries_, [&](const auto& entry) { return entry.first.first == request; });
}

void Vetoes::step(Context& context, const Account& account) {
  due_ = Time::never();
  const auto rows = context.store.scan(tables::kVetoes, {}, {}, 2 * kMaxVetoes);
  if (rows.empty()) return;
  for (const Row& row : rows) {
    auto veto = wire::decode<HeldVeto>(row.value);
    if (!veto) continue;
    if (is_over(context.store, account, *veto)) {
      forget(context, row.key, *veto);
      continue;
    }
    if (veto->origin != HeldVeto::Origin::told) tell_contacts(context, account, *veto);
    if (veto->origin == HeldVeto::Origin::told) views_.want(context, account, veto->name, kDoubtMs);
    const auto policy = tlog::ClientPolicy::parse(policy_of(context.store, account, veto->name.domain()));
    if (!policy) continue;
    for (const tlog::Policy::Witness& one : policy->policy().witnesses()) {
      if (policy->is_auditor(one.key.key())) post(context, row.key, *veto, one);
    }
  }
}

void Vetoes::tell_contacts(Context& context, const Account& account, HeldVeto& veto) {
  if (account.state != AccountState::active) return;  // a removed device is in no conversation
  const Time again = after(Time{veto.since_ms}, kTellAgainMs);
  if (veto.origin == HeldVeto::Origin::spread && context.now < again) {
    due_ = std::min(due_, again);
    return;
  }
  for (const Conversation& conversation : conversations_.list(context.store)) {
    conversations_.tell(context, conversation.channel, VetoTold{veto.notice});
  }
  veto.origin = HeldVeto::Origin::spread;
  veto.since_ms = context.now.ms;
  save_veto(context, account, veto);
}

void Vetoes::post(Context& context, const Bytes& key, const HeldVeto& veto, const tlog::Policy::Witness& auditor) {
  const Post post{veto.notice.request.hash(), auditor.key.key()};
  const Bytes row = post_key(post.first, post.second);
  if (auditor.url.empty() || context.store.get(tables::kVetoPosts, row)) return;
  const auto retry = retries_.find(post);
  if (retry != retries_.end() && retry->second.at > context.now) {
    due_ = std::min(due_, retry->second.at);
    return;
  }
  proto::Call call;
  call.method = proto::Method::post;
  call.url = auditor.url + (auditor.url.ends_with('/') ? "veto" : "/veto");
  call.body = wire::encode(veto.notice);
  // Where they are was the word of a link, or of another own device: that leads nowhere but to where everybody can be.
  // By the account's own policy it is its owner's, whatever was said of the domain's address.
  const auto account = load_account(context.store);
  const std::string_view domain = veto.name.domain();
  const bool is_by_word = account && has_policy(context.store, *account, domain) &&
                          (domain_origin(context.store, *account, domain).has_value() ||
                           is_by_another_device(context.store, *account, domain));
  if (is_by_word) call.reach = proto::CallReach::public_only;
  calls_.start(context, "veto " + as_text(row), std::move(call),
               [this, key, post](Context& later, const Answer& answer) { answered(later, key, post, answer); });
}

// Only a yes ends it: what answers in an auditor's place, as the networks of hotels do, may say anything. A request
// that an auditor has not seen yet is 404 and soon known; a veto that is too late (410), or none to it (400, 403), is
// so for ever if it is the auditor that says so, and is offered again but seldom.
void Vetoes::answered(Context& context, const Bytes& key, const Post& post, const Answer& answer) {
  if (!context.store.get(tables::kVetoes, key)) return;  // decided meanwhile
  if (answer.status == kTaken) {
    retries_.erase(post);
    return context.store.put(tables::kVetoPosts, post_key(post.first, post.second), {});
  }
  Retry& retry = retries_[post];
  const bool is_final = answer.status == kTooLate || answer.status == kNotAVeto || answer.status == kNotItsVeto;
  const std::uint64_t pause =
      is_final ? kLastPostRetryMs : std::min(kFirstPostRetryMs << std::min(retry.failures, 10u), kLastPostRetryMs);
  ++retry.failures;
  retry.status = answer.status;
  retry.at = after(context.now, pause);
}

std::vector<Vetoes::Auditor> Vetoes::auditors(const StoreView& store, const Account& account,
                                              const Hash& request) const {
  std::vector<Auditor> out;
  const auto policy = tlog::ClientPolicy::parse(account.policy_text);
  if (!policy) return out;
  for (const tlog::Policy::Witness& one : policy->policy().witnesses()) {
    if (!policy->is_auditor(one.key.key())) continue;
    Auditor auditor;
    auditor.name = one.name;
    if (store.get(tables::kVetoPosts, post_key(request, one.key.key()))) {
      auditor.state = Auditor::State::has_it;
    } else if (one.url.empty()) {
      auditor.state = Auditor::State::no_address;
    } else if (const auto retry = retries_.find({request, one.key.key()}); retry != retries_.end()) {
      auditor.last_status = retry->second.status;
      if (auditor.last_status == kTooLate) auditor.state = Auditor::State::too_late;
    }
    out.push_back(std::move(auditor));
  }
  return out;
}

void Vetoes::forget_all() {
  retries_.clear();
  due_ = Time::never();
}

}  // namespace cairn::client
