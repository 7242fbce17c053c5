// Proofs about the log's tree: that an entry is in it, and that one tree is the beginning of another.
// RFC 6962 s.2.1.1 and s.2.1.2; verified as RFC 9162 s.2.1.3.2 and s.2.1.4.2 say.
#pragma once

#include "core/tlog/merkle.h"

namespace cairn::tlog {

/// Proofs about trees of at most kMaxTreeSize leaves are never longer.
constexpr std::size_t kMaxProofHashes = 64;
/// Up to the largest subtree, and down from it.
constexpr std::size_t kMaxGrowthHashes = 2 * kMaxEdgeHashes;

/// Siblings from the leaf to the root.
struct InclusionProof {
  std::vector<Hash> hashes;

  /// Hash hashes<V>, at most kMaxProofHashes.
  void write(wire::Writer& writer) const;
  static Result<InclusionProof> read(wire::Reader& reader);
  friend bool operator==(const InclusionProof&, const InclusionProof&) = default;
};

/// PROOF(old size, new tree).
struct ConsistencyProof {
  std::vector<Hash> hashes;

  /// Hash hashes<V>, at most kMaxProofHashes.
  void write(wire::Writer& writer) const;
  static Result<ConsistencyProof> read(wire::Reader& reader);
  friend bool operator==(const ConsistencyProof&, const ConsistencyProof&) = default;
};

/// That a tree grew from another one, and by which newest leaf, for one who keeps the older tree's right edge: the
/// complete subtrees between the two, the newest leaf left out, each as large as fits, left to right. It is shorter
/// than either proof of the RFC, and says what both say together.
struct GrowthProof {
  std::vector<Hash> hashes;

  /// Hash hashes<V>, at most kMaxGrowthHashes.
  void write(wire::Writer& writer) const;
  static Result<GrowthProof> read(wire::Reader& reader);
  friend bool operator==(const GrowthProof&, const GrowthProof&) = default;
};

/// What the first leaves of a tree are, for one who knows nothing but its root: the complete subtrees of the older
/// tree, then those up to the end of the newer one, each as large as fits, left to right. Both roots follow from it,
/// and a newer root has one older root at each size: whoever says another one has seen another tree.
struct PrefixProof {
  std::vector<Hash> older;  ///< the older tree's right edge
  std::vector<Hash> rest;

  /// Hash older<V>, at most kMaxEdgeHashes; Hash rest<V>, at most kMaxGrowthHashes.
  void write(wire::Writer& writer) const;
  static Result<PrefixProof> read(wire::Reader& reader);
  friend bool operator==(const PrefixProof&, const PrefixProof&) = default;
};

/// The two roots that a PrefixProof gives.
struct PrefixRoots {
  Hash older;
  Hash newer;
};

/// A size and the root that goes with it.
struct TreeHead {
  std::uint64_t size = 0;
  Hash root;

  friend bool operator==(const TreeHead&, const TreeHead&) = default;
};

/// What a prover asks of the place where the log lies (TileHashes in tile.h is one).
class HashReader {
 public:
  virtual ~HashReader() = default;
  /// The hash of a complete subtree that lies wholly inside the tree that is read.
  virtual Result<Hash> hash(Node node) const = 0;
};

/// MTH of the first `size` leaves.
Result<Hash> root_of(const HashReader& reader, std::uint64_t size);

/// That leaf `index` is in the tree of the first `size` leaves; `malformed` unless index < size <= kMaxTreeSize.
Result<InclusionProof> prove_inclusion(const HashReader& reader, std::uint64_t index, std::uint64_t size);

/// That the first `old_size` leaves are the beginning of the first `new_size`; `malformed` unless
/// old_size <= new_size <= kMaxTreeSize. Empty when old_size is 0 or new_size.
Result<ConsistencyProof> prove_consistency(const HashReader& reader, std::uint64_t old_size, std::uint64_t new_size);

/// From the first `old_size` leaves to the first `new_size`; `malformed` unless old_size < new_size <= kMaxTreeSize.
Result<GrowthProof> prove_growth(const HashReader& reader, std::uint64_t old_size, std::uint64_t new_size);

/// What the first `old_size` of the first `new_size` leaves are; `malformed` unless 0 < old_size < new_size <=
/// kMaxTreeSize.
Result<PrefixProof> prove_prefix(const HashReader& reader, std::uint64_t old_size, std::uint64_t new_size);

/// `invalid_tree` unless 0 < old_size < new_size <= kMaxTreeSize and the proof has just the hashes that go with them.
/// Says nothing of whose trees these are: compare the roots.
Result<PrefixRoots> prefix_roots(const PrefixProof& proof, std::uint64_t old_size, std::uint64_t new_size);

/// `invalid_tree` unless the proof is the one that `newer` begins with the leaves under `older` and ends with the leaf
/// `newest` (a leaf_hash); older must be the smaller one. The right edge of `newer`.
Result<RightEdge> verify_growth(const GrowthProof& proof, RightEdge older, const Hash& newest, const TreeHead& newer);

/// `invalid_tree` unless the proof is the one that `leaf` (a leaf_hash) has this index in this tree.
Status verify_inclusion(const InclusionProof& proof, const Hash& leaf, std::uint64_t index, const TreeHead& tree);

/// `invalid_tree` unless the proof is the one that `newer` begins with `older`. A head of size 0 must have
/// empty_root().
Status verify_consistency(const ConsistencyProof& proof, const TreeHead& older, const TreeHead& newer);

}  // namespace cairn::tlog
