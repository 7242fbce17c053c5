// Lists of hashes, as edges and proofs have them.
#pragma once

#include <vector>

#include "core/tlog/merkle.h"

namespace cairn::tlog::internal {

/// Hash hashes<V>.
void write_hashes(wire::Writer& writer, std::span<const Hash> hashes);
/// The inverse, at most `max_count`.
Result<std::vector<Hash>> read_hashes(wire::Reader& reader, std::size_t max_count);

/// MTH from complete subtrees, the largest and leftmost first; of none, the empty tree's.
Hash fold_edge(std::span<const Hash> edge);

}  // namespace cairn::tlog::internal
