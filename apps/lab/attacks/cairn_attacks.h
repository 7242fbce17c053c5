// The same attacks on Cairn's real programs.
#pragma once

#include "apps/lab/cairn/world.h"
#include "apps/lab/report.h"

namespace cairn::lab {

/// Also starts a world of its own, in which every cosigner colludes.
Side false_key_cairn(World& world, const WorldOptions& options);
Side ghost_device_cairn(World& world);
Side silent_enrolment_cairn(World& world);
/// Also starts a world of its own, in which every cosigner colludes.
Side split_view_cairn(World& world, const WorldOptions& options);
/// These three make worlds of their own: a name changes hands there, and two have realms.
Side mud_puddle_cairn(const WorldOptions& options);
Side kept_copy_cairn(const WorldOptions& options);
Side escrow_cairn(const WorldOptions& options);
/// Starts realms beside the world.
Side subpoena_cairn(World& world, const WorldOptions& options);
Side weak_rsa_cairn(World& world, const WorldOptions& options);
Side harvest_cairn(World& world);
Side oracle_cairn(World& world);
Side forge_cairn(World& world);
Side replay_cairn(World& world);
Side confirm_file_cairn(World& world);
Side metadata_cairn(World& world);

}  // namespace cairn::lab
