// cairnd: the server of a domain.
#include <CLI/CLI.hpp>
#include <cstdio>

#include "apps/common/server.h"
#include "core/relay/invitation.h"
#include "core/relay/relay.h"
#include "shell/net/line_socket.h"
#include "shell/os/clock.h"
#include "shell/os/data_folder.h"
#include "shell/os/entropy.h"
#include "shell/store/sqlite/sqlite_store.h"

namespace {

using namespace cairn;

constexpr std::uint32_t kApplicationId = 0x63726e64;  // "crnd"

struct Options {
  apps::ServerOptions server;
  std::string listen = "127.0.0.1:8440";
  std::string domain = "localhost";
  std::string policy_file;
  std::string sign_up = "invite";
  bool resets = false;
  std::uint64_t vault_quota_mib = proto::kVaultQuota >> 20;
  std::uint32_t uses = 1;
  std::uint32_t days = 14;
};

int serve(Options& options) {
  if (!apps::parse_listen(options.listen, options.server)) {
    std::fprintf(stderr, "--listen %s is not ADDRESS:PORT.\n", options.listen.c_str());
    return 2;
  }
  relay::RelayConfig config;
  config.domain = options.domain;
  config.sign_up = options.sign_up == "open" ? relay::SignUp::open : relay::SignUp::invite;
  config.resets = options.resets;
  config.limits.vault_bytes = options.vault_quota_mib << 20;
  std::string policy = "quorum none\n";
  if (!options.policy_file.empty() && !apps::read_text(options.policy_file, policy)) return 1;
  auto parsed = tlog::Policy::parse(policy);
  if (!parsed) {
    std::fprintf(stderr, "%s is no tlog-policy (%s); see docs/operating/domain.md.\n", options.policy_file.c_str(),
                 parsed.error().where);
    return 1;
  }
  config.policy = std::move(*parsed);
  return apps::serve(options.server, [&config] { return std::make_unique<relay::Relay>(config); });
}

/// Asks the server that holds the data folder.
int invite_through_server(const Options& options) {
  constexpr std::uint64_t kAnswerMs = 10'000;
  const std::string line = "invite " + std::to_string(options.uses) + " " + std::to_string(options.days);
  auto server = net::LocalClient::open(apps::local_socket(options.server.data_folder));
  Result<Bytes> answer =
      fail(ErrorCode::unavailable, "another process works with this data folder just now; try again when it is done");
  if (server) {
    const Status sent = server->send(to_bytes(line));
    answer = sent ? server->receive(kAnswerMs) : Result<Bytes>(tl::unexpected<Error>(sent.error()));
  }
  if (!answer) {
    std::fprintf(stderr, "%s: %s\n", options.server.data_folder.c_str(), answer.error().where);
    return 1;
  }
  const std::string text = as_text(*answer);
  const std::string mark = "error: ";
  if (text.starts_with(mark)) {
    std::fprintf(stderr, "%s\n", text.substr(mark.size()).c_str());
    return 1;
  }
  std::printf("%s\n", text.c_str());
  return 0;
}

/// Through the server while one runs, else in the store itself.
int invite(const Options& options) {
  auto folder = os::DataFolder::open(options.server.data_folder);
  if (!folder && folder.error().code == ErrorCode::conflict) return invite_through_server(options);
  if (!folder) {
    std::fprintf(stderr, "%s: %s\n", options.server.data_folder.c_str(), folder.error().where);
    return 1;
  }
  store::SqliteOptions store_options;
  store_options.path = folder->file("store.sqlite");
  store_options.application_id = kApplicationId;
  auto store = store::SqliteStore::open(store_options);
  if (!store) {
    std::fprintf(stderr, "%s: %s\n", store_options.path.c_str(), store.error().where);
    return 1;
  }
  os::SystemEntropy entropy;
  const auto invitation = relay::make_invitation(options.uses, after(os::now(), options.days * kDayMs), entropy);
  if (const auto done = (*store)->commit({invitation.row}); !done) {
    std::fprintf(stderr, "%s: %s\n", store_options.path.c_str(), done.error().where);
    return 1;
  }
  std::printf("%s\n", invitation.code.c_str());
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  options.server.application_id = kApplicationId;
  options.server.local_target = relay::kPathAdmin;
  options.server.data_folder = os::default_data_folder("cairnd").value_or("cairnd-data");

  CLI::App app{"cairnd: the server of a Cairn domain. It orders and keeps messages, and cannot read them."};
  app.require_subcommand(1);
  app.add_option("--data", options.server.data_folder, "folder for everything it keeps")->capture_default_str();
  CLI::App* serve_command = app.add_subcommand("serve", "take requests until SIGTERM");
  serve_command->add_option("--listen", options.listen, "ADDRESS:PORT; port 0 takes a free one")->capture_default_str();
  serve_command->add_option("--domain", options.domain, "the part after @ of its names")->capture_default_str();
  serve_command->add_option("--policy", options.policy_file,
                            "C2SP tlog-policy: witnesses with their URLs, and the quorum");
  serve_command->add_option("--sign-up", options.sign_up, "who may register")
      ->check(CLI::IsMember({"open", "invite"}))
      ->capture_default_str();
  serve_command->add_flag("--resets", options.resets,
                          "let names be reset: whoever resets one can stop this domain (docs/operating/domain.md)");
  serve_command->add_option("--vault-quota", options.vault_quota_mib, "MiB that one name may keep in its vaults")
      ->check(CLI::Range(std::uint64_t{0}, std::uint64_t{1} << 40))
      ->capture_default_str();
  serve_command->add_flag("--behind-proxy", options.server.behind_proxy, "believe X-Forwarded-For of a proxy in front");
  CLI::App* invite_command = app.add_subcommand("invite", "make an invitation code; the server may run meanwhile");
  invite_command->add_option("--uses", options.uses, "how many may use it")
      ->check(CLI::Range(1u, relay::kMaxInvitationUses))
      ->capture_default_str();
  invite_command->add_option("--days", options.days, "how long it is good")
      ->check(CLI::Range(1u, relay::kMaxInvitationDays))
      ->capture_default_str();
  CLI11_PARSE(app, argc, argv);
  return serve_command->parsed() ? serve(options) : invite(options);
}
