// Secrets that are typed. They are never words of a command line: other users of the machine can read those.
#pragma once

#include <optional>
#include <string>

#include "core/base/secret.h"

namespace cairn::apps {

/// One line, not shown where it is typed at a terminal.
std::string ask_for_secret(const char* prompt);

/// One line that is typed at the terminal of this process, whatever its standard input is, and not shown. Errors:
/// `unavailable` when it has no terminal, or does not own it just now; each other is a sentence for a person: the line
/// has more than `most` bytes, it was ended without one, or a signal came, which is taken for an end and not lost.
Result<SecretBytes> ask_at_terminal(const char* prompt, std::size_t most);

enum class NewSecret : bool { no, yes };
/// A PIN. A new one is typed twice at a terminal; nothing, and a sentence on standard error, when they differ.
std::optional<std::string> ask_for_pin(NewSecret is_new);

}  // namespace cairn::apps
