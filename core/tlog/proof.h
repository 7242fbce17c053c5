// Proofs about the log's tree: that an entry is in it, and that one tree is the beginning of another.
// RFC 6962 s.2.1.1 and s.2.1.2; verified as RFC 9162 s.2.1.3.2 and s.2.1.4.2 say.
#pragma once

#include "core/tlog/merkle.h"

namespace cairn::tlog {

/// Proofs about trees of at most kMaxTreeSize leaves are never longer.
constexpr std::size_t kMaxProofHashes = 64;

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

/// That the newest leaf is in its tree, from the edge of the tree just before it: no hash is read or computed.
InclusionProof prove_newest(const RightEdge& before);

/// That the first `old_size` leaves are the beginning of the first `new_size`; `malformed` unless
/// old_size <= new_size <= kMaxTreeSize. Empty when old_size is 0 or new_size.
Result<ConsistencyProof> prove_consistency(const HashReader& reader, std::uint64_t old_size, std::uint64_t new_size);

/// `invalid_tree` unless the proof is the one that `leaf` (a leaf_hash) has this index in this tree.
Status verify_inclusion(const InclusionProof& proof, const Hash& leaf, std::uint64_t index, const TreeHead& tree);

/// `invalid_tree` unless the proof is the one that `newer` begins with `older`. A head of size 0 must have
/// empty_root().
Status verify_consistency(const ConsistencyProof& proof, const TreeHead& older, const TreeHead& newer);

}  // namespace cairn::tlog
