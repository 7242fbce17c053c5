#include "core/directory/map.h"

#include "core/directory/internal/fold.h"
#include "core/directory/internal/tree_node.h"

namespace cairn::directory {

using internal::TreeNodeKind;
using Changes = std::span<const LeafChange>;

namespace {

void check_order(Changes changes) {
  for (std::size_t i = 1; i < changes.size(); ++i) CHECK(changes[i - 1].key < changes[i].key);
}

}  // namespace

/// A node on the path that update() walks.
struct Map::Frame {
  std::size_t node;
  unsigned depth;
  Changes sides[2];
  unsigned next = 0;  ///< the side to be done next
};

std::optional<NameLeaf> Map::find(const Hash& key) const {
  Ref ref = root_;
  for (unsigned depth = 0; !ref.empty() && !ref.is_leaf(); ++depth) {
    ref = nodes_[ref.index()].children[key_bit(key, depth)];
  }
  if (ref.empty() || leaves_[ref.index()].key != key) return {};
  return leaves_[ref.index()].leaf;
}

Map::Built Map::set_leaf(Ref old, const LeafChange& change) {
  if (old.empty()) {
    const std::size_t index = leaves_.push({change.key, change.leaf});
    CHECK(index + 1 < Ref::kLeafBit);
    old.value = static_cast<std::uint32_t>(index + 1) | Ref::kLeafBit;
  } else {
    leaves_[old.index()].leaf = change.leaf;
  }
  return {old, map_leaf_hash(change.key, change.leaf)};
}

Map::Built Map::build(Ref old, Changes changes, unsigned depth) {
  std::vector<internal::FoldLeaf<Built>> leaves;
  leaves.reserve(changes.size() + 1);
  const Hash* old_key = old.empty() ? nullptr : &leaves_[old.index()].key;
  bool placed = old.empty();
  const auto place = [&] {
    leaves.push_back({old_key, {old, map_leaf_hash(*old_key, leaves_[old.index()].leaf)}});
    placed = true;
  };
  for (const LeafChange& change : changes) {
    const bool own = !placed && *old_key == change.key;
    if (!placed && !own && *old_key < change.key) place();
    leaves.push_back({&change.key, set_leaf(own ? old : Ref{}, change)});
    placed = placed || own;
  }
  if (!placed) place();
  return internal::fold_leaves<Built>(leaves, depth, [this](const Built& left, const Built& right) {
    const std::size_t index = nodes_.push({{left.hash, right.hash}, {left.ref, right.ref}});
    CHECK(index + 1 < Ref::kLeafBit);
    return Built{Ref{static_cast<std::uint32_t>(index + 1)}, map_node_hash(left.hash, right.hash)};
  });
}

Map::Frame Map::open(Ref node, Changes changes, unsigned depth) {
  const auto right = internal::split_by_bit(changes.begin(), changes.end(), depth);
  return {node.index(), depth, {Changes(changes.begin(), right), Changes(right, changes.end())}, 0};
}

void Map::update(Changes changes) {
  check_order(changes);
  if (changes.empty()) return;
  std::vector<Frame> path;
  const auto set = [&](const Built& built) {
    if (path.empty()) {
      root_ = built.ref;
      root_hash_ = built.hash;
      return;
    }
    Node& parent = nodes_[path.back().node];
    parent.children[path.back().next - 1] = built.ref;
    parent.hashes[path.back().next - 1] = built.hash;
  };
  const auto is_node = [](Ref ref) { return !ref.empty() && !ref.is_leaf(); };
  if (!is_node(root_)) return set(build(root_, changes, 0));
  path.push_back(open(root_, changes, 0));
  while (!path.empty()) {
    Frame& top = path.back();
    if (top.next == 2) {
      const std::size_t index = top.node;
      path.pop_back();
      const Hash hash = map_node_hash(nodes_[index].hashes[0], nodes_[index].hashes[1]);
      set({Ref{static_cast<std::uint32_t>(index + 1)}, hash});
      continue;
    }
    const unsigned side = top.next++;
    const Changes part = top.sides[side];
    if (part.empty()) continue;
    const Ref child = nodes_[top.node].children[side];
    if (is_node(child)) {
      path.push_back(open(child, part, top.depth + 1));
    } else {
      set(build(child, part, top.depth + 1));
    }
  }
}

MapProof Map::prove(const Hash& key) const {
  MapProof out;
  Ref ref = root_;
  while (!ref.empty() && !ref.is_leaf()) {
    const Node& node = nodes_[ref.index()];
    const bool side = key_bit(key, static_cast<unsigned>(out.siblings.size()));
    out.siblings.push_back(node.hashes[!side]);
    ref = node.children[side];
  }
  if (ref.empty()) return out;
  const Leaf& leaf = leaves_[ref.index()];
  out.end = leaf.key == key ? MapProof::End::own : MapProof::End::other;
  if (out.end == MapProof::End::other) out.other_key = leaf.key;
  out.leaf = leaf.leaf;
  return out;
}

TreeProof Map::prove_all(Changes changes) const {
  check_order(changes);
  struct Task {
    Ref ref;
    const Hash* hash;
    Changes changes;
    unsigned depth;
  };
  wire::Writer writer;
  writer.reserve(changes.size() * 256);  // about what 100 thousand of a million need
  const auto put = [&](TreeNodeKind kind) { writer.u8(static_cast<std::uint8_t>(kind)); };
  std::vector<Task> tasks = {{root_, &root_hash_, changes, 0}};
  while (!tasks.empty()) {
    const Task task = tasks.back();
    tasks.pop_back();
    if (task.ref.empty()) {
      put(TreeNodeKind::empty);
    } else if (task.changes.empty()) {
      put(TreeNodeKind::pruned);
      writer.raw(*task.hash);
    } else if (task.ref.is_leaf()) {
      const Leaf& leaf = leaves_[task.ref.index()];
      const bool own = std::any_of(task.changes.begin(), task.changes.end(),
                                   [&](const LeafChange& change) { return change.key == leaf.key; });
      put(own ? TreeNodeKind::leaf : TreeNodeKind::other);
      if (own) continue;
      writer.raw(leaf.key);
      leaf.leaf.write(writer);
    } else {
      put(TreeNodeKind::node);
      const Node& node = nodes_[task.ref.index()];
      const Frame frame = open(task.ref, task.changes, task.depth);
      for (unsigned side : {1u, 0u}) {
        tasks.push_back({node.children[side], &node.hashes[side], frame.sides[side], task.depth + 1});
      }
    }
  }
  return TreeProof{writer.take()};
}

}  // namespace cairn::directory
