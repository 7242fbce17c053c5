// cairn-witness: an independent party that cosigns logs, as witness or as auditor, or holds shares, as realm.
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdio>

#include "apps/common/manual.h"
#include "apps/common/server.h"
#include "apps/common/settings.h"
#include "core/witness/key.h"
#include "core/witness/realm.h"
#include "core/witness/witness.h"
#include "shell/net/url.h"
#include "shell/os/data_folder.h"
#include "shell/os/entropy.h"
#include "shell/os/slot_file.h"
#include "shell/store/sqlite/sqlite_store.h"

namespace {

using namespace cairn;

constexpr std::uint32_t kApplicationId = 0x63726e77;  // "crnw"

struct Options {
  apps::ServerOptions server;
  std::string listen = "127.0.0.1:8450";
  std::string role = "witness";
  std::string name;
  std::string logs_file;
  std::string realm_file;
  bool accept_rollback = false;
};

/// Nothing, and a sentence on standard error, when it is none.
std::optional<tlog::KeyName> key_name(const Options& options) {
  auto name = tlog::KeyName::from(options.name.empty() ? "localhost/" + options.role : options.name);
  if (name) return std::move(*name);
  std::fprintf(stderr, "--name %s is no name for a key: no spaces, no plus sign.\n", options.name.c_str());
  return std::nullopt;
}

int complain(const std::string& about, const char* sentence) {
  std::fprintf(stderr, "%s: %s\n", about.c_str(), sentence);
  return 1;
}

/// The file of the keys that seal shares; it lies beside the store, and must not be in any backup.
Result<std::unique_ptr<os::SlotFile>> open_keys(const std::string& data_folder) {
  return os::SlotFile::open(data_folder + "/keys");
}

/// A peer that can never be reached looks like one that is down, and an old database is not found out.
bool can_call_peers(const Options& options, const witness::RealmList& list) {
  for (const witness::RealmPeer& peer : list.peers) {
    const auto url = net::parse_url(peer.url);
    if (url && net::is_callable(*url)) continue;
    std::fprintf(
        stderr,
        "%s: the peer at %s cannot be called without encryption; write https, or the address of a proxy on this "
        "machine, as in http://127.0.0.1:8471 (docs/operating/realm.md).\n",
        options.realm_file.c_str(), peer.url.c_str());
    return false;
  }
  return true;
}

int serve_realm(const Options& options) {
  std::string text;
  if (!options.realm_file.empty() && !apps::read_text(options.realm_file, text)) return 1;
  auto list = witness::RealmList::parse(text);
  if (!list) {
    std::fprintf(stderr, "%s is no list of a realm (%s); see docs/spec/realm.md.\n", options.realm_file.c_str(),
                 list.error().where);
    return 1;
  }
  if (!can_call_peers(options, *list)) return 1;
  auto name = key_name(options);
  if (!name) return 2;
  const witness::RealmConfig config{std::move(*name), std::move(*list), options.accept_rollback};
  std::unique_ptr<os::SlotFile> keys;
  return apps::serve(options.server, [&]() -> std::unique_ptr<proto::Mind> {
    auto opened = open_keys(options.server.data_folder);
    if (!opened) {
      complain(options.server.data_folder, opened.error().where);
      return nullptr;
    }
    keys = std::move(*opened);
    return std::make_unique<witness::Realm>(config, *keys);
  });
}

/// Makes the key, unless there is one, and tells the line that policies and lists name it by. The one way to a key.
int init(const Options& options) {
  auto name = key_name(options);
  if (!name) return 2;
  const std::string& folder_name = options.server.data_folder;
  auto folder = os::DataFolder::open(folder_name);
  if (!folder) return complain(folder_name, folder.error().where);
  store::SqliteOptions store_options;
  store_options.path = folder->file("store.sqlite");
  store_options.application_id = kApplicationId;
  auto store = store::SqliteStore::open(store_options);
  if (!store) return complain(store_options.path, store.error().where);
  os::SystemEntropy entropy;
  const Status made = (*store)->commit(witness::make_key(**store, entropy));
  if (!made) return complain(store_options.path, made.error().where);
  const auto key = witness::read_key(**store);
  if (!key) return complain(store_options.path, key.error().where);
  const bool realm = options.role == "realm";
  const auto type = realm ? tlog::SignatureType::ed25519 : tlog::SignatureType::cosignature_v1;
  const std::string line = realm ? "realm" : "witness " + name->text();
  const tlog::VerifierKey ours(std::move(*name), type, key->public_key());
  std::printf("%s %s\n", line.c_str(), ours.to_text().c_str());
  return 0;
}

int serve(Options& options) {
  if (!apps::parse_listen(options.listen, options.server)) {
    std::fprintf(stderr, "--listen %s is not ADDRESS:PORT.\n", options.listen.c_str());
    return 2;
  }
  options.server.check = [](const StoreView& store) -> std::optional<std::string> {
    const auto key = witness::read_key(store);
    return key ? std::nullopt : std::optional<std::string>(key.error().where);
  };
  options.server.health_target = "/health";
  options.server.routes = {"/vkey",      "/health",     "/add-checkpoint", "/veto",       "/close",      "*/checkpoint",
                           "*/evidence", "/realm/pin/", "/realm/token/",   "/realm/head", "/realm/head/"};
  if (options.role == "realm") return serve_realm(options);
  std::string list;
  if (!options.logs_file.empty() && !apps::read_text(options.logs_file, list)) return 1;
  auto logs = witness::LogList::parse(list);
  if (!logs) {
    std::fprintf(stderr, "%s is no list of logs (%s); see docs/spec/witness.md.\n", options.logs_file.c_str(),
                 logs.error().where);
    return 1;
  }
  auto name = key_name(options);
  if (!name) return 2;
  const auto role = options.role == "auditor" ? witness::Role::auditor : witness::Role::witness;
  witness::WitnessConfig config{role, std::move(*name), std::move(*logs)};
  return apps::serve(options.server, [&config] { return std::make_unique<witness::Witness>(config); });
}

void declare(apps::Settings& settings, Options& options) {
  settings.text("data", options.server.data_folder, "folder for everything it keeps");
  settings.text("listen", options.listen, "ADDRESS:PORT; port 0 takes a free one");
  settings.text("role", options.role, "what its signature says", {"witness", "auditor", "realm"});
  settings.text("name", options.name, "name of its key, best a URL without scheme");
  settings.text("logs", options.logs_file, "file: the logs that it cosigns (docs/spec/witness.md s.1)");
  settings.text("realm-list", options.realm_file,
                "file: whose account tokens a realm takes, and its peers (docs/spec/realm.md s.8)");
  apps::declare_common(settings, options.server);
}

constexpr const char* kAbout =
    "cairn-witness serves logs of other parties as a witness, an auditor or a realm, with a key of its "
    "own in its data folder. docs/operating tells how to run one.";

}  // namespace

int main(int argc, char** argv) {
  Options options;
  options.server.application_id = kApplicationId;
  options.server.data_folder = os::default_data_folder("cairn-witness").value_or("cairn-witness-data");

  CLI::App app{
      "cairn-witness: cosigns transparency logs that only ever grew; as an auditor, directories whose every change it "
      "has checked; as a realm, holds shares of PINs and of backups' tokens."};
  app.require_subcommand(1);
  apps::Settings settings("cairn-witness");
  declare(settings, options);
  settings.add_to(app, {"data"});
  settings.add_config_to(app);
  CLI::App* serve_command = app.add_subcommand("serve", "take requests until SIGTERM");
  settings.add_to(*serve_command);
  serve_command->add_flag("--accept-rollback", options.accept_rollback,
                          "go on though the peers know more than the database: guesses were forgotten");
  CLI::App* init_command = app.add_subcommand(
      "init", "make the key, once, and tell the line that policies name it by; nothing else makes one");
  settings.add_to(*init_command, {"data", "role", "name"});
  CLI::App* settings_command =
      app.add_subcommand("settings", "print every setting as a file of settings would have it");
  settings.add_to(*settings_command);
  app.set_version_flag("--version", CAIRN_VERSION);
  const CLI::App* manual = app.add_subcommand("manual", "print the page for man(1)")->group("");
  app.footer(apps::kServerFooter);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  if (manual->parsed()) {
    return std::fputs(apps::manual_page(app, "cairn-witness", CAIRN_VERSION, kAbout).c_str(), stdout) < 0 ? 1 : 0;
  }
  if (const apps::Complaint complaint = settings.load(environ, options.server.data_folder)) {
    std::fprintf(stderr, "%s\n", complaint->c_str());
    return 2;
  }
  if (settings_command->parsed()) return std::fputs(settings.commented("data").c_str(), stdout) < 0 ? 1 : 0;
  return init_command->parsed() ? init(options) : serve(options);
}
