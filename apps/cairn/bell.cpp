#include "apps/cairn/bell.h"

#include <unistd.h>

#include <cstdlib>

namespace cairn::apps {

Bell bell_for(int descriptor, Bell wanted) {
  const char* unwanted = std::getenv("CAIRN_NO_BELL");
  const bool is_unwanted = unwanted != nullptr && *unwanted != '\0';
  return ::isatty(descriptor) == 0 || is_unwanted ? Bell::silent : wanted;
}

std::string bell_behind(Bell bell, const nlohmann::json& message) {
  const bool rings = message.is_object() && message.value("rings", false);
  return bell == Bell::rings && rings ? "\a" : "";
}

}  // namespace cairn::apps
