#include "tests/weakened/weakness.h"

#include <cstdlib>

namespace cairn::weakened {

bool is(std::string_view name) {
  static const char* const chosen = std::getenv("CAIRN_WEAKNESS");
  return chosen != nullptr && name == chosen;
}

}  // namespace cairn::weakened
