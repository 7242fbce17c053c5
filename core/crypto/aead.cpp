#include "core/crypto/aead.h"

#include <openssl/evp.h>

#include <limits>
#include <memory>

#include "core/crypto/internal/sodium.h"

namespace cairn::crypto {

namespace {

/// OpenSSL counts in int.
constexpr std::size_t kMaxAesInput = std::numeric_limits<int>::max();

struct Sizes {
  std::size_t key, nonce, tag;
};

const Sizes& sizes(AeadAlgorithm algorithm) {
  static constexpr std::array<Sizes, 5> all = {Sizes{16, 12, 16}, Sizes{32, 12, 16}, Sizes{32, 12, 16},
                                               Sizes{32, 24, 16}, Sizes{32, 32, 32}};
  return all[static_cast<std::size_t>(algorithm)];
}

bool is_aes(AeadAlgorithm algorithm) {
  return algorithm == AeadAlgorithm::aes_128_gcm || algorithm == AeadAlgorithm::aes_256_gcm;
}

/// Fetched once per process; never freed.
const EVP_CIPHER* fetched(AeadAlgorithm algorithm) {
  static const EVP_CIPHER* const aes_128 = EVP_CIPHER_fetch(nullptr, "AES-128-GCM", nullptr);
  static const EVP_CIPHER* const aes_256 = EVP_CIPHER_fetch(nullptr, "AES-256-GCM", nullptr);
  const EVP_CIPHER* cipher = algorithm == AeadAlgorithm::aes_128_gcm ? aes_128 : aes_256;
  CHECK(cipher != nullptr);
  return cipher;
}

struct FreeContext {
  void operator()(EVP_CIPHER_CTX* context) const { EVP_CIPHER_CTX_free(context); }
};
using CipherContext = std::unique_ptr<EVP_CIPHER_CTX, FreeContext>;

enum class Direction : int { open = 0, seal = 1 };

/// A context that has taken key, nonce (12 bytes, the default of GCM) and associated data.
CipherContext begin_aes(AeadAlgorithm algorithm, Direction direction, ByteView key, ByteView nonce, ByteView aad) {
  CipherContext context(EVP_CIPHER_CTX_new());
  CHECK(context != nullptr);
  CHECK(EVP_CipherInit_ex2(context.get(), fetched(algorithm), key.data(), nonce.data(), static_cast<int>(direction),
                           nullptr) == 1);
  int written = 0;
  if (!aad.empty()) {
    CHECK(EVP_CipherUpdate(context.get(), nullptr, &written, aad.data(), static_cast<int>(aad.size())) == 1);
  }
  return context;
}

/// One pass over the text; GCM writes as much as it reads.
void update_aes(EVP_CIPHER_CTX* context, ByteView in, std::uint8_t* out) {
  int written = 0;
  if (!in.empty()) CHECK(EVP_CipherUpdate(context, out, &written, in.data(), static_cast<int>(in.size())) == 1);
  CHECK(static_cast<std::size_t>(written) == in.size());
}

void seal_aes(AeadAlgorithm algorithm, ByteView key, ByteView nonce, ByteView aad, ByteView plaintext,
              MutableByteView out) {
  CHECK(plaintext.size() <= kMaxAesInput && aad.size() <= kMaxAesInput);
  const CipherContext context = begin_aes(algorithm, Direction::seal, key, nonce, aad);
  update_aes(context.get(), plaintext, out.data());
  std::uint8_t* const tag = out.data() + plaintext.size();
  int written = 0;
  CHECK(EVP_CipherFinal_ex(context.get(), tag, &written) == 1 && written == 0);
  CHECK(EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_AEAD_GET_TAG, static_cast<int>(sizes(algorithm).tag), tag) == 1);
}

bool open_aes(AeadAlgorithm algorithm, ByteView key, ByteView nonce, ByteView aad, ByteView text, ByteView tag,
              std::uint8_t* out) {
  if (text.size() > kMaxAesInput || aad.size() > kMaxAesInput) return false;
  const CipherContext context = begin_aes(algorithm, Direction::open, key, nonce, aad);
  update_aes(context.get(), text, out);
  CHECK(EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_AEAD_SET_TAG, static_cast<int>(tag.size()),
                            const_cast<std::uint8_t*>(tag.data())) == 1);
  std::uint8_t nothing[16];
  int written = 0;
  return EVP_CipherFinal_ex(context.get(), nothing, &written) == 1;
}

using SodiumSeal = int (*)(unsigned char*, unsigned long long*, const unsigned char*, unsigned long long,
                           const unsigned char*, unsigned long long, const unsigned char*, const unsigned char*,
                           const unsigned char*);
using SodiumOpen = int (*)(unsigned char*, unsigned long long*, unsigned char*, const unsigned char*,
                           unsigned long long, const unsigned char*, unsigned long long, const unsigned char*,
                           const unsigned char*);
struct SodiumAead {
  SodiumSeal seal;
  SodiumOpen open;
};

SodiumAead sodium_aead(AeadAlgorithm algorithm) {
  internal::require_sodium();
  switch (algorithm) {
    case AeadAlgorithm::chacha20_poly1305:
      return {crypto_aead_chacha20poly1305_ietf_encrypt, crypto_aead_chacha20poly1305_ietf_decrypt};
    case AeadAlgorithm::xchacha20_poly1305:
      return {crypto_aead_xchacha20poly1305_ietf_encrypt, crypto_aead_xchacha20poly1305_ietf_decrypt};
    default:
      CHECK(algorithm == AeadAlgorithm::aegis_256);
      return {crypto_aead_aegis256_encrypt, crypto_aead_aegis256_decrypt};
  }
}

void check_sizes(AeadAlgorithm algorithm, ByteView key, ByteView nonce) {
  CHECK(key.size() == sizes(algorithm).key);
  CHECK(nonce.size() == sizes(algorithm).nonce);
}

}  // namespace

std::size_t aead_key_size(AeadAlgorithm algorithm) { return sizes(algorithm).key; }
std::size_t aead_nonce_size(AeadAlgorithm algorithm) { return sizes(algorithm).nonce; }
std::size_t aead_tag_size(AeadAlgorithm algorithm) { return sizes(algorithm).tag; }

void aead_seal_into(AeadAlgorithm algorithm, ByteView key, ByteView nonce, ByteView aad, ByteView plaintext,
                    MutableByteView out) {
  check_sizes(algorithm, key, nonce);
  CHECK(out.size() == plaintext.size() + sizes(algorithm).tag);
  if (is_aes(algorithm)) {
    seal_aes(algorithm, key, nonce, aad, plaintext, out);
  } else {
    CHECK(sodium_aead(algorithm).seal(out.data(), nullptr, plaintext.data(), plaintext.size(), aad.data(), aad.size(),
                                      nullptr, nonce.data(), key.data()) == 0);
  }
}

Bytes aead_seal(AeadAlgorithm algorithm, ByteView key, ByteView nonce, ByteView aad, ByteView plaintext) {
  Bytes out(plaintext.size() + sizes(algorithm).tag);
  aead_seal_into(algorithm, key, nonce, aad, plaintext, out);
  return out;
}

Status aead_open_into(AeadAlgorithm algorithm, ByteView key, ByteView nonce, ByteView aad, ByteView ciphertext,
                      MutableByteView out) {
  check_sizes(algorithm, key, nonce);
  const std::size_t tag_size = sizes(algorithm).tag;
  REQUIRE(ciphertext.size() == out.size() + tag_size, ErrorCode::crypto_failed, "aead open");
  bool good = false;
  if (is_aes(algorithm)) {
    good = open_aes(algorithm, key, nonce, aad, ciphertext.first(out.size()), ciphertext.last(tag_size), out.data());
  } else {
    good = sodium_aead(algorithm).open(out.data(), nullptr, nullptr, ciphertext.data(), ciphertext.size(), aad.data(),
                                       aad.size(), nonce.data(), key.data()) == 0;
  }
  REQUIRE(good, ErrorCode::crypto_failed, "aead open");
  return ok();
}

Result<SecretBytes> aead_open(AeadAlgorithm algorithm, ByteView key, ByteView nonce, ByteView aad,
                              ByteView ciphertext) {
  const std::size_t tag_size = sizes(algorithm).tag;
  REQUIRE(ciphertext.size() >= tag_size, ErrorCode::crypto_failed, "aead open");
  SecretBytes out(ciphertext.size() - tag_size);
  TRY(aead_open_into(algorithm, key, nonce, aad, ciphertext, out.expose_mutable()));
  return out;
}

}  // namespace cairn::crypto
