// Key encapsulation: DHKEM (RFC 9180 s.4.1), X-Wing (draft-connolly-cfrg-xwing-kem), ML-KEM-768 (FIPS 203).
#pragma once

#include "core/base/environment.h"

namespace cairn::crypto {

/// X-Wing stands here twice because two DeriveKeyPair exist for it; encapsulation is the same, so a wrong choice
/// would show only at the first UpdatePath:
///   xwing_shake   seed = SHAKE256(ikm, 32)                                 (draft-connolly-cfrg-xwing-kem)
///   xwing_hpke    seed = SHAKE256(ikm || "HPKE-v1" || "KEM" || 0x647a || u16(13) || "DeriveKeyPair" || u16(32), 32)
///                                                                          (draft-ietf-hpke-pq)
enum class KemAlgorithm : std::uint8_t { dhkem_p256, dhkem_x25519, xwing_shake, xwing_hpke, ml_kem_768 };

/// The HPKE registry's id: 0x0010, 0x0020, 0x647a (both X-Wing) or 0x0041.
std::uint16_t kem_id(KemAlgorithm algorithm);
/// Nenc, Npk, Nsk, Nsecret of RFC 9180 s.4, in bytes.
std::size_t kem_ciphertext_size(KemAlgorithm algorithm);
std::size_t kem_public_key_size(KemAlgorithm algorithm);
std::size_t kem_private_key_size(KemAlgorithm algorithm);
std::size_t kem_shared_secret_size(KemAlgorithm algorithm);

/// A serialised private key: 32 bytes for DHKEM and X-Wing (its seed), 64 for ML-KEM-768 (d || z).
using KemPrivateKey = ShortSecret<struct KemPrivateKeyTag>;
using KemSharedSecret = ShortSecret<struct KemSharedSecretTag>;

struct KemKeyPair {
  KemPrivateKey private_key;
  Bytes public_key;
};

struct KemOutput {
  Bytes ciphertext;  ///< enc
  KemSharedSecret shared_secret;
};

/// A fresh pair, by DeriveKeyPair of Nsk random bytes.
KemKeyPair kem_generate(KemAlgorithm algorithm, Entropy& entropy);

/// DeriveKeyPair of the algorithm; `malformed` when ikm has less than 32 bytes (MLS passes KDF.Nh: RFC 9420 s.7.4).
Result<KemKeyPair> kem_derive_key_pair(KemAlgorithm algorithm, ByteView ikm);

/// The public key that belongs to a serialised private key; `malformed` if it is none.
Result<Bytes> kem_public_key(KemAlgorithm algorithm, const KemPrivateKey& key);

/// Whether these bytes are a public key: its size, for P-256 a point of the curve, for X25519 (also in X-Wing) its
/// one encoding and no small order, for ML-KEM (also in X-Wing) the modulus check of FIPS 203 s.7.2; `malformed`
/// otherwise. A key that passes can be sealed to, and no two that pass are the same key in different bytes.
Status kem_check_public_key(KemAlgorithm algorithm, ByteView public_key);

/// A shared secret for the holder of `public_key`; `crypto_failed` if the key is not valid (also an all-zero
/// Diffie-Hellman result, RFC 9180 s.7.1.4).
Result<KemOutput> kem_encapsulate(KemAlgorithm algorithm, ByteView public_key, Entropy& entropy);
/// With the randomness given (for vectors): the ephemeral ikm for DHKEM (32 bytes or more), 64 bytes for X-Wing, 32
/// for ML-KEM; `malformed` when it is of another size.
Result<KemOutput> kem_encapsulate_deterministic(KemAlgorithm algorithm, ByteView public_key, ByteView randomness);

/// The secret of that encapsulation. `crypto_failed` for a ciphertext of the wrong size, an invalid ephemeral key or an
/// all-zero Diffie-Hellman result; `malformed` if `key` is no private key. What ML-KEM rejects it turns into another
/// secret instead (FIPS 203 s.6.3), so that only what is sealed under it fails to open.
Result<KemSharedSecret> kem_decapsulate(KemAlgorithm algorithm, const KemPrivateKey& key, ByteView ciphertext);

}  // namespace cairn::crypto
