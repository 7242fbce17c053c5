// What the two servers have in common: a data folder, a store, a network, a loop, and a clean end.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/base/store.h"
#include "core/proto/mind.h"

namespace cairn::apps {

struct ServerOptions {
  std::string data_folder;
  std::uint32_t application_id = 0;  ///< whose store this is
  std::string address = "127.0.0.1";
  std::uint16_t port = 0;     ///< 0: a free one
  bool behind_proxy = false;  ///< believe X-Forwarded-For
  /// Target of what comes through the unix socket in the data folder, which its owner alone may open; empty: no socket.
  std::string local_target;
  /// Asked before anything is served: why the store is not for us, in one sentence, or nothing. Optional.
  std::function<std::optional<std::string>(const StoreView&)> check{};
  std::string tls_certificate{}, tls_key{};  ///< files; empty: plain HTTP, for a proxy in front
  std::string ca{};                          ///< file of an authority that calls to https believe beside the system's
  std::string log_level = "info";
  std::string log_format = "text";
  /// "ADDRESS:PORT" of a second listener for /metrics and /v1/health; empty: none.
  std::string metrics{};
  std::string health_target{};        ///< path that tells how the mind is
  std::vector<std::string> routes{};  ///< as Metrics::Metrics
};

class Settings;
/// Those that all servers have: logs and metrics.
void declare_common(Settings& settings, ServerOptions& options);

/// The unix socket of a server that runs with this data folder.
std::string local_socket(const std::string& data_folder);

/// Serves until SIGTERM or SIGINT; `make` gives the mind once the data folder is ours, or nothing when it
/// cannot, and has said why. Prints one line with the
/// address when requests are taken. Returns the exit code: 0 after a clean stop, 1 with a sentence on standard error.
int serve(const ServerOptions& options, const std::function<std::unique_ptr<proto::Mind>()>& make);

/// "ADDRESS:PORT"; nothing when it is none.
struct Endpoint {
  std::string address;
  std::uint16_t port = 0;
};
std::optional<Endpoint> parse_endpoint(const std::string& text);
/// The same into options; false when it is none.
bool parse_listen(const std::string& text, ServerOptions& options);

/// A small text file; exits the program's way: prints a sentence and gives false when it cannot be read.
bool read_text(const std::string& path, std::string& out);

}  // namespace cairn::apps
