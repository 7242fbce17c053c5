// The backup of this device's name: one job at a time, in bounded steps, so that messages go on meanwhile
// (docs/spec/client.md s.9).
#pragma once

#include "core/client/backup_reader.h"
#include "core/client/backup_troubles.h"
#include "core/client/pin_watch.h"
#include "core/client/realm_debts.h"

namespace cairn::client {

class Backups {
 public:
  explicit Backups(BackupRooms rooms)
      : rooms_(rooms), watch_(rooms.calls, rooms.views), debts_(rooms.calls, rooms.session) {}

  // Each begins a job; `conflict` while another one runs, `not_found` when this device has no backup set up and no
  // recovery key was typed.

  /// Sets up what is missing, then makes a snapshot.
  Status create(Context& context, BackupTask task);
  Status list(Context& context, BackupTask task);
  /// Reads every pack of the snapshots that a restore takes, and says what is damaged.
  Status verify(Context& context, BackupTask task, SnapshotChoice choice = {});
  /// Whether this device, while it runs, makes a snapshot at that storage (URL) every day, and reads a sample of it.
  /// False when none is set up there. Where folders are exchanged there, of each.
  bool set_daily(Context& context, std::string_view storage, bool daily);
  /// Takes the newest snapshot of each device, or what is chosen, into this device's store, to be read.
  Status restore(Context& context, BackupTask task, RemovedSigner removed, SnapshotChoice choice = {});
  /// Any other job: `more` is what its constructor takes behind rooms and task.
  template <class Job, class... More>
  Status begin(Context& context, BackupTask task, More&&... more) {
    TRY(check(task));
    return start(context, std::make_shared<Job>(rooms_, std::move(task), std::forward<More>(more)...));
  }

  /// The last job that was begun since this process started; null if there is none.
  const BackupJob* job() const { return job_.get(); }
  /// Ends the job that runs; false when none does.
  bool stop(Context& context);
  /// The job's result was told.
  void forget_printed_token() {
    if (job_) job_->forget_printed_token();
  }

  /// Grows when guess logs were read, or something failed that nobody waited for: alarms may have changed.
  std::uint64_t looks() const { return watch_.looks() + troubles_seen_; }

  /// Another device has told where there is a PIN.
  void look_for_guesses() { watch_.look_soon(); }

  void step(Context& context, const Account& account);
  Time next_deadline() const;
  void forget_all();

 private:
  Status start(Context& context, std::shared_ptr<BackupJob> job);
  Status check(const BackupTask& task) const;
  void run_schedule(Context& context, const Account& account);
  /// Asks realms again about what only its storage says to be gone, of all such the one that waited longest; false when
  /// none is due.
  bool ask_again(Context& context, const Account& account, const directory::NameState& state);
  /// Begins what is due at this storage; false when nothing is.
  bool begin_due(Context& context, BackupTask task);
  /// Writes down what has come of the job, where its owner does not hear of it otherwise.
  void take_outcome(Context& context);

  BackupRooms rooms_;
  PinWatch watch_;
  RealmDebts debts_;
  std::shared_ptr<BackupJob> job_;
  std::optional<vault::StorageIdentity> job_at_;  ///< of the set-up that it was begun with
  bool by_itself_ = false;                        ///< nobody has asked for it, nor waits
  std::uint64_t troubles_seen_ = 0;
  bool hungry_ = false;
  bool connected_ = false;           ///< as it was when last looked at
  std::shared_ptr<BackupJob> told_;  ///< the last one whose outcome was taken
  bool daily_ = false;               ///< as it was when last looked at
  bool looks_ = false;               ///< likewise: there is something to be done from time to time
  Time next_look_;
  std::map<std::string, Time> tried_;           ///< by storage: when a snapshot was last begun
  std::map<std::string, Time> sampled_;         ///< likewise, when a sample was last read
  std::map<vault::VaultId, Time> asked_again_;  ///< when realms were last asked about what may be gone
  bool asked_last_ = false;                     ///< what was last begun by itself was to ask so
};

}  // namespace cairn::client
