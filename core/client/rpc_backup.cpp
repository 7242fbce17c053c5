// Methods about the backup: each begins a job, and backup.status waits for it.
#include "core/client/backup_delete.h"
#include "core/client/backup_prune.h"
#include "core/client/rpc_methods.h"

namespace cairn::client {
namespace {

constexpr std::uint64_t kMaxStatusWaitMs = kMinuteMs;

/// The recovery key if it was typed; null if not.
std::variant<std::shared_ptr<directory::RecoverySecret>, RpcFailure> typed_secret(const json& params) {
  if (text_param(params, "recovery_key").empty()) return std::shared_ptr<directory::RecoverySecret>();
  return recovery_param(params);
}

BackupTask make_task(const Account& account, const directory::NameState& state, const StoreView& store,
                     const std::string& storage, std::shared_ptr<directory::RecoverySecret> secret) {
  BackupTask task{state, storage.empty() ? account.server_url : storage, {}, std::move(secret), account.server_url};
  for (BackupSetup& one : load_backup_setups(store)) {
    if (one.storage == task.storage) task.setup = std::move(one);
  }
  return task;
}

RpcFailure not_begun(const Error& error) {
  if (error.code == ErrorCode::conflict) {
    return failure(error.code, "Another job of the backup runs; wait for it: backup status.");
  }
  return failure(error.code,
                 "This device has no backup set up there; the recovery key opens or begins one: --recovery-key.");
}

/// A printed token, if one was typed; null if not.
std::variant<std::shared_ptr<PrintedToken>, RpcFailure> typed_token(const json& params) {
  const std::string text = text_param(params, "token");
  if (text.empty()) return std::shared_ptr<PrintedToken>();
  auto token = parse_printed_token(text);
  if (token) return std::make_shared<PrintedToken>(std::move(*token));
  return failure(ErrorCode::malformed, "That is no printed token; look for a slip.");
}

RpcOutcome outcome_of(const BackupJob& job) {
  if (job.failure()) return failure(job.failure()->code, job.failure()->sentence);
  json result = job.result();
  result["running"] = false;
  return result;
}

}  // namespace

std::variant<std::string, RpcFailure> storage_param(const StoreView& store, const Account& account, const json& params,
                                                    const char* key, Unnamed unnamed) {
  const std::string storage = text_param(params, key);
  if (storage == "domain") return account.server_url;
  if (!storage.empty()) return storage;
  const std::vector<BackupSetup> all = load_backup_setups(store);
  if (all.empty()) return std::string();
  std::set<std::string> names;  // folders are exchanged: several may have been at one place
  for (const BackupSetup& one : all) {
    if (unnamed != Unnamed::none && one.content.pin) return one.storage;
    names.insert(storage_label(one.storage));
  }
  if (names.size() == 1) return all.front().storage;
  std::string listed;
  for (const std::string& one : names) listed += (listed.empty() ? "" : ", ") + one;
  if (unnamed == Unnamed::of_the_pin_or_first) return all.front().storage;
  return failure(ErrorCode::invalid_state,
                 "This device backs up to several places (" + listed + "); say which one: --" + std::string(key) + ".");
}

std::variant<std::optional<RealmList>, RpcFailure> realms_param(const json& params) {
  if (!params.contains("realms")) return std::optional<RealmList>();
  const auto list = RealmList::parse(text_param(params, "realms"));
  if (list) return std::optional(*list);
  return failure(ErrorCode::malformed, std::string("That is no realm list (") + list.error().where +
                                           "): lines realm VKEY URL, each realm once, more than half of them needed.");
}

RpcBegun begin_backup_job(const RpcRooms& rooms, Context& context, const json& params, const char* storage_key,
                          LookUp how, std::function<Status(Context&, BackupTask)> begin, Unnamed unnamed) {
  const auto account = load_account(context.store);
  if (!account || account->state != AccountState::active) return not_active(account);
  auto typed = typed_secret(params);
  if (const auto* failed = std::get_if<RpcFailure>(&typed)) return *failed;
  const auto secret = std::get<std::shared_ptr<directory::RecoverySecret>>(typed);
  const auto realms = realms_param(params);
  if (const auto* failed = std::get_if<RpcFailure>(&realms)) return *failed;
  const auto list = std::get<std::optional<RealmList>>(realms);
  const auto token = typed_token(params);
  if (const auto* failed = std::get_if<RpcFailure>(&token)) return *failed;
  const auto printed = std::get<std::shared_ptr<PrintedToken>>(token);
  const bool print = yes_param(params, "print_token");
  const auto chosen = storage_param(context.store, *account, params, storage_key, unnamed);
  if (const auto* failed = std::get_if<RpcFailure>(&chosen)) return *failed;
  const std::string storage = std::get<std::string>(chosen);
  const auto go_on = [rooms, secret, storage, begin, list, printed, print](Context& later,
                                                                           const Account& own) -> RpcBegun {
    const auto view = rooms.views.view(later.store, own, own.name);
    if (!view) return failure(ErrorCode::unavailable, "The own name is not verified just now; try again.");
    BackupTask task = make_task(own, view->state(), later.store, storage, secret);
    task.realms = list;
    task.token = printed;
    task.print_token = print;
    if (task.storage != own.server_url && !is_folder(task.storage)) {
      // Its login would be shown to a stranger.
      return failure(ErrorCode::malformed, "A backup goes to the own domain's server, or to a folder: file:///FOLDER.");
    }
    const Status begun = begin(later, std::move(task));
    if (!begun) return not_begun(begun.error());
    return json{{"running", true}};
  };
  return after_look_up(rooms, context, *account, {account->name}, how, kLookUpWaitMs, go_on);
}

RpcBegun rpc_backup_create(const RpcRooms& rooms, const ClientConfig&, Context& context, const json& params) {
  return begin_backup_job(rooms, context, params, "to", LookUp::anew, [rooms](Context& later, BackupTask task) {
    return rooms.backups.create(later, std::move(task));
  });
}

RpcBegun rpc_backup_list(const RpcRooms& rooms, const ClientConfig&, Context& context, const json& params) {
  return begin_backup_job(rooms, context, params, "from", LookUp::if_stale, [rooms](Context& later, BackupTask task) {
    return rooms.backups.list(later, std::move(task));
  });
}

RpcBegun rpc_backup_verify(const RpcRooms& rooms, const ClientConfig&, Context& context, const json& params) {
  return begin_backup_job(rooms, context, params, "from", LookUp::if_stale, [rooms](Context& later, BackupTask task) {
    return rooms.backups.verify(later, std::move(task));
  });
}

RpcBegun rpc_backup_restore(const RpcRooms& rooms, const ClientConfig&, Context& context, const json& params) {
  const auto removed = yes_param(params, "accept_removed") ? RemovedSigner::accept : RemovedSigner::refuse;
  return begin_backup_job(rooms, context, params, "from", LookUp::if_stale,
                          [rooms, removed](Context& later, BackupTask task) {
                            return rooms.backups.restore(later, std::move(task), removed);
                          });
}

RpcBegun rpc_backup_delete(const RpcRooms& rooms, const ClientConfig&, Context& context, const json& params) {
  const std::uint64_t number = number_param(params, "generation", kAllGenerations);
  if (number > ~std::uint32_t{0} || (number == kAllGenerations && params.contains("generation"))) {
    return failure(ErrorCode::malformed, "That is no generation; backup list shows them.");
  }
  const auto generation = static_cast<std::uint32_t>(number);
  const bool cancel = yes_param(params, "cancel");
  return begin_backup_job(rooms, context, params, "from", LookUp::if_stale,
                          [rooms, generation, cancel](Context& later, BackupTask task) {
                            if (cancel) return rooms.backups.begin<CancelJob>(later, std::move(task), generation);
                            return rooms.backups.begin<DeleteJob>(later, std::move(task), generation);
                          });
}

RpcBegun rpc_backup_prune(const RpcRooms& rooms, const ClientConfig&, Context& context, const json& params) {
  return begin_backup_job(rooms, context, params, "from", LookUp::anew, [rooms](Context& later, BackupTask task) {
    return rooms.backups.begin<PruneJob>(later, std::move(task));
  });
}

RpcBegun rpc_backup_receipts(const RpcRooms&, const ClientConfig&, Context& context, const json&) {
  return json{{"receipts", receipts_json(context.store)}};
}

RpcBegun rpc_backup_storages(const RpcRooms&, const ClientConfig&, Context& context, const json&) {
  json out = json::array();
  for (const BackupSetup& one : load_backup_setups(context.store)) {
    out.push_back({{"storage", one.storage},
                   {"daily", one.daily},
                   {"last_ms", one.last_ms},
                   {"snapshot", one.newest.counter},
                   {"generation", one.newest_generation},
                   {"pin", one.content.pin.has_value()}});
  }
  return json{{"storages", out}};
}

RpcBegun rpc_backup_schedule(const RpcRooms& rooms, const ClientConfig&, Context& context, const json& params) {
  const bool daily = yes_param(params, "daily");
  const auto account = load_account(context.store);
  if (!account) return not_active(account);
  const auto chosen = storage_param(context.store, *account, params, "to", Unnamed::none);
  if (const auto* failed = std::get_if<RpcFailure>(&chosen)) return *failed;
  const auto& storage = std::get<std::string>(chosen);
  if (rooms.backups.set_daily(context, storage, daily)) return json{{"daily", daily}, {"storage", storage}};
  return failure(ErrorCode::not_found, "This device has no backup set up yet; begin with backup create.");
}

RpcBegun rpc_backup_status(const RpcRooms& rooms, const ClientConfig&, Context&, const json& params) {
  RpcWait wait;
  wait.wait_ms = std::min(number_param(params, "wait_ms", 0), kMaxStatusWaitMs);
  wait.poll = [rooms](Context&) -> std::optional<RpcOutcome> {
    const BackupJob* job = rooms.backups.job();
    if (job == nullptr) {
      return failure(
          ErrorCode::not_found,
          "No job of the backup runs; if one did, it was interrupted: begin it again, and it goes on where it "
          "was.");
    }
    if (!job->is_over()) return std::nullopt;
    return outcome_of(*job);
  };
  wait.late = [rooms](Context& later) -> RpcOutcome { return rooms.backups.job()->progress(later.now); };
  return wait;
}

}  // namespace cairn::client
