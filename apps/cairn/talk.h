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

/// For CLI11: what is wrong with a word, empty when nothing is.
std::string utf8_alone(const std::string& word);

/// A string option that goes into the request under `key`.
CLI::Option* text(CLI::App* app, Question question, const std::string& flag, const char* key, const std::string& help);

/// Adds them to `app`, which has the commands "group", "contact", "send" and "read" already.
void add_talk_commands(CLI::App& app, Question question);

/// Seconds of "90", "45s", "30m", "12h", "1d", "2w" or "off" (0); nothing for what is none, or more than fits.
std::optional<std::uint32_t> parse_duration(const std::string& text);

}  // namespace cairn::apps
