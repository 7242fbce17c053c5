// The kinds of nodes in a TreeProof (docs/spec/directory.md s.3).
#pragma once

#include <cstdint>

namespace cairn::directory::internal {

enum class TreeNodeKind : std::uint8_t { empty = 0, pruned = 1, leaf = 2, other = 3, node = 4 };

}  // namespace cairn::directory::internal
