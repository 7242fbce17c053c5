// The accepting side of HTTP/1.1: requests become inputs, and a request for a WebSocket becomes a socket.
#pragma once

#include <map>

#include "core/base/environment.h"
#include "shell/net/board.h"
#include "shell/net/http.h"

namespace cairn::net {

struct ServerLimits {
  std::size_t max_connections = 20'000;  ///< beyond these, who comes is turned away at once
  /// From one network (an IPv4 address, an IPv6 /64), without WebSockets: so that nobody takes them all, nor the memory
  /// of so many answers that he does not read. Not behind a proxy, which has to see to that.
  std::size_t max_connections_per_network = 1024;
  std::size_t max_body = proto::kMaxRequestSize;
  /// What all that was sent may take while nobody reads it; above it the large answers are 503.
  std::size_t max_unsent = std::size_t{512} << 20;
  std::uint64_t header_ms = 10'000;   ///< from the first byte of a request to the end of its header
  std::uint64_t body_ms = 60'000;     ///< from there to the end of its body
  std::uint64_t idle_ms = 75'000;     ///< between requests
  std::uint64_t answer_ms = 120'000;  ///< for the mind
  std::uint64_t write_ms = 60'000;    ///< for the other side to read an answer
  std::uint64_t linger_ms = 2'000;    ///< for the other side to close after we did
};

/// Whose address a request comes from.
enum class Proxy : std::uint8_t {
  none,    ///< the other end of the connection
  trusted  ///< every connection comes from a proxy of ours, which names it last in X-Forwarded-For
};

class Server {
 public:
  Server(EventLoop& loop, Board& board, Entropy& entropy, const ServerLimits& limits,
         const SocketLimits& socket_limits);
  ~Server();

  /// Gives what a new connection speaks TLS with; nothing for plain HTTP.
  using Tls = std::function<std::shared_ptr<const TlsContext>()>;
  /// The port that was taken. Errors as Listener::tcp.
  Result<std::uint16_t> listen(const std::string& address, std::uint16_t port, Proxy proxy, Tls tls = nullptr);

  /// Dropped silently when who asked is gone.
  void respond(proto::Respond respond);
  /// Every request that waits gets a copy of `answer`.
  void respond_to_all(const proto::Respond& answer);

  void check(std::uint64_t now_ms);
  void bury();

  /// Accepts nobody any more and lets go of whoever does not wait for an answer that is on its way.
  void stop();
  /// Connections that still have bytes to send.
  std::size_t unsent() const;
  std::size_t connections() const { return connections_.size(); }

 private:
  class Connection;

  bool may_come(const std::string& network) const;

  EventLoop& loop_;
  Board& board_;
  Entropy& entropy_;
  const ServerLimits& limits_;
  const SocketLimits& socket_limits_;
  std::vector<std::unique_ptr<Listener>> listeners_;
  std::map<std::string, std::size_t> connections_of_;                           // by network
  std::unordered_map<std::uint64_t, std::unique_ptr<Connection>> connections_;  // by a number of their own
  std::unordered_map<std::uint64_t, Connection*> waiting_;                      // by RequestId
  std::vector<std::uint64_t> retired_;
  std::uint64_t next_connection_ = 1;
};

}  // namespace cairn::net
