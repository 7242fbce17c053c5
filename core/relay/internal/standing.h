// Whether our log is as far as the world knows it to be: asked of the cosigners before anything new is signed.
//
// A store can be put back: from a backup, with a machine's snapshot, by a disk that lied. An epoch that is built then
// would be a second one for a size whose first somebody may hold, and a log that signs two is finished. So at each
// start every cosigner is asked where it saw the log last, and nothing is built before enough of them have answered
// that no quorum can be among the others: who served an epoch had a quorum for it, and one of them would have told us.
#pragma once

#include <string_view>

#include "core/base/environment.h"

namespace cairn::relay {

enum class Standing : unsigned char {
  asking,  ///< not enough have answered yet
  newest,  ///< nobody can have seen more than we have
  behind,  ///< somebody has: nothing is built any more
};

constexpr std::string_view describe(Standing standing) {
  switch (standing) {
    case Standing::asking: return "asking";
    case Standing::newest: return "newest";
    case Standing::behind: return "behind";
  }
  return "behind";
}

/// The newest cosignature that we took of a cosigner since this process began.
struct NewestCosignature {
  Time taken;              ///< by our clock
  bool of_served = false;  ///< on the tree that is served, or a larger one: it refuses nothing that is in there
};

}  // namespace cairn::relay
