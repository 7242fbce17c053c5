// Methods about resets of the own name (docs/spec/client.md s.8).
#include "core/base/encoding.h"
#include "core/client/day.h"
#include "core/client/device_names.h"
#include "core/client/pin_records.h"
#include "core/client/rpc_methods.h"

namespace cairn::client {
namespace {

constexpr const char* kKeyAfterReset = " The recovery key after the reset is the one that was shown before it.";

constexpr std::uint64_t kVetoWaitMs = 15 * kSecondMs;
constexpr std::uint64_t kStatementWaitMs = 20 * kSecondMs;
/// Of a reset to this very device, which has the name.
constexpr const char* kCopied =
    "That is this device, and it did not ask: somebody has a copy of its key. Type: cairn veto, then recover with "
    "another data folder, and with --remove-others.";

const char* state_word(Vetoes::Auditor::State state) {
  switch (state) {
    case Vetoes::Auditor::State::has_it: return "has it";
    case Vetoes::Auditor::State::waits: return "waits";
    case Vetoes::Auditor::State::too_late: return "too late";
    case Vetoes::Auditor::State::no_address: return "no address";
  }
  return "unknown";
}

/// Auditors that have the veto; with so many no quorum can vouch for the completion.
struct Reached {
  std::size_t have = 0;
  std::size_t enough = 0;
  std::size_t too_late = 0;  ///< for whom the delay is over
};
Reached reached(const RpcRooms& rooms, const StoreView& store, const Account& account, const Hash& request) {
  Reached out;
  for (const Vetoes::Auditor& auditor : rooms.vetoes.auditors(store, account, request)) {
    if (auditor.state == Vetoes::Auditor::State::has_it) ++out.have;
    if (auditor.state == Vetoes::Auditor::State::too_late) ++out.too_late;
  }
  if (const auto policy = tlog::ClientPolicy::parse(account.policy_text)) {
    out.enough = policy->auditors_named() - policy->auditors_needed() + 1;
  }
  return out;
}

std::string too_late_words(const Reached& auditors) {
  if (auditors.too_late == 0) return "";
  return " For " + std::to_string(auditors.too_late) +
         " of them it comes too late: by their clocks the delay is over. Until the reset is completed the directory "
         "can "
         "still publish it.";
}

/// Whether the own chain no longer has this request open.
bool is_closed(const RpcRooms& rooms, const StoreView& store, const Account& account, const Hash& request) {
  const auto open = rooms.own_name.pending_reset(store, account);
  return !open || open->request != request;
}

json vetoed_json(const RpcRooms& rooms, const StoreView& store, const Account& account, const PendingReset& reset) {
  json out = is_closed(rooms, store, account, reset.request) ? json{{"auditors", json::array()}}
                                                             : veto_json(rooms, store, account, reset.request);
  out["name"] = account.name.text();
  out["device"] = to_hex(reset.device);
  out["vetoed"] = is_closed(rooms, store, account, reset.request);
  return out;
}

/// Until a verified view shows the veto; or, where the server does not publish it, no quorum is left for a completion.
RpcWait until_vetoed(const RpcRooms& rooms, const PendingReset& reset) {
  RpcWait wait;
  wait.wait_ms = kVetoWaitMs;
  wait.poll = [rooms, reset](Context& later) -> std::optional<RpcOutcome> {
    const auto account = load_account(later.store);
    if (!account) return not_active(account);
    if (!is_closed(rooms, later.store, *account, reset.request)) return std::nullopt;
    return vetoed_json(rooms, later.store, *account, reset);
  };
  wait.late = [rooms, reset](Context& later) -> RpcOutcome {
    const auto account = load_account(later.store);
    if (!account) return not_active(account);
    const Reached auditors = reached(rooms, later.store, *account, reset.request);
    json out = vetoed_json(rooms, later.store, *account, reset);
    if (auditors.enough != 0 && auditors.have >= auditors.enough) return out;
    RpcFailure failed =
        failure(ErrorCode::unavailable,
                "The veto is signed and kept, and has reached " + std::to_string(auditors.have) + " of the " +
                    std::to_string(auditors.enough) +
                    " auditors that are enough; neither has the directory published it." + too_late_words(auditors) +
                    " It is brought to them whenever this device runs: keep it running, and look with status.");
    failed.more = std::move(out);
    return failed;
  };
  return wait;
}

/// What `look_up` comes to when its `then`, which sets `signs`, has run; where it fails or takes too long `sign` runs
/// all the same: a reset that is known is vetoed whether the directory answers or not.
RpcWait or_sign(Context& context, RpcWait look_up, std::shared_ptr<bool> signs,
                std::function<RpcBegun(Context&, const Account&)> sign) {
  const auto wait = std::make_shared<RpcWait>(std::move(look_up));
  const Time until = after(context.now, kLookUpWaitMs);
  RpcWait out;
  out.wait_ms = kLookUpWaitMs + kVetoWaitMs;
  out.every_ms = wait->every_ms;
  out.poll = [wait, signs, until, sign = std::move(sign)](Context& later) -> std::optional<RpcOutcome> {
    auto outcome = wait->poll(later);
    const bool failed = outcome && std::holds_alternative<RpcFailure>(*outcome);
    if (*signs || (outcome ? !failed : later.now < until)) return outcome;
    const auto own = load_account(later.store);
    if (!own) return not_active(own);
    RpcBegun begun = sign(later, *own);
    if (auto* result = std::get_if<json>(&begun)) return std::move(*result);
    if (auto* no = std::get_if<RpcFailure>(&begun)) return std::move(*no);
    *wait = std::move(std::get<RpcWait>(begun));
    return wait->poll(later);
  };
  out.late = [wait](Context& later) { return wait->late(later); };
  return out;
}

RpcFailure veto_failure(const Account& account, const Error& error, bool by_recovery_key) {
  if (error.code == ErrorCode::invalid_state) {
    return failure(error.code, "No reset of " + account.name.text() + " is open, so there is nothing to veto.");
  }
  if (error.code == ErrorCode::not_found) {
    return failure(ErrorCode::not_authorised,
                   "That is the recovery key of another name than " + account.name.text() + ".");
  }
  if (by_recovery_key) return failure(error.code, std::string("The veto was refused (") + error.where + ").");
  return failure(ErrorCode::not_authorised,
                 "This device holds no veto for " + account.name.text() +
                     " any more; use another device of the name, or its recovery key: veto --recovery-key.");
}

/// Until a verified view shows this request as open.
RpcWait until_requested(const RpcRooms& rooms) {
  RpcWait wait;
  wait.wait_ms = kStatementWaitMs;
  wait.poll = [rooms](Context& later) -> std::optional<RpcOutcome> {
    const auto account = load_account(later.store);
    if (!account) return failure(ErrorCode::not_authorised, rooms.own_name.trouble());
    if (const auto& why = rooms.own_name.refusal()) {
      return failure(ErrorCode::not_authorised,
                     *why +
                         " The request is kept and sent again whenever this device runs; type the same again, with "
                         "another invitation if need be, to try now." +
                         kKeyAfterReset);
    }
    const auto open = rooms.own_name.pending_reset(later.store, *account);
    if (!open || !open->is_of(*account)) return std::nullopt;
    return json{{"name", account->name.text()},
                {"device", to_hex(account->device_id())},
                {"requested_ms", open->requested.ms},
                {"matures_ms", open->matures.ms}};
  };
  wait.late = [rooms](Context&) -> RpcOutcome {
    const std::string trouble = rooms.own_name.trouble();
    return failure(ErrorCode::unavailable,
                   (trouble.empty() ? "The request is in no vouched-for directory yet." : trouble) +
                       " It goes on whenever this device runs." + kKeyAfterReset);
  };
  return wait;
}

/// Why the chain as it was verified takes no request now; nothing when it does.
std::optional<RpcFailure> why_no_request(const directory::VerifiedView& view, Time now) {
  const directory::NameState& chain = view.state();
  const std::string& name = chain.name().text();
  if (const auto& newest = view.newest_reset(); chain.open_reset() && newest) {
    return failure(ErrorCode::conflict, "A reset of " + name + " is open already, by another device, until " +
                                            day_text(Time{newest->matures_ms}) +
                                            "; its owner can veto it, and there is one at a time.");
  }
  if (chain.reset_delay_s() == 0) {
    return failure(ErrorCode::not_authorised, "The owner of " + name +
                                                  " allows no reset of it; only a device of the name or its recovery "
                                                  "key can bring it back: recover.");
  }
  const auto& last = view.newest_reset();
  const auto& done = chain.completed_resets();
  const bool vetoed = last && (done.empty() || done.back().request_sequence != last->request_sequence);
  if (vetoed && now < Time{last->matures_ms}) {
    return failure(ErrorCode::not_authorised, "A reset of " + name + " was vetoed; one can be asked for again on " +
                                                  day_text(Time{last->matures_ms}) + ".");
  }
  return std::nullopt;
}

/// Whether this device has a backup that was opened by its PIN, and has not asked for the name yet: it stays, so that
/// what was restored can be read, whatever becomes of the request.
bool has_restored(const StoreView& store, const std::optional<Account>& account, const directory::Name& name) {
  return account && account->state == AccountState::resetting && account->name == name &&
         !OwnName::statements_wait(store) && load_pin_row(store).has_value();
}

enum class OnFailure : std::uint8_t { forget, keep };

/// `secret` is null where no recovery key was given: then it is said whether one is needed.
RpcBegun request_reset(const RpcRooms& rooms, Context& context, const Account& account, OnFailure on_failure,
                       const directory::RecoverySecret* secret) {
  const auto view = rooms.views.view(context.store, account, account.name);
  const auto log = rooms.views.domain(context.store, account, account.domain());
  std::optional<RpcFailure> why_not;
  if (view) why_not = why_no_request(*view, log ? log->trusted_now(context.now) : context.now);
  if (!why_not && secret == nullptr) why_not = recovery_key_needed();
  if (!why_not) {
    const auto asked = rooms.own_name.request_reset(context, account, *secret);
    if (asked) return until_requested(rooms);
    why_not = failure(asked.error().code,
                      "The name " + account.name.text() + " cannot be reset now (" + asked.error().where + ").");
  }
  if (on_failure == OnFailure::forget) rooms.own_name.abandon_unsigned(context);
  return *why_not;
}

/// Until a verified view shows this delay, or another change took its place.
RpcWait until_delayed(const RpcRooms& rooms, std::uint32_t delay_s) {
  RpcWait wait;
  wait.wait_ms = kStatementWaitMs;
  wait.poll = [rooms, delay_s](Context& later) -> std::optional<RpcOutcome> {
    const auto account = load_account(later.store);
    if (!account) return not_active(account);
    if (OwnName::statements_wait(later.store)) return std::nullopt;
    const auto view = rooms.views.view(later.store, *account, account->name);
    if (view && view->state().reset_delay_s() == delay_s) {
      return json{{"name", account->name.text()}, {"reset_delay_days", delay_s / kDayS}};
    }
    return failure(ErrorCode::conflict, "Somebody else changed the name at the same moment; try again.");
  };
  wait.late = [rooms](Context&) -> RpcOutcome {
    const std::string trouble = rooms.own_name.trouble();
    return failure(ErrorCode::unavailable,
                   (trouble.empty() ? "The change is in no vouched-for directory yet." : trouble) +
                       " It goes on whenever this device runs; status shows the delay.");
  };
  return wait;
}

/// Who let a device in, as the chain proves it, and what to do; `device` is what it is called in a sentence.
std::string device_sentence(const StoreView& store, const directory::NameState& chain, const Account& account,
                            const Alarm& alarm) {
  const std::string device = device_in_words(store, chain, alarm.device);
  const std::string added = "The device " + device + " was added to your name";
  if (!alarm.by) return added + ", and not by this device; if you did not add it, remove it.";
  switch (alarm.by->kind) {
    case directory::SignerKind::recovery:
      return added +
             " with your recovery key, and not by this device; if that was not you, remove it: somebody has that key.";
    case directory::SignerKind::new_device:
      return "Your name was reset to the device " + device +
             "; if that was not you, tell your contacts another way that the name is no more yours.";
    case directory::SignerKind::device: break;
  }
  if (alarm.by->device == account.device_id()) {
    return added +
           " with the key of this device, which knows nothing of it: unless you put its data folder back from a copy, "
           "somebody has a copy of its key. Remove " +
           device + ", then recover with another data folder, and with --remove-others.";
  }
  return added + " by your device " + device_in_words(store, chain, alarm.by->device) +
         ", and not by this one; if you did not add it there, remove both.";
}

json device_alarm(const StoreView& store, const directory::NameState& chain, const Account& account,
                  const Alarm& alarm) {
  json out = {{"kind", "device"},
              {"device", to_hex(alarm.device)},
              {"seen_ms", alarm.seen_ms},
              {"sentence", device_sentence(store, chain, account, alarm)}};
  if (const std::string name = device_name(store, alarm.device); !name.empty()) out["name"] = name;
  if (!alarm.by) return out;
  switch (alarm.by->kind) {
    case directory::SignerKind::device: out["added_by"] = to_hex(alarm.by->device); break;
    case directory::SignerKind::recovery: out["added_by"] = "recovery key"; break;
    case directory::SignerKind::new_device: out["added_by"] = "reset"; break;
  }
  return out;
}

}  // namespace

std::vector<json> alarms_json(const RpcRooms& rooms, const StoreView& store, const Account& account, Time now) {
  std::vector<json> out;
  const auto own = rooms.views.view(store, account, account.name);
  const directory::NameState chain = own ? own->state() : directory::NameState(account.name);
  const auto reset = rooms.own_name.pending_reset(store, account);
  if (reset && !reset->is_of(account)) {
    const bool is_copy = reset->device == account.device_id();
    out.push_back(
        {{"kind", "reset"},
         {"device", to_hex(reset->device)},
         {"seen_ms", reset->requested.ms},
         {"matures_ms", reset->matures.ms},
         {"sentence", "Somebody has asked for a reset of " + account.name.text() + ": from " +
                          day_text(reset->matures) + " on the device " + device_in_words(store, chain, reset->device) +
                          " would be its only one. " + (is_copy ? kCopied : "If that is not you, type: cairn veto")}});
  }
  for (const Alarm& alarm : rooms.own_name.alarms(store)) {
    out.push_back(device_alarm(store, chain, account, alarm));
  }
  if (const auto evictions = Conversations::evictions(store, now); !evictions.empty()) {
    Time seen;
    for (const auto& [channel, when] : evictions) seen = std::max(seen, when);
    out.push_back(
        {{"kind", "rejoin"},
         {"device", to_hex(account.device_id())},
         {"seen_ms", seen.ms},
         {"conversations", evictions.size()},
         {"sentence", "Something with the keys of this device took its place in " + std::to_string(evictions.size()) +
                          (evictions.size() == 1 ? " conversation" : " conversations") + ", last on " + day_text(seen) +
                          "; if you did not copy this device or put it back, remove it from your name."}});
  }
  add_pin_alarm(store, account, out);
  add_backup_alarms(store, out);
  add_domain_alarms(store, account, chain, out);
  return out;
}

RpcFailure reset_is_open(const Account& account) {
  return failure(ErrorCode::invalid_state, "A reset of " + account.name.text() +
                                               " is open, and until that is decided nothing else changes: if it is not "
                                               "yours, type: cairn veto");
}

json veto_json(const RpcRooms& rooms, const StoreView& store, const Account& account, const Hash& request) {
  json auditors = json::array();
  for (const Vetoes::Auditor& auditor : rooms.vetoes.auditors(store, account, request)) {
    json one = {{"name", auditor.name}, {"state", state_word(auditor.state)}};
    if (auditor.last_status != 0) one["status"] = auditor.last_status;
    auditors.push_back(std::move(one));
  }
  const Reached all = reached(rooms, store, account, request);
  return {{"auditors", std::move(auditors)}, {"auditors_have", all.have}, {"auditors_enough", all.enough}};
}

std::variant<std::uint32_t, RpcFailure> delay_param(const json& params, const char* key, std::uint32_t otherwise) {
  const std::uint64_t days = number_param(params, key, otherwise / kDayS);
  const bool possible = days <= directory::kMaxResetDelayS / kDayS &&
                        directory::check_reset_delay(static_cast<std::uint32_t>(days) * kDayS).has_value();
  if (possible) return static_cast<std::uint32_t>(days) * kDayS;
  return failure(ErrorCode::malformed, "A reset takes 3 to 60 days; 0 allows none.");
}

RpcBegun rpc_veto(const RpcRooms& rooms, const ClientConfig&, Context& context, const json& params) {
  const auto account = load_account(context.store);
  if (!account) return not_active(account);
  const auto given = optional_recovery_param(params);
  if (const auto* failed = std::get_if<RpcFailure>(&given)) return *failed;
  const auto secret = std::get<std::shared_ptr<directory::RecoverySecret>>(given);  // wiped when the wait is over
  const auto signs = std::make_shared<bool>(false);
  const auto sign = [rooms, secret, signs](Context& later, const Account& own) -> RpcBegun {
    *signs = true;
    const auto reset = rooms.own_name.pending_reset(later.store, own);
    const Status vetoed = rooms.own_name.veto(later, own, secret.get());
    if (vetoed && reset) return until_vetoed(rooms, *reset);
    return veto_failure(own, vetoed.error(), secret != nullptr);
  };
  // What was verified before is enough, be the server there or not; once it is mature it may be completed already.
  const auto known = rooms.own_name.pending_reset(context.store, *account);
  if (known && context.now < known->matures) return sign(context, *account);
  RpcWait look_up = after_look_up(rooms, context, *account, {account->name}, LookUp::anew, kLookUpWaitMs, sign);
  return known ? or_sign(context, std::move(look_up), signs, sign) : std::move(look_up);
}

RpcBegun rpc_reset(const RpcRooms& rooms, const ClientConfig& config, Context& context, const json& params) {
  const std::string typed = text_param(params, "name");
  const auto name = directory::Name::parse(typed);
  if (!name) return failure(ErrorCode::invalid_name, directory::explain_name(typed));
  const auto given = optional_recovery_param(params);
  if (const auto* failed = std::get_if<RpcFailure>(&given)) return *failed;
  const auto secret = std::get<std::shared_ptr<directory::RecoverySecret>>(given);  // wiped with the wait
  const auto before = load_account(context.store);
  if (secret && before && before->state == AccountState::resetting && before->name == *name &&
      OwnName::statements_wait(context.store) && !signed_with(context.store, *name, *secret)) {
    return failure(ErrorCode::conflict, "A reset of " + name->text() +
                                            " is signed already, with the recovery key that was shown before that; go "
                                            "on without another one.");
  }
  if (rooms.own_name.send_again(context, AccountState::resetting, *name, text_param(params, "invitation"))) {
    return until_requested(rooms);
  }
  auto account = load_account(context.store);
  const auto on_failure = has_restored(context.store, account, *name) ? OnFailure::keep : OnFailure::forget;
  if (on_failure == OnFailure::forget) {
    if (auto blocked = make_way(rooms, context)) return *blocked;
    const auto begun = rooms.own_name.begin_reset(context, typed, server_url_param(params, *name),
                                                  policy_param(params, config), text_param(params, "invitation"));
    if (!begun) return policy_failure(begun.error());
    account = load_account(context.store);
  } else if (const std::string invitation = text_param(params, "invitation");
             !invitation.empty() && invitation.size() <= proto::kMaxInvitationSize) {
    account->invitation = invitation;
    save_account(context, *account);
  }
  if (!account) return failure(ErrorCode::internal, "The name could not be begun; try again.");
  RpcWait wait = after_look_up(rooms, context, *account, {*name}, LookUp::anew, kLookUpWaitMs,
                               [rooms, on_failure, secret](Context& later, const Account& own) {
                                 return request_reset(rooms, later, own, on_failure, secret.get());
                               });
  return on_failure == OnFailure::keep ? std::move(wait) : or_abandon(rooms, std::move(wait));
}

RpcBegun rpc_reset_delay(const RpcRooms& rooms, const ClientConfig&, Context& context, const json& params) {
  const auto account = load_account(context.store);
  if (!account || account->state != AccountState::active) return not_active(account);
  const auto delay = delay_param(params, "days", 0);
  if (const auto* failed = std::get_if<RpcFailure>(&delay)) return *failed;
  auto given = recovery_param(params);
  if (const auto* failed = std::get_if<RpcFailure>(&given)) return *failed;
  const auto secret = std::get<std::shared_ptr<directory::RecoverySecret>>(std::move(given));
  const std::uint32_t delay_s = std::get<std::uint32_t>(delay);
  return after_look_up(rooms, context, *account, {account->name}, LookUp::anew, kLookUpWaitMs,
                       [rooms, secret, delay_s](Context& later, const Account& own) -> RpcBegun {
                         if (rooms.own_name.pending_reset(later.store, own)) {
                           return reset_is_open(own);
                         }
                         const Status signed_now = rooms.own_name.change_reset_delay(later, own, *secret, delay_s);
                         if (signed_now) return until_delayed(rooms, delay_s);
                         if (signed_now.error().code == ErrorCode::not_found) {
                           return failure(ErrorCode::not_authorised,
                                          "That is the recovery key of another name than " + own.name.text() + ".");
                         }
                         return failure(signed_now.error().code, std::string("The delay cannot be changed now (") +
                                                                     signed_now.error().where + "); try again.");
                       });
}

}  // namespace cairn::client
