// The PIN's commands: jobs of the backup, and taking a name back with one.
#pragma once

#include "apps/cairn/enroll.h"

namespace cairn::apps {

/// What a PIN opens is restored, to be read; then the name is asked for, by a reset that devices and recovery key can
/// veto. `params` are those of recover.pin. The result is the restore's, with `reset`, that method's result, or
/// `reset_refused`, a sentence: what was restored stays all the same.
Reply recover_by_pin(Speaker& speaker, const nlohmann::json& params, Shown shown);

/// "The realm ... lies": sentences beside a result, each on a line.
std::string warnings_of(const nlohmann::json& result);

/// Of a method pin.* or recover.pin.
std::string render_pin(const std::string& method, const nlohmann::json& result);

}  // namespace cairn::apps
