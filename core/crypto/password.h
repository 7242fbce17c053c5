// Argon2id (RFC 9106): keys from what people remember.
#pragma once

#include "core/base/secret.h"

namespace cairn::crypto {

struct Argon2idCost {
  std::uint32_t memory_kib;
  std::uint32_t passes;
};

/// One lane. `salt` has 16 bytes, out 16 or more (both CHECKed). `over_limit` when the memory cannot be had, or
/// the cost is none that Argon2id knows: less than 8 KiB or no pass. A cost that comes from outside needs the
/// caller's own upper limit first.
Status argon2id(ByteView password, ByteView salt, Argon2idCost cost, MutableByteView out);

}  // namespace cairn::crypto
