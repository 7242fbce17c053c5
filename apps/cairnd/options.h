// What the operator of a domain sets, and the commands of cairnd.
#pragma once

#include "apps/common/server.h"
#include "apps/common/settings.h"
#include "core/relay/config.h"
#include "core/relay/restoring.h"

namespace cairn::cairnd {

inline constexpr std::uint32_t kApplicationId = 0x63726e64;  // "crnd"

struct Options {
  apps::ServerOptions server;
  std::string listen = "127.0.0.1:8440";
  std::string domain = "localhost";
  std::string policy_file;
  std::string sign_up = "invite";
  bool resets = true;
  std::uint64_t vault_quota_mib = proto::kVaultQuota >> 20;
  std::uint64_t blob_quota_mib = proto::kBlobQuota >> 20;
  std::uint64_t blob_days = proto::kBlobLifeMs / kDayMs;
  std::uint64_t mailbox_quota_mib = relay::RelayLimits{}.mailbox_bytes >> 20;
  std::string federation = "off";
  std::string federation_domains;  ///< file, relay::take_domains
  std::uint64_t federation_quota_mib = relay::Federation{}.queue_bytes >> 20;
  std::uint64_t address_rate = relay::RelayLimits{}.address.per_minute;
  std::uint64_t undelivered_days = relay::RelayLimits{}.undelivered_ms / kDayMs;
};

/// Names them all; `options` must outlive `settings`.
void declare(apps::Settings& settings, Options& options);

/// What they mean; `invalid_state` or `malformed`, and a sentence in `why`, when they mean nothing.
struct Meaning {
  std::optional<relay::RelayConfig> config;
  std::string why;
};
Meaning config_of(const Options& options);

/// Path of the store in a data folder.
std::string store_path(const std::string& data_folder);

// Each command: its exit code, 1 after a sentence on standard error.

/// Takes requests until SIGTERM.
int serve(Options& options);
/// Writes the settings to a file in the data folder, makes the keys of the log, and tells the log's line for cosigners.
int init(const Options& options, const apps::Settings& settings);
/// Asks the server that holds the data folder, or does it in the store when none does; prints the answer.
int administer(const Options& options, const std::string& line);
/// Every name with the number of its devices and whether it may log in, a line each.
int list_users(const Options& options);
/// Copies the store, while a server runs too, to a file that does not exist yet.
int backup(const Options& options, const std::string& file);
/// Whether a copy is whole: see relay::inspect.
int verify(const std::string& file);
/// Puts a copy that is whole into a data folder without a store.
int restore(const Options& options, const std::string& file, relay::AskCosigners ask);
/// Says what is wrong with the folder, the settings and what they name; 1 if anything is.
int doctor(const Options& options);

}  // namespace cairn::cairnd
