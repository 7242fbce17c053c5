// Where the key of a device's store lies (docs/spec/client.md s.6): in a file of mode 0600, as it is or sealed under a
// passphrase.
#pragma once

#include <string>

#include "core/crypto/password.h"
#include "shell/store/encrypted/encrypted_store.h"

namespace cairn::store {

enum class KeyFileState : std::uint8_t {
  absent,
  open,   ///< whoever reads the file has the key
  sealed  ///< who reads it has to know the passphrase
};

/// RFC 9106 s.4: as much memory and as many passes as its user bears at each start; here about a second of one core.
constexpr crypto::Argon2idCost kPassphraseCost{256 * 1024, 3};
/// A passphrase, in bytes.
constexpr std::size_t kMinPassphrase = 8;
constexpr std::size_t kMaxPassphrase = 1024;

/// Errors: `malformed` for what is no key file, storage errors of shell/os.
Result<KeyFileState> key_file_state(const std::string& path);

/// The key, made at first use and durable before it is given. Errors: `not_authorised` when it is sealed, else as
/// above.
Result<StoreKey> open_key_file(const std::string& path, Entropy& entropy);

/// The key of a sealed file. Errors: `crypto_failed` for another passphrase, `invalid_state` when the file is not
/// sealed, `over_limit` when Argon2id cannot have its memory, else as above.
Result<StoreKey> unseal_key_file(const std::string& path, ByteView passphrase);

/// Puts the key behind a passphrase of kMinPassphrase to kMaxPassphrase bytes (`malformed` otherwise). Whatever happens
/// meanwhile the file has the key, in one form or the other.
Status seal_key_file(const std::string& path, const StoreKey& key, ByteView passphrase, Entropy& entropy,
                     crypto::Argon2idCost cost = kPassphraseCost);

/// Puts it there as it is.
Status bare_key_file(const std::string& path, const StoreKey& key);

}  // namespace cairn::store
