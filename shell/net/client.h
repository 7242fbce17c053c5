// The calling side of HTTP/1.1: a mind's Calls and Connects.
#pragma once

#include <list>
#include <map>

#include "core/base/environment.h"
#include "core/base/secret.h"
#include "shell/net/board.h"
#include "shell/net/http.h"
#include "shell/net/url.h"

namespace cairn::net {

struct ClientLimits {
  std::size_t connections_per_host = 16;  ///< further calls wait for their turn
  std::size_t max_waiting_calls = 4096;   ///< further ones fail at once
  std::size_t max_reply = proto::kMaxReplySize;
  std::uint64_t idle_ms = 20'000;  ///< less than a server keeps a connection, so that we rarely send into a closing one
  std::uint64_t connect_ms = 10'000;  ///< for a WebSocket to stand
};

/// A call is never repeated by itself: whether its first try was heard is not known here.
class Client {
 public:
  Client(EventLoop& loop, Board& board, Entropy& entropy, const ClientLimits& limits,
         const SocketLimits& socket_limits);
  ~Client();

  /// Whom https believes; without one, nobody.
  void set_tls(std::shared_ptr<const TlsContext> tls) { tls_ = std::move(tls); }

  /// CallDone follows. Without encryption only this machine is called (not_authorised otherwise), and with
  /// CallReach::public_only nobody.
  void call(proto::Call call);
  /// SocketConnected or SocketClosed follows.
  void connect(proto::Connect connect);
  /// Gives up a connect that does not stand yet; the mind hears nothing of it.
  void forget(proto::SocketId id);
  /// Gives up everything; the mind hears nothing of it.
  void forget_all();

  void check(std::uint64_t now_ms);
  void bury();

 private:
  class Connection;
  class Handshake;
  struct Pending {
    proto::CallId id;
    std::uint64_t deadline_ms;
    std::size_t max_reply;
    SecretBytes request;  ///< its body may be a share of a key
  };
  /// One for each reach: what may lead anywhere shares no connection with what may not.
  struct Host {
    Url url;
    Reach reach;
    std::list<std::unique_ptr<Connection>> connections;
    std::deque<Pending> waiting;
  };

  Result<Url> checked_url(const std::string& text) const;
  std::unique_ptr<TlsSession> session_for(const Url& url) const;
  void done(proto::CallId id, Result<proto::CallReply> reply);
  void dispatch(Host& host);

  EventLoop& loop_;
  Board& board_;
  Entropy& entropy_;
  const ClientLimits& limits_;
  const SocketLimits& socket_limits_;
  std::shared_ptr<const TlsContext> tls_;
  std::map<std::string, Host> hosts_;  // by reach, scheme and authority
  std::size_t waiting_calls_ = 0;
  std::unordered_map<std::uint64_t, std::unique_ptr<Handshake>> handshakes_;  // by SocketId
  std::vector<std::uint64_t> retired_handshakes_;
};

}  // namespace cairn::net
