// AES in counter mode, RFC 3394 key wrap, hashes: what the model needs of OpenSSL beside RSA and ECDSA.
#pragma once

#include "core/base/bytes.h"

namespace cairn::lab::legacy {

/// AES-CTR (NIST SP 800-38A s.6.5) with a key of 16 or 32 bytes and a first counter block of 16; its own inverse.
Bytes aes_ctr(ByteView key, ByteView counter, ByteView data);
/// 0^15 01, the counter block of messages.
Bytes first_counter();

/// RFC 3394 under a key of 16 or 32 bytes; `data` is a multiple of 8, at least 16.
Bytes aes_wrap(ByteView key, ByteView data);
/// `crypto_failed` when it was wrapped under another key.
Result<Bytes> aes_unwrap(ByteView key, ByteView wrapped);

Bytes sha1(ByteView data);
Bytes sha256(ByteView data);
Bytes hmac_sha256(ByteView key, ByteView data);
/// PBKDF2-HMAC-SHA-256 (RFC 8018), 32 bytes.
Bytes pbkdf2(ByteView password, ByteView salt, unsigned rounds);

/// Curve25519 (RFC 7748): a private key is any 32 bytes.
Bytes curve25519_public(ByteView private_key);
/// `malformed` for a point of small order.
Result<Bytes> curve25519_shared(ByteView private_key, ByteView public_key);

}  // namespace cairn::lab::legacy
