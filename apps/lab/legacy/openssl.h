// OpenSSL's objects as this folder holds them.
#pragma once

#include <openssl/bn.h>
#include <openssl/evp.h>

#include <memory>

#include "core/base/bytes.h"

namespace cairn::lab::legacy {

struct Free {
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
  void operator()(EVP_PKEY_CTX* context) const { EVP_PKEY_CTX_free(context); }
  void operator()(EVP_CIPHER_CTX* context) const { EVP_CIPHER_CTX_free(context); }
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
  void operator()(BIGNUM* number) const { BN_clear_free(number); }
  void operator()(BN_CTX* context) const { BN_CTX_free(context); }
};
using Key = std::unique_ptr<EVP_PKEY, Free>;
using KeyContext = std::unique_ptr<EVP_PKEY_CTX, Free>;
using CipherContext = std::unique_ptr<EVP_CIPHER_CTX, Free>;
using DigestContext = std::unique_ptr<EVP_MD_CTX, Free>;
using Number = std::unique_ptr<BIGNUM, Free>;
using NumberContext = std::unique_ptr<BN_CTX, Free>;

/// Random bytes of OpenSSL's generator.
Bytes random_bytes(std::size_t size);

/// Unsigned, most significant byte first.
inline Number number_of(ByteView bytes) {
  return Number(BN_bin2bn(bytes.data(), static_cast<int>(bytes.size()), nullptr));
}
/// Likewise, filled up to `size` with zeros in front (CHECKed to fit).
inline Bytes bytes_of(const BIGNUM* number, std::size_t size) {
  Bytes out(size);
  CHECK(BN_bn2binpad(number, out.data(), static_cast<int>(size)) == static_cast<int>(size));
  return out;
}

}  // namespace cairn::lab::legacy
