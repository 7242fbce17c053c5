// NIST P-256 (FIPS 186-5, SEC 1) by OpenSSL: what DHKEM(P-256) and the ECDSA of MLS suite 2 share.
#pragma once

#include "core/base/secret.h"

namespace cairn::crypto::internal {

constexpr std::size_t kP256ScalarSize = 32;  ///< big-endian
constexpr std::size_t kP256PointSize = 65;   ///< 0x04 || x || y (SEC 1 s.2.3.3)

/// Whether these are 32 bytes of a number in [1, n-1]. Its time does not depend on which.
bool p256_is_scalar(ByteView scalar);

/// scalar * G; `malformed` unless p256_is_scalar.
Result<Bytes> p256_public_key(ByteView scalar);

/// `malformed` unless these are an uncompressed point of the curve (so never the one at infinity).
Status p256_check_point(ByteView point);

/// The x coordinate of scalar * point, 32 bytes, into `out`; `malformed` if either is not valid.
Status p256_diffie_hellman(ByteView scalar, ByteView point, MutableByteView out);

/// ECDSA with SHA-256, DER. OpenSSL draws the nonce itself. `malformed` unless p256_is_scalar.
Result<Bytes> p256_sign(ByteView scalar, ByteView message);

/// `invalid_signature` for a bad point, a signature that is not DER, or one that does not verify.
Status p256_verify(ByteView point, ByteView message, ByteView signature);

}  // namespace cairn::crypto::internal
