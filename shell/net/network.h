// The transport of a real program: HTTP and WebSocket, as server and as client, and the unix socket of a daemon.
#pragma once

#include <functional>

#include "core/base/environment.h"
#include "shell/loop/transport.h"
#include "shell/net/client.h"
#include "shell/net/front.h"
#include "shell/net/server.h"

namespace cairn::net {

struct NetworkLimits {
  ServerLimits server;
  ClientLimits client;
  SocketLimits socket;
  std::uint64_t tick_ms = 250;  ///< how exactly all these times are kept
};

/// Single-threaded: everything happens within take() and close().
class Network final : public loop::Transport {
 public:
  /// `entropy` must outlive this.
  explicit Network(Entropy& entropy, NetworkLimits limits = {});
  ~Network() override;

  /// Serves HTTP on an address of this machine; port 0 takes a free one. Gives the port. Errors are sentences.
  Result<std::uint16_t> serve_http(const std::string& address, std::uint16_t port, Proxy proxy = Proxy::none,
                                   Server::Tls tls = nullptr);

  /// From now on calls to https go out, to whom this trusts.
  void trust(std::shared_ptr<const TlsContext> tls) { client_.set_tls(std::move(tls)); }

  /// Calls back every `period_ms`, within take().
  void every(std::uint64_t period_ms, std::function<void()> callback) { loop_.every(period_ms, std::move(callback)); }

  /// Serves a unix socket of mode 0600; each connection is a socket with `target`, each line a frame.
  Status serve_local(const std::string& path, std::string target);

  /// Serves a front on 127.0.0.1 and, where there is one, on ::1, to which all it lets through are sockets with
  /// `target`. Port 0 takes a free one; gives the port. `front` must outlive this. Errors are sentences.
  Result<std::uint16_t> serve_front(std::uint16_t port, std::string target, HttpFront& front, FrontLimits limits = {});

  /// Calls back once, within take(), when the descriptor is readable: os::StopSignal.
  void watch(int descriptor, std::function<void()> on_readable) { loop_.watch(descriptor, std::move(on_readable)); }

  /// Accepted connections of HTTP, and sockets of every kind.
  std::size_t connections() const { return server_.connections() + board_.sockets.size(); }

  std::vector<proto::Input> take(const Take& take) override;
  void perform(proto::Send send) override;
  void reset(const proto::Respond& answer) override;
  void close(std::uint64_t wait_ms) override;

 private:
  void bury();
  bool has_unsent() const;

  NetworkLimits limits_;
  EventLoop loop_;
  std::vector<std::unique_ptr<FrontDoor>> doors_;  // before the sockets that come through them
  Board board_;
  Server server_;
  Client client_;
  std::vector<std::unique_ptr<Listener>> local_;
};

}  // namespace cairn::net
