// Argon2id as it is, but over 8 KiB and once, whatever is asked: linked into core_client_test alone, in the place of
// libsodium's (CMakeLists.txt), where PINs are set and tried a hundred times. The cost that was asked for goes into the
// salt, so that another one still gives another key. What it costs in truth is held by core/crypto/password_test.cpp,
// core/vault/pin_test.cpp and the vectors, and is paid in tests/e2e.
#include <sodium.h>

#include <array>
#include <cstddef>

extern "C" {

// The linker's names: what is defined here is called for crypto_pwhash, and __real_ is that.
// NOLINTBEGIN(bugprone-reserved-identifier,readability-identifier-naming)
int __real_crypto_pwhash(unsigned char* out, unsigned long long out_size, const char* password,
                         unsigned long long password_size, const unsigned char* salt, unsigned long long passes,
                         std::size_t memory, int algorithm);

int __wrap_crypto_pwhash(unsigned char* out, unsigned long long out_size, const char* password,
                         unsigned long long password_size, const unsigned char* salt, unsigned long long passes,
                         std::size_t memory, int algorithm) {
  crypto_generichash_state state;
  std::array<unsigned char, crypto_pwhash_SALTBYTES> mixed{};
  const std::array<unsigned long long, 2> cost = {passes, memory};
  crypto_generichash_init(&state, nullptr, 0, mixed.size());
  crypto_generichash_update(&state, salt, crypto_pwhash_SALTBYTES);
  crypto_generichash_update(&state, reinterpret_cast<const unsigned char*>(cost.data()), sizeof(cost));
  crypto_generichash_final(&state, mixed.data(), mixed.size());
  return __real_crypto_pwhash(out, out_size, password, password_size, mixed.data(), crypto_pwhash_OPSLIMIT_MIN,
                              crypto_pwhash_MEMLIMIT_MIN, algorithm);
}
// NOLINTEND(bugprone-reserved-identifier,readability-identifier-naming)

}  // extern "C"
