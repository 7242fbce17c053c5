// Commands about messages, requests, settings and groups: each fills in the method and its parameters.
#pragma once

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>
#include <string>

namespace cairn::apps {

/// What is asked of the client. Both must outlive the parsing.
struct Question {
  std::string& method;
  nlohmann::json& params;
};

/// Adds them to `app`, which has the commands "group", "contact", "send" and "read" already.
void add_talk_commands(CLI::App& app, Question question);

/// Seconds of "90", "45s", "30m", "12h", "1d", "2w" or "off" (0); nothing for what is none, or more than fits.
std::optional<std::uint32_t> parse_duration(const std::string& text);

}  // namespace cairn::apps
