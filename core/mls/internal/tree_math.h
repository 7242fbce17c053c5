// Arithmetic on the array form of a full binary tree (RFC 9420 s.4.1, appendix C).
//
//                3
//           .----+----.          Leaf n lies at index 2n. A node of level k ends in a zero
//          1           5         and k ones; its subtree has 2^k leaves.
//         / \         / \                  .
//        0   2       4   6
#pragma once

#include <bit>

#include "core/mls/types.h"

namespace cairn::mls::internal {

/// A place in the array. Below 2^31, so that no sum here overflows.
struct NodeIndex {
  std::uint32_t value = 0;

  friend constexpr auto operator<=>(const NodeIndex&, const NodeIndex&) = default;
};

constexpr NodeIndex node_of(LeafIndex leaf) { return {leaf.value * 2}; }
constexpr bool is_leaf(NodeIndex x) { return (x.value & 1) == 0; }
/// The leaf at an even index.
constexpr LeafIndex leaf_at(NodeIndex x) { return {x.value / 2}; }

/// 0 for leaves, one more than the children's for parents.
constexpr unsigned level(NodeIndex x) { return static_cast<unsigned>(std::countr_one(x.value)); }

/// The children of a parent node.
constexpr NodeIndex left(NodeIndex x) { return {x.value ^ (1u << (level(x) - 1))}; }
constexpr NodeIndex right(NodeIndex x) { return {x.value ^ (3u << (level(x) - 1))}; }

/// The parent and the parent's other child; of any node but a root.
constexpr NodeIndex parent(NodeIndex x) {
  const unsigned k = level(x);
  return {(x.value | (1u << k)) & ~(1u << (k + 1))};
}
constexpr NodeIndex sibling(NodeIndex x) {
  const NodeIndex p = parent(x);
  return x < p ? right(p) : left(p);
}

/// First and last index of the subtree under `x`, itself included.
constexpr NodeIndex first_below(NodeIndex x) { return {x.value - ((1u << level(x)) - 1)}; }
constexpr NodeIndex last_below(NodeIndex x) { return {x.value + ((1u << level(x)) - 1)}; }
constexpr bool is_below(NodeIndex x, NodeIndex top) { return first_below(top) <= x && x <= last_below(top); }

/// The lowest node that has both leaves in its subtree; the leaf's own node when they are the same.
constexpr NodeIndex common_ancestor(LeafIndex a, LeafIndex b) {
  const auto k = static_cast<unsigned>(std::bit_width(a.value ^ b.value));
  return {(node_of(a).value >> (k + 1) << (k + 1)) | ((1u << k) - 1)};
}

/// The size of a full tree: a power of two of leaves, at most kMaxLeaves.
class TreeSize {
 public:
  /// One leaf.
  constexpr TreeSize() = default;
  /// The least tree that has `leaf`, which lies below kMaxLeaves (CHECKed).
  static constexpr TreeSize holding(LeafIndex leaf) {
    CHECK(leaf.value < kMaxLeaves);
    return TreeSize(std::bit_ceil(leaf.value + 1));
  }

  constexpr std::uint32_t leaves() const { return leaves_; }
  constexpr std::uint32_t nodes() const { return 2 * leaves_ - 1; }
  constexpr NodeIndex root() const { return {leaves_ - 1}; }
  constexpr bool contains(LeafIndex leaf) const { return leaf.value < leaves_; }
  constexpr bool contains(NodeIndex x) const { return x.value < nodes(); }

  friend constexpr bool operator==(const TreeSize&, const TreeSize&) = default;

 private:
  constexpr explicit TreeSize(std::uint32_t leaves) : leaves_(leaves) {}

  std::uint32_t leaves_ = 1;
};

/// One step of a direct path: a node above the leaf, its child that also lies above (or is) the leaf, and the other.
struct PathStep {
  NodeIndex node;
  NodeIndex child;
  NodeIndex copath;
};

/// The direct path of a leaf of the tree, from its parent to the root; empty in a tree of one leaf.
inline std::vector<PathStep> direct_path(LeafIndex leaf, TreeSize size) {
  std::vector<PathStep> out;
  out.reserve(kMaxTreeDepth);
  for (NodeIndex x = node_of(leaf); x != size.root(); x = parent(x)) out.push_back({parent(x), x, sibling(x)});
  return out;
}

}  // namespace cairn::mls::internal
