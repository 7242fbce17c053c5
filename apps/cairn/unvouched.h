// What a recovery key opens in a folder where no directory answers: written out for people, and taken into no device,
// for nobody can say who wrote it (docs/spec/backup.md s.6, "A second place").
#pragma once

#include "apps/cairn/speaker.h"

namespace cairn::apps {

/// `backup read`: asks for the recovery key, and for the printed token where `with_token` is said. `params`: `from`,
/// the folder of the backup; `name`, whose it is; `to`, a folder that is missing, and made, or empty. Writes pages and
/// JSON of the newest snapshot of each signer, of the generations whose token is here or was typed. The result:
/// `conversations`, `messages`, `snapshots`, `folder`, `damaged` (how many entries were lost), `left_out`
/// (generations).
Reply read_unvouched(const nlohmann::json& params);

std::string render_unvouched(const nlohmann::json& result);

}  // namespace cairn::apps
