// RSA as messages used it: 1280 bits, exponent 65537, OAEP with SHA-1 (RFC 8017 s.7.1). Everything is OpenSSL's.
#pragma once

#include "apps/lab/legacy/openssl.h"

namespace cairn::lab::legacy {

constexpr unsigned kRsaBits = 1280;
constexpr std::size_t kRsaBytes = kRsaBits / 8;
/// What one block holds: 160 - 2 * 20 - 2.
constexpr std::size_t kOaepRoom = 118;

enum class RsaPadding : std::uint8_t {
  oaep_sha1,  ///< hash and MGF1 both SHA-1
  pkcs1       ///< RFC 8017 s.7.2: for moduli too small for OAEP's 42 bytes; the model of 2014 does not use it
};

class RsaKey {
 public:
  static RsaKey generate();
  /// As somebody who has factored a modulus makes it. `malformed` when they are no two primes that fit the exponent.
  static Result<RsaKey> from_primes(const BIGNUM* p, const BIGNUM* q);
  /// Two random primes of bits / 2 each: OpenSSL itself makes none below 512 bits.
  static RsaKey generate_small(unsigned bits);
  /// PKCS#1 RSAPrivateKey.
  static Result<RsaKey> from_der(ByteView der);
  Bytes to_der() const;

  /// N, as long as the modulus is.
  const Bytes& modulus() const { return modulus_; }
  /// `crypto_failed` for whatever reason.
  Result<Bytes> decrypt(ByteView block, RsaPadding padding = RsaPadding::oaep_sha1) const;

 private:
  explicit RsaKey(Key key);
  Key key_;
  Bytes modulus_;
};

/// One block under a public key (exponent 65537). `malformed` for what is no modulus, `over_limit` for what does not
/// fit the padding.
Result<Bytes> rsa_encrypt(ByteView modulus, ByteView plaintext, RsaPadding padding = RsaPadding::oaep_sha1);

}  // namespace cairn::lab::legacy
