#include "apps/cairnd/stores.h"

#include <cstdio>

#include "apps/cairnd/options.h"
#include "core/relay/admin.h"
#include "core/relay/inspection.h"
#include "shell/net/line_socket.h"

namespace cairn::cairnd {

int complain(const std::string& sentence) {
  std::fprintf(stderr, "%s\n", sentence.c_str());
  return 1;
}

int complain(const std::string& about, const std::string& sentence) { return complain(about + ": " + sentence); }

std::string store_path(const std::string& data_folder) { return data_folder + "/store.sqlite"; }

Result<std::unique_ptr<store::SqliteStore>> open_store_file(const std::string& file, Access access) {
  store::SqliteOptions options;
  options.path = file;
  options.application_id = kApplicationId;
  options.reserve_bytes = 0;
  options.read_only = access == Access::read_only;
  return store::SqliteStore::open(std::move(options));
}

Result<std::unique_ptr<store::SqliteStore>> open_store(const std::string& data_folder) {
  store::SqliteOptions options;
  options.path = store_path(data_folder);
  options.application_id = kApplicationId;
  return store::SqliteStore::open(std::move(options));
}

std::optional<std::string> of_another_domain(const StoreView& store, const std::string& domain) {
  constexpr std::string_view kBehindDomain = "/cairn";
  const auto vkey = relay::log_vkey(store);
  if (!vkey) return std::nullopt;
  const std::string origin = vkey->substr(0, vkey->find('+'));
  if (origin == domain + std::string(kBehindDomain)) return std::nullopt;
  const std::string theirs = origin.substr(0, origin.size() - kBehindDomain.size());
  return "The store is that of " + theirs + ", and the settings say domain = " + domain +
         "; give it the settings that it had, or --domain " + theirs + ".";
}

Result<std::string> ask_server(const std::string& data_folder, const std::string& line, std::uint64_t wait_ms) {
  auto server = net::LocalClient::open(apps::local_socket(data_folder));
  REQUIRE(server, ErrorCode::unavailable,
          "another process works with this data folder just now; try again when it is done");
  TRY(server->send(to_bytes(line)));
  return as_text(TRY(server->receive(wait_ms)));
}

int tell(const std::string& data_folder, const Result<std::string>& answer) {
  if (!answer) return complain(data_folder, answer.error().where);
  if (answer->starts_with(relay::kAdminError)) return complain(answer->substr(relay::kAdminError.size()));
  std::printf("%s\n", answer->c_str());
  return 0;
}

}  // namespace cairn::cairnd
