#include "core/mls/suite.h"

namespace cairn::mls {
namespace {

using crypto::AeadAlgorithm;
using crypto::HashAlgorithm;
using crypto::HpkeSuite;
using crypto::KemAlgorithm;
using crypto::SignatureAlgorithm;

constexpr CipherSuite row(SuiteId id, std::string_view name, KemAlgorithm kem, AeadAlgorithm aead, HashAlgorithm hash,
                          SignatureAlgorithm signature) {
  return {id, name, HpkeSuite{kem, hash, aead}, hash, signature};
}

constexpr CipherSuite kSuites[] = {
    row(SuiteId::x25519_aes128, "MLS_128_DHKEMX25519_AES128GCM_SHA256_Ed25519", KemAlgorithm::dhkem_x25519,
        AeadAlgorithm::aes_128_gcm, HashAlgorithm::sha256, SignatureAlgorithm::ed25519),
    row(SuiteId::p256_aes128, "MLS_128_DHKEMP256_AES128GCM_SHA256_P256", KemAlgorithm::dhkem_p256,
        AeadAlgorithm::aes_128_gcm, HashAlgorithm::sha256, SignatureAlgorithm::ecdsa_p256_sha256),
    row(SuiteId::x25519_chacha, "MLS_128_DHKEMX25519_CHACHA20POLY1305_SHA256_Ed25519", KemAlgorithm::dhkem_x25519,
        AeadAlgorithm::chacha20_poly1305, HashAlgorithm::sha256, SignatureAlgorithm::ed25519),
    row(SuiteId::xwing_interop, "MLS_256_XWING_AES256GCM_SHA512_Ed25519", KemAlgorithm::xwing_shake,
        AeadAlgorithm::aes_256_gcm, HashAlgorithm::sha512, SignatureAlgorithm::ed25519),
    row(SuiteId::xwing, "MLS_192_MLKEM768X25519_AES256GCM_SHA384_Ed25519", KemAlgorithm::xwing_hpke,
        AeadAlgorithm::aes_256_gcm, HashAlgorithm::sha384, SignatureAlgorithm::ed25519),
};

// The other suites of RFC 9420 s.17.1: curves that no library here has.
struct RefusedSuite {
  std::uint16_t number;
  const char* name;
};
constexpr RefusedSuite kRefusedSuites[] = {
    {0x0004, "MLS_256_DHKEMX448_AES256GCM_SHA512_Ed448"},
    {0x0005, "MLS_256_DHKEMP521_AES256GCM_SHA512_P521"},
    {0x0006, "MLS_256_DHKEMX448_CHACHA20POLY1305_SHA512_Ed448"},
    {0x0007, "MLS_256_DHKEMP384_AES256GCM_SHA384_P384"},
};

}  // namespace

std::span<const CipherSuite> cipher_suites() { return kSuites; }

const CipherSuite& cipher_suite(SuiteId id) {
  for (const CipherSuite& suite : kSuites) {
    if (suite.id == id) return suite;
  }
  CHECK(false && "a SuiteId that is not in the table");
  return kSuites[0];
}

Result<SuiteId> find_suite(std::uint16_t number) {
  for (const CipherSuite& suite : kSuites) {
    if (suite.number() == number) return suite.id;
  }
  for (const RefusedSuite& suite : kRefusedSuites) {
    if (suite.number == number) return fail(ErrorCode::unsupported, suite.name);
  }
  return fail(ErrorCode::unsupported, "cipher suite");
}

Result<SuiteId> find_suite(std::string_view name) {
  for (const CipherSuite& suite : kSuites) {
    if (suite.name == name) return suite.id;
  }
  return fail(ErrorCode::unsupported, "cipher suite");
}

}  // namespace cairn::mls
