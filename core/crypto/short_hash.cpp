#include "core/crypto/short_hash.h"

#include "core/crypto/internal/sodium.h"

namespace cairn::crypto {

std::uint64_t short_hash(const ShortHashKey& key, ByteView data) {
  internal::require_sodium();
  std::uint8_t out[crypto_shorthash_siphash24_BYTES];
  static_assert(ShortHashKey::kSize == crypto_shorthash_siphash24_KEYBYTES);
  CHECK(crypto_shorthash_siphash24(out, data.data(), data.size(), key.data()) == 0);
  std::uint64_t hash = 0;
  for (std::size_t i = sizeof out; i-- > 0;) hash = hash << 8U | out[i];  // little-endian, as its authors number bytes
  return hash;
}

}  // namespace cairn::crypto
