// Argon2id (RFC 9106): keys from what people remember.
#pragma once

#include "core/base/secret.h"

namespace cairn::crypto {

struct Argon2idCost {
  std::uint32_t memory_kib;
  std::uint32_t passes;
};

/// One lane. `salt` has 16 bytes (CHECKed), out 16 or more bytes. `over_limit` when the memory cannot be had.
Status argon2id(ByteView password, ByteView salt, Argon2idCost cost, MutableByteView out);

}  // namespace cairn::crypto
