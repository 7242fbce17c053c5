// Any bytes as proofs about any trees: no crash, no acceptance of what nobody hashed; and as a right edge.
#include "core/tlog/proof.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace cairn::tlog;
  cairn::wire::Reader reader(cairn::ByteView(data, size));
  const auto index = reader.u64();
  const auto tree_size = reader.u64();
  if (!index || !tree_size) return 0;
  const cairn::ByteView rest = reader.rest();
  const cairn::Hash leaf = leaf_hash(rest);
  const TreeHead older{*index, leaf};
  const TreeHead newer{*tree_size, node_hash(leaf, leaf)};
  if (const auto proof = cairn::wire::decode<InclusionProof>(rest)) {
    CHECK(cairn::equal(cairn::wire::encode(*proof), rest));
    CHECK(!verify_inclusion(*proof, leaf, *index, newer));
  }
  if (const auto proof = cairn::wire::decode<ConsistencyProof>(rest)) {
    CHECK(!verify_consistency(*proof, older, newer));
  }
  if (const auto proof = cairn::wire::decode<GrowthProof>(rest)) {
    CHECK(cairn::equal(cairn::wire::encode(*proof), rest));
    CHECK(!verify_growth(*proof, RightEdge(), leaf, newer));
    RightEdge edge;
    edge.append(leaf);
    const bool twins = newer.size == 2 && proof->hashes.empty();  // that root is theirs
    CHECK(verify_growth(*proof, edge, leaf, newer).has_value() == twins);
  }
  if (const auto proof = cairn::wire::decode<PrefixProof>(rest)) {
    CHECK(cairn::equal(cairn::wire::encode(*proof), rest));
    const auto roots = prefix_roots(*proof, *index, *tree_size);
    CHECK(!roots || (*index != 0 && *index < *tree_size && roots->older != roots->newer));
  }
  if (const auto edge = cairn::wire::decode<RightEdge>(rest)) {
    CHECK(cairn::equal(cairn::wire::encode(*edge), rest));
    edge->root();
  }
  return 0;
}
