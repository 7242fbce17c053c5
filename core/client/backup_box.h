// A job that may change the key box: parts of a new token go to the realms first, then the box to where it is decided
// about, then its copy to the PIN's place (docs/spec/client.md s.9).
#pragma once

#include "core/client/backup_job.h"

namespace cairn::client {

class KeyBoxJob : public BackupJob {
 public:
  using BackupJob::BackupJob;

 protected:
  /// What this device keeps of the backup, made where it is missing; nothing, and failed, without a name.
  std::optional<Account> prepare(Context& context);
  /// The realms that new generations are to be behind: those that its owner has just named, else of the box, else as
  /// they were named before; null for none.
  const RealmList* wished_realms(Context& context);
  /// What the key box is to be; `recovery` and the account outlive it.
  KeyBoxWishes wishes(Context& context, const Account& account, const directory::RecoveryKey* recovery);
  /// The typed recovery key, if it is the name's; null, and failed, when it is another one.
  Result<std::optional<directory::RecoveryKey>> typed_recovery();
  void fail_to_plan(const Error& error);

  /// Puts it everywhere, writes down what this device keeps, and goes on with `then`.
  void put_key_box(Context& context, const Account& account, NextKeyBox next, Then then);
  /// Sees to it that the PIN's copy is that of the box; what cannot be done is a warning.
  void copy_for_pin(Context& context, Then then);
  /// Removes that copy.
  void delete_copy(Context& context, const vault::PinKeys& pin, Then then);

  std::optional<BackupSetup> setup_;
  std::optional<vault::BackupToken> fresh_token_;  ///< of the generation that this job began
  bool began_generation_ = false;

 private:
  void share(Context& context, std::shared_ptr<NextKeyBox> next, Then then);
  void shares_stored(Context& context, const RealmList& list, const RealmReplies& replies, const Then& then);
  void put_box(Context& context, const std::shared_ptr<NextKeyBox>& next, const Then& then);
  void put_copy(Context& context, std::uint64_t version, const Then& then);

  std::optional<RealmList> wished_;
};

}  // namespace cairn::client
