#include "apps/common/server.h"

#include <charconv>
#include <cstdio>

#include "shell/loop/log.h"
#include "shell/loop/loop.h"
#include "shell/net/network.h"
#include "shell/os/clock.h"
#include "shell/os/data_folder.h"
#include "shell/os/entropy.h"
#include "shell/os/file.h"
#include "shell/os/stop_signal.h"
#include "shell/store/sqlite/sqlite_store.h"

namespace cairn::apps {
namespace {

constexpr std::size_t kMaxTextFile = std::size_t{1} << 20;

int complain(const std::string& about, const char* sentence) {
  std::fprintf(stderr, "%s: %s\n", about.c_str(), sentence);
  return 1;
}

}  // namespace

std::string local_socket(const std::string& data_folder) { return data_folder + "/socket"; }

int serve(const ServerOptions& options, const std::function<std::unique_ptr<proto::Mind>()>& make) {
  os::StopSignal stop_signal;
  os::SystemEntropy entropy;
  auto folder = os::DataFolder::open(options.data_folder);
  if (!folder) return complain(options.data_folder, folder.error().where);
  store::SqliteOptions store_options;
  store_options.path = folder->file("store.sqlite");
  store_options.application_id = options.application_id;
  auto store = store::SqliteStore::open(store_options);
  if (!store) return complain(store_options.path, store.error().where);

  net::Network network(entropy);
  const auto port =
      network.serve_http(options.address, options.port, options.behind_proxy ? net::Proxy::trusted : net::Proxy::none);
  if (!port) return complain(options.address + ":" + std::to_string(options.port), port.error().where);
  if (!options.local_target.empty()) {
    const auto served = network.serve_local(local_socket(folder->path()), options.local_target);
    // Only its owner's own commands need it: the domain is served without.
    if (!served) complain(options.data_folder, served.error().where);
  }

  const auto mind = make();
  if (mind == nullptr) return 1;
  loop::LoopOptions loop_options;
  loop_options.clock = os::now;
  loop_options.log = [&options](const proto::Event& event) {
    loop::write_log(stderr, options.log_level, event, os::now());
  };
  loop::Loop loop(*mind, **store, entropy, network, loop_options);
  network.watch(stop_signal.descriptor(), [&loop] { loop.stop(); });
  if (const auto started = loop.start(); !started) return complain(options.data_folder, started.error().where);
  std::printf("listening on http://%s:%u\n", options.address.c_str(), static_cast<unsigned>(*port));
  std::fflush(stdout);
  loop.run();
  return 0;
}

bool parse_listen(const std::string& text, ServerOptions& options) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string::npos || colon == 0) return false;
  const char* first = text.data() + colon + 1;
  const char* last = text.data() + text.size();
  const auto [end, error] = std::from_chars(first, last, options.port);
  if (error != std::errc() || end != last) return false;
  options.address = text.substr(0, colon);
  return true;
}

bool read_text(const std::string& path, std::string& out) {
  const auto bytes = os::read_file(path, kMaxTextFile);
  if (!bytes) {
    std::fprintf(stderr, "%s cannot be read; check that it exists and is yours.\n", path.c_str());
    return false;
  }
  out = as_text(*bytes);
  return true;
}

}  // namespace cairn::apps
