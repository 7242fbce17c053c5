// `cairn chat`: a conversation in a terminal.
#pragma once

#include <string>

#include "apps/cairn/bell.h"
#include "apps/cairn/speaker.h"

namespace cairn::apps {

/// Shows the conversation that `to` means until its owner leaves it, through the daemon or with a mind of our own.
/// The bell rings as `bell` says, and while that is not switched off there. Exit::usage where standard input or output
/// is no terminal.
Reply run_chat(const std::string& data_folder, const std::string& to, Bell bell);

}  // namespace cairn::apps
