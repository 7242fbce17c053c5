// Methods about the PIN: each begins a job of the backup, and backup.status waits for it (docs/spec/client-rpc.md s.6).
#include "core/base/encoding.h"
#include "core/client/backup_read.h"
#include "core/client/day.h"
#include "core/client/pin_jobs.h"
#include "core/client/pin_watch.h"
#include "core/client/rpc_methods.h"
#include "core/client/tables.h"

namespace cairn::client {
namespace {

constexpr std::size_t kMaxPinText = 1024;  ///< bytes of 256 characters

enum class Typed : std::uint8_t { anew, again };

/// What was typed, wiped with the job; a sentence for what cannot be a PIN.
std::variant<std::shared_ptr<SecretBytes>, RpcFailure> typed_pin(const json& params, Typed how) {
  std::string typed = text_param(params, "pin");
  const auto text = std::make_shared<SecretBytes>(to_bytes(typed));
  wipe(typed.data(), typed.size());
  if (text->size() > kMaxPinText) return failure(ErrorCode::over_limit, "A PIN has at most 256 characters.");
  const Status good = vault::check_pin(text_of(*text));
  // What was never taken is not tried: it would cost a guess.
  if (!good && how == Typed::anew) return failure(good.error().code, good.error().where);
  if (!good) return failure(good.error().code, "That was never a PIN of this program, so it was not tried.");
  return text;
}

RpcBegun begin_set(const RpcRooms& rooms, Context& context, const json& params, PinSetKind kind) {
  auto typed = typed_pin(params, Typed::anew);
  if (const auto* failed = std::get_if<RpcFailure>(&typed)) return *failed;
  const auto text = std::get<std::shared_ptr<SecretBytes>>(typed);
  std::optional<std::uint8_t> number;
  if (params.contains("number")) {
    if (number_param(params, "number", 0) > 255) return failure(ErrorCode::malformed, "A number is at most 255.");
    number = static_cast<std::uint8_t>(number_param(params, "number", 0));
  }
  const auto begin = [rooms, text, kind, number](Context& later, BackupTask task) {
    return rooms.backups.begin<PinSetJob>(later, std::move(task), text, kind, number);
  };
  const auto account = load_account(context.store);
  const auto of_pin = load_backup_setup(context.store);
  if (account && of_pin && of_pin->content.pin) {
    const auto chosen = storage_param(context.store, *account, params, "to", Unnamed::of_the_pin);
    const auto* storage = std::get_if<std::string>(&chosen);
    if (storage != nullptr && *storage != of_pin->storage) {
      return failure(ErrorCode::invalid_state, "A PIN opens one backup, and this one opens that at " +
                                                   storage_label(of_pin->storage) + "; remove it first: pin remove.");
    }
  }
  return begin_backup_job(rooms, context, params, "to", LookUp::anew, begin, Unnamed::of_the_pin);
}

/// `{ name, url }` each.
json places_json(const std::optional<RealmList>& list) {
  json out = json::array();
  if (!list) return out;
  for (const RealmPlace& one : list->realms) out.push_back({{"name", one.name()}, {"url", one.url}});
  return out;
}

/// What is known and proposed for the backup at one storage.
json realms_json(const StoreView& store, const BackupSetup& setup) {
  const auto known = known_realms(store, setup.identity);
  json out = {{"storage", setup.storage},
              {"known", known.has_value()},
              {"realms", places_json(known ? known->list : std::nullopt)}};
  if (known && known->list) out["threshold"] = known->list->threshold;
  if (const auto change = realm_change(store, setup.identity)) {
    out["proposed"] = {{"realms", places_json(change->list)},
                       {"digest", realm_change_digest(*change, setup.identity)},
                       {"device", to_hex(change->by)},
                       {"seen_ms", change->seen_ms},
                       {"sentence", realm_change_sentence(*change, setup)}};
  }
  return out;
}

template <class Job, class... More>
RpcBegun begin_pin_job(const RpcRooms& rooms, Context& context, const json& params, More... more) {
  const auto begin = [rooms, more...](Context& later, BackupTask task) {
    return rooms.backups.begin<Job>(later, std::move(task), more...);
  };
  return begin_backup_job(rooms, context, params, "from", LookUp::if_stale, begin, Unnamed::of_the_pin_or_first);
}

}  // namespace

RpcBegun rpc_pin_set(const RpcRooms& rooms, const ClientConfig&, Context& context, const json& params) {
  return begin_set(rooms, context, params, PinSetKind::first);
}

RpcBegun rpc_pin_change(const RpcRooms& rooms, const ClientConfig&, Context& context, const json& params) {
  return begin_set(rooms, context, params, PinSetKind::change);
}

RpcBegun rpc_pin_check(const RpcRooms& rooms, const ClientConfig&, Context& context, const json& params) {
  auto typed = typed_pin(params, Typed::again);
  if (const auto* failed = std::get_if<RpcFailure>(&typed)) return *failed;
  return begin_pin_job<PinCheckJob>(rooms, context, params, std::get<std::shared_ptr<SecretBytes>>(typed));
}

RpcBegun rpc_pin_unlock(const RpcRooms& rooms, const ClientConfig&, Context& context, const json& params) {
  return begin_pin_job<PinLookJob>(rooms, context, params, PinOwnerAction::unlock);
}

RpcBegun rpc_pin_remove(const RpcRooms& rooms, const ClientConfig&, Context& context, const json& params) {
  return begin_pin_job<PinRemoveJob>(rooms, context, params);
}

RpcBegun rpc_pin_status(const RpcRooms& rooms, const ClientConfig&, Context& context, const json& params) {
  if (yes_param(params, "seen")) know_all_guesses(context);
  if (!load_backup_setup(context.store)) {
    json out = other_pin_json(context.store).value_or(json{{"set", false}});
    out["owed"] = debts_json(context.store);
    return out;
  }
  return begin_pin_job<PinLookJob>(rooms, context, params, PinOwnerAction::log);
}

RpcBegun rpc_backup_realms(const RpcRooms&, const ClientConfig&, Context& context, const json& params) {
  const std::vector<BackupSetup> all = load_backup_setups(context.store);
  if (params.contains("confirm")) {
    const BackupSetup* meant = nullptr;
    for (const BackupSetup& one : all) {
      const auto change = realm_change(context.store, one.identity);
      if (change && realm_change_digest(*change, one.identity) == text_param(params, "confirm")) meant = &one;
    }
    // What was proposed meanwhile was not shown to its owner.
    if (meant == nullptr) {
      return failure(ErrorCode::conflict,
                     "No device proposes these realms now; look at what is proposed: backup realms.");
    }
    know_realms(context, meant->identity, realm_change(context.store, meant->identity)->list);
  }
  json out = json::array();
  for (const BackupSetup& one : all) out.push_back(realms_json(context.store, one));
  return json{{"storages", std::move(out)}};
}

RpcBegun rpc_recover_pin(const RpcRooms& rooms, const ClientConfig& config, Context& context, const json& params) {
  const std::string typed_name = text_param(params, "name");
  const auto name = directory::Name::parse(typed_name);
  if (!name) return failure(ErrorCode::invalid_name, directory::explain_name(typed_name));
  const auto typed = typed_pin(params, Typed::again);
  if (const auto* failed = std::get_if<RpcFailure>(&typed)) return *failed;
  const auto realms = realms_param(params);
  if (const auto* failed = std::get_if<RpcFailure>(&realms)) return *failed;
  if (number_param(params, "number", 0) > 255) return failure(ErrorCode::malformed, "A number is at most 255.");
  SnapshotChoice choice;
  choice.snapshot = number_param(params, "snapshot", 0);
  if (params.contains("snapshot") && choice.snapshot == 0) {
    return failure(ErrorCode::malformed, "Snapshots count from 1.");
  }
  const auto pin = std::make_shared<TypedPin>();
  pin->text = std::get<std::shared_ptr<SecretBytes>>(typed)->clone();
  pin->number = static_cast<std::uint8_t>(number_param(params, "number", 0));
  pin->invitation = text_param(params, "invitation");
  // The device that its name's reset will be of; nothing of that is signed yet.
  const auto before = load_account(context.store);
  const bool begun_before = before && before->state == AccountState::resetting && before->name == *name;
  if (!begun_before) {
    if (auto blocked = make_way(rooms, context)) return *blocked;
    const auto begun = rooms.own_name.begin_reset(context, typed_name, server_url_param(params, *name),
                                                  policy_param(params, config), pin->invitation);
    if (!begun) return policy_failure(begun.error());
  }
  const auto account = load_account(context.store);
  if (!account) return failure(ErrorCode::internal, "The name could not be begun; try again.");
  const auto removed = yes_param(params, "accept_removed") ? RemovedSigner::accept : RemovedSigner::refuse;
  const std::string named = text_param(params, "from");
  const std::string from = named == "domain" ? std::string() : named;
  const auto list = std::get<std::optional<RealmList>>(realms);
  RpcWait wait = after_look_up(
      rooms, context, *account, {*name}, LookUp::anew, kLookUpWaitMs,
      [rooms, pin, list, removed, choice, from](Context& later, const Account& own) -> RpcBegun {
        const auto view = rooms.views.view(later.store, own, own.name);
        if (!view) return failure(ErrorCode::unavailable, "The name is not verified just now; try again.");
        if (!from.empty() && from != own.server_url && !is_folder(from)) {
          return failure(ErrorCode::malformed, "A backup lies at the domain's server, or in a folder: file:///FOLDER.");
        }
        BackupTask task{view->state(), from.empty() ? own.server_url : from, {}, nullptr, own.server_url};
        task.realms = list;
        task.pin = pin;
        const Status begun = rooms.backups.begin<RestoreJob>(later, std::move(task), removed, choice);
        if (!begun) return failure(begun.error().code, "Another job of the backup runs; wait for it: backup status.");
        return json{{"running", true}};
      });
  return begun_before ? std::move(wait) : or_abandon(rooms, std::move(wait));
}

std::map<std::string, RpcEntry, std::less<>> pin_methods() {
  using Kind = RpcParameter::Kind;
  constexpr auto kRequired = RpcParameter::Need::required;
  constexpr auto kReads = RpcEntry::Store::reads;
  constexpr auto kGrows = RpcEntry::Store::grows;
  const RpcParameter pin{"pin", Kind::text, kRequired};
  const std::vector<RpcParameter> of_a_new_one = {pin, {"realms"}, {"to"}, {"recovery_key"}, {"number", Kind::number}};
  return {{"pin.set", {rpc_pin_set, kGrows, of_a_new_one}},
          {"pin.change", {rpc_pin_change, kGrows, of_a_new_one}},
          {"pin.check", {rpc_pin_check, kReads, {pin}}},
          {"pin.unlock", {rpc_pin_unlock, kReads, {}}},
          {"pin.remove", {rpc_pin_remove, kReads, {}}},
          {"pin.status", {rpc_pin_status, kReads, {{"seen", Kind::yes_or_no}}}},
          {"backup.delete",
           {rpc_backup_delete,
            kReads,
            {{"from"}, {"recovery_key"}, {"generation", Kind::number}, {"cancel", Kind::yes_or_no}}}},
          {"backup.storages", {rpc_backup_storages, kReads, {}}},
          {"backup.prune", {rpc_backup_prune, kReads, {{"from"}, {"recovery_key"}, {"token"}}}},
          {"backup.receipts", {rpc_backup_receipts, kReads, {}}},
          {"backup.realms", {rpc_backup_realms, kReads, {{"confirm"}}}},
          {"recover.pin",
           {rpc_recover_pin,
            kGrows,
            {{"name", Kind::text, kRequired},
             pin,
             {"realms", Kind::text, kRequired},
             {"server_url"},
             {"policy"},
             {"invitation"},
             {"from"},
             {"number", Kind::number},
             {"snapshot", Kind::number},
             {"accept_removed", Kind::yes_or_no}}}}};
}

void add_pin_alarm(const StoreView& store, const Account& account, std::vector<json>& alarms) {
  for (const BackupSetup& one : load_backup_setups(store)) {
    const auto change = realm_change(store, one.identity);
    if (!change) continue;
    alarms.push_back({{"kind", "realms"},
                      {"device", to_hex(change->by)},
                      {"seen_ms", change->seen_ms},
                      {"storage", one.storage},
                      {"digest", realm_change_digest(*change, one.identity)},
                      {"sentence", realm_change_sentence(*change, one)}});
  }
  const auto alarm = guess_alarm(store);
  if (!alarm) return;
  std::string sentence = "The PIN of " + account.name.text() + " was tried " + std::to_string(alarm->guesses) +
                         (alarm->guesses == 1 ? " time" : " times") + ", last on " + day_text(Time{alarm->last_ms}) +
                         (alarm->right != 0 ? ", and the right one was typed" : ", without success") + "; " +
                         (alarm->left == 0 ? std::string("it is locked now: pin unlock")
                                           : std::to_string(alarm->left) + " guesses are left") +
                         ". If that was you, type: cairn pin status --seen. If not, take another PIN" +
                         (alarm->is_elsewhere ? " on a device that backs up: cairn pin change" : ": cairn pin change");
  alarms.push_back({{"kind", "pin"},
                    {"device", ""},
                    {"seen_ms", alarm->last_ms},
                    {"guesses", alarm->guesses},
                    {"right", alarm->right},
                    {"guesses_left", alarm->left},
                    {"sentence", std::move(sentence)}});
}

}  // namespace cairn::client
