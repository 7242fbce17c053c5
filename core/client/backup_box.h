// A job that may change the key box: parts of a new token go to the realms first, then the box to where it is decided
// about, then its copy to the PIN's place (docs/spec/client.md s.9).
#pragma once

#include "core/client/backup_job.h"

namespace cairn::client {

struct PinStandby;

class KeyBoxJob : public BackupJob {
 public:
  using BackupJob::BackupJob;

 protected:
  /// What this device keeps of the backup, made where it is missing; nothing, and failed, without a name.
  std::optional<Account> prepare(Context& context);
  /// The realms that new generations are to be behind: those that its owner has just named, else those that this device
  /// knows to be its owner's (backup_trust.h); null for none.
  const RealmList* wished_realms(Context& context);
  /// Where the PIN of the box lies: one that was known here at the realms that are known here, whatever another device
  /// has written since. Once prepared; `malformed` where there are none.
  Result<RealmList> pin_realms(Context& context) const;
  /// False, and failed, when another device has named other realms and its owner has not said yet what it thinks of it.
  bool realms_agreed(Context& context);
  /// False, and failed, when the box has no place for another generation.
  bool has_room();
  /// What the key box is to be; `recovery` and the account outlive it.
  KeyBoxWishes wishes(Context& context, const Account& account, const directory::RecoveryKey* recovery);
  /// The typed recovery key, if it is the name's; null, and failed, when it is another one.
  Result<std::optional<directory::RecoveryKey>> typed_recovery();
  void fail_to_plan(const Error& error);

  /// The key box was put just now: what follows from that is to be written down in the same batch.
  virtual void key_box_stands(Context&) {}
  /// What a person has to be told when it could not be put, beside why: a sentence, or nothing.
  virtual std::string left_undone() const { return {}; }
  /// Puts it everywhere, writes down what this device keeps, and goes on with `then`.
  void put_key_box(Context& context, const Account& account, NextKeyBox next, Then then);
  /// The storage did not take the PIN's copy: by default a warning.
  virtual void copy_failed(Context& context, const Error& error, const Then& then);
  /// Sees to it that the PIN's copy is that of the box.
  void copy_for_pin(Context& context, Then then);
  /// Removes that copy; never the key box itself.
  void delete_copy(Context& context, const vault::PinKeys& pin, Then then);
  struct Standby {
    NewPin pin;
    PinVersion registration;
  };
  /// Puts a copy of the box that stands for a PIN before its registration is at any realm: so at every moment of a
  /// change one of the two opens what there is. `standing`: the versions that realms have, of which no copy is taken
  /// away. Fails where the storage does not take it. Without a box whose keys count there is nothing to open.
  void stand_by(Context& context, Standby planned, std::span<const PinVersion> standing, Then then);
  /// Removes what was put so at this storage, but for the PIN that the box has now. What the storage does not delete
  /// stays written down.
  void forget_standbys(Context& context, Then then);

  std::optional<BackupSetup> setup_;
  std::optional<vault::BackupToken> fresh_token_;  ///< of the generation that this job began
  bool began_generation_ = false;
  RealmWord realm_word_ = RealmWord::agreed;  ///< of the box, once prepared

 private:
  /// A generation that was begun before, and whose box was not put, is taken up where its realms still have it.
  void share(Context& context, std::shared_ptr<NextKeyBox> next, Then then);
  void begun_came(Context& context, const std::shared_ptr<NextKeyBox>& next, vault::Generation begun,
                  vault::TokenRecovery& recovery, const Then& then);
  /// A fresh one: written down, then given to the realms.
  void hand_out(Context& context, const std::shared_ptr<NextKeyBox>& next, const Then& then);
  void shares_stored(Context& context, const NextKeyBox& next, const RealmList& list, const RealmReplies& replies,
                     const Then& then);
  void parts_given(const RealmList& list, const std::vector<vault::RealmFate>& fates);
  void put_box(Context& context, const std::shared_ptr<NextKeyBox>& next, const Then& then);
  void put_copy(Context& context, std::uint64_t version, const Then& then);
  /// `gone`: there is no such box any more.
  using ThenGone = std::function<void(Context&, bool gone)>;
  void delete_box(Context& context, const proto::KeyBoxId& id, const crypto::Ed25519Seed& seed, ThenGone then);
  /// The same registration was begun before: its copy may be there.
  void put_standby_again(Context& context, const std::shared_ptr<const Standby>& plan, const Then& then);
  void put_standby(Context& context, const std::shared_ptr<const Standby>& plan, std::uint64_t version,
                   const Then& then);
  void standby_refused(ErrorCode code);
  void forget_each(Context& context, const std::shared_ptr<std::vector<PinStandby>>& left, const Then& then);

  std::optional<RealmList> wished_;
};

}  // namespace cairn::client
