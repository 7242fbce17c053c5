// ML-KEM-768 (FIPS 203) and X-Wing (draft-connolly-cfrg-xwing-kem) by libsodium. Sizes are CHECKed.
#pragma once

#include "core/crypto/kem.h"

namespace cairn::crypto::internal {

constexpr std::size_t kMlKemPublicKeySize = 1184;
constexpr std::size_t kMlKemCiphertextSize = 1088;
constexpr std::size_t kMlKemSeedSize = 64;  ///< d || z
/// dk of FIPS 203 s.7.1: dk_PKE || ek || H(ek) || z. Never stored: it follows from the seed.
constexpr std::size_t kMlKemExpandedSize = 2400;
using MlKemExpandedKey = Secret<struct MlKemExpandedKeyTag, kMlKemExpandedSize>;

constexpr std::size_t kXWingPublicKeySize = kMlKemPublicKeySize + 32;
constexpr std::size_t kXWingCiphertextSize = kMlKemCiphertextSize + 32;
constexpr std::size_t kXWingSeedSize = 32;

/// The modulus check of FIPS 203 s.7.2: every coefficient below 3329.
bool ml_kem_is_public_key(ByteView encapsulation_key);
/// ML-KEM.KeyGen_internal: fills `expanded`, returns ek.
Bytes ml_kem_expand(ByteView seed, MlKemExpandedKey& expanded);
/// ML-KEM.Encaps_internal with m = `randomness` (32 bytes); `crypto_failed` unless ml_kem_is_public_key.
Result<KemOutput> ml_kem_encapsulate(ByteView public_key, ByteView randomness);
/// ML-KEM.Decaps_internal: a ciphertext that was tampered with gives another secret, no error.
KemSharedSecret ml_kem_decapsulate(const MlKemExpandedKey& key, ByteView ciphertext);

Bytes xwing_public_key(ByteView seed);
/// `randomness` has 64 bytes. `crypto_failed` unless ml_kem_is_public_key of the first part, or when the
/// Diffie-Hellman result is all zeros.
Result<KemOutput> xwing_encapsulate(ByteView public_key, ByteView randomness);
Result<KemSharedSecret> xwing_decapsulate(ByteView seed, ByteView ciphertext);

}  // namespace cairn::crypto::internal
