#include "core/directory/map_proof.h"

namespace cairn::directory {

Result<std::optional<NameLeaf>> MapProof::verify(const Hash& root, const Hash& key) const {
  const auto depth = static_cast<unsigned>(siblings.size());
  REQUIRE(depth <= kMaxMapDepth, ErrorCode::invalid_tree, "map proof: depth");
  // A subtree with leaves on one side only has at least two of them there, so nothing ends beside an empty sibling.
  REQUIRE(depth == 0 || !siblings.back().is_zero(), ErrorCode::invalid_tree, "map proof: deeper than needed");
  Hash hash;
  if (end == End::own) hash = map_leaf_hash(key, leaf);
  if (end == End::other) {
    REQUIRE(other_key != key && shared_bits(other_key, key) >= depth, ErrorCode::invalid_tree,
            "map proof: the leaf is not on the path");
    hash = map_leaf_hash(other_key, leaf);
  }
  for (unsigned i = depth; i-- > 0;) {
    hash = key_bit(key, i) ? map_node_hash(siblings[i], hash) : map_node_hash(hash, siblings[i]);
  }
  REQUIRE(hash == root, ErrorCode::invalid_tree, "map proof: another root");
  return end == End::own ? std::optional<NameLeaf>(leaf) : std::nullopt;
}

void MapProof::write(wire::Writer& writer) const {
  CHECK(siblings.size() <= kMaxMapDepth);
  writer.u8(static_cast<std::uint8_t>(siblings.size()));
  Bytes present((siblings.size() + 7) / 8);
  for (std::size_t i = 0; i < siblings.size(); ++i) {
    if (!siblings[i].is_zero()) present[i / 8] |= static_cast<std::uint8_t>(0x80 >> (i % 8));
  }
  writer.raw(present);
  for (const Hash& sibling : siblings) {
    if (!sibling.is_zero()) writer.raw(sibling);
  }
  writer.u8(static_cast<std::uint8_t>(end));
  if (end == End::other) writer.raw(other_key);
  if (end != End::empty) leaf.write(writer);
}

Result<MapProof> MapProof::read(wire::Reader& reader) {
  MapProof out;
  const std::size_t depth = TRY(reader.u8());
  const ByteView present = TRY(reader.raw((depth + 7) / 8));
  for (std::size_t i = 0; i < present.size() * 8; ++i) {
    const bool one = (present[i / 8] >> (7 - i % 8)) & 1;
    REQUIRE(i < depth || !one, ErrorCode::malformed, "map proof: unused bits");
    if (i >= depth) continue;
    out.siblings.push_back(one ? TRY(reader.fixed<Hash>()) : Hash{});
    REQUIRE(out.siblings.back().is_zero() != one, ErrorCode::malformed, "map proof: a sibling of zeros");
    REQUIRE(one || i + 1 < depth, ErrorCode::malformed, "map proof: deeper than needed");
  }
  const std::uint8_t end = TRY(reader.u8());
  REQUIRE(end <= 2, ErrorCode::malformed, "map proof: kind of end");
  out.end = static_cast<End>(end);
  if (out.end == End::other) out.other_key = TRY(reader.fixed<Hash>());
  if (out.end != End::empty) out.leaf = TRY(NameLeaf::read(reader));
  return out;
}

}  // namespace cairn::directory
