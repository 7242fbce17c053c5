#include "apps/lab/legacy/rsa.h"

#include <openssl/core_names.h>
#include <openssl/param_build.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

namespace cairn::lab::legacy {
namespace {

constexpr unsigned long kExponent = 65537;

struct FreeParams {
  void operator()(OSSL_PARAM_BLD* build) const { OSSL_PARAM_BLD_free(build); }
  void operator()(OSSL_PARAM* params) const { OSSL_PARAM_free(params); }
};
using Build = std::unique_ptr<OSSL_PARAM_BLD, FreeParams>;
using Params = std::unique_ptr<OSSL_PARAM, FreeParams>;

Number number(unsigned long value) {
  Number out(BN_new());
  CHECK(out != nullptr && BN_set_word(out.get(), value) == 1);
  return out;
}

Result<Key> key_of(OSSL_PARAM_BLD* build, int selection) {
  const Params params(OSSL_PARAM_BLD_to_param(build));
  const KeyContext context(EVP_PKEY_CTX_new_from_name(nullptr, "RSA", nullptr));
  EVP_PKEY* key = nullptr;
  const bool good = params != nullptr && EVP_PKEY_fromdata_init(context.get()) == 1 &&
                    EVP_PKEY_fromdata(context.get(), &key, selection, params.get()) == 1;
  REQUIRE(good, ErrorCode::malformed, "RSA key");
  return Key(key);
}

bool set_padding(EVP_PKEY_CTX* context, RsaPadding padding) {
  if (padding == RsaPadding::pkcs1) return EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PADDING) == 1;
  return EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_OAEP_PADDING) == 1 &&
         EVP_PKEY_CTX_set_rsa_oaep_md(context, EVP_sha1()) == 1 &&
         EVP_PKEY_CTX_set_rsa_mgf1_md(context, EVP_sha1()) == 1;
}

/// d = e^-1 mod (p-1)(q-1); null when there is none.
Number private_exponent(const BIGNUM* p, const BIGNUM* q, const BIGNUM* e, BN_CTX* context) {
  const Number p1(BN_dup(p));
  const Number q1(BN_dup(q));
  const Number phi(BN_new());
  CHECK(BN_sub_word(p1.get(), 1) == 1 && BN_sub_word(q1.get(), 1) == 1);
  CHECK(BN_mul(phi.get(), p1.get(), q1.get(), context) == 1);
  return Number(BN_mod_inverse(nullptr, e, phi.get(), context));
}

}  // namespace

RsaKey::RsaKey(Key key) : key_(std::move(key)) {
  BIGNUM* n = nullptr;
  CHECK(EVP_PKEY_get_bn_param(key_.get(), OSSL_PKEY_PARAM_RSA_N, &n) == 1);
  const Number owned(n);
  modulus_ = bytes_of(n, static_cast<std::size_t>(BN_num_bytes(n)));
}

RsaKey RsaKey::generate() {
  Key key(EVP_RSA_gen(kRsaBits));
  CHECK(key != nullptr);
  return RsaKey(std::move(key));
}

Result<RsaKey> RsaKey::from_primes(const BIGNUM* p, const BIGNUM* q) {
  const NumberContext context(BN_CTX_new());
  const Number e = number(kExponent);
  const Number n(BN_new());
  CHECK(BN_mul(n.get(), p, q, context.get()) == 1);
  const Number d = private_exponent(p, q, e.get(), context.get());
  REQUIRE(d != nullptr, ErrorCode::malformed, "RSA primes");
  const Build build(OSSL_PARAM_BLD_new());
  CHECK(OSSL_PARAM_BLD_push_BN(build.get(), OSSL_PKEY_PARAM_RSA_N, n.get()) == 1 &&
        OSSL_PARAM_BLD_push_BN(build.get(), OSSL_PKEY_PARAM_RSA_E, e.get()) == 1 &&
        OSSL_PARAM_BLD_push_BN(build.get(), OSSL_PKEY_PARAM_RSA_D, d.get()) == 1);
  return RsaKey(TRY(key_of(build.get(), EVP_PKEY_KEYPAIR)));
}

RsaKey RsaKey::generate_small(unsigned bits) {
  for (;;) {
    const Number p(BN_new());
    const Number q(BN_new());
    // The two top bits of each are set, so that the product has all its bits.
    CHECK(BN_generate_prime_ex(p.get(), static_cast<int>(bits / 2), 0, nullptr, nullptr, nullptr) == 1 &&
          BN_generate_prime_ex(q.get(), static_cast<int>(bits / 2), 0, nullptr, nullptr, nullptr) == 1);
    auto key = from_primes(p.get(), q.get());
    if (key && BN_cmp(p.get(), q.get()) != 0 && key->modulus().size() == bits / 8) return std::move(*key);
  }
}

Result<RsaKey> RsaKey::from_der(ByteView der) {
  const unsigned char* at = der.data();
  Key key(d2i_PrivateKey(EVP_PKEY_RSA, nullptr, &at, static_cast<long>(der.size())));
  REQUIRE(key != nullptr, ErrorCode::malformed, "RSA key");
  return RsaKey(std::move(key));
}

Bytes RsaKey::to_der() const {
  unsigned char* der = nullptr;
  const int size = i2d_PrivateKey(key_.get(), &der);
  CHECK(size > 0);
  Bytes out(der, der + size);
  OPENSSL_free(der);
  return out;
}

Result<Bytes> RsaKey::decrypt(ByteView block, RsaPadding padding) const {
  const KeyContext context(EVP_PKEY_CTX_new(key_.get(), nullptr));
  Bytes out(modulus_.size());
  std::size_t size = out.size();
  const bool good = EVP_PKEY_decrypt_init(context.get()) == 1 && set_padding(context.get(), padding) &&
                    EVP_PKEY_decrypt(context.get(), out.data(), &size, block.data(), block.size()) == 1;
  REQUIRE(good, ErrorCode::crypto_failed, "RSA block");
  out.resize(size);
  return out;
}

Result<Bytes> rsa_encrypt(ByteView modulus, ByteView plaintext, RsaPadding padding) {
  const Number n = number_of(modulus);
  const Number e = number(kExponent);
  const Build build(OSSL_PARAM_BLD_new());
  CHECK(OSSL_PARAM_BLD_push_BN(build.get(), OSSL_PKEY_PARAM_RSA_N, n.get()) == 1 &&
        OSSL_PARAM_BLD_push_BN(build.get(), OSSL_PKEY_PARAM_RSA_E, e.get()) == 1);
  const Key key = TRY(key_of(build.get(), EVP_PKEY_PUBLIC_KEY));
  const KeyContext context(EVP_PKEY_CTX_new(key.get(), nullptr));
  Bytes out(modulus.size());
  std::size_t size = out.size();
  const bool good = EVP_PKEY_encrypt_init(context.get()) == 1 && set_padding(context.get(), padding) &&
                    EVP_PKEY_encrypt(context.get(), out.data(), &size, plaintext.data(), plaintext.size()) == 1;
  REQUIRE(good && size == out.size(), ErrorCode::over_limit, "RSA block");
  return out;
}

}  // namespace cairn::lab::legacy
