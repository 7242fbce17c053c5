#include "apps/common/server.h"

#include <charconv>
#include <cstdio>

#include "apps/common/certificate.h"
#include "apps/common/copying.h"
#include "apps/common/settings.h"
#include "apps/common/watching.h"
#include "shell/loop/log.h"
#include "shell/loop/loop.h"
#include "shell/net/network.h"
#include "shell/os/clock.h"
#include "shell/os/data_folder.h"
#include "shell/os/entropy.h"
#include "shell/os/file.h"
#include "shell/os/hangup_signal.h"
#include "shell/os/stop_signal.h"
#include "shell/store/owned_store.h"
#include "shell/store/sqlite/sqlite_store.h"

namespace cairn::apps {
namespace {

constexpr std::size_t kMaxTextFile = std::size_t{1} << 20;

int complain(const std::string& about, const char* sentence) {
  std::fprintf(stderr, "%s: %s\n", about.c_str(), sentence);
  return 1;
}

proto::Event::Level level_named(const std::string& name) {
  using enum proto::Event::Level;
  return name == "debug" ? debug : name == "warning" ? warning : name == "error" ? error : info;
}

/// Each time, not only the first.
void on_hangup(net::Network& network, os::HangupSignal& hangup, const std::function<void()>& callback) {
  network.watch(hangup.descriptor(), [&network, &hangup, callback] {
    hangup.take();
    callback();
    on_hangup(network, hangup, callback);
  });
}

/// New connections get what the files hold; those that stand go on as they are.
void watch_certificate(net::Network& network, os::HangupSignal& hangup, Certificate& certificate) {
  constexpr std::uint64_t kLookMs = 2'000;
  const auto read = [&certificate] {
    const Status done = certificate.read();
    std::fprintf(stderr, "%s\n", done ? "The certificate was read again." : done.error().where);
  };
  network.every(kLookMs, [&certificate, read] {
    if (certificate.changed()) read();
  });
  on_hangup(network, hangup, read);
}

loop::LoopOptions loop_options(const ServerOptions& options, Metrics& metrics) {
  loop::LoopOptions out;
  out.clock = os::now;
  const auto format = options.log_format == "json" ? loop::LogFormat::json : loop::LogFormat::text;
  out.log = [&metrics, least = level_named(options.log_level), format](const proto::Event& event) {
    metrics.event(event.level);
    loop::write_log(stderr, least, event, os::now(), format);
  };
  return out;
}

}  // namespace

std::string local_socket(const std::string& data_folder) { return data_folder + "/socket"; }

int serve(const ServerOptions& options, const std::function<std::unique_ptr<proto::Mind>()>& make) {
  os::StopSignal stop_signal;
  os::HangupSignal hangup;
  os::SystemEntropy entropy;
  auto folder = os::DataFolder::open(options.data_folder);
  if (!folder) return complain(options.data_folder, folder.error().where);
  store::SqliteOptions store_options;
  store_options.path = folder->file("store.sqlite");
  store_options.application_id = options.application_id;
  auto store = store::SqliteStore::open(store_options);
  if (!store) return complain(store_options.path, store.error().where);
  const auto why_not = options.check ? options.check(**store) : std::nullopt;
  if (why_not) return complain(store_options.path, why_not->c_str());

  net::Network network(entropy);
  auto trusted = net::TlsContext::client(options.ca);
  if (!trusted) return complain("--ca " + options.ca, trusted.error().where);
  network.trust(*trusted);
  const bool own_tls = !options.tls_certificate.empty() || !options.tls_key.empty();
  Certificate certificate(options.tls_certificate, options.tls_key);
  if (const Status read = own_tls ? certificate.read() : ok(); !read) {
    return complain("--tls-cert " + options.tls_certificate + " --tls-key " + options.tls_key, read.error().where);
  }
  if (own_tls) watch_certificate(network, hangup, certificate);
  net::Server::Tls tls;
  if (own_tls) tls = [&certificate] { return certificate.context(); };
  const auto port = network.serve_http(options.address, options.port,
                                       options.behind_proxy ? net::Proxy::trusted : net::Proxy::none, std::move(tls));
  if (!port) return complain(options.address + ":" + std::to_string(options.port), port.error().where);
  if (!options.local_target.empty()) {
    const auto served = network.serve_local(local_socket(folder->path()), options.local_target);
    // Only its owner's own commands need it: the domain is served without.
    if (!served) complain(options.data_folder, served.error().where);
  }

  Metrics metrics(options.routes);
  std::unique_ptr<Monitor> monitor;
  if (!options.metrics.empty()) {
    const auto endpoint = parse_endpoint(options.metrics);
    if (!endpoint) return complain("--metrics " + options.metrics, "this is not ADDRESS:PORT");
    auto started = Monitor::start(endpoint->address, endpoint->port, metrics);
    if (!started) return complain("--metrics " + options.metrics, started.error().where);
    monitor = std::move(*started);
    std::printf("metrics on http://%s:%u\n", endpoint->address.c_str(), static_cast<unsigned>(monitor->port()));
  }

  const auto mind = make();
  if (mind == nullptr) return 1;
  Copying copying(network, **store, options.local_target);
  Watching watching(copying, metrics, options.health_target);
  loop::Transport& transport = monitor ? static_cast<loop::Transport&>(watching) : copying;
  const auto owned = store::OwnedStore::claim(**store, entropy);
  if (!owned) return complain(store_options.path, owned.error().where);
  loop::Loop loop(*mind, **owned, entropy, transport, loop_options(options, metrics));
  watching.before_wait = [&] { metrics.loop(loop.counts(), network.connections(), (*store)->full()); };
  network.watch(stop_signal.descriptor(), [&loop] { loop.stop(); });
  if (const auto started = loop.start(); !started) return complain(options.data_folder, started.error().where);
  std::printf("listening on %s://%s:%u\n", own_tls ? "https" : "http", options.address.c_str(),
              static_cast<unsigned>(*port));
  std::fflush(stdout);
  const Status ended = loop.run();
  return ended ? 0 : complain(store_options.path, ended.error().where);
}

void declare_common(Settings& settings, ServerOptions& options) {
  settings.text("tls-cert", options.tls_certificate,
                "PEM file: the certificate, and those up to a root; read again on SIGHUP and when it changes");
  settings.text("tls-key", options.tls_key, "PEM file: its key; without both a proxy has to speak TLS");
  settings.text("ca", options.ca, "PEM file: an authority whose certificates other servers may have, too");
  settings.text("metrics", options.metrics,
                "ADDRESS:PORT for /metrics (Prometheus) and /v1/health; nobody else's business");
  settings.text("log-level", options.log_level, "the least that is logged", {"debug", "info", "warning", "error"});
  settings.text("log-format", options.log_format, "of a line", {"text", "json"});
}

std::optional<Endpoint> parse_endpoint(const std::string& text) {
  Endpoint out;
  const std::size_t colon = text.rfind(':');
  if (colon == std::string::npos || colon == 0) return std::nullopt;
  const char* first = text.data() + colon + 1;
  const char* last = text.data() + text.size();
  const auto [end, error] = std::from_chars(first, last, out.port);
  if (error != std::errc() || end != last) return std::nullopt;
  out.address = text.substr(0, colon);
  return out;
}

bool parse_listen(const std::string& text, ServerOptions& options) {
  const auto endpoint = parse_endpoint(text);
  if (!endpoint) return false;
  options.address = endpoint->address;
  options.port = endpoint->port;
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
