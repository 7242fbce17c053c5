#include "core/crypto/internal/sodium.h"

#include "core/base/check.h"

namespace cairn::crypto::internal {

void require_sodium() {
  static const bool ready = sodium_init() >= 0;  // 1 means that it was done before
  CHECK(ready);
}

}  // namespace cairn::crypto::internal
