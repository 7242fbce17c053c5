// Methods about the backup: each begins a job, and backup.status waits for it.
#include "core/base/encoding.h"
#include "core/client/backup_delete.h"
#include "core/client/backup_prune.h"
#include "core/client/backup_read.h"
#include "core/client/day.h"
#include "core/client/lost_generations.h"
#include "core/client/rpc_methods.h"
#include "core/client/waiting_deletions.h"

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

constexpr std::size_t kDeviceDigits = 2 * DeviceId::kSize;

/// Which snapshots are meant by "device", "snapshot" and "generation".
std::variant<SnapshotChoice, RpcFailure> choice_param(const json& params) {
  SnapshotChoice out;
  out.device = text_param(params, "device");
  for (char& c : out.device) c = c >= 'A' && c <= 'F' ? static_cast<char>(c - 'A' + 'a') : c;
  const bool is_hex = out.device.find_first_not_of("0123456789abcdef") == std::string::npos;
  if (!is_hex || out.device.size() > kDeviceDigits) {
    return failure(ErrorCode::malformed, "A device is meant by the first digits of its id; backup list shows them.");
  }
  out.snapshot = number_param(params, "snapshot", 0);
  const std::uint64_t generation = number_param(params, "generation", kAllGenerations);
  const bool is_zero = (params.contains("snapshot") && out.snapshot == 0) ||
                       (params.contains("generation") && generation == kAllGenerations);
  if (is_zero || generation > ~std::uint32_t{0}) {
    return failure(ErrorCode::malformed, "Snapshots and generations count from 1; backup list shows them.");
  }
  out.generation = static_cast<std::uint32_t>(generation);
  return out;
}

std::string_view word_of(BackupTrouble::Kind kind) {
  switch (kind) {
    case BackupTrouble::Kind::create: return "create";
    case BackupTrouble::Kind::verify: return "verify";
    case BackupTrouble::Kind::rolled_back: return "rolled_back";
  }
  return "create";
}

std::string trouble_sentence(const BackupTrouble& trouble) {
  const std::string place = " at " + storage_label(trouble.storage);
  const std::string since = day_text(Time{trouble.since_ms});
  const std::string seen = " If you know of it, type: cairn backup seen.";
  switch (trouble.kind) {
    case BackupTrouble::Kind::create:
      return "The daily backup" + place + " fails since " + since + ": " + trouble.sentence + seen;
    case BackupTrouble::Kind::verify:
      return "The daily look at the backup" + place + " fails since " + since + ": " + trouble.sentence + seen;
    case BackupTrouble::Kind::rolled_back: return "On " + since + place + ": " + trouble.sentence + seen;
  }
  return {};
}

RpcOutcome outcome_of(const BackupJob& job) {
  if (job.failure()) return failure(job.failure()->code, job.failure()->sentence);
  json result = job.result();
  result["running"] = false;
  return result;
}

/// Begins a job by the view of the own name that is there; `last_word`: of when it is, if none could be had anew.
using BeginByView = std::function<RpcBegun(Context&, const Account&, std::optional<Time> last_word)>;

/// As `wait`, but where it was too late because nobody was reached the job is begun by the last word of the directory.
RpcWait or_by_last_word(const RpcRooms& rooms, RpcWait wait, const BeginByView& begin) {
  wait.late = [rooms, begin, late = std::move(wait.late)](Context& later) -> RpcOutcome {
    const auto own = load_account(later.store);
    const auto last_word = own ? rooms.views.last_word(later.store, *own, own->name) : std::nullopt;
    if (!last_word) return late(later);
    RpcBegun begun = begin(later, *own, last_word);
    if (auto* failed = std::get_if<RpcFailure>(&begun)) return std::move(*failed);
    return std::get<json>(std::move(begun));  // nothing is waited for any more
  };
  return wait;
}

/// A job that reads a backup, and nothing else.
RpcBegun begin_reading(const RpcRooms& rooms, Context& context, const json& params,
                       std::function<Status(Context&, BackupTask)> begin) {
  return begin_backup_job(rooms, context, params, "from", LookUp::if_stale, std::move(begin), Unnamed::none,
                          Unreached::goes_by_last_word);
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
                          LookUp how, std::function<Status(Context&, BackupTask)> begin, Unnamed unnamed,
                          Unreached unreached) {
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
  const BeginByView go_on = [rooms, secret, storage, begin, list, printed, print](
                                Context& later, const Account& own, std::optional<Time> last_word) -> RpcBegun {
    const auto view = rooms.views.view(later.store, own, own.name);
    if (!view) return failure(ErrorCode::unavailable, "The own name is not verified just now; try again.");
    BackupTask task = make_task(own, view->state(), later.store, storage, secret);
    task.realms = list;
    task.token = printed;
    task.print_token = print;
    task.last_word = last_word;
    if (task.storage != own.server_url && !is_folder(task.storage)) {
      // Its login would be shown to a stranger.
      return failure(ErrorCode::malformed, "A backup goes to the own domain's server, or to a folder: file:///FOLDER.");
    }
    const Status begun = begin(later, std::move(task));
    if (!begun) return not_begun(begun.error());
    return json{{"running", true}};
  };
  RpcWait wait = after_look_up(rooms, context, *account, {account->name}, how, kLookUpWaitMs,
                               [go_on](Context& later, const Account& own) { return go_on(later, own, std::nullopt); });
  // The own server could keep the directory back, and give what it likes of a vault: a folder is another place.
  const bool by_last_word = unreached == Unreached::goes_by_last_word && is_folder(storage);
  return by_last_word ? or_by_last_word(rooms, std::move(wait), go_on) : wait;
}

RpcBegun rpc_backup_create(const RpcRooms& rooms, const ClientConfig&, Context& context, const json& params) {
  const std::uint64_t mib = number_param(params, "files", 0);
  if (mib > kMaxFilesMib) {
    return failure(ErrorCode::over_limit, "Of files at most " + std::to_string(kMaxFilesMib) +
                                              " MiB go into a backup; say a smaller number, or 0 for none.");
  }
  std::optional<std::uint32_t> files;
  if (params.contains("files")) files = static_cast<std::uint32_t>(mib);
  return begin_backup_job(rooms, context, params, "to", LookUp::anew, [rooms, files](Context& later, BackupTask task) {
    task.files_mib = files;
    return rooms.backups.create(later, std::move(task));
  });
}

RpcBegun rpc_backup_list(const RpcRooms& rooms, const ClientConfig&, Context& context, const json& params) {
  const auto begin = [rooms](Context& later, BackupTask task) { return rooms.backups.list(later, std::move(task)); };
  return begin_reading(rooms, context, params, begin);
}

RpcBegun rpc_backup_verify(const RpcRooms& rooms, const ClientConfig&, Context& context, const json& params) {
  const auto typed = choice_param(params);
  if (const auto* failed = std::get_if<RpcFailure>(&typed)) return *failed;
  const auto choice = std::get<SnapshotChoice>(typed);
  return begin_reading(rooms, context, params, [rooms, choice](Context& later, BackupTask task) {
    return rooms.backups.verify(later, std::move(task), choice);
  });
}

RpcBegun rpc_backup_restore(const RpcRooms& rooms, const ClientConfig&, Context& context, const json& params) {
  const auto removed = yes_param(params, "accept_removed") ? RemovedSigner::accept : RemovedSigner::refuse;
  const auto typed = choice_param(params);
  if (const auto* failed = std::get_if<RpcFailure>(&typed)) return *failed;
  auto choice = std::get<SnapshotChoice>(typed);
  choice.with_files = !yes_param(params, "without_files");
  return begin_reading(rooms, context, params, [rooms, removed, choice](Context& later, BackupTask task) {
    return rooms.backups.restore(later, std::move(task), removed, choice);
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

RpcBegun rpc_backup_token(const RpcRooms& rooms, const ClientConfig&, Context& context, const json& params) {
  return begin_backup_job(rooms, context, params, "from", LookUp::if_stale, [rooms](Context& later, BackupTask task) {
    task.print_token = true;
    return rooms.backups.begin<TokenJob>(later, std::move(task));
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
                   {"files_mib", one.files_mib},
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

RpcBegun rpc_backup_stop(const RpcRooms& rooms, const ClientConfig&, Context& context, const json&) {
  return json{{"stopped", rooms.backups.stop(context)}};
}

RpcBegun rpc_backup_seen(const RpcRooms&, const ClientConfig&, Context& context, const json&) {
  return json{{"seen", forget_troubles(context) + see_lost_generations(context) + see_deletions(context)}};
}

void add_backup_alarms(const StoreView& store, std::vector<json>& alarms) {
  for (const BackupTrouble& one : backup_troubles(store)) {
    alarms.push_back({{"kind", "backup"},
                      {"device", ""},
                      {"seen_ms", one.since_ms},
                      {"storage", one.storage},
                      {"what", word_of(one.kind)},
                      {"sentence", trouble_sentence(one)}});
  }
  for (const LostGeneration& one : lost_generations(store)) {
    const auto sentence = lost_sentence(store, one);
    if (!sentence) continue;
    alarms.push_back({{"kind", "backup"},
                      {"device", to_hex(one.by)},
                      {"seen_ms", one.since_ms},
                      {"storage", one.storage},
                      {"what", "generation"},
                      {"sentence", *sentence}});
  }
  if (const auto flood = lost_flood_sentence(store)) {
    alarms.push_back({{"kind", "backup"}, {"device", ""}, {"what", "generation"}, {"sentence", *flood}});
  }
  for (const DeletionAlarm& one : deletion_alarms(store)) {
    alarms.push_back({{"kind", "backup"},
                      {"device", ""},
                      {"seen_ms", one.since_ms},
                      {"storage", one.storage},
                      {"what", "deletion"},
                      {"generation", one.generation},
                      {"sentence", one.sentence}});
  }
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
    RpcOutcome outcome = outcome_of(*job);
    rooms.backups.forget_printed_token();
    return outcome;
  };
  wait.late = [rooms](Context& later) -> RpcOutcome { return rooms.backups.job()->progress(later.now); };
  return wait;
}

std::map<std::string, RpcEntry, std::less<>> backup_methods() {
  using Kind = RpcParameter::Kind;
  constexpr auto kRequired = RpcParameter::Need::required;
  constexpr auto kReads = RpcEntry::Store::reads;
  constexpr auto kGrows = RpcEntry::Store::grows;
  const std::vector<RpcParameter> which = {{"from"},   {"recovery_key"},           {"token"},
                                           {"device"}, {"snapshot", Kind::number}, {"generation", Kind::number}};
  std::vector<RpcParameter> of_restore = which;
  of_restore.push_back({"accept_removed", Kind::yes_or_no});
  of_restore.push_back({"without_files", Kind::yes_or_no});
  return {{"backup.create",
           {rpc_backup_create,
            kGrows,
            {{"to"}, {"recovery_key"}, {"realms"}, {"print_token", Kind::yes_or_no}, {"files", Kind::number}}}},
          {"backup.list", {rpc_backup_list, kReads, {{"from"}, {"recovery_key"}}}},
          {"backup.verify", {rpc_backup_verify, kReads, which}},
          {"backup.restore", {rpc_backup_restore, kGrows, of_restore}},
          {"backup.schedule", {rpc_backup_schedule, kReads, {{"daily", Kind::yes_or_no, kRequired}, {"to"}}}},
          {"backup.token", {rpc_backup_token, kReads, {{"from"}, {"recovery_key"}}}},
          {"backup.status", {rpc_backup_status, kReads, {{"wait_ms", Kind::number}}}},
          {"backup.stop", {rpc_backup_stop, kReads, {}}},
          {"backup.seen", {rpc_backup_seen, kReads, {}}}};
}

}  // namespace cairn::client
