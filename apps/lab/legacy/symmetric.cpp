#include "apps/lab/legacy/symmetric.h"

#include <openssl/core_names.h>
#include <openssl/hmac.h>
#include <openssl/params.h>
#include <openssl/rand.h>

#include "apps/lab/legacy/openssl.h"

namespace cairn::lab::legacy {
namespace {

Bytes digest(const EVP_MD* kind, ByteView data) {
  Bytes out(static_cast<std::size_t>(EVP_MD_get_size(kind)));
  CHECK(EVP_Digest(data.data(), data.size(), out.data(), nullptr, kind, nullptr) == 1);
  return out;
}

const EVP_CIPHER* wrap_cipher(ByteView key) {
  CHECK(key.size() == 16 || key.size() == 32);
  return key.size() == 16 ? EVP_aes_128_wrap() : EVP_aes_256_wrap();
}

}  // namespace

Bytes random_bytes(std::size_t size) {
  Bytes out(size);
  CHECK(RAND_bytes(out.data(), static_cast<int>(size)) == 1);
  return out;
}

Bytes aes_ctr(ByteView key, ByteView counter, ByteView data) {
  CHECK((key.size() == 16 || key.size() == 32) && counter.size() == 16);
  const CipherContext context(EVP_CIPHER_CTX_new());
  const EVP_CIPHER* cipher = key.size() == 16 ? EVP_aes_128_ctr() : EVP_aes_256_ctr();
  CHECK(EVP_EncryptInit_ex(context.get(), cipher, nullptr, key.data(), counter.data()) == 1);
  Bytes out(data.size());
  int written = 0;
  if (!data.empty())
    CHECK(EVP_EncryptUpdate(context.get(), out.data(), &written, data.data(), static_cast<int>(data.size())) == 1);
  return out;
}

Bytes first_counter() {
  Bytes out(16);
  out.back() = 1;
  return out;
}

Bytes aes_wrap(ByteView key, ByteView data) {
  CHECK(data.size() % 8 == 0 && data.size() >= 16);
  const CipherContext context(EVP_CIPHER_CTX_new());
  EVP_CIPHER_CTX_set_flags(context.get(), EVP_CIPHER_CTX_FLAG_WRAP_ALLOW);
  CHECK(EVP_EncryptInit_ex(context.get(), wrap_cipher(key), nullptr, key.data(), nullptr) == 1);
  Bytes out(data.size() + 8);
  int written = 0;
  CHECK(EVP_EncryptUpdate(context.get(), out.data(), &written, data.data(), static_cast<int>(data.size())) == 1);
  CHECK(static_cast<std::size_t>(written) == out.size());
  return out;
}

Result<Bytes> aes_unwrap(ByteView key, ByteView wrapped) {
  REQUIRE(wrapped.size() % 8 == 0 && wrapped.size() >= 24, ErrorCode::malformed, "wrapped key");
  const CipherContext context(EVP_CIPHER_CTX_new());
  EVP_CIPHER_CTX_set_flags(context.get(), EVP_CIPHER_CTX_FLAG_WRAP_ALLOW);
  CHECK(EVP_DecryptInit_ex(context.get(), wrap_cipher(key), nullptr, key.data(), nullptr) == 1);
  Bytes out(wrapped.size());
  int written = 0;
  const bool good =
      EVP_DecryptUpdate(context.get(), out.data(), &written, wrapped.data(), static_cast<int>(wrapped.size())) == 1;
  REQUIRE(good && written == static_cast<int>(wrapped.size()) - 8, ErrorCode::crypto_failed, "wrapped key");
  out.resize(static_cast<std::size_t>(written));
  return out;
}

Bytes sha1(ByteView data) { return digest(EVP_sha1(), data); }
Bytes sha256(ByteView data) { return digest(EVP_sha256(), data); }

Bytes hmac_sha256(ByteView key, ByteView data) {
  Bytes out(32);
  unsigned size = 0;
  CHECK(HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), data.data(), data.size(), out.data(), &size) !=
        nullptr);
  return out;
}

Bytes pbkdf2(ByteView password, ByteView salt, unsigned rounds) {
  Bytes out(32);
  CHECK(PKCS5_PBKDF2_HMAC(reinterpret_cast<const char*>(password.data()), static_cast<int>(password.size()),
                          salt.data(), static_cast<int>(salt.size()), static_cast<int>(rounds), EVP_sha256(),
                          static_cast<int>(out.size()), out.data()) == 1);
  return out;
}

Bytes curve25519_public(ByteView private_key) {
  const Key key(EVP_PKEY_new_raw_private_key(EVP_PKEY_X25519, nullptr, private_key.data(), private_key.size()));
  CHECK(key != nullptr);
  Bytes out(32);
  std::size_t size = out.size();
  CHECK(EVP_PKEY_get_raw_public_key(key.get(), out.data(), &size) == 1);
  return out;
}

Result<Bytes> curve25519_shared(ByteView private_key, ByteView public_key) {
  const Key own(EVP_PKEY_new_raw_private_key(EVP_PKEY_X25519, nullptr, private_key.data(), private_key.size()));
  const Key other(EVP_PKEY_new_raw_public_key(EVP_PKEY_X25519, nullptr, public_key.data(), public_key.size()));
  REQUIRE(own != nullptr && other != nullptr, ErrorCode::malformed, "Curve25519 key");
  const KeyContext context(EVP_PKEY_CTX_new(own.get(), nullptr));
  Bytes out(32);
  std::size_t size = out.size();
  const bool good = EVP_PKEY_derive_init(context.get()) == 1 &&
                    EVP_PKEY_derive_set_peer(context.get(), other.get()) == 1 &&
                    EVP_PKEY_derive(context.get(), out.data(), &size) == 1;
  REQUIRE(good, ErrorCode::malformed, "Curve25519 key");
  return out;
}

}  // namespace cairn::lab::legacy
