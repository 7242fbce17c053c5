// DHKEM(X25519, HKDF-SHA256) and DHKEM(P-256, HKDF-SHA256) (RFC 9180 s.4.1, 7.1).
#pragma once

#include "core/crypto/kem.h"

namespace cairn::crypto::internal {

/// Whether 32 bytes are an X25519 public key in its one encoding, a number below 2^255 - 19 (RFC 7748 s.5 ignores the
/// top bit, so every key has others), and no point of small order, which gives all zeros with every private key. For
/// public data: its time varies.
bool x25519_is_public_key(ByteView bytes);

/// In all of these `algorithm` is dhkem_x25519 or dhkem_p256, and sizes were checked by the caller.

/// DeriveKeyPair (RFC 9180 s.7.1.3).
KemKeyPair dhkem_derive_key_pair(KemAlgorithm algorithm, ByteView ikm);
Result<Bytes> dhkem_public_key(KemAlgorithm algorithm, ByteView private_key);
/// Encap with the ephemeral pair derived from `ikm`.
Result<KemOutput> dhkem_encapsulate(KemAlgorithm algorithm, ByteView public_key, ByteView ikm);
Result<KemSharedSecret> dhkem_decapsulate(KemAlgorithm algorithm, ByteView private_key, ByteView ciphertext);

}  // namespace cairn::crypto::internal
