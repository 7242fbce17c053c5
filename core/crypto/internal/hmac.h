// HMAC into memory of the caller's: the form that key derivation needs, where a tag is itself a secret.
#pragma once

#include <span>

#include "core/crypto/hash.h"

namespace cairn::crypto::internal {

/// HMAC (RFC 2104) over the concatenation of `parts`; `out` has hash_size(algorithm) bytes (CHECKed) and may be one
/// of the parts. Nothing of key or tag stays behind.
void hmac_into(HashAlgorithm algorithm, ByteView key, std::span<const ByteView> parts, MutableByteView out);

inline void hmac_into(HashAlgorithm algorithm, ByteView key, std::initializer_list<ByteView> parts,
                      MutableByteView out) {
  hmac_into(algorithm, key, std::span<const ByteView>(parts.begin(), parts.size()), out);
}

}  // namespace cairn::crypto::internal
