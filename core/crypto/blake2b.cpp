#include "core/crypto/blake2b.h"

#include "core/crypto/internal/sodium.h"

namespace cairn::crypto {

void blake2b(ByteView key, ByteView data, MutableByteView out) {
  internal::require_sodium();
  CHECK(key.size() <= 64 && !out.empty() && out.size() <= 64);
  CHECK(crypto_generichash_blake2b(out.data(), out.size(), data.data(), data.size(), key.data(), key.size()) == 0);
}

}  // namespace cairn::crypto
