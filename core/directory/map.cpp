#include "core/directory/map.h"

#include "core/directory/internal/fold.h"
#include "core/directory/internal/tree_node.h"

namespace cairn::directory {

using internal::TreeNodeKind;
using Changes = std::span<const LeafChange>;
using Keys = std::span<const Hash>;

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

std::vector<LeafChange> Map::leaves(const Hash& first, const std::optional<Hash>& end) const {
  struct Task {
    Ref ref;
    Hash least;  ///< no key there is less
    unsigned depth;
  };
  std::vector<LeafChange> out;
  std::vector<Task> tasks = {{root_, {}, 0}};
  while (!tasks.empty()) {
    const Task task = tasks.back();
    tasks.pop_back();
    if (task.ref.empty()) continue;
    if (end && task.least >= *end) break;  // and so is all that is left
    if (task.ref.is_leaf()) {
      const Leaf& leaf = leaves_[task.ref.index()];
      if (leaf.key >= first && (!end || leaf.key < *end)) out.push_back({leaf.key, leaf.leaf});
      continue;
    }
    const Node& node = nodes_[task.ref.index()];
    Hash middle = task.least;
    middle.mutable_view()[task.depth / 8] |= static_cast<std::uint8_t>(0x80u >> (task.depth % 8));
    tasks.push_back({node.children[1], middle, task.depth + 1});
    if (first < middle) tasks.push_back({node.children[0], task.least, task.depth + 1});
  }
  return out;
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
  const bool alone = changes.size() == 1 && (old.empty() || leaves_[old.index()].key == changes[0].key);
  if (alone) return set_leaf(old, changes[0]);  // most often
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

Map::Excerpt Map::excerpt(Keys keys) const {
  for (std::size_t i = 1; i < keys.size(); ++i) CHECK(keys[i - 1] < keys[i]);
  struct Task {
    Ref ref;
    const Hash* hash;
    Keys keys;
    unsigned depth;
  };
  Excerpt out;
  out.leaves.reserve(keys.size());
  wire::Writer writer;
  writer.reserve(keys.size() * 256);  // about what 100 thousand of a million need
  const auto put = [&](TreeNodeKind kind) { writer.u8(static_cast<std::uint8_t>(kind)); };
  std::vector<Task> tasks = {{root_, &root_hash_, keys, 0}};
  while (!tasks.empty()) {
    const Task task = tasks.back();
    tasks.pop_back();
    if (task.ref.empty()) {
      put(TreeNodeKind::empty);
      out.leaves.resize(out.leaves.size() + task.keys.size());
    } else if (task.keys.empty()) {
      put(TreeNodeKind::pruned);
      writer.raw(*task.hash);
    } else if (task.ref.is_leaf()) {
      excerpt_leaf(leaves_[task.ref.index()], task.keys, writer, out);
    } else {
      put(TreeNodeKind::node);
      const Node& node = nodes_[task.ref.index()];
      const auto right = internal::split_by_bit(task.keys.begin(), task.keys.end(), task.depth);
      tasks.push_back({node.children[1], &node.hashes[1], Keys(right, task.keys.end()), task.depth + 1});
      tasks.push_back({node.children[0], &node.hashes[0], Keys(task.keys.begin(), right), task.depth + 1});
    }
  }
  out.proof.nodes = writer.take();
  return out;
}

void Map::excerpt_leaf(const Leaf& leaf, Keys keys, wire::Writer& writer, Excerpt& out) {
  bool own = false;
  for (const Hash& key : keys) {
    const bool here = key == leaf.key;
    out.leaves.push_back(here ? std::optional(leaf.leaf) : std::nullopt);
    own = own || here;
  }
  writer.u8(static_cast<std::uint8_t>(own ? TreeNodeKind::leaf : TreeNodeKind::other));
  if (own) return;
  writer.raw(leaf.key);
  leaf.leaf.write(writer);
}

}  // namespace cairn::directory
