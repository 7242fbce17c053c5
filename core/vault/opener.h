// Openers: X-Wing keys to which a backup's root is sealed (docs/spec/backup.md s.2).
#pragma once

#include "core/crypto/kem.h"
#include "core/crypto/signature.h"
#include "core/vault/keys.h"
#include "core/vault/limits.h"
#include "core/wire/reader.h"
#include "core/wire/writer.h"

namespace cairn::vault {

enum class OpenerKind : std::uint8_t { recovery = 1, pin = 2, device = 3 };

/// Who may open, said and signed by who answers for it: a device for itself, the recovery key for itself, the device
/// that set a PIN for the PIN.
struct Opener {
  OpenerKind kind = OpenerKind::device;
  Hash key;                 ///< H(public key)
  Bytes context;            ///< whose key it is, for the caller; at most kMaxOpenerContext
  std::uint64_t since = 0;  ///< version of the key box with which it was set, from 1
  Bytes public_key;         ///< empty, or the key itself
  PublicKey signer;
  Signature signature;

  /// With the key in it; may be emptied afterwards.
  static Opener make(OpenerKind kind, Bytes public_key, Bytes context, std::uint64_t since,
                     const crypto::SigningKey& signer);
  /// `invalid_signature`.
  Status check() const;

  void write(wire::Writer& writer) const;
  static Result<Opener> read(wire::Reader& reader);
  friend bool operator==(const Opener&, const Opener&) = default;
};

/// A root that one opener opens.
struct SealedRoot {
  static constexpr std::size_t kKemOutputSize = 1120;
  static constexpr std::size_t kSealedSize = 48;
  FixedBytes<struct SealedRootKemTag, kKemOutputSize> kem_output;
  FixedBytes<struct SealedRootTag, kSealedSize> sealed;

  void write(wire::Writer& writer) const;
  static Result<SealedRoot> read(wire::Reader& reader);
  friend bool operator==(const SealedRoot&, const SealedRoot&) = default;
};

/// `crypto_failed` if the public key is no X-Wing key.
Result<SealedRoot> seal_root(const BackupRoot& root, std::uint32_t generation, ByteView public_key, Entropy& entropy);
/// `crypto_failed` if it is not sealed to this key, or for another generation.
Result<BackupRoot> open_root(const SealedRoot& sealed, std::uint32_t generation, const crypto::KemPrivateKey& key);

}  // namespace cairn::vault
