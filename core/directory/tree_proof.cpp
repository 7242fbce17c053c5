#include "core/directory/tree_proof.h"

#include "core/directory/internal/fold.h"
#include "core/directory/internal/tree_node.h"

namespace cairn::directory {
namespace {

using internal::TreeNodeKind;
using Updates = std::span<const LeafUpdate>;

Status check_order(Updates updates) {
  for (std::size_t i = 1; i < updates.size(); ++i) {
    REQUIRE(updates[i - 1].key < updates[i].key, ErrorCode::malformed, "tree proof: updates out of order");
    REQUIRE(shared_bits(updates[i - 1].key, updates[i].key) < kMaxMapDepth, ErrorCode::invalid_tree,
            "tree proof: keys too close");
  }
  return ok();
}

/// Reads the proof and the updates side by side, in preorder.
class Evaluation {
 public:
  Evaluation(const TreeProof& proof, Updates updates) : reader_(proof.nodes), updates_(updates) {}

  Result<RootChange> run() {
    std::optional<RootChange> done = TRY(enter(updates_, 0));
    while (!path_.empty()) {
      if (done) {
        done = ascend(*done);
      } else {
        const Open& top = path_.back();
        done = TRY(enter(top.left ? top.right_updates : top.left_updates, top.depth + 1));
      }
    }
    TRY(reader_.finish());
    return *done;
  }

 private:
  /// A node of which a child is still to be read.
  struct Open {
    unsigned depth;
    Updates left_updates;
    Updates right_updates;
    std::optional<RootChange> left;
  };

  /// Reads one node that stands at `depth` with `updates` leading to it: what it was and becomes, or nothing when its
  /// children have to be read first.
  Result<std::optional<RootChange>> enter(Updates updates, unsigned depth) {
    const auto kind = static_cast<TreeNodeKind>(TRY(reader_.u8()));
    if (updates.empty()) return RootChange(TRY(read_untouched(kind)));
    switch (kind) {
      case TreeNodeKind::empty: return RootChange { {}, TRY(rebuild(updates, depth, nullptr))
        };
      case TreeNodeKind::leaf: return TRY(read_own_leaf(updates, depth));
      case TreeNodeKind::other: return TRY(read_other_leaf(updates, depth));
      case TreeNodeKind::node: {
        REQUIRE(depth < kMaxMapDepth, ErrorCode::invalid_tree, "tree proof: too deep");
        const auto right = internal::split_by_bit(updates.begin(), updates.end(), depth);
        path_.push_back({depth, Updates(updates.begin(), right), Updates(right, updates.end()), {}});
        return std::optional<RootChange>{};
      }
      case TreeNodeKind::pruned: break;
    }
    return fail(ErrorCode::malformed, "tree proof: kind of node");
  }

  /// A part of the tree to which no update leads.
  Result<RootChange> read_untouched(TreeNodeKind kind) {
    if (kind == TreeNodeKind::empty) return RootChange{};
    REQUIRE(kind == TreeNodeKind::pruned, ErrorCode::malformed, "tree proof: more than the updates need");
    const Hash hash = TRY(reader_.fixed<Hash>());
    REQUIRE(!hash.is_zero(), ErrorCode::malformed, "tree proof: a pruned part of zeros");
    return RootChange{hash, hash};
  }

  Result<RootChange> read_own_leaf(Updates updates, unsigned depth) {
    const auto own = std::find_if(updates.begin(), updates.end(), [](const auto& update) { return update.before; });
    REQUIRE(own != updates.end(), ErrorCode::invalid_tree, "tree proof: a leaf of no update");
    return RootChange { map_leaf_hash(own->key, *own->before), TRY(rebuild(updates, depth, &own->key)) };
  }

  Result<RootChange> read_other_leaf(Updates updates, unsigned depth) {
    const Hash key = TRY(reader_.fixed<Hash>());
    const NameLeaf leaf = TRY(NameLeaf::read(reader_));
    REQUIRE(shared_bits(key, updates.front().key) >= depth, ErrorCode::invalid_tree, "tree proof: a leaf astray");
    const Hash hash = map_leaf_hash(key, leaf);
    bool placed = false;
    std::vector<internal::FoldLeaf<Hash>> leaves;
    const auto place = [&] { leaves.push_back({&key, hash}); };
    for (const LeafUpdate& update : updates) {
      REQUIRE(!update.before, ErrorCode::invalid_tree, "tree proof: an old leaf that is not there");
      REQUIRE(shared_bits(key, update.key) < kMaxMapDepth, ErrorCode::invalid_tree, "tree proof: keys too close");
      if (!placed && key < update.key) {
        place();
        placed = true;
      }
      leaves.push_back({&update.key, map_leaf_hash(update.key, update.after)});
    }
    if (!placed) place();
    return RootChange{hash, fold(leaves, depth)};
  }

  /// The new subtree of the updates alone. `old`: the one of them that had a leaf here.
  Result<Hash> rebuild(Updates updates, unsigned depth, const Hash* old) {
    std::vector<internal::FoldLeaf<Hash>> leaves;
    if (updates.size() > 1) leaves.reserve(updates.size());
    for (const LeafUpdate& update : updates) {
      REQUIRE(!update.before || (old != nullptr && update.key == *old), ErrorCode::invalid_tree,
              "tree proof: an old leaf that is not there");
      if (updates.size() == 1) return map_leaf_hash(update.key, update.after);  // most often
      leaves.push_back({&update.key, map_leaf_hash(update.key, update.after)});
    }
    return fold(leaves, depth);
  }

  static Hash fold(std::span<const internal::FoldLeaf<Hash>> leaves, unsigned depth) {
    return internal::fold_leaves<Hash>(leaves, depth, map_node_hash);
  }

  /// Hands a finished child to the node above: its change, or nothing when its right child comes next.
  std::optional<RootChange> ascend(const RootChange& child) {
    Open& top = path_.back();
    if (!top.left) {
      top.left = child;
      return {};
    }
    const RootChange out{map_node_hash(top.left->before, child.before), map_node_hash(top.left->after, child.after)};
    path_.pop_back();
    return out;
  }

  wire::Reader reader_;
  Updates updates_;
  std::vector<Open> path_;
};

}  // namespace

TreeProof TreeProof::of_root(const Hash& root) {
  wire::Writer writer;
  writer.u8(static_cast<std::uint8_t>(root.is_zero() ? TreeNodeKind::empty : TreeNodeKind::pruned));
  if (!root.is_zero()) writer.raw(root);
  return {writer.take()};
}

Result<RootChange> TreeProof::evaluate(std::span<const LeafUpdate> updates) const {
  TRY(check_order(updates));
  return Evaluation(*this, updates).run();
}

void TreeProof::write(wire::Writer& writer) const { writer.opaque(nodes); }

Result<TreeProof> TreeProof::read(wire::Reader& reader) {
  return TreeProof { TRY(reader.opaque_bytes(kMaxTreeProofBytes)) };
}

}  // namespace cairn::directory
