// The passphrase of a data folder, behind which the key of its store lies (docs/spec/client.md s.6).
#pragma once

#include "apps/cairn/speaker.h"
#include "apps/cairn/talk.h"
#include "shell/store/encrypted/key_file.h"

namespace cairn::apps {

/// The key in the file `path`, made at first use. Where it is sealed the passphrase comes out of the file that the
/// environment's CAIRN_PASSPHRASE_FILE names, or is asked for at the terminal. Each error is a sentence for a person.
Result<store::StoreKey> unlock_key(const std::string& path, Entropy& entropy);

/// "passphrase set", "remove" and "status". `new_file` gets the file that holds a new one, and must outlive the
/// parsing.
void add_passphrase_commands(CLI::App& app, Question question, std::string& new_file);

/// Carries out such a method, without the client's mind. Exit::locked while another process holds the folder.
Reply run_passphrase(const std::string& data_folder, const std::string& method, const std::string& new_file);

std::string render_passphrase(const nlohmann::json& result);

/// What `status` adds: "file", "passphrase" or "none"; empty when it cannot be told.
std::string where_key_lies(const std::string& data_folder);

}  // namespace cairn::apps
