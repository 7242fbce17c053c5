// Secrets that are typed. They are never words of a command line: other users of the machine can read those.
#pragma once

#include <optional>
#include <string>

namespace cairn::apps {

/// One line, not shown where it is typed at a terminal.
std::string ask_for_secret(const char* prompt);

enum class NewSecret : bool { no, yes };
/// A PIN. A new one is typed twice at a terminal; nothing, and a sentence on standard error, when they differ.
std::optional<std::string> ask_for_pin(NewSecret is_new);

}  // namespace cairn::apps
