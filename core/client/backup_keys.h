// Who may open a backup, and whose word about it counts (docs/spec/backup.md s.2).
#pragma once

#include <optional>

#include "core/client/account.h"
#include "core/directory/chain.h"
#include "core/directory/recovery.h"
#include "core/vault/key_box.h"

namespace cairn::client {

enum class Signers : std::uint8_t { active, ever };
/// The signature keys of a name's devices: of those that are active, or of all that ever were.
std::vector<PublicKey> device_keys(const directory::NameState& state, Signers which);

/// The recovery key that the chain has now; `not_found` for the secret of another name.
Result<directory::RecoveryKey> present_recovery_key(const directory::RecoverySecret& secret,
                                                    const directory::NameState& state);

/// Opens with the secret's key of whatever generation the box was sealed to. `crypto_failed` if none fits.
Result<vault::UnverifiedKeyBox> open_with_secret(ByteView box, const directory::RecoverySecret& secret,
                                                 const directory::NameState& state);
/// Opens with what this device keeps: the root, or its own opener.
Result<vault::UnverifiedKeyBox> open_with_device(ByteView box, const vault::BackupRoot& root,
                                                 const crypto::KemPrivateKey& device_key);

/// What the next key box is made of.
struct KeyBoxWishes {
  const vault::KeyBox* box = nullptr;  ///< the one that stands, verified; null if there is none
  const directory::NameState& state;
  const Account& account;
  const crypto::KemPrivateKey& device_key;
  const directory::RecoveryKey* recovery = nullptr;  ///< if its owner has typed it
};
/// The content that the key box should have: openers are the recovery key that the chain has now and the devices that
/// are active and have put theirs in; a new generation when somebody lost the right to the last one. Nothing when all
/// is so already. `not_found` when the recovery key must be typed, for the box has none that the chain knows.
Result<std::optional<vault::KeyBoxContent>> next_key_box(const KeyBoxWishes& wishes, Time now, Entropy& entropy);

/// The next content when this generation is deleted; a new one begins if it was in force, or if somebody lost the right
/// to the one that is: who signs a box answers for it.
vault::KeyBoxContent without_generation(const vault::KeyBox& box, std::uint32_t number,
                                        const directory::NameState& state, Time now, Entropy& entropy);

/// Sealed to all openers of the content, which have their keys in them.
Result<Bytes> seal_to_openers(const vault::KeyBoxContent& content, const crypto::SigningKey& signer, Entropy& entropy);

/// The keys of one generation whose token lies beside it.
Result<vault::VaultKeys> keys_of(const vault::Generation& generation);

}  // namespace cairn::client
