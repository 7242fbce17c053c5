#include "core/crypto/ct.h"

#include "core/crypto/internal/sodium.h"

namespace cairn::crypto {

bool ct_equal(ByteView a, ByteView b) {
  return a.size() == b.size() && sodium_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace cairn::crypto
