// One proof for all the names that an epoch changes: it gives the root before and the root after
// (docs/spec/directory.md s.3).
#pragma once

#include <span>

#include "core/directory/leaf.h"

namespace cairn::directory {

constexpr std::size_t kMaxTreeProofBytes = std::size_t{56} << 20;

/// One name's change; in a list they ascend strictly by key.
struct LeafUpdate {
  Hash key;
  std::optional<NameLeaf> before;  ///< nothing for a name that is new
  NameLeaf after;
};

struct RootChange {
  Hash before;
  Hash after;
};

/// The old tree in preorder, cut down to the paths of a list of updates.
struct TreeProof {
  Bytes nodes;  ///< TreeNode nodes[...]: not looked at before evaluate()

  /// For no updates at all: the root itself.
  static TreeProof of_root(const Hash& root);

  /// Both roots, exactly when this is the one proof for some old tree and these updates; `malformed` or
  /// `invalid_tree` otherwise. The caller compares `before` with the root it knows. `updates` must ascend strictly
  /// (`malformed`).
  Result<RootChange> evaluate(std::span<const LeafUpdate> updates) const;

  /// opaque nodes<V>.
  void write(wire::Writer& writer) const;
  static Result<TreeProof> read(wire::Reader& reader);
  friend bool operator==(const TreeProof&, const TreeProof&) = default;
};

}  // namespace cairn::directory
