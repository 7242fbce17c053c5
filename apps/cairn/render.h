// Answers as sentences for people.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "apps/cairn/ink.h"

namespace cairn::apps {

/// The lines for the answer of `method`, each with its newline; never control characters of other people, and of ours
/// only those of the ink.
std::string render(const std::string& method, const nlohmann::json& result, Ink ink = Ink::none);

/// For --json: one line, with its newline; bytes of other people that are not UTF-8 are replaced.
std::string as_json(const nlohmann::json& value);

/// What others wrote, without characters that drive a terminal or let it look like something else.
std::string harmless_text(std::string_view text);

/// Whether a character does one of these.
bool drives_terminal(char32_t character);

/// "512 bytes", "1.2 MB".
std::string size_words(std::uint64_t bytes);

/// One line for an alarm, as `status` and `--follow` show it.
std::string render_alarm(const nlohmann::json& alarm, Ink ink = Ink::none);

/// One line for a message, as `read` and `--follow` show it.
std::string render_message(const nlohmann::json& message, Ink ink = Ink::none);

}  // namespace cairn::apps
