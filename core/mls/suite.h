// Cipher suites (RFC 9420 s.5.1): one row each, everything else asks the row.
#pragma once

#include <string_view>

#include "core/crypto/hpke.h"
#include "core/crypto/signature.h"

namespace cairn::mls {

/// A cipher suite number as it stands on the wire (s.13.1, 17.1). Only numbers of the table are values of it.
enum class SuiteId : std::uint16_t {
  x25519_aes128 = 0x0001,  ///< MLS_128_DHKEMX25519_AES128GCM_SHA256_Ed25519, mandatory in the RFC
  p256_aes128 = 0x0002,    ///< MLS_128_DHKEMP256_AES128GCM_SHA256_P256; its signatures are not deterministic
  x25519_chacha = 0x0003,  ///< MLS_128_DHKEMX25519_CHACHA20POLY1305_SHA256_Ed25519
  xwing_interop = 0xF00D,  ///< X-Wing, SHA-512, AES-256-GCM, Ed25519, as independent implementations number it
  xwing = 0xF102           ///< draft-ietf-mls-pq-ciphersuites MLKEM768X25519_AES256GCM_SHA384_Ed25519; the default
};

/// What every new group uses unless told otherwise.
constexpr SuiteId kDefaultSuite = SuiteId::xwing;

/// One row. The KDF of a suite is HKDF with its hash, so `hash` serves both.
struct CipherSuite {
  SuiteId id;
  std::string_view name;
  crypto::HpkeSuite hpke;
  crypto::HashAlgorithm hash;
  crypto::SignatureAlgorithm signature;

  /// Nh of the hash and the KDF, in bytes.
  std::size_t hash_size() const { return crypto::hash_size(hash); }
  /// Nk and Nn of the AEAD, in bytes.
  std::size_t key_size() const { return crypto::aead_key_size(hpke.aead); }
  std::size_t nonce_size() const { return crypto::aead_nonce_size(hpke.aead); }
  std::uint16_t number() const { return static_cast<std::uint16_t>(id); }
};

/// All rows, ascending by number.
std::span<const CipherSuite> cipher_suites();

/// The row of a suite of ours.
const CipherSuite& cipher_suite(SuiteId id);

/// The row with this number; `unsupported` for all others. Those of RFC 9420 s.17.1 that are not here (0x0004 to
/// 0x0007) are named in the error.
Result<SuiteId> find_suite(std::uint16_t number);

/// The row with this name, as in `name`; `unsupported` for all others.
Result<SuiteId> find_suite(std::string_view name);

}  // namespace cairn::mls
