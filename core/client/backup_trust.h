// Whose word about a backup's realms and its PIN this device believes (docs/spec/client.md s.13): its owner's, and that
// of devices that are the name's now; what changes is shown, and counts when its owner has said so.
#pragma once

#include "core/client/backup_keys.h"
#include "core/client/backup_records.h"

namespace cairn::client {

/// tables::kRealms: where its owner wants new keys of the backup at one storage to lie, as far as this device knows.
struct KnownRealms {
  std::optional<RealmList> list;  ///< none: beside the backup
};
/// Nothing when this device does not know.
std::optional<KnownRealms> known_realms(const StoreView& store, const vault::StorageIdentity& storage);
/// Its owner's word; what was proposed for that storage is settled by it.
void know_realms(Context& context, const vault::StorageIdentity& storage, const std::optional<RealmList>& list);

/// tables::kRealmChange: other realms than those that this device knows, which a device has named in the key box.
struct RealmChange {
  std::optional<RealmList> list;
  DeviceId by;
  std::uint64_t seen_ms = 0;

  void write(wire::Writer&) const;
  static Result<RealmChange> read(wire::Reader&);
};
std::optional<RealmChange> realm_change(const StoreView& store, const vault::StorageIdentity& storage);
/// By which its owner says which proposal was read: 32 digits of hex, of the list and of the storage.
std::string realm_change_digest(const RealmChange& change, const vault::StorageIdentity& storage);
/// One sentence: who named what, and what to do about it.
std::string realm_change_sentence(const RealmChange& change, const BackupSetup& setup);

/// What a key box says of realms, compared with what this device knows.
enum class RealmWord : std::uint8_t {
  agreed,   ///< the same, or the first that it hears, from devices that all are the name's now
  ignored,  ///< others, by a device that is the name's no more: those that are known hold
  asked     ///< others, or the first ones by a device that is none any more: its owner has to say so
};
/// Writes down what was learned or is to be asked. `before` is what this device kept of the backup, null if nothing.
RealmWord review_realms(Context& context, const vault::KeyBox& box, const directory::NameState& state,
                        const vault::StorageIdentity& storage, const BackupSetup* before);

/// Keys, realms and count of statements of a generation never change: if the box has this one, by number and root, it
/// has it as it is known here now. True when it had another.
bool keep_known_generation(vault::KeyBoxContent& content, const vault::Generation& known);
/// Likewise of all that this device kept.
bool keep_known_generations(vault::KeyBoxContent& content, const BackupSetup* before);

/// Whether the device that signed this box is the name's now.
bool is_by_active_device(const vault::KeyBox& box, const directory::NameState& state);

/// What a key box says of the PIN.
enum class PinWord : std::uint8_t {
  believed,
  known_kept,  ///< another word about the PIN that this device knows: the box has the known keys now
  doubted      ///< of a device that is the name's no more, about a PIN that is not known here: the box has none now
};
/// Whether the box has the PIN that this device kept: the same opener.
bool is_known_pin(const vault::KeyBoxContent& content, const BackupSetup* before);
/// Takes out of the box what is not believed. What was doubted comes in `doubted`: its auth key may still be tried.
PinWord judge_pin(vault::KeyBox& box, const directory::NameState& state, const BackupSetup* before,
                  std::optional<vault::PinKeys>& doubted);

/// A key box as the storage gives it, opened by what this device keeps, and signed by a device that is the name's now.
Result<vault::KeyBox> believed_box(ByteView stored, const BackupSetup& setup, const directory::NameState& state);

/// The realms at which guesses at the PIN are looked for: those of the key box, and those that its owner has named.
std::vector<RealmList> watched_realms(const StoreView& store, const BackupSetup& setup);

}  // namespace cairn::client
