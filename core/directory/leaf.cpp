#include "core/directory/leaf.h"

#include <bit>

#include "core/directory/internal/tags.h"

namespace cairn::directory {

void NameLeaf::write(wire::Writer& writer) const {
  writer.u64(count);
  writer.raw(head);
  writer.raw(pending);
  writer.raw(resets);
}

Result<NameLeaf> NameLeaf::read(wire::Reader& reader) {
  NameLeaf out;
  out.count = TRY(reader.u64());
  out.head = TRY(reader.fixed<Hash>());
  out.pending = TRY(reader.fixed<Hash>());
  out.resets = TRY(reader.fixed<Hash>());
  return out;
}

Hash map_key(const crypto::VrfOutput& output) {
  Hash key;
  std::memcpy(key.mutable_view().data(), output.data(), Hash::kSize);
  return key;
}

// The two hashes of the map are put together on the stack: they are most of what publishing and auditing cost.
Hash map_leaf_hash(const Hash& key, const NameLeaf& leaf) {
  std::array<std::uint8_t, 1 + 32 + 8 + 3 * 32> bytes;
  std::uint8_t* out = bytes.data();
  const auto put = [&](const Hash& hash) { out = std::copy_n(hash.data(), Hash::kSize, out); };
  *out++ = static_cast<std::uint8_t>(internal::Tag::map_leaf);
  put(key);
  for (int shift = 56; shift >= 0; shift -= 8) *out++ = static_cast<std::uint8_t>(leaf.count >> shift);
  put(leaf.head);
  put(leaf.pending);
  put(leaf.resets);
  return crypto::sha256(bytes);
}

Hash map_node_hash(const Hash& left, const Hash& right) {
  if (left.is_zero() && right.is_zero()) return {};
  std::array<std::uint8_t, 1 + 2 * 32> bytes;
  bytes[0] = static_cast<std::uint8_t>(internal::Tag::map_node);
  std::copy_n(left.data(), Hash::kSize, bytes.begin() + 1);
  std::copy_n(right.data(), Hash::kSize, bytes.begin() + 33);
  return crypto::sha256(bytes);
}

unsigned shared_bits(const Hash& a, const Hash& b) {
  for (unsigned i = 0; i < Hash::kSize; ++i) {
    const auto different = static_cast<std::uint8_t>(a.data()[i] ^ b.data()[i]);
    if (different != 0) return 8 * i + static_cast<unsigned>(std::countl_zero(different));
  }
  return 8 * Hash::kSize;
}

}  // namespace cairn::directory
