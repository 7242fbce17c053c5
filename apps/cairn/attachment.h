// The commands about files: sending one with a message, saving one, and what is on its way.
#pragma once

#include "apps/cairn/speaker.h"
#include "apps/cairn/talk.h"
#include "shell/images/images.h"

namespace cairn::apps {

/// Adds "save", "attachment", and --attach to the command "send", which is there.
void add_attachment_commands(CLI::App& app, Question question);

/// The path from / on that is meant by what was typed.
std::string whole_path(const std::string& typed);

/// What attachment.send is asked, with a small picture of the file where it is one (shell/images); as it is where that
/// says what to send for it, or making one takes longer.
nlohmann::json with_preview(nlohmann::json params, std::uint64_t most_ms = images::kMaxImageMs);

/// Asks, then waits until the file is sent or saved, showing how far it is on a terminal. Exit::unreachable when
/// nothing moves for `most_quiet_ms`: it goes on by itself whenever this device runs.
Reply run_transfer(Speaker& speaker, const std::string& method, const nlohmann::json& params,
                   std::uint64_t most_quiet_ms = 60'000);

/// "sending a.bin: 3.1 MB of 64.0 MB, 12.0 MB/s, about 5 s left".
std::string transfer_line(const nlohmann::json& transfer);
std::string render_attachment(const std::string& method, const nlohmann::json& result);

}  // namespace cairn::apps
