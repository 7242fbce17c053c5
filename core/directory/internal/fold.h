// The prefix tree over a few sorted leaves, from the left to the right, without recursion.
#pragma once

#include <span>

#include "core/directory/leaf.h"

namespace cairn::directory::internal {

template <class Value>
struct FoldLeaf {
  const Hash* key;
  Value value;
};

/// The subtree that stands at `depth` and holds `leaves`, of which there is at least one. Their keys ascend strictly
/// and share the first `depth` bits; no two share more than kMaxMapDepth - 1 (CHECKed). A Value of zero-initialised
/// state is the empty subtree; `combine(left, right)` makes a node.
template <class Value, class Combine>
Value fold_leaves(std::span<const FoldLeaf<Value>> leaves, unsigned depth, Combine combine) {
  if (leaves.size() == 1) return leaves[0].value;
  struct Part {
    Value value;
    unsigned depth;
  };
  // Left subtrees that wait for their right siblings, each deeper than the one below it, and the newest part on top.
  std::vector<Part> parts;
  unsigned shared_before = 0;
  for (std::size_t i = 0; i < leaves.size(); ++i) {
    const Hash& key = *leaves[i].key;
    const bool last = i + 1 == leaves.size();
    const unsigned shared_after = last ? 0 : shared_bits(key, *leaves[i + 1].key);
    CHECK(shared_after < kMaxMapDepth);
    parts.push_back({leaves[i].value, std::max({depth, shared_before, shared_after}) + 1});
    const unsigned rise_to = last ? depth : shared_after + 1;
    while (parts.back().depth > rise_to) {
      const Part top = parts.back();
      parts.pop_back();
      Part parent{{}, top.depth - 1};
      if (!key_bit(key, parent.depth)) {
        parent.value = combine(top.value, Value{});
      } else if (!parts.empty() && parts.back().depth == top.depth) {
        parent.value = combine(parts.back().value, top.value);
        parts.pop_back();
      } else {
        parent.value = combine(Value{}, top.value);
      }
      parts.push_back(parent);
    }
    shared_before = shared_after;
  }
  return parts.front().value;
}

inline const Hash& key_of(const Hash& key) { return key; }
template <class Item>
const Hash& key_of(const Item& item) {
  return item.key;
}

/// The first of the keys in [first, end) whose bit `depth` is 1; they ascend and share the bits before.
template <class Iterator>
Iterator split_by_bit(Iterator first, Iterator end, unsigned depth) {
  return std::partition_point(first, end, [depth](const auto& item) { return !key_bit(key_of(item), depth); });
}

}  // namespace cairn::directory::internal
