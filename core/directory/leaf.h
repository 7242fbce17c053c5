// The leaves and nodes of the map (docs/spec/directory.md s.3).
#pragma once

#include <optional>

#include "core/crypto/vrf.h"
#include "core/wire/reader.h"
#include "core/wire/writer.h"

namespace cairn::directory {

/// What the map says of a name.
struct NameLeaf {
  std::uint64_t count = 0;  ///< statements
  Hash head;
  Hash pending;  ///< zeros, R of an open request, or the mark of a vetoed one
  Hash resets;   ///< zeros, or the hash over all completed requests

  void write(wire::Writer& writer) const;
  static Result<NameLeaf> read(wire::Reader& reader);
  friend bool operator==(const NameLeaf&, const NameLeaf&) = default;
};

/// The place of a name: the first 32 bytes of its VRF output.
Hash map_key(const crypto::VrfOutput& output);

/// H(0x02 || key || leaf).
Hash map_leaf_hash(const Hash& key, const NameLeaf& leaf);
/// H(0x03 || left || right), or zeros when both are.
Hash map_node_hash(const Hash& left, const Hash& right);

/// No leaf stands deeper.
constexpr unsigned kMaxMapDepth = 255;

/// Bit `index` (0 is the most significant) of a key.
inline bool key_bit(const Hash& key, unsigned index) { return (key.data()[index / 8] >> (7 - index % 8)) & 1; }
/// How many leading bits two keys share: 0 to 256.
unsigned shared_bits(const Hash& a, const Hash& b);

}  // namespace cairn::directory
