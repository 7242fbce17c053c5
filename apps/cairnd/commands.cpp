// serve, init, and what goes through the server while it runs.
#include <cstdio>

#include "apps/cairnd/options.h"
#include "apps/cairnd/stores.h"
#include "core/proto/api.h"
#include "core/proto/federation.h"
#include "core/proto/refusals.h"
#include "core/relay/admin.h"
#include "core/relay/inspection.h"
#include "core/relay/relay.h"
#include "shell/os/clock.h"
#include "shell/os/data_folder.h"
#include "shell/os/entropy.h"
#include "shell/os/file.h"

namespace cairn::cairnd {
namespace {

constexpr std::uint64_t kAnswerMs = 10'000;

/// What requests are told apart by in metrics.
std::vector<std::string> routes() {
  std::vector<std::string> out;
  for (const std::string_view path :
       {proto::kPathWellKnown, proto::kPathHealth, proto::kPathNonce, proto::kPathLogin, proto::kPathStatement,
        proto::kPathLookup, proto::kPathKeyPackageUpload, proto::kPathKeyPackageFetch, proto::kPathChannelCreate,
        proto::kPathChannelCommit, proto::kPathChannelSend, proto::kPathRefusals, proto::kPathRendezvous,
        proto::kPathPassport, proto::kPathForward}) {
    out.emplace_back(path);
  }
  for (const char* group : {"/log/", "/v1/vault/", "/v1/key-box/", "/v1/realm/"}) out.emplace_back(group);
  return out;
}

Result<std::string> ask_store(const std::string& data_folder, const std::string& line) {
  const auto store = TRY(open_store(data_folder));
  TRY(relay::check_readable(*store));
  os::SystemEntropy entropy;
  relay::Administered done = relay::administer(*store, os::now(), entropy, line);
  TRY(store->commit(done.writes));
  return done.answer;
}

/// Through the server while one runs, else in the store itself.
Result<std::string> ask(const std::string& data_folder, const std::string& line) {
  auto folder = os::DataFolder::open(data_folder);
  if (folder) return ask_store(data_folder, line);
  if (folder.error().code == ErrorCode::conflict) return ask_server(data_folder, line, kAnswerMs);
  return tl::unexpected<Error>(folder.error());
}

}  // namespace

int serve(Options& options) {
  if (!apps::parse_listen(options.listen, options.server)) {
    std::fprintf(stderr, "--listen %s is not ADDRESS:PORT.\n", options.listen.c_str());
    return 2;
  }
  const Meaning meaning = config_of(options);
  if (!meaning.config) return complain(meaning.why);
  options.server.check = [&options](const StoreView& store) -> std::optional<std::string> {
    if (const Status readable = relay::check_readable(store); !readable) return readable.error().where;
    return of_another_domain(store, options.domain);
  };
  options.server.health_target = proto::kPathHealth;
  options.server.routes = routes();
  return apps::serve(options.server, [&meaning] { return std::make_unique<relay::Relay>(*meaning.config); });
}

int init(const Options& options, const apps::Settings& settings) {
  const std::string& data = options.server.data_folder;
  const Meaning meaning = config_of(options);
  if (!meaning.config) return complain(meaning.why);
  auto folder = os::DataFolder::open(data);
  if (!folder) return complain(data, folder.error().where);
  const std::string file = folder->file("cairnd.toml");
  if (const auto found = os::read_file(file, 0); found || found.error().code != ErrorCode::not_found) {
    return complain(file, "it is there already; change it with an editor, or remove it first");
  }
  auto store = open_store(data);
  if (!store) return complain(store_path(data), store.error().where);
  os::SystemEntropy entropy;
  relay::Relay mind(*meaning.config);
  const auto effects = mind.rebuild(**store, os::now(), entropy);
  for (const proto::Event& event : effects.events) {
    if (event.level == proto::Event::Level::error) return complain(store_path(data), std::string(event.what));
  }
  if (const auto done = (*store)->commit(effects.writes); !done) return complain(store_path(data), done.error().where);
  const auto vkey = relay::log_vkey(**store);
  if (!vkey) return complain(store_path(data), vkey.error().where);
  if (const auto done = os::write_file(file, to_bytes(settings.commented("data"))); !done) {
    return complain(file, done.error().where);
  }
  std::printf("The settings are in %s.\nCosigners list this log:\nlog %s https://%s/log\n", file.c_str(), vkey->c_str(),
              options.domain.c_str());
  return 0;
}

int administer(const Options& options, const std::string& line) {
  return tell(options.server.data_folder, ask(options.server.data_folder, line));
}

int list_users(const Options& options) {
  const std::string& data = options.server.data_folder;
  for (std::string after, more = "more"; more == "more";) {
    const auto answer = ask(data, after.empty() ? "user list" : "user list " + after);
    if (!answer || answer->starts_with(relay::kAdminError)) return tell(data, answer);
    more = *answer;
    for (std::size_t end = 0; (end = more.find(';')) != std::string::npos; more.erase(0, end + 1)) {
      const std::string user = more.substr(0, end);
      std::printf("%s\n", user.c_str());
      after = user.substr(0, user.find(' '));
    }
  }
  return 0;
}

}  // namespace cairn::cairnd
