// Argon2id as it is, but over 8 KiB and once, whatever is asked: linked into core_client_test alone, in the place of
// libsodium's (CMakeLists.txt), where PINs are set and tried a hundred times. The cost that was asked for goes into the
// salt, so that another one still gives another key. What it costs in truth is held by core/crypto/password_test.cpp,
// core/vault/pin_test.cpp and the vectors, and is paid in tests/e2e.
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

namespace {

constexpr std::size_t kSaltSize = 16;
constexpr unsigned long long kPasses = 1;
constexpr std::size_t kMemory = 8192;  // bytes: libsodium takes no less

}  // namespace

extern "C" {

// The linker's names: what is defined here is called for crypto_pwhash, and __real_ is that.
// NOLINTBEGIN(bugprone-reserved-identifier,readability-identifier-naming)
int __real_crypto_pwhash(unsigned char* out, unsigned long long out_size, const char* password,
                         unsigned long long password_size, const unsigned char* salt, unsigned long long passes,
                         std::size_t memory, int algorithm);

int __wrap_crypto_pwhash(unsigned char* out, unsigned long long out_size, const char* password,
                         unsigned long long password_size, const unsigned char* salt, unsigned long long passes,
                         std::size_t memory, int algorithm) {
  std::array<unsigned char, kSaltSize> mixed{};
  std::copy_n(salt, kSaltSize, mixed.begin());
  for (std::size_t i = 0; i < 8; ++i) {
    mixed[i] = static_cast<unsigned char>(mixed[i] ^ (passes >> (8 * i)));
    mixed[8 + i] = static_cast<unsigned char>(mixed[8 + i] ^ (std::uint64_t{memory} >> (8 * i)));
  }
  return __real_crypto_pwhash(out, out_size, password, password_size, mixed.data(), kPasses, kMemory, algorithm);
}
// NOLINTEND(bugprone-reserved-identifier,readability-identifier-naming)

}  // extern "C"
