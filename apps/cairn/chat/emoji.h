// Names of emoji, as people type them: ":thumbsup:".
#pragma once

#include <string>
#include <string_view>

namespace cairn::apps::chat {

/// The emoji that ":name:" means; what has no such form stays as it is. Empty for a name that is not known.
std::string emoji_of(std::string_view typed);

}  // namespace cairn::apps::chat
