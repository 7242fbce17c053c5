// Hash functions: SHA-2 (FIPS 180-4), HMAC (RFC 2104), SHAKE256 (FIPS 202).
#pragma once

#include <initializer_list>
#include <memory>

#include "core/base/types.h"

namespace cairn::crypto {

enum class HashAlgorithm : std::uint8_t { sha256, sha384, sha512 };

/// Output size in bytes: 32, 48 or 64.
std::size_t hash_size(HashAlgorithm algorithm);

/// The hash of the concatenation of `parts`.
Digest hash(HashAlgorithm algorithm, std::initializer_list<ByteView> parts);
inline Digest hash(HashAlgorithm algorithm, ByteView data) { return hash(algorithm, {data}); }

/// SHA-256 of the concatenation of `parts`.
Hash sha256(std::initializer_list<ByteView> parts);
inline Hash sha256(ByteView data) { return sha256({data}); }

/// A hash over data that comes in pieces.
class Hasher {
 public:
  explicit Hasher(HashAlgorithm algorithm);
  ~Hasher();
  Hasher(Hasher&&) noexcept;
  Hasher& operator=(Hasher&&) noexcept;

  Hasher& update(ByteView data);
  /// Ends the hash; the object must not be used afterwards.
  Digest finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// HMAC over the concatenation of `parts`. The tag is compared with ct_equal.
Digest hmac(HashAlgorithm algorithm, ByteView key, std::initializer_list<ByteView> parts);

/// SHAKE256 over the concatenation of `parts`, as many bytes as `out` has.
void shake256(std::initializer_list<ByteView> parts, MutableByteView out);

}  // namespace cairn::crypto
