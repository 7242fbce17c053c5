// iCloud Backup as the guide describes it: files under keys of their own, those wrapped (RFC 3394) by class keys, the
// class keys in a keybag, and the keybag under a random key that is stored with the backup set. The password is not
// used.
#pragma once

#include <map>
#include <string>

#include "apps/lab/legacy/device.h"

namespace cairn::lab::legacy {

/// The guide's Data Protection classes of what is backed up here.
enum class ProtectionClass : std::uint8_t {
  unless_open,                ///< attachments, which may arrive while the device is locked
  until_first_authentication  ///< the messages
};

/// One class's key: Curve25519.
struct ClassKey {
  Bytes public_key;
  Bytes wrapped_private;  ///< under the keybag's key
};

/// A file for its class's key: an ephemeral key, and the file's key wrapped under what both make.
struct BackedUpFile {
  ProtectionClass protection{};
  Bytes ephemeral;    ///< public, 32 bytes
  Bytes wrapped_key;  ///< of AES-256-CTR
  Bytes ciphertext;
};

/// All that the provider stores. Everything needed to open it is in it.
struct BackupSet {
  Bytes keybag_key;  ///< random, stored with the set
  std::map<ProtectionClass, ClassKey> keybag;
  std::map<std::string, BackedUpFile> files;
  std::map<std::string, Bytes> keychain;  ///< each item wrapped under the device's UID: of use on that device alone
};

/// Makes a set of a device: its conversation as the file "messages", its attachments, each under "attachments/" and its
/// address, and its keychain.
BackupSet back_up(const Device& device);

/// Opens a file of a set with what is in the set; `not_found` (also for its class's key), `crypto_failed`.
Result<Bytes> open_file(const BackupSet& set, const std::string& name);

/// What a device has after restoring: the messages, the attachments by their address, and of the keychain what was
/// bound to this very device.
struct Restored {
  std::vector<Shown> conversation;
  std::map<std::string, Bytes> files;
  std::map<std::string, Bytes> keychain;
};
Result<Restored> restore(const BackupSet& set, const Device& onto);

}  // namespace cairn::lab::legacy
