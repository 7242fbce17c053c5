// The map as docs/spec/directory.md s.3 writes it down: slow, recursive, and so the model that the real one is held
// against.
#pragma once

#include <map>

#include "core/crypto/hash.h"
#include "core/directory/map_proof.h"
#include "core/directory/tree_proof.h"

namespace cairn::testing {

class NaiveMap {
 public:
  std::map<Hash, directory::NameLeaf> leaves;

  Hash root() const { return tree_hash(all(), 0); }

  directory::MapProof prove(const Hash& key) const {
    directory::MapProof out;
    Range range = all();
    unsigned depth = 0;
    for (; count(range) > 1; ++depth) {
      const auto [left, right] = split(range, depth);
      const bool side = bit(key, depth);
      out.siblings.push_back(tree_hash(side ? left : right, depth + 1));
      range = side ? right : left;
    }
    if (count(range) == 0) return out;
    out.leaf = range.first->second;
    out.end = range.first->first == key ? directory::MapProof::End::own : directory::MapProof::End::other;
    if (out.end == directory::MapProof::End::other) out.other_key = range.first->first;
    return out;
  }

  /// The proof for these keys, by the definition.
  Bytes prove_all(const std::vector<Hash>& keys) const {
    wire::Writer writer;
    write_pruned(writer, all(), keys, 0);
    return writer.take();
  }

 private:
  using Iterator = std::map<Hash, directory::NameLeaf>::const_iterator;
  struct Range {
    Iterator first, end;
  };

  Range all() const { return {leaves.begin(), leaves.end()}; }
  static std::size_t count(Range range) { return static_cast<std::size_t>(std::distance(range.first, range.end)); }
  static bool bit(const Hash& key, unsigned index) { return (key.view()[index / 8] & (0x80 >> (index % 8))) != 0; }

  static std::pair<Range, Range> split(Range range, unsigned depth) {
    Iterator middle = range.first;
    while (middle != range.end && !bit(middle->first, depth)) ++middle;
    return {{range.first, middle}, {middle, range.end}};
  }

  static Hash leaf_hash(Iterator leaf) {
    const std::uint8_t two = 2;
    return crypto::sha256({{&two, 1}, leaf->first, wire::encode(leaf->second)});
  }

  static Hash tree_hash(Range range, unsigned depth) {
    if (range.first == range.end) return {};
    if (std::next(range.first) == range.end) return leaf_hash(range.first);
    const auto [left, right] = split(range, depth);
    const std::uint8_t three = 3;
    return crypto::sha256({{&three, 1}, tree_hash(left, depth + 1), tree_hash(right, depth + 1)});
  }

  static void write_pruned(wire::Writer& writer, Range range, const std::vector<Hash>& keys, unsigned depth) {
    if (count(range) == 0) return writer.u8(0);
    if (keys.empty()) {
      writer.u8(1);
      return writer.raw(tree_hash(range, depth));
    }
    if (count(range) == 1) {
      const bool own = std::find(keys.begin(), keys.end(), range.first->first) != keys.end();
      writer.u8(own ? 2 : 3);
      if (own) return;
      writer.raw(range.first->first);
      return range.first->second.write(writer);
    }
    writer.u8(4);
    const auto [left, right] = split(range, depth);
    std::vector<Hash> sides[2];
    for (const Hash& key : keys) sides[bit(key, depth)].push_back(key);
    write_pruned(writer, left, sides[0], depth + 1);
    write_pruned(writer, right, sides[1], depth + 1);
  }
};

}  // namespace cairn::testing
