// What a person reads when a request is refused.
#pragma once

#include <string>

#include "core/base/result.h"

namespace cairn::relay {

/// One sentence: what happened and what to do. A `where` that ends in a full stop is that sentence; any other error is
/// told by one that goes with its code.
std::string sentence_of(const Error& error);

}  // namespace cairn::relay
