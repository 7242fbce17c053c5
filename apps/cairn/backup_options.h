// Which snapshots the backup's commands are about, and what is said about jobs that run or have failed.
#pragma once

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>
#include <string>

namespace cairn::apps {

/// To "backup" with its subcommands restore and verify; `method` and `params` outlive it.
void add_backup_options(CLI::App& backup, std::string& method, nlohmann::json& params);

}  // namespace cairn::apps
