#include "apps/cairnd/options.h"

#include "shell/os/file.h"

namespace cairn::cairnd {
namespace {

constexpr std::uint64_t kMostAddressRate = 10'000'000;
constexpr std::size_t kMostVaultMib = std::size_t{1} << 40;

/// Why it cannot be; empty when it can.
std::string set_federation(const Options& options, relay::Federation& federation) {
  using Mode = relay::Federation::Mode;
  federation.mode = options.federation == "on" ? Mode::on : options.federation == "list" ? Mode::listed : Mode::off;
  federation.queue_bytes = options.federation_quota_mib << 20;
  if (options.federation_domains.empty()) return {};
  const auto bytes = os::read_file(options.federation_domains, relay::kMaxFederationFile);
  if (!bytes) return options.federation_domains + " cannot be read; check that it exists and is yours.";
  const Status taken = relay::take_domains(federation, as_text(*bytes));
  if (!taken) return options.federation_domains + ": " + taken.error().where + "; see docs/operating/domain.md.";
  return {};
}

}  // namespace

void declare(apps::Settings& settings, Options& options) {
  settings.text("data", options.server.data_folder, "folder for everything it keeps");
  settings.text("domain", options.domain, "the part after @ of its names; chosen once for ever");
  settings.text("listen", options.listen, "ADDRESS:PORT; port 0 takes a free one");
  settings.text("policy", options.policy_file, "file: C2SP tlog-policy with the cosigners, their URLs, and the quorum");
  settings.text("sign-up", options.sign_up, "who may register", {"open", "invite", "closed"});
  settings.flag("resets", options.resets, "whether names whose owners chose a delay can be reset");
  settings.number("vault-quota", options.vault_quota_mib, "MiB that one name may keep in its vaults", 0, kMostVaultMib);
  settings.number("blob-quota", options.blob_quota_mib, "MiB of attachments that one name may have here", 0,
                  kMostVaultMib);
  settings.number("blob-days", options.blob_days, "days that an attachment is kept", 1, 3650);
  settings.number("mailbox-quota", options.mailbox_quota_mib, "MiB that may wait in one mailbox", 1, kMostVaultMib);
  settings.number("undelivered-days", options.undelivered_days, "days that an envelope waits for its device", 1, 365);
  settings.number("address-rate", options.address_rate,
                  "requests a minute from one address, a fifth of them at once; more where many share one; 0: no limit",
                  0, kMostAddressRate);
  settings.text(
      "federation", options.federation,
      "other domains to exchange messages with: none, all but those that are blocked, or those that are allowed",
      {"off", "on", "list"});
  settings.text("federation-domains", options.federation_domains,
                "file: lines allow DOMAIN, block DOMAIN, or url DOMAIN URL, where its server is not at https://DOMAIN");
  settings.number("federation-quota", options.federation_quota_mib, "MiB that may wait for one other domain", 1,
                  kMostVaultMib);
  settings.flag("behind-proxy", options.server.behind_proxy, "believe X-Forwarded-For of a proxy in front");
  apps::declare_common(settings, options.server);
}

Meaning config_of(const Options& options) {
  Meaning out;
  relay::RelayConfig config;
  config.domain = options.domain;
  config.sign_up = options.sign_up == "open"     ? relay::SignUp::open
                   : options.sign_up == "closed" ? relay::SignUp::closed
                                                 : relay::SignUp::invite;
  config.resets = options.resets;
  config.limits.vault_bytes = options.vault_quota_mib << 20;
  config.limits.blob_bytes = options.blob_quota_mib << 20;
  config.limits.blob_ms = options.blob_days * kDayMs;
  config.limits.mailbox_bytes = options.mailbox_quota_mib << 20;
  // A fifth at once, as in relay::RelayLimits; a burst of 0 is no limit.
  config.limits.address.per_minute = static_cast<std::uint32_t>(options.address_rate);
  config.limits.address.burst = static_cast<std::uint32_t>((options.address_rate + 4) / 5);
  config.limits.undelivered_ms = options.undelivered_days * kDayMs;
  out.why = set_federation(options, config.federation);
  if (!out.why.empty()) return out;
  std::string policy = "quorum none\n";
  if (!options.policy_file.empty()) {
    const auto bytes = os::read_file(options.policy_file, tlog::kMaxPolicyBytes);
    if (!bytes) {
      out.why = options.policy_file + " cannot be read; check that it exists and is yours.";
      return out;
    }
    policy = as_text(*bytes);
  }
  auto parsed = tlog::Policy::parse(policy);
  if (!parsed) {
    out.why = options.policy_file + " is no tlog-policy (" + parsed.error().where + "); see docs/operating/domain.md.";
    return out;
  }
  config.policy = std::move(*parsed);
  config.auditors = relay::auditors_of(policy);
  out.config = std::move(config);
  return out;
}

}  // namespace cairn::cairnd
