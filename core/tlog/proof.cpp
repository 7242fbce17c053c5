#include "core/tlog/proof.h"

#include <bit>

#include "core/tlog/internal/hashes.h"

namespace cairn::tlog {
namespace {

/// The leaves [begin, end) of a node on the way down; begin is a multiple of every power of two below its width.
struct Range {
  std::uint64_t begin = 0;
  std::uint64_t end = 0;

  std::uint64_t width() const { return end - begin; }
  /// Where RFC 6962 s.2.1 divides it: the largest power of two smaller than its width (which is at least 2).
  std::uint64_t middle() const { return begin + std::bit_floor(width() - 1); }
};

/// MTH(D[begin:end]), from the complete subtrees that the range consists of.
Result<Hash> hash_of(const HashReader& reader, Range range) {
  std::vector<Hash> edge;
  for (std::uint64_t at = range.begin; at < range.end;) {
    const std::uint64_t leaves = std::bit_floor(range.end - at);
    const auto level = static_cast<unsigned>(std::countr_zero(leaves));
    edge.push_back(TRY(reader.hash({level, at >> level})));
    at += leaves;
  }
  return internal::fold_edge(edge);
}

/// The level of the largest complete subtree that begins at leaf `begin` and ends at `end` or before.
unsigned largest_at(std::uint64_t begin, std::uint64_t end) {
  const auto fits = static_cast<unsigned>(std::bit_width(end - begin) - 1);
  return begin == 0 ? fits : std::min(fits, static_cast<unsigned>(std::countr_zero(begin)));
}

Status require_size(std::uint64_t size) {
  REQUIRE(size <= kMaxTreeSize, ErrorCode::malformed, "tree size");
  return ok();
}

}  // namespace

void InclusionProof::write(wire::Writer& writer) const { internal::write_hashes(writer, hashes); }

Result<InclusionProof> InclusionProof::read(wire::Reader& reader) {
  return InclusionProof { TRY(internal::read_hashes(reader, kMaxProofHashes)) };
}

void ConsistencyProof::write(wire::Writer& writer) const { internal::write_hashes(writer, hashes); }

Result<ConsistencyProof> ConsistencyProof::read(wire::Reader& reader) {
  return ConsistencyProof { TRY(internal::read_hashes(reader, kMaxProofHashes)) };
}

void GrowthProof::write(wire::Writer& writer) const { internal::write_hashes(writer, hashes); }

Result<GrowthProof> GrowthProof::read(wire::Reader& reader) {
  return GrowthProof { TRY(internal::read_hashes(reader, kMaxGrowthHashes)) };
}

void PrefixProof::write(wire::Writer& writer) const {
  internal::write_hashes(writer, older);
  internal::write_hashes(writer, rest);
}

Result<PrefixProof> PrefixProof::read(wire::Reader& reader) {
  PrefixProof out;
  out.older = TRY(internal::read_hashes(reader, kMaxEdgeHashes));
  out.rest = TRY(internal::read_hashes(reader, kMaxGrowthHashes));
  return out;
}

Result<Hash> root_of(const HashReader& reader, std::uint64_t size) {
  TRY(require_size(size));
  return hash_of(reader, {0, size});
}

// RFC 6962 s.2.1.1: PATH(m, D[n]), from the root down.
Result<InclusionProof> prove_inclusion(const HashReader& reader, std::uint64_t index, std::uint64_t size) {
  TRY(require_size(size));
  REQUIRE(index < size, ErrorCode::malformed, "leaf index");
  InclusionProof proof;
  for (Range node{0, size}; node.width() > 1;) {
    const std::uint64_t middle = node.middle();
    const bool left = index < middle;
    proof.hashes.push_back(TRY(hash_of(reader, left ? Range{middle, node.end} : Range{node.begin, middle})));
    node = left ? Range{node.begin, middle} : Range{middle, node.end};
  }
  std::reverse(proof.hashes.begin(), proof.hashes.end());
  return proof;
}

// RFC 6962 s.2.1.2: SUBPROOF(m, D[n], b), from the root down. b is true while the node begins at leaf 0.
Result<ConsistencyProof> prove_consistency(const HashReader& reader, std::uint64_t old_size, std::uint64_t new_size) {
  TRY(require_size(new_size));
  REQUIRE(old_size <= new_size, ErrorCode::malformed, "old size");
  ConsistencyProof proof;
  if (old_size == 0) return proof;
  Range node{0, new_size};
  while (node.end != old_size) {
    const std::uint64_t middle = node.middle();
    const bool left = old_size <= middle;
    proof.hashes.push_back(TRY(hash_of(reader, left ? Range{middle, node.end} : Range{node.begin, middle})));
    node = left ? Range{node.begin, middle} : Range{middle, node.end};
  }
  if (node.begin != 0) proof.hashes.push_back(TRY(hash_of(reader, node)));
  std::reverse(proof.hashes.begin(), proof.hashes.end());
  return proof;
}

Result<GrowthProof> prove_growth(const HashReader& reader, std::uint64_t old_size, std::uint64_t new_size) {
  TRY(require_size(new_size));
  REQUIRE(old_size < new_size, ErrorCode::malformed, "old size");
  GrowthProof proof;
  for (std::uint64_t at = old_size; at < new_size - 1;) {
    const unsigned level = largest_at(at, new_size - 1);
    proof.hashes.push_back(TRY(reader.hash({level, at >> level})));
    at += std::uint64_t{1} << level;
  }
  return proof;
}

Result<RightEdge> verify_growth(const GrowthProof& proof, RightEdge older, const Hash& newest, const TreeHead& newer) {
  REQUIRE(newer.size <= kMaxTreeSize && older.size() < newer.size, ErrorCode::invalid_tree, "growth: sizes");
  RightEdge edge = std::move(older);
  for (const Hash& subtree : proof.hashes) {
    REQUIRE(edge.size() < newer.size - 1, ErrorCode::invalid_tree, "growth: too many hashes");
    edge.append(largest_at(edge.size(), newer.size - 1), subtree);
  }
  REQUIRE(edge.size() == newer.size - 1, ErrorCode::invalid_tree, "growth: too few hashes");
  edge.append(newest);
  REQUIRE(edge.root() == newer.root, ErrorCode::invalid_tree, "growth proof");
  return edge;
}

Result<PrefixProof> prove_prefix(const HashReader& reader, std::uint64_t old_size, std::uint64_t new_size) {
  TRY(require_size(new_size));
  REQUIRE(old_size != 0 && old_size < new_size, ErrorCode::malformed, "old size");
  PrefixProof proof;
  for (std::uint64_t at = 0; at < old_size;) {
    const auto level = static_cast<unsigned>(std::bit_width(old_size - at) - 1);
    proof.older.push_back(TRY(reader.hash({level, at >> level})));
    at += std::uint64_t{1} << level;
  }
  for (std::uint64_t at = old_size; at < new_size;) {
    const unsigned level = largest_at(at, new_size);
    proof.rest.push_back(TRY(reader.hash({level, at >> level})));
    at += std::uint64_t{1} << level;
  }
  return proof;
}

Result<PrefixRoots> prefix_roots(const PrefixProof& proof, std::uint64_t old_size, std::uint64_t new_size) {
  REQUIRE(old_size != 0 && old_size < new_size && new_size <= kMaxTreeSize, ErrorCode::invalid_tree, "prefix: sizes");
  auto edge = RightEdge::from_hashes(old_size, proof.older);
  REQUIRE(edge.has_value(), ErrorCode::invalid_tree, "prefix: hashes of the older tree");
  const Hash older = edge->root();
  for (const Hash& subtree : proof.rest) {
    REQUIRE(edge->size() < new_size, ErrorCode::invalid_tree, "prefix: too many hashes");
    edge->append(largest_at(edge->size(), new_size), subtree);
  }
  REQUIRE(edge->size() == new_size, ErrorCode::invalid_tree, "prefix: too few hashes");
  return PrefixRoots{older, edge->root()};
}

// RFC 9162 s.2.1.3.2.
Status verify_inclusion(const InclusionProof& proof, const Hash& leaf, std::uint64_t index, const TreeHead& tree) {
  REQUIRE(tree.size <= kMaxTreeSize && index < tree.size, ErrorCode::invalid_tree, "inclusion: leaf index");
  std::uint64_t fn = index;
  std::uint64_t sn = tree.size - 1;
  Hash r = leaf;
  for (const Hash& p : proof.hashes) {
    REQUIRE(sn != 0, ErrorCode::invalid_tree, "inclusion: too many hashes");
    if ((fn & 1) != 0 || fn == sn) {
      r = node_hash(p, r);
      const int rise = (fn & 1) != 0 ? 0 : std::countr_zero(fn);  // fn == sn > 0: it has a set bit
      fn >>= rise;
      sn >>= rise;
    } else {
      r = node_hash(r, p);
    }
    fn >>= 1;
    sn >>= 1;
  }
  REQUIRE(sn == 0 && r == tree.root, ErrorCode::invalid_tree, "inclusion proof");
  return ok();
}

// RFC 9162 s.2.1.4.2; sizes 0 and equal sizes have the empty proof (s.2.1.4.1).
Status verify_consistency(const ConsistencyProof& proof, const TreeHead& older, const TreeHead& newer) {
  REQUIRE(newer.size <= kMaxTreeSize && older.size <= newer.size, ErrorCode::invalid_tree, "consistency: sizes");
  for (const TreeHead* head : {&older, &newer}) {
    REQUIRE(head->size != 0 || head->root == empty_root(), ErrorCode::invalid_tree, "consistency: empty root");
  }
  if (older.size == 0 || older.size == newer.size) {
    REQUIRE(proof.hashes.empty(), ErrorCode::invalid_tree, "consistency: proof not empty");
    REQUIRE(older.size == 0 || older.root == newer.root, ErrorCode::invalid_tree, "consistency: other root");
    return ok();
  }
  std::span<const Hash> path = proof.hashes;
  Hash fr = older.root;  // a complete older tree is its own first hash
  if (!std::has_single_bit(older.size)) {
    REQUIRE(!path.empty(), ErrorCode::invalid_tree, "consistency: no hashes");
    fr = path.front();
    path = path.subspan(1);
  }
  Hash sr = fr;
  const int rise = std::countr_one(older.size - 1);
  std::uint64_t fn = (older.size - 1) >> rise;
  std::uint64_t sn = (newer.size - 1) >> rise;
  for (const Hash& c : path) {
    REQUIRE(sn != 0, ErrorCode::invalid_tree, "consistency: too many hashes");
    if ((fn & 1) != 0 || fn == sn) {
      fr = node_hash(c, fr);
      sr = node_hash(c, sr);
      const int skip = (fn & 1) != 0 ? 0 : std::countr_zero(fn);  // fn == sn > 0: it has a set bit
      fn >>= skip;
      sn >>= skip;
    } else {
      sr = node_hash(sr, c);
    }
    fn >>= 1;
    sn >>= 1;
  }
  REQUIRE(sn == 0 && fr == older.root && sr == newer.root, ErrorCode::invalid_tree, "consistency proof");
  return ok();
}

}  // namespace cairn::tlog
