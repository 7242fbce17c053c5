// The Merkle tree of a log: RFC 6962 s.2.1 (RFC 9162 s.2.1.1) with SHA-256.
//
// The tree over n leaves has, left to right, one complete subtree for each bit of n: its right edge. n = 7:
//
//                 root
//            .-----'-----.
//            a           .         edge: a (leaves 0-3), b (4-5), leaf 6
//         .--'--.     .--'--.
//         .     .     b     6
//        0 1   2 3   4 5
#pragma once

#include <vector>

#include "core/base/types.h"
#include "core/wire/reader.h"
#include "core/wire/writer.h"

namespace cairn::tlog {

/// The largest tree that we read, write or prove anything about: what other implementations hold in an int64.
constexpr std::uint64_t kMaxTreeSize = (std::uint64_t{1} << 63) - 1;
/// One for each bit of kMaxTreeSize.
constexpr std::size_t kMaxEdgeHashes = 63;

/// MTH of one leaf: H(0x00 || entry).
Hash leaf_hash(ByteView entry);
/// MTH of two subtrees: H(0x01 || left || right).
Hash node_hash(const Hash& left, const Hash& right);
/// MTH of no leaves: H("").
Hash empty_root();

/// A complete subtree: the leaves [index << level, (index + 1) << level).
struct Node {
  unsigned level = 0;  ///< 0 is a leaf; at most 63
  std::uint64_t index = 0;

  friend auto operator<=>(const Node&, const Node&) = default;
};

/// The tree as one who only appends has to keep it: at most 63 hashes.
class RightEdge {
 public:
  /// The empty tree.
  RightEdge() = default;

  /// From the complete subtrees of a tree of `size` leaves; `malformed` unless there is one for each bit of it.
  static Result<RightEdge> from_hashes(std::uint64_t size, std::vector<Hash> hashes);

  std::uint64_t size() const { return size_; }
  /// MTH of all leaves.
  Hash root() const;
  /// Complete subtrees, the largest and leftmost first: one for each bit of size().
  const std::vector<Hash>& hashes() const { return hashes_; }

  /// Adds leaf_hash(entry). The tree must be smaller than kMaxTreeSize (CHECKed).
  void append(const Hash& leaf) { append(0, leaf); }
  /// Adds 2^level leaves by the hash of their complete subtree. size() must be a multiple of 2^level, and the tree not
  /// become larger than kMaxTreeSize (CHECKed).
  void append(unsigned level, const Hash& subtree);

  /// uint64 size; Hash hashes<V>, as many as the size has bits.
  void write(wire::Writer& writer) const;
  static Result<RightEdge> read(wire::Reader& reader);

  friend bool operator==(const RightEdge&, const RightEdge&) = default;

 private:
  std::uint64_t size_ = 0;
  std::vector<Hash> hashes_;
};

}  // namespace cairn::tlog
