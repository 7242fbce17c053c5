// Beginning a name, asking for one by a reset, and letting a further device in: what its owner has to see, or to say,
// before anything is signed.
#pragma once

#include "apps/cairn/speaker.h"

namespace cairn::apps {

enum class Shown : bool { as_text, as_json };

/// `method` is register or reset. Its recovery key, where a new one is needed, is on standard output before anything is
/// signed with it; when it cannot be written there nothing is begun. Asked for again it goes on, and shows none. As
/// JSON it is in the result, which stays one object, and before that on standard error.
Reply begin_name(Speaker& speaker, const std::string& method, nlohmann::json params, Shown shown);

/// A device that shows this code is to be let in: its owner says so in words, unless `approved`. They go into `params`;
/// refused for what is no code, and without the words.
Reply confirm_approval(nlohmann::json& params, bool approved);

}  // namespace cairn::apps
