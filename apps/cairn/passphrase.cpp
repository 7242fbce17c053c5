#include "apps/cairn/passphrase.h"

#include <cstdlib>

#include "apps/cairn/secret.h"
#include "shell/os/data_folder.h"
#include "shell/os/entropy.h"
#include "shell/os/file.h"

namespace cairn::apps {
namespace {

using nlohmann::json;
using store::KeyFileState;

constexpr const char* kKeyFile = "key";
constexpr const char* kFileOfPassphrase = "CAIRN_PASSPHRASE_FILE";
constexpr const char* kNotAsked =
    "The key of this data folder lies behind a passphrase: run this at a terminal, or name a file that holds it in "
    "CAIRN_PASSPHRASE_FILE.";

/// The first line of a file; with no other line in it.
Result<SecretBytes> phrase_in(const std::string& file) {
  auto content = os::read_file(file, store::kMaxPassphrase + 2);
  REQUIRE(content || content.error().code != ErrorCode::over_limit, ErrorCode::over_limit,
          "The file with the passphrase is too long for one; put the passphrase alone into it.");
  REQUIRE(content, ErrorCode::not_found, "The file with the passphrase cannot be read; check that it exists.");
  SecretBytes all(std::move(*content));
  ByteView line = all.expose();
  if (!line.empty() && line.back() == '\n') line = line.first(line.size() - 1);
  if (!line.empty() && line.back() == '\r') line = line.first(line.size() - 1);
  REQUIRE(std::find(line.begin(), line.end(), '\n') == line.end(), ErrorCode::malformed,
          "The file with the passphrase has more than one line; put the passphrase alone into it.");
  return SecretBytes(to_bytes(line));
}

Result<SecretBytes> present_phrase() {
  if (const char* file = std::getenv(kFileOfPassphrase); file != nullptr && *file != '\0') return phrase_in(file);
  auto typed = ask_at_terminal("Passphrase of this data folder (it is not shown): ", store::kMaxPassphrase);
  REQUIRE(typed || typed.error().code != ErrorCode::unavailable, ErrorCode::not_authorised, kNotAsked);
  return typed;
}

Result<SecretBytes> new_phrase(const std::string& file) {
  if (!file.empty()) return phrase_in(file);
  auto typed = ask_at_terminal("New passphrase, 8 characters or more; long ones are better (it is not shown): ",
                               store::kMaxPassphrase);
  REQUIRE(typed || typed.error().code != ErrorCode::unavailable, ErrorCode::not_authorised,
          "There is no terminal to type at; name a file with passphrase set --file.");
  if (!typed) return typed;
  const SecretBytes again = TRY(ask_at_terminal("Type it again: ", store::kMaxPassphrase));
  REQUIRE(equal(again.expose(), typed->expose()), ErrorCode::malformed,
          "The two differ, and nothing was done; begin again.");
  return typed;
}

json where(KeyFileState state) {
  if (state == KeyFileState::absent) return {{"key", "none"}};
  return {{"key", state == KeyFileState::sealed ? "passphrase" : "file"}};
}

Result<json> carry_out(const std::string& method, const std::string& path, const std::string& new_file) {
  os::SystemEntropy entropy;
  const KeyFileState before = TRY(store::key_file_state(path));
  REQUIRE(method != "passphrase.remove" || before == KeyFileState::sealed, ErrorCode::invalid_state,
          "There is no passphrase to remove.");
  const store::StoreKey key = TRY(unlock_key(path, entropy));
  if (method == "passphrase.remove") {
    TRY(store::bare_key_file(path, key));
    return where(KeyFileState::open);
  }
  const SecretBytes phrase = TRY(new_phrase(new_file));
  TRY(store::seal_key_file(path, key, phrase.expose(), entropy));
  return where(KeyFileState::sealed);
}

}  // namespace

Result<store::StoreKey> unlock_key(const std::string& path, Entropy& entropy) {
  if (TRY(store::key_file_state(path)) != KeyFileState::sealed) return store::open_key_file(path, entropy);
  const SecretBytes phrase = TRY(present_phrase());
  auto key = store::unseal_key_file(path, phrase.expose());
  if (key) os::wipe_leftovers(path);  // of a removal that was interrupted: the key as it is
  return key;
}

void add_passphrase_commands(CLI::App& app, Question question, std::string& new_file) {
  CLI::App* passphrase = app.add_subcommand(
      "passphrase", "what has to be known to open this data folder, beside having its files; the daemon must not run");
  passphrase->require_subcommand(1);
  CLI::App* set = passphrase->add_subcommand("set", "put the key of this folder behind a passphrase, or another one");
  set->add_option("--file", new_file, "holds the new passphrase; by default it is typed");
  set->callback([question] { question.method = "passphrase.set"; });
  passphrase->add_subcommand("remove", "keep the key in a file again, which opens everything")->callback([question] {
    question.method = "passphrase.remove";
  });
  passphrase->add_subcommand("status", "whether there is one")->callback([question] {
    question.method = "passphrase.status";
  });
}

Reply run_passphrase(const std::string& data_folder, const std::string& method, const std::string& new_file) {
  if (method == "passphrase.status") {
    const auto state = store::key_file_state(data_folder + "/" + kKeyFile);
    return state ? Reply{Exit::done, where(*state), {}} : Reply{Exit::refused, {}, state.error().where};
  }
  auto folder = os::DataFolder::open(data_folder);
  if (!folder) {
    const bool is_held = folder.error().code == ErrorCode::conflict;
    return {is_held ? Exit::locked : Exit::refused, {}, folder.error().where};
  }
  auto done = carry_out(method, folder->file(kKeyFile), new_file);
  if (!done) return {Exit::refused, {}, done.error().where};
  return {Exit::done, std::move(*done), {}};
}

std::string render_passphrase(const json& result) {
  if (result.value("key", "") == "none") return "This data folder has no key yet.\n";
  if (result.value("key", "") == "passphrase")
    return "The key of this data folder lies behind a passphrase. Who forgets it loses what only this device has.\n";
  return "The key of this data folder lies in a file beside it: whoever can read this folder can read everything. "
         "cairn passphrase set changes that.\n";
}

std::string where_key_lies(const std::string& data_folder) {
  const auto state = store::key_file_state(data_folder + "/" + kKeyFile);
  return state ? where(*state)["key"].get<std::string>() : std::string();
}

}  // namespace cairn::apps
