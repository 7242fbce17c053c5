// What the map holds for one key, or that it holds nothing (docs/spec/directory.md s.3).
#pragma once

#include "core/directory/leaf.h"

namespace cairn::directory {

struct MapProof {
  /// The path ends in nothing, in the leaf of the key itself, or in another leaf that stands in its way.
  enum class End : std::uint8_t { empty = 0, own = 1, other = 2 };

  std::vector<Hash> siblings;  ///< from depth 1 on, at most kMaxMapDepth; zeros where the sibling is empty
  End end = End::empty;
  Hash other_key;  ///< of End::other, else zeros
  NameLeaf leaf;   ///< of End::own and End::other

  /// What the map with this root holds for `key`, nothing for a proven absence; `invalid_tree` when it proves neither.
  Result<std::optional<NameLeaf>> verify(const Hash& root, const Hash& key) const;

  void write(wire::Writer& writer) const;
  static Result<MapProof> read(wire::Reader& reader);
  friend bool operator==(const MapProof&, const MapProof&) = default;
};

}  // namespace cairn::directory
