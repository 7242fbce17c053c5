#include "apps/lab/legacy/ecdsa.h"

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/params.h>
#include <openssl/x509.h>

namespace cairn::lab::legacy {

EcdsaKey::EcdsaKey(Key key) : key_(std::move(key)), point_(kPointBytes) {
  std::size_t size = 0;
  CHECK(EVP_PKEY_get_octet_string_param(key_.get(), OSSL_PKEY_PARAM_PUB_KEY, point_.data(), point_.size(), &size) == 1);
  CHECK(size == kPointBytes);
}

EcdsaKey EcdsaKey::generate() {
  Key key(EVP_EC_gen("P-256"));
  CHECK(key != nullptr);
  return EcdsaKey(std::move(key));
}

Result<EcdsaKey> EcdsaKey::from_der(ByteView der) {
  const unsigned char* at = der.data();
  Key key(d2i_PrivateKey(EVP_PKEY_EC, nullptr, &at, static_cast<long>(der.size())));
  REQUIRE(key != nullptr, ErrorCode::malformed, "ECDSA key");
  return EcdsaKey(std::move(key));
}

Bytes EcdsaKey::to_der() const {
  unsigned char* der = nullptr;
  const int size = i2d_PrivateKey(key_.get(), &der);
  CHECK(size > 0);
  Bytes out(der, der + size);
  OPENSSL_free(der);
  return out;
}

Bytes EcdsaKey::sign(ByteView data) const {
  const DigestContext context(EVP_MD_CTX_new());
  CHECK(EVP_DigestSignInit(context.get(), nullptr, EVP_sha1(), nullptr, key_.get()) == 1);
  std::size_t size = 0;
  CHECK(EVP_DigestSign(context.get(), nullptr, &size, data.data(), data.size()) == 1);
  Bytes out(size);
  CHECK(EVP_DigestSign(context.get(), out.data(), &size, data.data(), data.size()) == 1);
  out.resize(size);
  return out;
}

Status ecdsa_verify(ByteView point, ByteView data, ByteView signature) {
  char curve[] = "P-256";
  OSSL_PARAM params[] = {
      OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, curve, 0),
      OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, const_cast<std::uint8_t*>(point.data()), point.size()),
      OSSL_PARAM_construct_end()};
  const KeyContext making(EVP_PKEY_CTX_new_from_name(nullptr, "EC", nullptr));
  EVP_PKEY* made = nullptr;
  REQUIRE(EVP_PKEY_fromdata_init(making.get()) == 1 &&
              EVP_PKEY_fromdata(making.get(), &made, EVP_PKEY_PUBLIC_KEY, params) == 1,
          ErrorCode::malformed, "ECDSA key");
  const Key key(made);
  const DigestContext context(EVP_MD_CTX_new());
  CHECK(EVP_DigestVerifyInit(context.get(), nullptr, EVP_sha1(), nullptr, key.get()) == 1);
  REQUIRE(EVP_DigestVerify(context.get(), signature.data(), signature.size(), data.data(), data.size()) == 1,
          ErrorCode::invalid_signature, "ECDSA signature");
  return ok();
}

}  // namespace cairn::lab::legacy
