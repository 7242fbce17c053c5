// Days for people.
#pragma once

#include <string>

#include "core/base/environment.h"

namespace cairn::client {

/// "2026-12-08 14:05 UTC"; "a day that is too far away" for what no calendar has.
std::string day_text(Time time);

}  // namespace cairn::client
