// What people are told of each attack, in plain words, with the sources.
#pragma once

#include "apps/lab/report.h"

namespace cairn::lab {

/// Of one of the fifteen (CHECKed).
Story story(const std::string& id);

}  // namespace cairn::lab
