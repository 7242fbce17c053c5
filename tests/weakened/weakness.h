// For copies of sources that leave a check out: tests alone.
#pragma once

#include <string_view>

namespace cairn::weakened {

/// Whether this run leaves out the check of that name.
bool is(std::string_view name);

}  // namespace cairn::weakened
