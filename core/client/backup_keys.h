// Who may open a backup, and whose word about it counts (docs/spec/backup.md s.2).
#pragma once

#include <optional>
#include <set>

#include "core/client/account.h"
#include "core/client/realm_list.h"
#include "core/directory/chain.h"
#include "core/directory/recovery.h"
#include "core/vault/key_box.h"
#include "core/vault/token.h"

namespace cairn::client {

enum class Signers : std::uint8_t { active, ever };
/// The signature keys of a name's devices: of those that are active, or of all that ever were.
std::vector<PublicKey> device_keys(const directory::NameState& state, Signers which);

/// Whether somebody who is out may know or have chosen what the box holds: a new generation must begin first.
bool is_outdated(const vault::KeyBox& box, const directory::NameState& state);

/// The recovery key that the chain has now; `not_found` for the secret of another name.
Result<directory::RecoveryKey> present_recovery_key(const directory::RecoverySecret& secret,
                                                    const directory::NameState& state);

/// Opens with the secret's key of whatever generation the box was sealed to. `crypto_failed` if none fits.
Result<vault::UnverifiedKeyBox> open_with_secret(ByteView box, const directory::RecoverySecret& secret,
                                                 const directory::NameState& state);
/// Opens with what this device keeps: the root, or its own opener.
Result<vault::UnverifiedKeyBox> open_with_device(ByteView box, const vault::BackupRoot& root,
                                                 const crypto::KemPrivateKey& device_key);

/// A PIN that was just set: its opener's public key, and what devices keep of it.
struct NewPin {
  Bytes public_key;
  vault::PinKeys keys;
};
/// Generations that stay in a key box; the last place is for the one that begins when they are deleted.
constexpr std::size_t kMostKept = vault::kMaxGenerations - 1;

enum class PinWish : std::uint8_t { keep, set, drop };

/// What the next key box is made of.
struct KeyBoxWishes {
  const vault::KeyBox* box = nullptr;  ///< the one that stands, verified; null if there is none
  const directory::NameState& state;
  const Account& account;
  const crypto::KemPrivateKey& device_key;
  const directory::RecoveryKey* recovery = nullptr;  ///< if its owner has typed it
  std::optional<PublicKey> erase_key;                ///< token_erase_key()'s public half, with `recovery`
  const RealmList* realms = nullptr;                 ///< that hold the tokens of new generations; null: none do
  bool mended = false;  ///< the box is not as it lies there: what was known here took the place of another word
  PinWish pin = PinWish::keep;
  const NewPin* new_pin = nullptr;  ///< for PinWish::set
};

/// A key box that is to be put.
struct NextKeyBox {
  vault::KeyBoxContent content;
  /// Of the generation that begins with it, if its token is to lie behind realms: its shares come first.
  std::optional<vault::SharedToken> shared;
};

/// The key box that there should be: openers are the recovery key that the chain has now, the PIN, and the devices that
/// are active and have put theirs in; a new generation when somebody lost the right to the last one, or when the PIN or
/// the realms changed. Nothing when all is so already. `not_found` when the recovery key must be typed, for the box has
/// none that the chain knows; `over_limit` when a generation should begin and kMostKept are there: one that left the
/// box could never be deleted any more.
Result<std::optional<NextKeyBox>> next_key_box(const KeyBoxWishes& wishes, Time now, Entropy& entropy);

/// The next one when generations end: of `dropped` nothing stays in it; `ended` ones stay, to be deleted later. A new
/// generation begins if the one in force is among them, or if somebody lost the right to it: who signs a box answers
/// for it. `wishes.box` is there (CHECKed). `over_limit` when there is no place for it.
Result<NextKeyBox> without_generations(const KeyBoxWishes& wishes, const std::set<std::uint32_t>& dropped,
                                       const std::set<std::uint32_t>& ended, Time now, Entropy& entropy);

/// The erase key that its owner's recovery key has put into the box; none where it has not.
std::optional<PublicKey> erase_key_of(const vault::KeyBoxContent& content);

/// Sealed to all openers of the content, which have their keys in them.
Result<Bytes> seal_to_openers(const vault::KeyBoxContent& content, const crypto::SigningKey& signer, Entropy& entropy);

/// The keys of one generation. `crypto_failed` if that is not its token.
Result<vault::VaultKeys> keys_of(const vault::Generation& generation, const vault::BackupToken& token);

}  // namespace cairn::client
