// ECDSA with P-256 over SHA-1, as messages were signed. OpenSSL's.
#pragma once

#include "apps/lab/legacy/openssl.h"

namespace cairn::lab::legacy {

/// 04 || X || Y.
constexpr std::size_t kPointBytes = 65;

class EcdsaKey {
 public:
  static EcdsaKey generate();
  /// SEC 1 ECPrivateKey.
  static Result<EcdsaKey> from_der(ByteView der);
  Bytes to_der() const;

  const Bytes& point() const { return point_; }
  /// DER, over SHA-1(data).
  Bytes sign(ByteView data) const;

 private:
  explicit EcdsaKey(Key key);
  Key key_;
  Bytes point_;
};

/// `malformed` for what is no point, `invalid_signature`.
Status ecdsa_verify(ByteView point, ByteView data, ByteView signature);

}  // namespace cairn::lab::legacy
