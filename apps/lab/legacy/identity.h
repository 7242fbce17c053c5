// A device's public identity, as the identity service hands it out: 249 bytes of DER.
//
//   30 81F6 | 81 43 0041 04 X Y | 82 81AE 00AC 3081A9 0281A1 N 0203 010001
//            ECDSA P-256 point    RSA-1280 public key, N with a zero in front
#pragma once

#include "core/base/bytes.h"

namespace cairn::lab::legacy {

constexpr std::size_t kIdentityBytes = 249;

struct PublicIdentity {
  Bytes signing_point;  ///< kPointBytes
  Bytes rsa_modulus;    ///< kRsaBytes, top bit set

  Bytes encode() const;
  /// `malformed` for anything but the one encoding.
  static Result<PublicIdentity> parse(ByteView der);
  friend bool operator==(const PublicIdentity&, const PublicIdentity&) = default;
};

}  // namespace cairn::lab::legacy
