// The public half of a group's ratchet tree (RFC 9420 s.4, 7): who is where, and the keys above.
#pragma once

#include <memory>

#include "core/mls/internal/shared_array.h"
#include "core/mls/internal/tree_math.h"
#include "core/mls/leaf_node.h"

namespace cairn::mls::internal {

/// A key that the members below hold in common (s.7.1).
struct ParentNode {
  HpkePublicKey encryption_key;
  ParentHash parent_hash;
  /// Leaves below that do not hold the private key yet; strictly ascending.
  std::vector<LeafIndex> unmerged_leaves;

  void write(wire::Writer& writer) const;
  /// `malformed` when the unmerged leaves are not in order.
  static Result<ParentNode> read(wire::Reader& reader);
  friend bool operator==(const ParentNode&, const ParentNode&) = default;
};

/// A ratchet_tree as it travels (s.12.4.3.3): leaves at even places and parents at odd ones, the last node a leaf, at
/// most kMaxLeaves of them. Nothing in it is verified: verify_tree() makes a RatchetTree of it.
struct TreeNodes {
  std::vector<std::optional<LeafNode>> leaves;
  std::vector<std::optional<ParentNode>> parents;  // one less than leaves; parents[i] lies between leaves i and i + 1

  /// One of at most `max_size` bytes: what travels is bounded as a message is, what lies in our own storage is not.
  static Result<TreeNodes> read(wire::Reader& reader, std::size_t max_size = kMaxMessageSize);
};

/// A ratchet tree that keeps the rules of s.7 and 12.4.3.1: always full, and no public key stands in it twice.
///
/// Nodes are immutable and shared, and so are the arrays that hold them: a copy (the snapshot in which a commit is
/// staged) costs a few pointers and copies no key. Tree hashes are remembered for every node; a change forgets those on
/// its path to the root, and the next question computes just these again. That memory is filled by const calls: one
/// thread at a time, copies included.
class RatchetTree {
 public:
  /// The tree of a new group (s.11).
  RatchetTree(const CipherSuite& suite, const VerifiedLeafNode& creator);
  /// A tree that was verified before it went into our own storage; verify_tree() is for all others.
  static RatchetTree trusted(const CipherSuite& suite, TreeNodes nodes);

  /// A copy in which a commit is staged. It knows all tree hashes, and so does this tree from now on: what two commits
  /// leave as it is, is hashed once.
  RatchetTree snapshot() const {
    known_hash(size_.root());
    return *this;
  }

  TreeSize size() const { return size_; }
  /// How many leaves are not blank.
  std::size_t member_count() const;
  /// Null when it is blank or not in the tree.
  const LeafNode* leaf(LeafIndex index) const { return shared_leaf(index).get(); }
  const std::shared_ptr<const LeafNode>& shared_leaf(LeafIndex index) const;
  const ParentNode* parent_node(NodeIndex x) const;
  /// The key of a leaf or parent; null when that is blank or not in the tree.
  const HpkePublicKey* encryption_key(NodeIndex x) const;
  /// The leaf with this signature key, if there is one.
  std::optional<LeafIndex> find_signature_key(ByteView key) const;
  bool has_encryption_key(ByteView key) const;

  // What proposals do (s.12.1). `duplicate` when a key of the leaf stands in the tree already, `not_found` when there
  // is no such member; then nothing has changed.

  /// Puts a new member on the leftmost blank leaf, or extends the tree; `over_limit` beyond kMaxLeaves.
  Result<LeafIndex> add(const VerifiedLeafNode& leaf);
  /// Replaces a member's leaf and blanks the path above. The signature key may stay, the encryption key may not.
  Status update(LeafIndex index, const VerifiedLeafNode& leaf);
  /// Takes a member out, blanks the path above and truncates the tree.
  Status remove(LeafIndex index);
  /// The place of one who joins by external commit (s.12.4.3.2): as for add, but it stays blank until the path is
  /// merged.
  Result<LeafIndex> reserve();

  /// The nodes whose keys together reach every member below `x` (s.4.1.1), left to right; each once.
  std::vector<NodeIndex> resolution(NodeIndex x) const;
  /// The direct path without the nodes whose copath child has an empty resolution (s.4.1.2).
  std::vector<PathStep> filtered_direct_path(LeafIndex index) const;

  /// What an UpdatePath makes of the sender's path (s.7.5, 7.9): a node for each key of the filtered direct path, in
  /// that order, with its parent hash, and the parent hash for the leaf. Changes nothing.
  struct NewPath {
    std::vector<std::shared_ptr<const ParentNode>> nodes;
    ParentHash leaf_parent_hash;
  };
  NewPath new_path(LeafIndex sender, std::span<const HpkePublicKey> keys) const;
  /// Whether the keys of an UpdatePath, the leaf's included, are all new (s.12.4.2) and the leaf's signature key is
  /// nobody else's; `duplicate` otherwise.
  Status check_new_keys(LeafIndex sender, const LeafNode& leaf, std::span<const HpkePublicKey> keys) const;
  /// Blanks the sender's direct path and puts the new nodes and the leaf in place. The keys were checked.
  void merge_path(LeafIndex sender, const VerifiedLeafNode& leaf, const NewPath& path);

  /// The tree hash (s.7.8) of the whole tree, and of the subtree below a node of it.
  TreeHash tree_hash() const { return tree_hash(size_.root()); }
  TreeHash tree_hash(NodeIndex x) const;
  /// The tree hash of `x` without the leaves `without` (ascending, all below `x`) and without their mention as
  /// unmerged (s.7.9); the original_sibling_tree_hash of a parent whose unmerged leaves these are.
  TreeHash original_tree_hash(NodeIndex x, std::span<const LeafIndex> without) const;
  /// The parent hash of the parent node at `x` (not blank, CHECKed) with this copath child (s.7.9).
  ParentHash parent_hash(NodeIndex x, NodeIndex copath) const;

  /// As a ratchet_tree (s.12.4.3.3).
  void write(wire::Writer& writer) const;

 private:
  explicit RatchetTree(const CipherSuite& suite) : suite_(&suite) { resize(TreeSize()); }

  void resize(TreeSize size);
  void set_leaf(LeafIndex index, std::shared_ptr<const LeafNode> leaf);
  void set_parent(NodeIndex x, std::shared_ptr<const ParentNode> node);
  void blank_path(LeafIndex index);
  void forget_hashes(NodeIndex x);
  bool is_empty_below(NodeIndex x) const;
  Status check_unique(const LeafNode& leaf, std::optional<LeafIndex> replaced) const;
  // The one farthest to the right.
  std::optional<LeafIndex> last_member() const;
  const Digest& known_hash(NodeIndex x) const;
  Digest compute_hash(NodeIndex x) const;

  const CipherSuite* suite_;
  TreeSize size_;
  SharedArray<std::shared_ptr<const LeafNode>> leaves_;     // null: blank
  SharedArray<std::shared_ptr<const ParentNode>> parents_;  // parents_[i] is node 2i + 1
  // The first bytes of every key, to look through before the keys themselves.
  SharedArray<std::uint64_t> key_marks_;        // by node
  SharedArray<std::uint64_t> signature_marks_;  // by leaf
  // By node; empty where it is not known, and then those above are not known either.
  mutable SharedArray<Digest> hashes_;
};

}  // namespace cairn::mls::internal
