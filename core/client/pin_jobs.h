// What is done about the PIN of the own name: setting and changing it, trying it, unlocking, removing, looking
// (docs/spec/client.md s.13).
#pragma once

#include "core/client/backup_box.h"
#include "core/client/pin_attempt.h"
#include "core/client/realm_debts.h"

namespace cairn::client {

enum class PinSetKind : std::uint8_t { first, change };

/// Registers a PIN at the realms, replacing the one before, and makes it an opener of the backup.
class PinSetJob final : public KeyBoxJob {
 public:
  /// `number`: of the registration; without one as before.
  PinSetJob(const BackupRooms& rooms, BackupTask task, std::shared_ptr<SecretBytes> text, PinSetKind kind,
            std::optional<std::uint8_t> number)
      : KeyBoxJob(rooms, std::move(task)), text_(std::move(text)), kind_(kind), number_(number) {}

 private:
  bool makes_backup() const override { return true; }
  void unlocked(Context& context) override;
  bool work(Context&) override { return false; }
  void permitted(Context& context);
  void ask_versions(Context& context);
  void versions_came(Context& context, const RealmReplies& replies);
  /// The version that a threshold of the realms has.
  std::optional<PinVersion> version_that_opens() const;
  std::vector<PinVersion> standing() const;
  void give_shares(Context& context);
  /// To the realms in `to`, by their places; the others have theirs, or get it after these.
  void give_to(Context& context, const std::vector<std::size_t>& to, const Then& then);
  /// It has told its version, and says nothing to its share: it is asked again before others change.
  bool is_lost(std::size_t realm) const;
  void registered(Context& context);
  void make_it_an_opener(Context& context);
  void key_box_stands(Context& context) override;
  std::string left_undone() const override;
  /// What stands at realms, or under a registration, that are no longer used.
  std::optional<RealmHouse> left_behind() const;
  void clean_up(Context& context);
  void forget_old_realms(Context& context);
  void copy_failed(Context& context, const Error& error, const Then& then) override;
  void end(Context& context);
  void tell(Context& context);
  const vault::PinKeys* old_pin() const { return box_ && box_->content.pin ? &*box_->content.pin : nullptr; }

  std::shared_ptr<SecretBytes> text_;
  PinSetKind kind_;
  std::optional<std::uint8_t> number_;
  std::shared_ptr<const RealmHouse> house_;
  std::optional<NewPin> new_pin_;
  std::optional<PinAttempt> attempt_;
  std::optional<vault::PinRegistration> made_;
  std::vector<std::optional<PinVersion>> versions_;  ///< that the realms have, as they say
  /// What they said to their shares; nothing of those that got none.
  std::vector<std::optional<Result<proto::CallReply>>> given_;
  PinAuths auths_;
  std::optional<RealmList> old_realms_;  ///< at which the PIN before lies
};

/// A job about the PIN that the key box has.
class PinJob : public KeyBoxJob {
 public:
  using KeyBoxJob::KeyBoxJob;

 protected:
  /// house_ and auths_ are there.
  virtual void found(Context& context) = 0;
  virtual void none(Context&) { fail_with(ErrorCode::not_found, "No PIN is set; pin set makes one."); }
  bool work(Context&) override { return false; }

  std::shared_ptr<const RealmHouse> house_;  ///< without tokens
  std::shared_ptr<PinAuths> auths_;

 private:
  void unlocked(Context& context) override;
};

/// Whether its owner still knows it. A right PIN costs no guess; a wrong one is not tried where few are left.
class PinCheckJob final : public PinJob {
 public:
  PinCheckJob(const BackupRooms& rooms, BackupTask task, std::shared_ptr<SecretBytes> text)
      : PinJob(rooms, std::move(task)), text_(std::move(text)) {}

 private:
  bool guesses() const override { return true; }
  void found(Context& context) override;
  void logs_came(Context& context, const std::vector<OwnerReply>& replies);
  void permitted(Context& context, const std::shared_ptr<const RealmHouse>& with_tokens);
  void tried(Context& context, vault::PinRecovery& recovery);

  std::shared_ptr<SecretBytes> text_;
};

/// Shows what the realms say of guesses, or lets them forget those.
class PinLookJob final : public PinJob {
 public:
  PinLookJob(const BackupRooms& rooms, BackupTask task, PinOwnerAction action)
      : PinJob(rooms, std::move(task)), action_(action) {}

 private:
  void found(Context& context) override;
  void none(Context& context) override;
  void answered(Context& context, const std::vector<OwnerReply>& replies);

  PinOwnerAction action_;
};

/// The PIN opens nothing that is backed up from here on, and the realms forget it.
class PinRemoveJob final : public PinJob {
 public:
  using PinJob::PinJob;

 private:
  void found(Context& context) override;
  void key_box_stands(Context& context) override { owe_removal(context, *house_, *auths_); }
  void tell_realms(Context& context);
};

/// Which realms have still to be told something: `{ name, owes }`, owes: "the newest PIN" or "to forget".
nlohmann::json debts_json(const StoreView& store);

/// The auth keys of this device's PIN: of the key box, and those that were sent and not finished.
PinAuths pin_auths(const StoreView& store, const vault::PinKeys& pin);
/// `{ name, state, guesses_left, last_guess_ms }` each.
nlohmann::json owner_json(const StoreView& store, const RealmHouse& house, const std::vector<OwnerReply>& replies);

}  // namespace cairn::client
