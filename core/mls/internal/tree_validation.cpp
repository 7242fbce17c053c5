#include "core/mls/internal/tree_validation.h"

namespace cairn::mls::internal {
namespace {

// Every parent node that is not blank, from left to right: check(index, node) until one fails.
template <class Check>
Status for_each_parent(const RatchetTree& tree, Check&& check) {
  for (NodeIndex x{1}; tree.size().contains(x); x.value += 2) {
    const ParentNode* node = tree.parent_node(x);
    if (node != nullptr) TRY(check(x, *node));
  }
  return ok();
}

template <class Check>
Status for_each_leaf(const RatchetTree& tree, Check&& check) {
  for (LeafIndex i{0}; tree.size().contains(i); ++i.value) {
    const LeafNode* leaf = tree.leaf(i);
    if (leaf != nullptr) TRY(check(i, *leaf));
  }
  return ok();
}

// RFC 9420 s.12.4.3.1: an unmerged leaf is a member below the node, and every node between knows it as such.
Status check_unmerged_leaves(const RatchetTree& tree) {
  return for_each_parent(tree, [&](NodeIndex x, const ParentNode& node) -> Status {
    for (LeafIndex unmerged : node.unmerged_leaves) {
      // Leaves beyond the tree fail here too, before node_of() can overflow.
      REQUIRE(tree.leaf(unmerged) != nullptr && is_below(node_of(unmerged), x), ErrorCode::invalid_tree,
              "unmerged leaf is no member below");
      for (NodeIndex between = parent(node_of(unmerged)); between != x; between = parent(between)) {
        const ParentNode* lower = tree.parent_node(between);
        REQUIRE(lower == nullptr ||
                    std::binary_search(lower->unmerged_leaves.begin(), lower->unmerged_leaves.end(), unmerged),
                ErrorCode::invalid_tree, "unmerged leaf unknown to a node between");
      }
    }
    return ok();
  });
}

Status check_all_different(std::vector<ByteView>& keys, const char* where) {
  std::sort(keys.begin(), keys.end(), less);
  const bool different = std::adjacent_find(keys.begin(), keys.end(), equal) == keys.end();
  REQUIRE(different, ErrorCode::duplicate, where);
  return ok();
}

// RFC 9420 s.7.3, 12.4.3.1. Leaves' keys are checked with their signatures.
Status check_keys(const CipherSuite& suite, const RatchetTree& tree) {
  std::vector<ByteView> encryption_keys;
  std::vector<ByteView> signature_keys;
  encryption_keys.reserve(tree.size().nodes());
  signature_keys.reserve(tree.size().leaves());
  TRY(for_each_leaf(tree, [&](LeafIndex, const LeafNode& leaf) {
    encryption_keys.push_back(leaf.encryption_key);
    signature_keys.push_back(leaf.signature_key);
    return ok();
  }));
  TRY(for_each_parent(tree, [&](NodeIndex, const ParentNode& node) {
    encryption_keys.push_back(node.encryption_key);
    return crypto::kem_check_public_key(suite.hpke.kem, node.encryption_key);
  }));
  TRY(check_all_different(encryption_keys, "encryption keys of a tree"));
  return check_all_different(signature_keys, "signature keys of a tree");
}

// The parent hash that a leaf or parent carries; null for leaves that no commit made.
const ParentHash* carried_parent_hash(const RatchetTree& tree, NodeIndex x) {
  return is_leaf(x) ? std::get_if<ParentHash>(&tree.leaf(leaf_at(x))->origin) : &tree.parent_node(x)->parent_hash;
}

// RFC 9420 s.7.9.2: the node below `child` that was set together with its parent `top`. It is the one node of the
// child's resolution that is not an unmerged leaf of `top`, when all those of them that lie below the child are in
// that resolution too; nothing when the resolution is not of that form.
std::optional<NodeIndex> partner_below(const RatchetTree& tree, const ParentNode& top, NodeIndex child) {
  const auto is_unmerged = [&](NodeIndex x) {
    return is_leaf(x) && std::binary_search(top.unmerged_leaves.begin(), top.unmerged_leaves.end(), leaf_at(x));
  };
  std::optional<NodeIndex> partner;
  std::size_t unmerged_seen = 0;
  for (NodeIndex x : tree.resolution(child)) {
    if (is_unmerged(x)) {
      ++unmerged_seen;
    } else if (partner) {
      return std::nullopt;
    } else {
      partner = x;
    }
  }
  const auto unmerged_below = std::count_if(top.unmerged_leaves.begin(), top.unmerged_leaves.end(),
                                            [&](LeafIndex leaf) { return is_below(node_of(leaf), child); });
  return unmerged_seen == static_cast<std::size_t>(unmerged_below) ? partner : std::nullopt;
}

bool is_parent_hash_valid(const RatchetTree& tree, NodeIndex top, NodeIndex child, NodeIndex copath) {
  const auto partner = partner_below(tree, *tree.parent_node(top), child);
  if (!partner) return false;
  const ParentHash* carried = carried_parent_hash(tree, *partner);
  return carried != nullptr && *carried == tree.parent_hash(top, copath);
}

}  // namespace

// Top down: exactly one descendant of each parent for which the parent is valid. Each side has at most one candidate,
// and by s.7.9.2 two would be as wrong as none. Chains end at leaves, because every parent on them is checked as well.
Status verify_parent_hashes(const RatchetTree& tree) {
  return for_each_parent(tree, [&](NodeIndex x, const ParentNode&) -> Status {
    const bool by_left = is_parent_hash_valid(tree, x, left(x), right(x));
    const bool by_right = is_parent_hash_valid(tree, x, right(x), left(x));
    REQUIRE(by_left != by_right, ErrorCode::invalid_tree, "parent hash");
    return ok();
  });
}

Result<RatchetTree> verify_tree(const CipherSuite& suite, TreeNodes nodes, ByteView group_id,
                                const TreeHash& expected_tree_hash) {
  RatchetTree tree = RatchetTree::trusted(suite, std::move(nodes));
  REQUIRE(tree.tree_hash() == expected_tree_hash, ErrorCode::invalid_tree, "tree hash");
  TRY(check_unmerged_leaves(tree));
  TRY(check_keys(suite, tree));
  TRY(verify_parent_hashes(tree));
  TRY(for_each_leaf(tree, [&](LeafIndex index, const LeafNode& leaf) {
    return verify_leaf_node(suite, leaf, LeafPosition{group_id, index});
  }));
  return tree;
}

// RFC 9420 s.7.3, 11.1, 13.3.
Status check_support(const RatchetTree& tree, const RequiredCapabilities& required) {
  RequiredCapabilities needed = required;
  TRY(for_each_leaf(tree, [&](LeafIndex, const LeafNode& leaf) {
    const auto type = static_cast<std::uint16_t>(leaf.credential.type());
    if (!lists(needed.credential_types, type)) needed.credential_types.push_back(type);
    return ok();
  }));
  return for_each_leaf(tree, [&](LeafIndex, const LeafNode& leaf) -> Status {
    REQUIRE(leaf.capabilities.cover(needed), ErrorCode::unsupported, "capabilities of a member");
    return ok();
  });
}

}  // namespace cairn::mls::internal
