// Manual pages, made of what a program says of its commands with --help.
#pragma once

#include <CLI/CLI.hpp>
#include <string>

namespace cairn::apps {

/// A page for man(1) (troff with man(7) macros), section 1, of the program `app` and all its commands.
/// `version` and `about` stand as they are: one line, and a paragraph.
std::string manual_page(const CLI::App& app, const std::string& name, const std::string& version,
                        const std::string& about);

}  // namespace cairn::apps
