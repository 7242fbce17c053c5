// Recovery keys: all generations from one secret that the person keeps (docs/spec/directory.md s.2).
#pragma once

#include <optional>

#include "core/crypto/kem.h"
#include "core/crypto/signature.h"
#include "core/directory/name.h"

namespace cairn::directory {

/// The 160 bits that a person writes down.
using RecoverySecret = Secret<struct RecoverySecretTag, 20>;

/// H("cairn/v1 recovery" || 0x00 || sign_pk || kem_hash): what the chain holds instead of the key.
Hash recovery_commitment(const PublicKey& sign_pk, const Hash& kem_hash);

/// One generation: an Ed25519 key that repairs the chain, and an X-Wing key that opens backups.
class RecoveryKey {
 public:
  /// Deterministic.
  static RecoveryKey derive(const RecoverySecret& secret, const Name& name, std::uint32_t generation);

  std::uint32_t generation() const { return generation_; }
  const crypto::SigningKey& signing_key() const { return signing_key_; }
  /// X-Wing (crypto::KemAlgorithm::xwing_shake).
  const crypto::KemPrivateKey& kem_private_key() const { return kem_private_key_; }
  const Bytes& kem_public_key() const { return kem_public_key_; }
  /// H(kem_pk).
  const Hash& kem_hash() const { return kem_hash_; }
  Hash commitment() const { return recovery_commitment(signing_key_.public_key(), kem_hash_); }

 private:
  RecoveryKey(std::uint32_t generation, crypto::SigningKey signing_key, crypto::KemPrivateKey kem_private_key);
  std::uint32_t generation_;
  crypto::SigningKey signing_key_;
  crypto::KemPrivateKey kem_private_key_;
  Bytes kem_public_key_;
  Hash kem_hash_;
};

/// The generation whose commitment stands in the chain, looked for in [0, generations). A chain that has used its
/// recovery key n times is within n + 2 of the first unless somebody else's secret stands there; `not_found` then.
Result<RecoveryKey> find_recovery_key(const RecoverySecret& secret, const Name& name, const Hash& commitment,
                                      std::uint32_t generations);

}  // namespace cairn::directory
