// Manual pages, made of what a program says of its commands with --help.
#pragma once

#include <CLI/CLI.hpp>
#include <string>

namespace cairn::apps {

/// At the end of the help of a server, and of its page.
inline constexpr const char* kServerFooter =
    "Exit codes: 0 done, or stopped by SIGTERM; 1 refused or failed, a sentence on standard error says why;\n"
    "2 wrong usage or settings.";

/// A page for man(1) (troff with man(7) macros), section 1, of the program `app` and all its commands.
/// `version` and `about` stand as they are: one line, and a paragraph.
std::string manual_page(const CLI::App& app, const std::string& name, const std::string& version,
                        const std::string& about);

}  // namespace cairn::apps
