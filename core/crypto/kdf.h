// Key derivation: HKDF (RFC 5869), and Cairn's own labelled use of it.
#pragma once

#include <string_view>

#include "core/base/secret.h"
#include "core/crypto/hash.h"

namespace cairn::crypto {

/// HKDF-Extract; `out` must have hash_size(algorithm) bytes (CHECKed).
void hkdf_extract(HashAlgorithm algorithm, ByteView salt, ByteView ikm, MutableByteView out);

/// HKDF-Expand with info = the concatenation of `info`; out.size() <= 255 * hash_size (CHECKed).
void hkdf_expand(HashAlgorithm algorithm, ByteView prk, std::initializer_list<ByteView> info, MutableByteView out);

/// Typed forms.
template <class Tag>
ShortSecret<Tag> hkdf_extract(HashAlgorithm algorithm, ByteView salt, ByteView ikm) {
  ShortSecret<Tag> out(hash_size(algorithm));
  hkdf_extract(algorithm, salt, ikm, out.expose_mutable());
  return out;
}
template <class Tag>
ShortSecret<Tag> hkdf_expand(HashAlgorithm algorithm, ByteView prk, std::initializer_list<ByteView> info,
                             std::size_t size) {
  ShortSecret<Tag> out(size);
  hkdf_expand(algorithm, prk, info, out.expose_mutable());
  return out;
}

/// KDF of docs/spec/directory.md: HKDF-SHA256-Expand(HKDF-Extract(salt = "cairn/v1", secret),
/// label || 0x00 || context, out.size()).
void kdf(ByteView secret, std::string_view label, ByteView context, MutableByteView out);

template <class SecretType>
SecretType kdf(ByteView secret, std::string_view label, ByteView context) {
  SecretType out;
  kdf(secret, label, context, out.expose_mutable());
  return out;
}

}  // namespace cairn::crypto
