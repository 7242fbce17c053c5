#include "core/client/backups.h"

#include "core/client/backup_create.h"
#include "core/client/backup_delete.h"
#include "core/client/backup_read.h"

namespace cairn::client {
namespace {

constexpr std::uint64_t kScheduleLookMs = 10 * kMinuteMs;
constexpr std::uint64_t kTryAgainMs = kHourMs;  ///< where a snapshot, or a deletion, failed
constexpr std::uint32_t kSampleShare = 50;      ///< of 1000 packs

}  // namespace

Status Backups::check(const BackupTask& task) const {
  REQUIRE(!job_ || job_->is_over(), ErrorCode::conflict, "another job runs");
  REQUIRE(task.setup || task.secret || (task.pin && task.realms), ErrorCode::not_found, "no backup is set up");
  return ok();
}

Status Backups::start(Context& context, std::shared_ptr<BackupJob> job) {
  job_ = std::move(job);
  by_itself_ = false;
  job_at_.reset();
  if (job_->task().setup) job_at_ = job_->task().setup->identity;
  job_->begin(context);
  return ok();
}

Status Backups::create(Context& context, BackupTask task) {
  TRY(check(task));
  return start(context, std::make_shared<CreateJob>(rooms_, std::move(task)));
}

Status Backups::list(Context& context, BackupTask task) {
  TRY(check(task));
  return start(context, std::make_shared<ListJob>(rooms_, std::move(task)));
}

Status Backups::verify(Context& context, BackupTask task, SnapshotChoice choice) {
  TRY(check(task));
  return start(context, std::make_shared<VerifyJob>(rooms_, std::move(task), kAllPacks, std::move(choice)));
}

Status Backups::restore(Context& context, BackupTask task, RemovedSigner removed, SnapshotChoice choice) {
  TRY(check(task));
  return start(context, std::make_shared<RestoreJob>(rooms_, std::move(task), removed, std::move(choice)));
}

bool Backups::stop(Context& context) {
  if (!job_ || job_->is_over()) return false;
  job_->stop(context, ErrorCode::conflict,
             "It was stopped. Begin it again when you like: what was stored is not "
             "stored again.");
  return true;
}

void Backups::take_outcome(Context& context) {
  using Kind = BackupTrouble::Kind;
  const JobKind kind = job_->kind();
  if (!job_at_ || kind == JobKind::other) return;
  const Kind about = kind == JobKind::create ? Kind::create : Kind::verify;
  if (!job_->failure()) {
    settle_trouble(context, *job_at_, about);
  } else if (by_itself_) {
    note_trouble(context, *job_at_, {about, job_->task().storage, context.now.ms, job_->failure()->sentence});
  }
  ++troubles_seen_;
}

bool Backups::set_daily(Context& context, std::string_view storage, bool daily) {
  bool found = false;
  for (BackupSetup& setup : load_backup_setups(context.store)) {
    if (setup.storage != storage) continue;
    setup.daily = daily;
    save_schedule(context, setup);
    next_look_ = {};
    found = true;
  }
  return found;
}

bool Backups::begin_due(Context& context, BackupTask task) {
  const std::string storage = task.storage;
  const auto passed = [&](const std::map<std::string, Time>& since) {
    const auto at = since.find(storage);
    return at == since.end() ? ~std::uint64_t{0} : elapsed_ms(context.now, at->second);
  };
  if (elapsed_ms(context.now, Time{task.setup->last_ms}) >= kDayMs) {
    if (passed(tried_) < kTryAgainMs) return false;
    tried_[storage] = context.now;
    static_cast<void>(create(context, std::move(task)));  // it is not busy, and set up
    by_itself_ = true;
    return true;
  }
  if (passed(sampled_) < kDayMs) return false;
  sampled_[storage] = context.now;
  static_cast<void>(start(context, std::make_shared<VerifyJob>(rooms_, std::move(task), kSampleShare)));
  by_itself_ = true;
  return true;
}

bool Backups::ask_again(Context& context, const Account& account, const directory::NameState& state) {
  const Unconfirmed* due = nullptr;
  const auto last = [&](const Unconfirmed& one) {
    const auto at = asked_again_.find(one.vault);
    return at == asked_again_.end() ? Time{} : at->second;
  };
  const std::vector<Unconfirmed> all = unconfirmed_generations(context.store);
  for (const Unconfirmed& one : all) {
    if (elapsed_ms(context.now, last(one)) < kTryAgainMs) continue;
    if (due == nullptr || last(one) < last(*due)) due = &one;
  }
  if (due == nullptr) return false;
  asked_again_[due->vault] = context.now;
  BackupTask task{state, due->storage, std::nullopt, nullptr, account.server_url};
  // Any set-up of that place: which folder lies there is seen by the job.
  for (BackupSetup& setup : load_backup_setups(context.store)) {
    if (setup.storage == due->storage) task.setup = std::move(setup);
  }
  static_cast<void>(begin<DeleteJob>(context, std::move(task), due->generation, std::optional(due->vault)));
  return true;
}

void Backups::run_schedule(Context& context, const Account& account) {
  const bool busy = job_ && !job_->is_over();
  if (busy || context.now < next_look_) return;
  next_look_ = after(context.now, kScheduleLookMs);
  std::vector<BackupSetup> all = load_backup_setups(context.store);
  daily_ = std::ranges::any_of(all, &BackupSetup::daily);
  looks_ = daily_ || !unconfirmed_generations(context.store).empty();
  if (!looks_ || account.state != AccountState::active || !rooms_.session.caught_up()) return;
  const auto view = rooms_.views.view(context.store, account, account.name);
  if (!view || !rooms_.views.fresh(context, account, account.name, kFreshForKnownMs)) return;
  // In turn with what is due every day: many that wait keep no snapshot waiting.
  asked_last_ = !asked_last_ && ask_again(context, account, view->state());
  if (asked_last_) return;
  // Where folders were exchanged that counts which was written to last; which one lies there is seen by the job.
  std::erase_if(all, [](const BackupSetup& one) { return !one.daily; });
  std::ranges::stable_sort(all, std::greater<>(), &BackupSetup::last_ms);
  std::set<std::string> seen;
  // One at a time, each tried again after an hour: a folder that is not there keeps no other waiting for long.
  for (BackupSetup& setup : all) {
    const std::string storage = setup.storage;
    if (!seen.insert(storage).second) continue;
    if (begin_due(context, {view->state(), storage, std::move(setup), nullptr, account.server_url})) return;
  }
}

void Backups::step(Context& context, const Account& account) {
  // What other devices have done meanwhile is looked at before realms are told anything.
  const bool connected = rooms_.session.connected();
  if (!std::exchange(connected_, connected) && connected) watch_.look_soon();
  run_schedule(context, account);
  hungry_ = job_ && job_->step(context);
  const bool runs = job_ && !job_->is_over();
  // A job may be over in the batch that began it.
  if (job_ && !runs && std::exchange(told_, job_) != job_) {
    take_outcome(context);
    watch_.look_soon();
    debts_.look_soon();
    looks_ = true;  // there may be something to do from time to time now
  }
  // A job's own guesses are its own to tell of; else a job, which lasts as long as its storage likes, hides no guess.
  // What the storage says of the key box waits until it is over.
  if (runs && job_->guesses()) return;
  watch_.step(context, account, runs ? PinWatch::Look::at_logs : PinWatch::Look::at_boxes_too);
  if (runs) return;
  debts_.step(context, account);
}

Time Backups::next_deadline() const {
  const Time look = std::min({looks_ ? next_look_ : Time::never(), watch_.next_deadline(), debts_.next_deadline()});
  if (!job_ || job_->is_over()) return look;
  if (hungry_) return {};
  // Of what else there is only guesses are looked for meanwhile.
  return job_->guesses() ? job_->next_deadline() : std::min(job_->next_deadline(), watch_.next_deadline());
}

void Backups::forget_all() {
  job_.reset();
  told_.reset();
  hungry_ = false;
  next_look_ = {};
  watch_.look_soon();
  debts_.look_soon();
}

}  // namespace cairn::client
