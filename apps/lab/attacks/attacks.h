// The fifteen attacks: on the model of 2014 (here) and on Cairn (cairn_attacks.h). Each runs by itself, from nothing.
#pragma once

#include "apps/lab/report.h"

namespace cairn::lab {

struct ModelOptions {
  unsigned factor_bits = 216;  ///< weak-rsa: at least 216, below which nothing holds a message key with padding
  unsigned tag_bits = 8;       ///< forge-2016: of 40
};

Side false_key_2014();
Side ghost_device_2014();
Side silent_enrolment_2014();
Side split_view_2014();
Side mud_puddle_2014();
Side subpoena_2014();
Side kept_copy_2014();
Side escrow_2014();
Side weak_rsa_2014(const ModelOptions& options);
Side harvest_2014();
Side oracle_2014();
Side forge_2016(const ModelOptions& options);
Side replay_2014();
Side confirm_file_2014();
Side metadata_2014();

inline std::string of(std::size_t count, std::size_t all) {
  return std::to_string(count) + " of " + std::to_string(all);
}

}  // namespace cairn::lab
