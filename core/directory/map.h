// The map of a directory in memory: a binary prefix tree (docs/spec/directory.md s.3).
//
//   keys 00.., 010.., 011..      root
//                              .--'--.          a node keeps the hashes of its two children, so that
//                            node    empty      hashing a path touches that path alone
//                         .---'---.
//                       00..     node           a leaf stands at the least depth at which it is alone
//                              .--'--.
//                           010..   011..
#pragma once

#include <memory>

#include "core/directory/map_proof.h"
#include "core/directory/tree_proof.h"

namespace cairn::directory {

/// A growing array that never moves what it holds and wastes at most one chunk.
template <class T>
class ChunkedVector {
 public:
  T& operator[](std::size_t index) { return chunks_[index / kChunk][index % kChunk]; }
  const T& operator[](std::size_t index) const { return chunks_[index / kChunk][index % kChunk]; }
  std::size_t size() const { return size_; }
  /// The index of the new element.
  std::size_t push(const T& value) {
    if (size_ == chunks_.size() * kChunk) chunks_.push_back(std::make_unique<T[]>(kChunk));
    (*this)[size_] = value;
    return size_++;
  }
  std::size_t memory_bytes() const { return chunks_.size() * kChunk * sizeof(T); }

 private:
  static constexpr std::size_t kChunk = 4096;
  std::vector<std::unique_ptr<T[]>> chunks_;
  std::size_t size_ = 0;
};

/// What a name's leaf becomes.
struct LeafChange {
  Hash key;
  NameLeaf leaf;
};

/// Not thread-safe. Holds what its owner has on disk: after a failed commit throw it away and fill a new one.
class Map {
 public:
  Map() = default;
  Map(Map&&) = default;
  Map& operator=(Map&&) = default;

  /// The root so far; zeros when empty.
  const Hash& root() const { return root_hash_; }
  std::uint64_t size() const { return leaves_.size(); }
  std::optional<NameLeaf> find(const Hash& key) const;
  /// Those from `first` up to, and without, `end`, ascending by key.
  std::vector<LeafChange> leaves(const Hash& first, const std::optional<Hash>& end) const;

  /// Sets leaves, new ones and old ones. Changes ascend strictly by key, and no two keys share 255 bits, which no VRF
  /// gives (both CHECKed). Also the way to fill a new map, all at once.
  void update(std::span<const LeafChange> changes);

  /// Membership or absence of a key.
  MapProof prove(const Hash& key) const;

  /// What it holds for some keys, nothing where it has none, and the proof of it: the tree, cut down to them.
  struct Excerpt {
    std::vector<std::optional<NameLeaf>> leaves;
    TreeProof proof;
  };
  /// Keys must ascend strictly (CHECKed). To be made before update().
  Excerpt excerpt(std::span<const Hash> keys) const;

  /// What the tree takes.
  std::size_t memory_bytes() const { return leaves_.memory_bytes() + nodes_.memory_bytes(); }

 private:
  /// 0 is empty; else one more than an index, with the top bit for leaves.
  struct Ref {
    std::uint32_t value = 0;
    bool empty() const { return value == 0; }
    bool is_leaf() const { return (value & kLeafBit) != 0; }
    std::size_t index() const { return (value & ~kLeafBit) - 1; }
    static constexpr std::uint32_t kLeafBit = std::uint32_t{1} << 31;
  };
  struct Leaf {
    Hash key;
    NameLeaf leaf;
  };
  struct Node {
    Hash hashes[2];
    Ref children[2];
  };
  struct Built {
    Ref ref;
    Hash hash;
  };
  struct Frame;

  Built build(Ref old, std::span<const LeafChange> changes, unsigned depth);
  Built set_leaf(Ref old, const LeafChange& change);
  static Frame open(Ref node, std::span<const LeafChange> changes, unsigned depth);
  /// What stands where these keys lead, at a leaf.
  static void excerpt_leaf(const Leaf& leaf, std::span<const Hash> keys, wire::Writer& writer, Excerpt& out);

  ChunkedVector<Leaf> leaves_;
  ChunkedVector<Node> nodes_;
  Ref root_;
  Hash root_hash_;
};

}  // namespace cairn::directory
