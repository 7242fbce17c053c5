// Authenticated encryption: AES-GCM, ChaCha20-Poly1305 (RFC 5116, 8439), XChaCha20-Poly1305, AEGIS-256.
#pragma once

#include "core/base/secret.h"

namespace cairn::crypto {

enum class AeadAlgorithm : std::uint8_t { aes_128_gcm, aes_256_gcm, chacha20_poly1305, xchacha20_poly1305, aegis_256 };

/// Nk, Nn and Nt of RFC 9180 s.7.3, in bytes.
std::size_t aead_key_size(AeadAlgorithm algorithm);
std::size_t aead_nonce_size(AeadAlgorithm algorithm);
std::size_t aead_tag_size(AeadAlgorithm algorithm);

/// Ciphertext with the tag at its end. Key and nonce must have the algorithm's sizes (CHECKed); a pair is
/// used once.
Bytes aead_seal(AeadAlgorithm algorithm, ByteView key, ByteView nonce, ByteView aad, ByteView plaintext);

/// The same into `out`, which has the plaintext's size and the tag's (CHECKed); they do not overlap.
void aead_seal_into(AeadAlgorithm algorithm, ByteView key, ByteView nonce, ByteView aad, ByteView plaintext,
                    MutableByteView out);

/// The plaintext, or `crypto_failed` for whatever reason.
Result<SecretBytes> aead_open(AeadAlgorithm algorithm, ByteView key, ByteView nonce, ByteView aad, ByteView ciphertext);

/// The same into `out`; `crypto_failed` too when that has not the plaintext's size. What stands there after a failure
/// is no plaintext.
Status aead_open_into(AeadAlgorithm algorithm, ByteView key, ByteView nonce, ByteView aad, ByteView ciphertext,
                      MutableByteView out);

}  // namespace cairn::crypto
