// The command `cairn daemon`.
#pragma once

#include <cstdint>
#include <optional>

#include "apps/cairn/talk.h"

namespace cairn::apps {

/// Adds it; `http_port` is set when HTTP is to be served too, and must outlive the parsing.
void add_daemon_command(CLI::App& app, Question question, std::optional<std::uint16_t>& http_port);

}  // namespace cairn::apps
