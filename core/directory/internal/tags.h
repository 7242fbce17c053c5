// The first byte of everything that is hashed here: one meaning each (docs/spec/directory.md).
// 0x00 and 0x01 are the log's (RFC 6962 s.2.1).
#pragma once

#include "core/crypto/hash.h"

namespace cairn::directory::internal {

enum class Tag : std::uint8_t {
  map_leaf = 0x02,
  map_node = 0x03,
  commitment = 0x04,
  head = 0x05,
  request = 0x06,
  resets = 0x07,
  config = 0x08,
  veto_mark = 0x09,
  notices = 0x0a
};

/// H(tag || a || b).
inline Hash tagged_hash(Tag tag, ByteView a, ByteView b = {}) {
  const std::uint8_t first = static_cast<std::uint8_t>(tag);
  return crypto::sha256({{&first, 1}, a, b});
}

}  // namespace cairn::directory::internal
