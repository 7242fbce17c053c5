// Deletions of generations that wait at realms (docs/spec/client.md s.9). Whoever has, or had, a device can ask for
// one, and only who hears of it can call it off: so each device that backs up asks for them itself.
#pragma once

#include <functional>
#include <map>

#include "core/client/backup_records.h"
#include "core/client/calls.h"

namespace cairn::client {

/// tables::kWaitingDeletions, by its vault.
struct WaitingDeletion {
  std::uint64_t since_ms = 0;    ///< when this device first heard of it
  std::uint64_t ends_at_ms = 0;  ///< when, by the realms' clocks; 0: fewer of them say so than it takes
  std::string realms;            ///< then: the names of those, with commas
  bool is_wanted = false;        ///< this device has asked for it itself
  bool is_gone = false;          ///< it was done
  bool is_seen = false;          ///< its owner knows of it

  void write(wire::Writer&) const;
  static Result<WaitingDeletion> read(wire::Reader&);
  friend bool operator==(const WaitingDeletion&, const WaitingDeletion&) = default;
};

class DeletionWatch {
 public:
  explicit DeletionWatch(Calls& calls) : calls_(calls) {}

  /// Asks the realms of each generation of these backups once an hour, of one that was about to be deleted more often,
  /// and again when too few have answered. `then` when they have. Nothing is concluded from who does not answer.
  void look(Context& context, const std::vector<BackupSetup>& setups, const std::function<void()>& then);

 private:
  bool is_due(const Context& context, const vault::VaultId& vault) const;

  using Asked = std::map<vault::VaultId, Time>;
  Calls& calls_;
  std::shared_ptr<Asked> asked_ = std::make_shared<Asked>();  ///< when each was last asked about
};

/// This device has asked for it itself: it is told on the others, and not here.
void want_deletion(Context& context, const vault::VaultId& vault, std::uint64_t ends_at_ms);
/// So many of its realms keep it that it stays.
void forget_deletion(Context& context, const vault::VaultId& vault);

/// What an owner is to be told of one generation in the key box.
struct DeletionAlarm {
  vault::VaultId vault;
  std::string storage;  ///< URL
  std::uint32_t generation = 0;
  std::uint64_t since_ms = 0;
  std::string sentence;
};
std::vector<DeletionAlarm> deletion_alarms(const StoreView& store);
/// Its owner has seen them; how many there were to see.
std::size_t see_deletions(Context& context);

}  // namespace cairn::client
