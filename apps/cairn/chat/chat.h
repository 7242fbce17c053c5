// `cairn chat`: a conversation in a terminal.
#pragma once

#include <string>

#include "apps/cairn/speaker.h"

namespace cairn::apps {

/// Shows the conversation that `to` means until its owner leaves it, through the daemon or with a mind of our own.
/// Exit::usage where standard input or output is no terminal.
Reply run_chat(const std::string& data_folder, const std::string& to);

}  // namespace cairn::apps
