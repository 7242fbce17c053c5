// Looks into the guess logs of the realms: every guess at the PIN is told to its owner (docs/spec/client.md s.13); and
// whether generations of the backup are about to be deleted (s.9).
#pragma once

#include "core/client/account.h"
#include "core/client/backup_records.h"
#include "core/client/pin_others.h"
#include "core/client/views.h"
#include "core/client/waiting_deletions.h"

namespace cairn::client {

/// What an owner is to be told of guesses; nothing while there is nothing new.
struct GuessAlarm {
  std::uint32_t guesses = 0;  ///< at one realm, at most
  std::uint32_t right = 0;
  std::uint64_t last_ms = 0;
  std::uint8_t left = 0;      ///< until it is locked
  bool is_elsewhere = false;  ///< known here by what other devices say alone: none of it is done on this one
};

class PinWatch {
 public:
  PinWatch(Calls& calls, Views& views) : calls_(calls), views_(views), deletions_(calls) {}

  /// Looks at the key box of each storage, which another device may have changed, and asks the realms, when that is
  /// due: at the beginning, then every half an hour while this device runs.
  /// While a job runs at the logs alone, and at what is about to be deleted.
  enum class Look : std::uint8_t { at_boxes_too, at_logs };
  void step(Context& context, const Account& account, Look look);
  Time next_deadline() const { return due_; }
  /// Grows when logs were read, or realms asked what is about to be deleted.
  std::uint64_t looks() const { return *looks_; }
  /// A PIN may have been set just now.
  void look_soon() { due_ = {}; }

 private:
  void watch_box(Context& context, const BackupSetup& setup);
  /// By the word of other devices; false when there is none.
  bool watch_others(Context& context, const Account& account);

  Calls& calls_;
  Views& views_;
  DeletionWatch deletions_;
  Time due_;
  bool active_ = false;  ///< as it was when last looked at
  std::shared_ptr<std::uint64_t> looks_ = std::make_shared<std::uint64_t>(0);
};

std::optional<GuessAlarm> guess_alarm(const StoreView& store);
/// The owner knows of all guesses that this device has to tell.
void know_all_guesses(Context& context);
/// What `pin.status` says where the PIN is known by the word of other devices alone; nothing where it is not.
std::optional<nlohmann::json> other_pin_json(const StoreView& store);

}  // namespace cairn::client
