// The labelled operations of RFC 9420 s.5.1.2, 5.1.3, 5.2 and 8: what keeps one use of a key from standing for another.
#pragma once

#include "core/mls/labels.h"
#include "core/mls/suite.h"
#include "core/mls/types.h"

namespace cairn::mls::internal {

/// RefHash (s.5.2). `label` is one of the kRef labels; the result becomes a KeyPackageRef or ProposalRef.
Digest ref_hash(crypto::HashAlgorithm algorithm, std::string_view label, ByteView value);

/// SignWithLabel (s.5.1.2); the key is one of the suite's.
Result<SignatureBytes> sign_with_label(const crypto::SignatureKey& key, std::string_view label, ByteView content);
/// The same for a key that is used once; `malformed` when it is none of the suite's.
Result<SignatureBytes> sign_with_label(const CipherSuite& suite, const crypto::SignaturePrivateKey& key,
                                       std::string_view label, ByteView content);
/// VerifyWithLabel; `invalid_signature` when it does not verify, whatever the cause.
Status verify_with_label(const CipherSuite& suite, ByteView public_key, std::string_view label, ByteView content,
                         ByteView signature);

/// ExpandWithLabel (s.8) into `out`, whose size is the Length; it fits in a uint16 (CHECKed).
void expand_with_label(const CipherSuite& suite, ByteView secret, std::string_view label, ByteView context,
                       MutableByteView out);

/// ExpandWithLabel as a typed secret of `size` bytes.
template <class SecretType>
SecretType expand_with_label(const CipherSuite& suite, ByteView secret, std::string_view label, ByteView context,
                             std::size_t size) {
  SecretType out(size);
  expand_with_label(suite, secret, label, context, out.expose_mutable());
  return out;
}

/// DeriveSecret (s.8): Nh bytes, no context.
template <class SecretType>
SecretType derive_secret(const CipherSuite& suite, ByteView secret, std::string_view label) {
  return expand_with_label<SecretType>(suite, secret, label, {}, suite.hash_size());
}

/// DeriveTreeSecret (s.9).
template <class SecretType>
SecretType derive_tree_secret(const CipherSuite& suite, ByteView secret, std::string_view label,
                              std::uint32_t generation, std::size_t size) {
  const std::array<std::uint8_t, 4> context = {
      static_cast<std::uint8_t>(generation >> 24), static_cast<std::uint8_t>(generation >> 16),
      static_cast<std::uint8_t>(generation >> 8), static_cast<std::uint8_t>(generation)};
  return expand_with_label<SecretType>(suite, secret, label, context, size);
}

/// EncryptWithLabel (s.5.1.3); `crypto_failed` when the public key is not valid.
Result<HpkeCiphertext> encrypt_with_label(const CipherSuite& suite, ByteView public_key, std::string_view label,
                                          ByteView context, ByteView plaintext, Entropy& entropy);
/// DecryptWithLabel; `crypto_failed` whatever the cause.
Result<SecretBytes> decrypt_with_label(const CipherSuite& suite, const crypto::KemPrivateKey& key,
                                       std::string_view label, ByteView context, const HpkeCiphertext& sealed);

}  // namespace cairn::mls::internal
