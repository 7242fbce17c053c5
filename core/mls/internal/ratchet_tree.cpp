#include "core/mls/internal/ratchet_tree.h"

namespace cairn::mls::internal {
namespace {

enum class NodeType : std::uint8_t { leaf = 1, parent = 2 };

// The first bytes of a key. Keys look random, so a scan of marks seldom goes on to a key; one who makes marks collide
// costs himself and us a comparison.
std::uint64_t mark_of(ByteView key) {
  std::uint64_t mark = 0;
  if (!key.empty()) std::memcpy(&mark, key.data(), std::min(key.size(), sizeof mark));
  return mark;
}

// RFC 9420 s.7.8: LeafNodeHashInput.
Digest hash_leaf(crypto::HashAlgorithm algorithm, LeafIndex index, const LeafNode* leaf) {
  wire::Writer writer;
  writer.u8(static_cast<std::uint8_t>(NodeType::leaf));
  index.write(writer);
  writer.u8(leaf != nullptr ? 1 : 0);
  if (leaf != nullptr) leaf->write(writer);
  return crypto::hash(algorithm, writer.view());
}

void write_parent(wire::Writer& writer, const ParentNode& node, std::span<const LeafIndex> unmerged) {
  node.encryption_key.write(writer);
  node.parent_hash.write(writer);
  writer.vector(unmerged);
}

// RFC 9420 s.7.8: ParentNodeHashInput, with the unmerged leaves given apart.
Digest hash_parent(crypto::HashAlgorithm algorithm, const ParentNode* node, std::span<const LeafIndex> unmerged,
                   ByteView left_hash, ByteView right_hash) {
  wire::Writer writer;
  writer.u8(static_cast<std::uint8_t>(NodeType::parent));
  writer.u8(node != nullptr ? 1 : 0);
  if (node != nullptr) write_parent(writer, *node, unmerged);
  writer.opaque(left_hash);
  writer.opaque(right_hash);
  return crypto::hash(algorithm, writer.view());
}

// RFC 9420 s.7.9: ParentHashInput.
ParentHash hash_parent_link(crypto::HashAlgorithm algorithm, const HpkePublicKey& key, const ParentHash& above,
                            const TreeHash& original_sibling_tree_hash) {
  wire::Writer writer;
  key.write(writer);
  above.write(writer);
  original_sibling_tree_hash.write(writer);
  return {crypto::hash(algorithm, writer.view())};
}

}  // namespace

void ParentNode::write(wire::Writer& writer) const { write_parent(writer, *this, unmerged_leaves); }

Result<ParentNode> ParentNode::read(wire::Reader& reader) {
  ParentNode out;
  out.encryption_key = TRY(HpkePublicKey::read(reader));
  out.parent_hash = TRY(ParentHash::read(reader));
  out.unmerged_leaves = TRY(reader.vector<LeafIndex>(4 * kMaxLeaves, kMaxLeaves));
  const auto& leaves = out.unmerged_leaves;
  const bool ascending = std::adjacent_find(leaves.begin(), leaves.end(), std::greater_equal<>()) == leaves.end();
  REQUIRE(ascending, ErrorCode::malformed, "order of unmerged leaves");
  return out;
}

// RFC 9420 s.12.4.3.3. The last node must not be blank; that it is a leaf follows from s.7.7, by which a tree whose
// right half has no member is truncated.
Result<TreeNodes> TreeNodes::read(wire::Reader& reader, std::size_t max_size) {
  wire::Reader body = TRY(reader.nested(max_size));
  TreeNodes out;
  bool last_is_leaf = false;
  for (std::size_t x = 0; !body.done(); ++x) {
    REQUIRE(x < 2 * kMaxLeaves - 1, ErrorCode::over_limit, "nodes of a tree");
    const bool at_leaf = x % 2 == 0;
    const bool present = TRY(body.presence());
    last_is_leaf = present && at_leaf;
    if (present) {
      const auto expected = at_leaf ? NodeType::leaf : NodeType::parent;
      REQUIRE(TRY(body.u8()) == static_cast<std::uint8_t>(expected), ErrorCode::malformed, "node type");
    }
    if (at_leaf) {
      out.leaves.push_back(present ? std::optional(TRY(LeafNode::read(body))) : std::nullopt);
    } else {
      out.parents.push_back(present ? std::optional(TRY(ParentNode::read(body))) : std::nullopt);
    }
  }
  REQUIRE(last_is_leaf, ErrorCode::malformed, "last node of a tree");
  return out;
}

RatchetTree::RatchetTree(const CipherSuite& suite, const VerifiedLeafNode& creator) : RatchetTree(suite) {
  set_leaf({0}, creator.shared());
}

RatchetTree RatchetTree::trusted(const CipherSuite& suite, TreeNodes nodes) {
  CHECK(!nodes.leaves.empty() && nodes.parents.size() + 1 == nodes.leaves.size());
  RatchetTree out(suite);
  out.resize(TreeSize::holding({static_cast<std::uint32_t>(nodes.leaves.size() - 1)}));
  for (std::uint32_t i = 0; i < nodes.leaves.size(); ++i) {
    if (nodes.leaves[i]) out.set_leaf({i}, std::make_shared<const LeafNode>(std::move(*nodes.leaves[i])));
  }
  for (std::uint32_t i = 0; i < nodes.parents.size(); ++i) {
    if (nodes.parents[i]) {
      out.set_parent({2 * i + 1}, std::make_shared<const ParentNode>(std::move(*nodes.parents[i])));
    }
  }
  return out;
}

std::size_t RatchetTree::member_count() const {
  std::size_t count = 0;
  for (std::uint32_t i = 0; i < size_.leaves(); ++i) count += leaves_[i] != nullptr ? 1 : 0;
  return count;
}

std::optional<LeafIndex> RatchetTree::last_member() const {
  for (std::uint32_t i = size_.leaves(); i-- > 0;) {
    if (leaves_[i]) return LeafIndex{i};
  }
  return std::nullopt;
}

const std::shared_ptr<const LeafNode>& RatchetTree::shared_leaf(LeafIndex index) const {
  static const std::shared_ptr<const LeafNode> kBlank;
  return size_.contains(index) ? leaves_[index.value] : kBlank;
}

const ParentNode* RatchetTree::parent_node(NodeIndex x) const {
  return size_.contains(x) && !is_leaf(x) ? parents_[x.value / 2].get() : nullptr;
}

const HpkePublicKey* RatchetTree::encryption_key(NodeIndex x) const {
  if (is_leaf(x)) {
    const LeafNode* node = leaf(leaf_at(x));
    return node != nullptr ? &node->encryption_key : nullptr;
  }
  const ParentNode* node = parent_node(x);
  return node != nullptr ? &node->encryption_key : nullptr;
}

std::optional<LeafIndex> RatchetTree::find_signature_key(ByteView key) const {
  const std::uint64_t mark = mark_of(key);
  for (auto i = signature_marks_.find(mark); i; i = signature_marks_.find(mark, *i + 1)) {
    if (leaves_[*i] && equal(leaves_[*i]->signature_key, key)) return LeafIndex{static_cast<std::uint32_t>(*i)};
  }
  return std::nullopt;
}

bool RatchetTree::has_encryption_key(ByteView key) const {
  const std::uint64_t mark = mark_of(key);
  for (auto i = key_marks_.find(mark); i; i = key_marks_.find(mark, *i + 1)) {
    const HpkePublicKey* there = encryption_key({static_cast<std::uint32_t>(*i)});
    if (there != nullptr && equal(*there, key)) return true;
  }
  return false;
}

// RFC 9420 s.7.3, 16.7: both keys of a leaf are unique. The tree is held to more: no encryption key stands in it twice,
// whether of a leaf or of a parent, or newcomers would refuse the tree (s.12.4.3.1).
Status RatchetTree::check_unique(const LeafNode& leaf, std::optional<LeafIndex> replaced) const {
  REQUIRE(!has_encryption_key(leaf.encryption_key), ErrorCode::duplicate, "encryption key of a leaf");
  const auto holder = find_signature_key(leaf.signature_key);
  REQUIRE(!holder || holder == replaced, ErrorCode::duplicate, "signature key of a leaf");
  return ok();
}

Result<LeafIndex> RatchetTree::reserve() {
  const LeafIndex index{static_cast<std::uint32_t>(leaves_.find(nullptr).value_or(leaves_.size()))};
  REQUIRE(index.value < kMaxLeaves, ErrorCode::over_limit, "leaves of a tree");
  if (!size_.contains(index)) resize(TreeSize::holding(index));
  return index;
}

// RFC 9420 s.12.1.1.
Result<LeafIndex> RatchetTree::add(const VerifiedLeafNode& leaf) {
  TRY(check_unique(*leaf, std::nullopt));
  const LeafIndex index = TRY(reserve());
  for (const PathStep& step : direct_path(index, size_)) {
    const ParentNode* node = parent_node(step.node);
    if (node == nullptr) continue;
    ParentNode changed = *node;
    auto& unmerged = changed.unmerged_leaves;
    unmerged.insert(std::lower_bound(unmerged.begin(), unmerged.end(), index), index);
    set_parent(step.node, std::make_shared<const ParentNode>(std::move(changed)));
  }
  set_leaf(index, leaf.shared());
  return index;
}

// RFC 9420 s.12.1.2.
Status RatchetTree::update(LeafIndex index, const VerifiedLeafNode& leaf) {
  REQUIRE(this->leaf(index) != nullptr, ErrorCode::not_found, "member to update");
  TRY(check_unique(*leaf, index));
  blank_path(index);
  set_leaf(index, leaf.shared());
  return ok();
}

// RFC 9420 s.12.1.3.
Status RatchetTree::remove(LeafIndex index) {
  REQUIRE(leaf(index) != nullptr, ErrorCode::not_found, "member to remove");
  blank_path(index);
  set_leaf(index, nullptr);
  const auto last = last_member();
  if (last) resize(TreeSize::holding(*last));
  return ok();
}

// RFC 9420 s.4.1.1.
std::vector<NodeIndex> RatchetTree::resolution(NodeIndex x) const {
  std::vector<NodeIndex> out;
  std::vector<NodeIndex> pending = {x};
  while (!pending.empty()) {
    const NodeIndex node = pending.back();
    pending.pop_back();
    if (encryption_key(node) != nullptr) {
      out.push_back(node);
      if (is_leaf(node)) continue;
      for (LeafIndex unmerged : parent_node(node)->unmerged_leaves) out.push_back(node_of(unmerged));
    } else if (!is_leaf(node)) {
      pending.push_back(right(node));
      pending.push_back(left(node));
    }
  }
  return out;
}

bool RatchetTree::is_empty_below(NodeIndex x) const {
  for (std::uint32_t i = first_below(x).value; i <= last_below(x).value; ++i) {
    if (encryption_key({i}) != nullptr) return false;
  }
  return true;
}

// RFC 9420 s.4.1.2.
std::vector<PathStep> RatchetTree::filtered_direct_path(LeafIndex index) const {
  std::vector<PathStep> out = direct_path(index, size_);
  std::erase_if(out, [this](const PathStep& step) { return is_empty_below(step.copath); });
  return out;
}

// RFC 9420 s.7.9, 7.9.1.
RatchetTree::NewPath RatchetTree::new_path(LeafIndex sender, std::span<const HpkePublicKey> keys) const {
  const std::vector<PathStep> steps = filtered_direct_path(sender);
  CHECK(keys.size() == steps.size());
  NewPath out;
  out.nodes.resize(steps.size());
  // From the root down: each hash covers the one above. What lies beside the path stays as it is, and the new nodes
  // have no unmerged leaves, so the original tree hashes are the present ones.
  for (std::size_t i = steps.size(); i-- > 0;) {
    out.nodes[i] = std::make_shared<const ParentNode>(ParentNode{keys[i], out.leaf_parent_hash, {}});
    out.leaf_parent_hash = hash_parent_link(suite_->hash, keys[i], out.leaf_parent_hash, tree_hash(steps[i].copath));
  }
  return out;
}

Status RatchetTree::check_new_keys(LeafIndex sender, const LeafNode& leaf, std::span<const HpkePublicKey> keys) const {
  TRY(check_unique(leaf, sender));
  for (std::size_t i = 0; i < keys.size(); ++i) {
    REQUIRE(!has_encryption_key(keys[i]), ErrorCode::duplicate, "key of an update path");
    REQUIRE(keys[i] != leaf.encryption_key, ErrorCode::duplicate, "key of an update path");
    const bool repeated = std::find(keys.begin(), keys.begin() + static_cast<std::ptrdiff_t>(i), keys[i]) !=
                          keys.begin() + static_cast<std::ptrdiff_t>(i);
    REQUIRE(!repeated, ErrorCode::duplicate, "key of an update path");
  }
  return ok();
}

void RatchetTree::merge_path(LeafIndex sender, const VerifiedLeafNode& leaf, const NewPath& path) {
  const std::vector<PathStep> steps = filtered_direct_path(sender);
  CHECK(size_.contains(sender) && path.nodes.size() == steps.size());
  blank_path(sender);
  for (std::size_t i = 0; i < steps.size(); ++i) set_parent(steps[i].node, path.nodes[i]);
  set_leaf(sender, leaf.shared());
}

TreeHash RatchetTree::tree_hash(NodeIndex x) const {
  CHECK(size_.contains(x));
  return {known_hash(x)};
}

// Recursion no deeper than the tree, at most kMaxTreeDepth.
TreeHash RatchetTree::original_tree_hash(NodeIndex x, std::span<const LeafIndex> without) const {
  if (without.empty()) return tree_hash(x);
  if (is_leaf(x)) return {hash_leaf(suite_->hash, leaf_at(x), nullptr)};
  const auto middle =
      std::partition_point(without.begin(), without.end(), [x](LeafIndex leaf) { return node_of(leaf) < x; });
  const TreeHash left_hash = original_tree_hash(left(x), {without.begin(), middle});
  const TreeHash right_hash = original_tree_hash(right(x), {middle, without.end()});
  const ParentNode* node = parent_node(x);
  std::vector<LeafIndex> unmerged;
  if (node != nullptr) {
    std::set_difference(node->unmerged_leaves.begin(), node->unmerged_leaves.end(), without.begin(), without.end(),
                        std::back_inserter(unmerged));
  }
  return {hash_parent(suite_->hash, node, unmerged, left_hash, right_hash)};
}

ParentHash RatchetTree::parent_hash(NodeIndex x, NodeIndex copath) const {
  const ParentNode* node = parent_node(x);
  CHECK(node != nullptr);
  const auto& unmerged = node->unmerged_leaves;
  const LeafIndex first = leaf_at(first_below(copath));
  const LeafIndex last = leaf_at(last_below(copath));
  const auto begin = std::lower_bound(unmerged.begin(), unmerged.end(), first);
  const auto end = std::upper_bound(begin, unmerged.end(), last);
  return hash_parent_link(suite_->hash, node->encryption_key, node->parent_hash,
                          original_tree_hash(copath, {begin, end}));
}

void RatchetTree::write(wire::Writer& writer) const {
  const auto last = last_member();
  CHECK(last.has_value());
  const std::size_t mark = writer.begin_vector();
  for (NodeIndex x{0}; x <= node_of(*last); ++x.value) {
    writer.u8(encryption_key(x) != nullptr ? 1 : 0);
    if (encryption_key(x) == nullptr) continue;
    writer.u8(static_cast<std::uint8_t>(is_leaf(x) ? NodeType::leaf : NodeType::parent));
    if (is_leaf(x)) {
      leaf(leaf_at(x))->write(writer);
    } else {
      parent_node(x)->write(writer);
    }
  }
  writer.end_vector(mark);
}

// RFC 9420 s.7.7: nodes keep their index when the tree grows or shrinks at its right edge.
void RatchetTree::resize(TreeSize size) {
  size_ = size;
  leaves_.resize(size.leaves());
  parents_.resize(size.leaves() - 1);
  key_marks_.resize(size.nodes());
  signature_marks_.resize(size.leaves());
  hashes_.resize(size.nodes());
}

void RatchetTree::set_leaf(LeafIndex index, std::shared_ptr<const LeafNode> leaf) {
  key_marks_.set(node_of(index).value, leaf ? mark_of(leaf->encryption_key) : 0);
  signature_marks_.set(index.value, leaf ? mark_of(leaf->signature_key) : 0);
  leaves_.set(index.value, std::move(leaf));
  forget_hashes(node_of(index));
}

void RatchetTree::set_parent(NodeIndex x, std::shared_ptr<const ParentNode> node) {
  key_marks_.set(x.value, node ? mark_of(node->encryption_key) : 0);
  parents_.set(x.value / 2, std::move(node));
  forget_hashes(x);
}

void RatchetTree::blank_path(LeafIndex index) {
  for (const PathStep& step : direct_path(index, size_)) set_parent(step.node, nullptr);
}

void RatchetTree::forget_hashes(NodeIndex x) {
  for (; !hashes_[x.value].empty(); x = parent(x)) {
    hashes_.set(x.value, Digest());
    if (x == size_.root()) return;
  }
}

const Digest& RatchetTree::known_hash(NodeIndex x) const {
  if (hashes_[x.value].empty()) hashes_.set(x.value, compute_hash(x));
  return hashes_[x.value];
}

// Recursion (through known_hash) no deeper than the tree, at most kMaxTreeDepth.
Digest RatchetTree::compute_hash(NodeIndex x) const {
  if (is_leaf(x)) return hash_leaf(suite_->hash, leaf_at(x), leaf(leaf_at(x)));
  const ParentNode* node = parent_node(x);
  const auto unmerged =
      node != nullptr ? std::span<const LeafIndex>(node->unmerged_leaves) : std::span<const LeafIndex>();
  const Digest left_hash = known_hash(left(x));
  return hash_parent(suite_->hash, node, unmerged, left_hash, known_hash(right(x)));
}

}  // namespace cairn::mls::internal
