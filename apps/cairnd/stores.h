// What the commands of cairnd have in common: the store of a data folder, its server, and how they complain.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "shell/store/sqlite/sqlite_store.h"

namespace cairn::cairnd {

/// Prints a sentence on standard error; gives exit code 1.
int complain(const std::string& sentence);
int complain(const std::string& about, const std::string& sentence);

enum class Access : std::uint8_t { read_only, read_write };
/// A store by its file, without a reserve beside it.
Result<std::unique_ptr<store::SqliteStore>> open_store_file(const std::string& file, Access access);
/// That of a data folder which we hold.
Result<std::unique_ptr<store::SqliteStore>> open_store(const std::string& data_folder);

/// Why this is not the store of `domain`, in one sentence that names both; nothing when it is, or has no log yet.
std::optional<std::string> of_another_domain(const StoreView& store, const std::string& domain);

/// Asks the server that holds the data folder.
Result<std::string> ask_server(const std::string& data_folder, const std::string& line, std::uint64_t wait_ms);
/// Prints what was answered; the exit code.
int tell(const std::string& data_folder, const Result<std::string>& answer);

}  // namespace cairn::cairnd
