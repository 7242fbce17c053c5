#include "core/client/views.h"

#include "core/client/domains.h"
#include "core/client/held_veto.h"
#include "core/client/suspicions.h"
#include "core/client/tables.h"

namespace cairn::client {
namespace {

constexpr std::size_t kMaxCosignerName = 256;
constexpr std::uint32_t kLookupTimeoutMs = 10'000;
constexpr std::uint64_t kMostLookupDoublings = 7;  // some ten minutes

/// One look-up of a domain at a time: a proof starts at the checkpoint that is the newest when it is asked for.
std::string call_key(const directory::Name& name) { return "lookup " + std::string(name.domain()); }

template <class T>
std::optional<T> stored(const StoreView& store, Table table, ByteView key) {
  const auto row = store.get(table, key);
  if (!row) return std::nullopt;
  auto value = wire::decode<T>(*row);
  if (!value) return std::nullopt;
  return std::move(*value);
}

}  // namespace

void LookupEvidence::write(wire::Writer& w) const {
  w.u64(verified.ms);
  const std::size_t mark = w.begin_vector();
  for (const std::string& name : cosigners) w.opaque(name);
  w.end_vector(mark);
  w.u64(answer_bytes);
  w.u64(statement_bytes);
}

Result<LookupEvidence> LookupEvidence::read(wire::Reader& r) {
  LookupEvidence out;
  out.verified = Time { TRY(r.u64()) };
  wire::Reader names = TRY(r.nested(tlog::kMaxPolicyBytes));
  while (!names.done()) out.cosigners.push_back(TRY(names.opaque_text(kMaxCosignerName)));
  out.answer_bytes = TRY(r.u64());
  out.statement_bytes = TRY(r.u64());
  return out;
}

std::optional<directory::VerifiedView> Views::view(const StoreView& store, const Account& account,
                                                   const directory::Name& name) const {
  return stored<directory::VerifiedView>(store, tables::kContacts, name_key(account, name.text()));
}

std::optional<directory::DomainState> Views::domain(const StoreView& store, const Account& account,
                                                    std::string_view domain) const {
  return stored<directory::DomainState>(store, tables::kDomains, name_key(account, domain));
}

std::optional<LookupEvidence> Views::evidence(const StoreView& store, const Account& account,
                                              const directory::Name& name) const {
  return stored<LookupEvidence>(store, tables::kEvidence, name_key(account, name.text()));
}

std::optional<Time> Views::last_word(const StoreView& store, const Account& account,
                                     const directory::Name& name) const {
  const Outcome last = outcome(name);
  const bool is_unreached = !last.trouble.empty() && !last.refused && !last.absent;
  const auto known = view(store, account, name);
  if (!is_unreached || !known || !known->exists() || is_of_former_policy(store, account, name)) return std::nullopt;
  if (store.get(tables::kRemovalsSeen, name_key(account, name.text()))) return std::nullopt;
  return Time{known->time_s() * kSecondMs};
}

bool Views::awaits_admission(const StoreView& store, const Account& account, const directory::Name& name) const {
  const auto known = view(store, account, name);
  if (!known || name == account.name) return false;
  const auto row = store.get(tables::kAdmittedResets, name_key(account, name.text()));
  if (!row) return known->completed_resets() != 0;
  const auto admitted = wire::Reader(*row).u32();
  return !admitted || known->completed_resets() > *admitted;
}

void Views::admit(Context& context, const Account& account, const directory::Name& name) {
  const auto known = view(context.store, account, name);
  if (!known) return;
  wire::Writer w;
  w.u32(static_cast<std::uint32_t>(known->completed_resets()));
  context.store.put(tables::kAdmittedResets, name_key(account, name.text()), w.take());
  changed_.push_back(name);
}

bool Views::fresh(const Context& context, const Account& account, const directory::Name& name,
                  std::uint64_t max_age_ms) const {
  const auto known = view(context.store, account, name);
  if (!known || !known->exists() || is_of_former_policy(context.store, account, name)) return false;
  if (context.store.get(tables::kRemovalsSeen, name_key(account, name.text()))) return false;
  const auto log = domain(context.store, account, name.domain());
  if (!log) return false;
  return known->age_ms(log->trusted_now(context.now)) <= max_age_ms;
}

Views::Outcome Views::outcome(const directory::Name& name) const {
  const auto found = outcomes_.find(name);
  return found == outcomes_.end() ? Outcome{} : found->second;
}

bool Views::looking_up(const directory::Name& name) const { return asked_.contains(name) || waiting_.contains(name); }

std::set<directory::Name> Views::refused_of(std::string_view domain) {
  std::set<directory::Name> out;
  for (auto& [name, outcome] : outcomes_) {
    if (name.domain() != domain || outcome.trouble.empty()) continue;
    outcome.attempts = 0;
    out.insert(name);
  }
  return out;
}

void Views::want(Context& context, const Account& account, const directory::Name& name, std::uint64_t max_age_ms) {
  if (fresh(context, account, name, max_age_ms)) return;
  const Time retry_at = outcome(name).retry_at;
  if (retry_at != Time::never() && retry_at > context.now) return;
  look_up_now(context, account, name);
}

std::uint64_t Views::accepted(const directory::Name& name) const {
  const auto found = accepted_.find(name);
  return found == accepted_.end() ? 0 : found->second;
}

void Views::want_newer(Context& context, const Account& account, const directory::Name& name, std::uint64_t count) {
  if (accepted(name) > count) return;
  const Time retry_at = outcome(name).retry_at;
  if (retry_at != Time::never() && retry_at > context.now) return;
  look_up_now(context, account, name);
}

void Views::look_up_now(Context& context, const Account& account, const directory::Name& name) {
  waiting_.erase(name);
  if (asked_.contains(name) || stopped(context, account, name) || must_wait(context, name)) return;
  if (calls_.under_way(call_key(name))) {
    waiting_.insert(name);
    return;
  }
  asked_.insert(name);
  const auto [log, known_view] = pinned(context.store, account, name);
  const directory::Known known{log ? &*log : nullptr, known_view ? &*known_view : nullptr, {}};
  proto::Call call = call_to(context.store, account, name.domain(), proto::kPathLookup);
  call.body = wire::encode(directory::make_lookup(name, known));
  call.timeout_ms = kLookupTimeoutMs;
  calls_.start(context, call_key(name), std::move(call),
               [this, name, policy = policy_of(context.store, account, name.domain())](
                   Context& later, const Answer& answer) { answered(later, name, policy, answer); });
}

Views::Pinned Views::pinned(const StoreView& store, const Account& account, const directory::Name& name) const {
  if (is_log_of_former_policy(store, account, name.domain())) return {};
  Pinned out{domain(store, account, name.domain()), view(store, account, name)};
  if (is_view_of_former_log(store, account, name)) out.view.reset();
  return out;
}

// A moment further away than any that is heeded is of a clock that was ahead.
bool Views::must_wait(const Context& context, const directory::Name& name) {
  const auto asked = not_before_.find(std::string(name.domain()));
  if (asked == not_before_.end() || asked->second <= context.now) return false;
  if (asked->second > after(context.now, kMostRetryAfterMs)) return false;
  Outcome& outcome = outcomes_[name];
  outcome.retry_at = asked->second;
  if (outcome.trouble.empty())
    outcome.trouble = "The server of " + asked->first + " asks for patience; it is asked again when that is over.";
  return true;
}

bool Views::stopped(Context& context, const Account& account, const directory::Name& name) {
  const auto known = view(context.store, account, name);
  if (name == account.name || (known && known->exists())) return false;
  if (is_log_of_former_policy(context.store, account, name.domain())) return false;
  auto why = no_first_contacts(context.store, account, name.domain());
  if (!why) return false;
  failed(context, name, std::move(*why), Failed::refused);
  outcomes_[name].retry_at = after(context.now, kLatePauseMs);
  return true;
}

void Views::failed(Context& context, const directory::Name& name, std::string trouble, Failed how) {
  Outcome& outcome = outcomes_[name];
  outcome.trouble = std::move(trouble);
  outcome.refused = how != Failed::unreached;
  outcome.stale = how == Failed::stale;
  outcome.absent = false;
  // Strangers can name any domain: one that cannot be verified is asked ever more rarely, unless a person asks. So is
  // one whose auditors are away: that is for hours, and all devices would ask.
  const auto account = load_account(context.store);
  const bool is_own = !account || name.domain() == account->domain();
  const std::uint64_t doublings =
      is_own && !outcome.stale ? 0 : std::min<std::uint64_t>(outcome.attempts, kMostLookupDoublings);
  outcome.attempts += 1;
  outcome.retry_at = after(context.now, kLookupPauseMs << doublings);
  context.note(proto::Event::Level::warning, outcome.refused ? "a directory answer was refused" : "a look-up failed");
  changed_.push_back(name);
}

void Views::answered(Context& context, const directory::Name& name, const std::string& policy, const Answer& answer) {
  asked_.erase(name);
  const auto account = load_account(context.store);
  if (!account) return;
  // What is pinned may have become another thing with the policy, and the answer is to what was.
  if (policy_of(context.store, *account, name.domain()) == policy) {
    check(context, *account, name, answer);
  } else {
    look_up_now(context, *account, name);
  }
  // The first that is not refused begins; the others wait for it.
  for (const directory::Name& other : std::set<directory::Name>(waiting_)) {
    if (other.domain() == name.domain()) look_up_now(context, *account, other);
  }
}

void Views::check(Context& context, const Account& account, const directory::Name& name, const Answer& answer) {
  if (!answer.body) {
    failed(context, name, why_not(account, name.domain(), answer), Failed::unreached);
    if (answer.retry_after_ms == 0) return;
    not_before_[std::string(name.domain())] = after(context.now, answer.retry_after_ms);
    Outcome& outcome = outcomes_[name];
    outcome.retry_at = std::max(outcome.retry_at, after(context.now, answer.retry_after_ms));
    return;
  }
  const auto policy = tlog::ClientPolicy::parse(policy_of(context.store, account, name.domain()));
  if (!policy)
    return failed(context, name, "The policy of this device cannot be read; set a valid one.", Failed::refused);
  const auto [log, known_view] = pinned(context.store, account, name);
  const auto vetoes = vetoes_of(context.store, account, name);
  const directory::Known known{log ? &*log : nullptr, known_view ? &*known_view : nullptr, vetoes, &verified_};
  const auto response = wire::decode<directory::LookupResponse>(*answer.body);
  if (!response) return failed(context, name, refusal_sentence(account, name, response.error()), Failed::refused);
  auto lookup = directory::verify_lookup(name, known, *policy, *response, context.now);
  if (!lookup) {
    if (known_view) obey_removals(context, account, *known_view, response->statements);
    const bool is_strange = lookup.error().code == ErrorCode::no_quorum && name.domain() != account.domain() &&
                            !has_policy(context.store, account, name.domain());
    std::string why = is_strange ? no_policy_sentence(name.domain()) : refusal_sentence(account, name, lookup.error());
    const bool is_stale = std::string_view(lookup.error().where) == directory::kNotFresh;
    return failed(context, name, std::move(why), is_stale ? Failed::stale : Failed::refused);
  }

  if (stopped(context, account, name)) return;
  // What is pinned is of a former policy: the answer says which log counts.
  const auto before = view(context.store, account, name);
  if (name != account.name && !(before && before->exists())) {
    auto why = convicted(context.store, account, name.domain(), lookup->domain.config.log_key);
    if (why) return failed(context, name, std::move(*why), Failed::refused);
  }

  LookupEvidence evidence;
  evidence.verified = context.now;
  evidence.answer_bytes = answer.body->size();
  for (const directory::Statement& statement : response->statements) {
    evidence.statement_bytes += wire::encode(statement).size();
  }
  for (const PublicKey& key : lookup->view.quorum()) {
    for (const auto& witness : policy->policy().witnesses()) {
      if (witness.key.key() == key) evidence.cosigners.push_back(witness.name);
    }
  }
  if (name == account.name) remember_adders(response->statements);
  accept(context, account, *lookup, evidence);
}

void Views::remember_adders(const std::vector<directory::Statement>& verified) {
  for (const directory::Statement& statement : verified) {
    const auto* added = std::get_if<directory::AddDevice>(&statement.content.body);
    if (added == nullptr) continue;
    const directory::StatementSignature& signer = statement.signatures.front();
    const bool is_device = signer.kind == directory::SignerKind::device;
    adders_[added->device.id()] = {signer.kind, is_device ? directory::device_id(signer.key) : DeviceId{}};
  }
}

std::optional<Adder> Views::added_by(const DeviceId& device) const {
  const auto found = adders_.find(device);
  return found == adders_.end() ? std::nullopt : std::optional(found->second);
}

void Views::obey_removals(Context& context, const Account& account, const directory::VerifiedView& pinned,
                          const std::vector<directory::Statement>& statements) {
  directory::NameState state = pinned.state();
  for (const directory::Statement& statement : statements) {
    const std::uint32_t sequence = state.count();
    const bool removes = directory::obey_removal(state, statement).has_value();
    if (!state.apply(statement)) return;
    if (!removes) continue;
    wire::Writer w;
    w.u32(sequence);
    context.store.put(tables::kRemovalsSeen, name_key(account, pinned.name().text()), w.take());
  }
}

void Views::accept(Context& context, const Account& account, const directory::Lookup& lookup,
                   const LookupEvidence& evidence) {
  const directory::Name& name = lookup.view.name();
  const auto before = view(context.store, account, name);
  judged_by_present_policy(context, account, name);
  context.store.put(tables::kDomains, name_key(account, name.domain()), wire::encode(lookup.domain));
  context.store.put(tables::kContacts, name_key(account, name.text()), wire::encode(lookup.view));
  context.store.put(tables::kEvidence, name_key(account, name.text()), wire::encode(evidence));
  if (!before || !before->exists()) admit(context, account, name);  // a first contact takes the name as it is
  ++accepted_[name];
  Outcome& outcome = outcomes_[name];
  outcome = {};
  outcome.absent = !lookup.view.exists();
  outcome.attempts = 1;
  outcome.late = lookup.view.age_ms(lookup.domain.trusted_now(context.now)) > kFreshForNewMs;
  if (outcome.late) outcome.retry_at = after(context.now, kLatePauseMs);
  if (outcome.absent) {
    outcome.trouble = "There is no " + name.text() + "; check the spelling, or ask them to register.";
    outcome.retry_at = after(context.now, kLookupPauseMs);
  }
  // Once the chain is past that place it says itself what stands there.
  const Bytes removal = name_key(account, name.text());
  if (const auto row = context.store.get(tables::kRemovalsSeen, removal)) {
    const auto sequence = wire::Reader(*row).u32();
    if (!sequence || lookup.view.count() > *sequence) {
      context.store.erase(tables::kRemovalsSeen, removal);
    } else {
      outcome.trouble = name.text() +
                        " has removed a device, and their directory does not show it yet; nothing is sent "
                        "to them until it does. Ask them another way if it stays so: their server may be lying.";
      outcome.retry_at = after(context.now, kLatePauseMs);
    }
  }
  changed_.push_back(name);
}

std::vector<directory::Name> Views::take_changed() { return std::exchange(changed_, {}); }

// A retry is for whoever still wants the view: it is told that the name changed, and asks again.
void Views::step(Context& context, const Account&) {
  for (auto& [name, outcome] : outcomes_) {
    if (outcome.retry_at > context.now) continue;
    outcome.retry_at = Time::never();
    changed_.push_back(name);
  }
}

Time Views::next_deadline() const {
  Time next = Time::never();
  for (const auto& [name, outcome] : outcomes_) next = std::min(next, outcome.retry_at);
  return next;
}

void Views::forget_all() {
  asked_.clear();
  waiting_.clear();
  outcomes_.clear();
  not_before_.clear();
  accepted_.clear();
  changed_.clear();
  adders_.clear();
  verified_.forget_all();
}

std::string reset_sentence(const directory::Name& name) {
  return "The name " + name.text() +
         " was reset: it has other devices now, and may be somebody else's. Nothing is sent to it; ask them another "
         "way, and if it is still theirs, say so with contact accept.";
}

std::string late_sentence(const Account& account, const directory::Name& name, std::uint64_t age_ms) {
  const bool is_own = name == account.name;
  return "The newest word of the auditors about " + (is_own ? "your own name" : name.text()) + " is " +
         std::to_string(age_ms / kMinuteMs) + " minutes old by the clock of this device, and " +
         (is_own ? "a new device of yours is written to with" : "a first message needs") +
         " one of at most 15; see that the clock is right, or wait until the auditors are back.";
}

std::string no_policy_sentence(std::string_view domain) {
  const std::string text(domain);
  return "Cairn has no policy for " + text +
         ": the witnesses and auditors that this device trusts have not vouched for its directory, so nothing was "
         "sent. "
         "Get the policy of " +
         text +
         " from somebody whom you trust: take a link of theirs up, cairn accept LINK, or say: cairn domain add " +
         text + " --policy FILE.";
}

std::string refusal_sentence(const Account& account, const directory::Name& name, const Error& error) {
  const bool is_own = name == account.name;
  const std::string_view where = error.where;
  const std::string refused = "The directory's answer about " + name.text() + " was refused (" + error.where + ")";
  if (where == directory::kNotFresh) {
    return refused +
           ": the auditors have vouched for nothing there for 24 hours, or the clock of this device is ahead, so " +
           (is_own ? "it is not known which devices your own name has, and nothing was sent to anybody"
                   : "nothing was sent to them") +
           "; see that the clock is right, or wait until the auditors are back.";
  }
  const std::string unsent =
      is_own ? "; that is your own name, so nothing was sent to anybody. " : "; nothing was sent to them. ";
  if (where == directory::kAheadOfClock)
    return refused + unsent + "The clock of this device is behind: set it right and try again.";
  return refused + unsent +
         (is_own ? "Try again, and if it stays so, ask who runs your server, or others who use it: it may be lying."
                 : "Try again, and if it stays so, ask them another way: their server may be lying.");
}

}  // namespace cairn::client
