// Which snapshots the backup's commands are about, whether files go with them, and what is said about jobs that run or
// have failed.
#pragma once

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>
#include <string>

namespace cairn::apps {

/// To "backup" with its subcommands create, restore and verify; `method` and `params` outlive it.
void add_backup_options(CLI::App& backup, std::string& method, nlohmann::json& params);

}  // namespace cairn::apps
