// The bell of a terminal, which calls its owner for what rings (docs/spec/client.md s.10).
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>

namespace cairn::apps {

enum class Bell : std::uint8_t { silent, rings };

/// What its owner wants, where the descriptor is a terminal; else, and where CAIRN_NO_BELL is set to anything, silent.
Bell bell_for(int descriptor, Bell wanted);

/// What is written behind a message, as `follow` tells it, for its owner to hear; mostly nothing.
std::string bell_behind(Bell bell, const nlohmann::json& message);

}  // namespace cairn::apps
