// How a command reaches the client's mind: through the daemon's socket, or a mind in this process.
#pragma once

#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

namespace cairn::net {
class LocalClient;
}

namespace cairn::apps {

/// What came of it; the exit codes of `cairn`.
enum class Exit : int {
  done = 0,
  refused = 1,  ///< or failed; a sentence says why
  usage = 2,
  unreachable = 3,  ///< the server; what was said is kept and sent later
  locked = 4        ///< another process holds the data folder and answers nothing
};

struct Reply {
  Exit exit = Exit::done;
  nlohmann::json result;  ///< when it is not done: what the mind says of that beside the sentence
  std::string sentence;   ///< when it is not done
  std::string code{};     ///< likewise, if the mind gave one: ErrorCode's name
};

/// One request, then perhaps further ones, on one connection.
class Speaker {
 public:
  virtual ~Speaker() = default;
  /// Whether another process, which goes on running, is asked.
  virtual bool is_daemon() const { return false; }
  /// Asks, and waits for the answer as long as it takes. `on_notice` gets notifications that come meanwhile.
  virtual Reply ask(const std::string& method, nlohmann::json params,
                    const std::function<void(const nlohmann::json&)>& on_notice) = 0;
  /// Notifications until somebody stops the process or the other side goes.
  virtual void listen(const std::function<void(const nlohmann::json&)>& on_notice) = 0;
};

/// The daemon that holds `data_folder`, else a mind of our own that holds it meanwhile (and serves its socket to
/// others). On failure `reply` says why and null is returned.
std::unique_ptr<Speaker> connect(const std::string& data_folder, Reply& reply);

/// The same for who waits for other things too, and asks and reads frames by itself.
class Connection {
 public:
  /// Ends a mind of our own, when what it was asked is on its way.
  virtual ~Connection() = default;
  virtual net::LocalClient& client() = 0;
  /// Whether a signal has ended a mind of our own.
  virtual bool was_stopped() const = 0;
};

/// As connect(). A mind of our own runs in a thread of its own.
std::unique_ptr<Connection> open_connection(const std::string& data_folder, Reply& reply);

/// From now on this device believes servers whose certificates this authority signed, beside those of the system. The
/// PEM file is copied into the data folder.
Reply keep_authority(const std::string& data_folder, const std::string& file);

/// Asks the daemon that holds `data_folder` one thing, and waits at most `wait_ms`; nothing when there is none. Takes
/// no folder: for what must never be in the way of another command.
std::optional<nlohmann::json> ask_daemon(const std::string& data_folder, const std::string& method,
                                         const nlohmann::json& params, std::uint64_t wait_ms);

/// JSON-RPC on standard input and output, one object a line, with the daemon or a mind of our own: until the input ends
/// and all is answered.
Reply run_stdio(const std::string& data_folder);

/// Holds the folder and serves its socket until SIGTERM or SIGINT; with a port (0: a free one) HTTP on this machine
/// too.
Reply run_daemon(const std::string& data_folder, std::optional<std::uint16_t> http_port);

}  // namespace cairn::apps
