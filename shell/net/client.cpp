#include "shell/net/client.h"

#include "core/base/encoding.h"
#include "shell/net/websocket_session.h"
#include "shell/os/clock.h"

namespace cairn::net {

namespace {

tl::unexpected<Error> no_answer() { return fail(ErrorCode::unavailable, "the server did not answer in time"); }
Reach reach_of(const Url& url, proto::CallReach allowed = proto::CallReach::anywhere) {
  if (url.scheme == Scheme::http) return Reach::loopback_only;
  return allowed == proto::CallReach::anywhere ? Reach::anywhere : Reach::public_only;
}
tl::unexpected<Error> broken_off() { return fail(ErrorCode::unavailable, "the server broke the connection off"); }

}  // namespace

/// One connection to a host: connecting, then a call at a time.
class Client::Connection final : public StreamOwner {
 public:
  Connection(Client& client, Host& host, Pending first) : client_(client), host_(host), pending_(std::move(first)) {
    connector_ = std::make_unique<Connector>(client.loop_, host.url.host, host.url.port, host.reach,
                                             [this](Result<int> socket) { connected(std::move(socket)); });
  }

  bool is_idle() const { return !over_ && stream_ && !pending_; }
  bool is_over() const { return over_; }

  void start(Pending call) {
    pending_ = std::move(call);
    reader_ = std::make_unique<ResponseReader>(std::min(client_.limits_.max_reply, pending_->max_reply));
    stream_->send(std::move(pending_->request));
  }

  void on_bytes(ByteView bytes) override {
    if (over_) return;
    if (!pending_) return end(broken_off());  // nobody asked
    auto response = reader_->feed(bytes);
    if (!response) return end(tl::unexpected<Error>(response.error()));
    if (*response) finish(std::move(**response));
  }

  void on_refused(const Error& error) override {
    if (!over_) end(tl::unexpected<Error>(error));
  }

  void on_end() override {
    if (over_) return;
    if (!pending_ || !reader_ || !stream_->was_finished()) return end(broken_off());
    // A body without a length, which ends with the connection (RFC 9112 s.6.3, s.9.8).
    auto response = reader_->finish();
    if (!response) return end(broken_off());
    finish(std::move(*response));
  }

  void check(std::uint64_t now_ms) {
    if (over_) return;
    if (pending_ && now_ms >= pending_->deadline_ms) return end(no_answer());
    if (is_idle() && now_ms >= idle_since_ms_ + client_.limits_.idle_ms) end(broken_off());
  }

  /// Nothing is heard of its call.
  void forget() {
    pending_.reset();
    end(broken_off());
  }

 private:
  void connected(Result<int> socket) {
    if (over_) return;
    if (!socket) return end(tl::unexpected<Error>(socket.error()));
    stream_ = std::make_unique<Stream>(client_.loop_, *socket, *this, client_.session_for(host_.url));
    start(std::move(*pending_));
  }

  void finish(HttpResponse response) {
    const bool more = response.keep_alive && reader_->rest().empty();
    reader_.reset();
    const proto::CallId id = pending_->id;
    pending_.reset();
    client_.done(id, proto::CallReply{response.status, std::move(response.body), response.retry_after_s});
    if (!more) return end(broken_off());
    idle_since_ms_ = os::monotonic_ms();
    client_.dispatch(host_);
  }

  /// The connection is of no more use; a call that is on it fails.
  void end(tl::unexpected<Error> reason) {
    over_ = true;
    if (pending_) client_.done(std::exchange(pending_, std::nullopt)->id, reason);
    client_.dispatch(host_);
  }

  Client& client_;
  Host& host_;
  std::optional<Pending> pending_;
  std::unique_ptr<Connector> connector_;
  std::unique_ptr<Stream> stream_;
  std::unique_ptr<ResponseReader> reader_;
  std::uint64_t idle_since_ms_ = 0;
  bool over_ = false;
};

/// A WebSocket that does not stand yet (RFC 6455 s.4.1).
class Client::Handshake final : public StreamOwner {
 public:
  Handshake(Client& client, proto::SocketId id, const Url& url, std::string bearer)
      : client_(client),
        id_(id),
        url_(url),
        deadline_ms_(os::monotonic_ms() + client.limits_.connect_ms),
        reader_(kMaxHeaderSize) {
    Bytes nonce(16);
    client.entropy_.fill(nonce);
    key_ = to_base64(nonce);
    request_ = encode_websocket_request(url.target, url.authority(), bearer, key_);
    connector_ = std::make_unique<Connector>(client.loop_, url.host, url.port, reach_of(url),
                                             [this](Result<int> socket) { connected(std::move(socket)); });
  }

  void on_bytes(ByteView bytes) override {
    if (over_) return;
    const auto response = reader_.feed(bytes);
    if (!response) return failed();
    if (!*response) return;
    if ((*response)->status != 101 || (*response)->websocket_accept != websocket_accept(key_)) return failed();
    over_ = true;
    client_.board_.inputs.emplace_back(proto::SocketConnected{id_});
    auto session = std::make_unique<WebSocketSession>(client_.board_, id_, std::move(stream_), Side::client,
                                                      client_.entropy_, client_.socket_limits_);
    WebSocketSession& standing = *session;
    client_.board_.sockets[id_.value] = std::move(session);
    client_.retired_handshakes_.push_back(id_.value);
    if (!reader_.rest().empty()) standing.on_bytes(reader_.rest());
  }

  void on_end() override {
    if (!over_) failed();
  }

  void check(std::uint64_t now_ms) {
    if (!over_ && now_ms >= deadline_ms_) failed();
  }

  /// The mind hears nothing of it.
  void forget() { over_ = true; }

 private:
  void connected(Result<int> socket) {
    if (over_) return;
    if (!socket) return failed();
    stream_ = std::make_unique<Stream>(client_.loop_, *socket, *this, client_.session_for(url_));
    stream_->send(std::move(request_));
  }

  void failed() {
    over_ = true;
    client_.board_.inputs.emplace_back(proto::SocketClosed{id_});
    client_.retired_handshakes_.push_back(id_.value);
  }

  Client& client_;
  proto::SocketId id_;
  Url url_;
  std::uint64_t deadline_ms_;
  ResponseReader reader_;
  std::string key_;
  Bytes request_;
  std::unique_ptr<Connector> connector_;
  std::unique_ptr<Stream> stream_;
  bool over_ = false;
};

Client::Client(EventLoop& loop, Board& board, Entropy& entropy, const ClientLimits& limits,
               const SocketLimits& socket_limits)
    : loop_(loop), board_(board), entropy_(entropy), limits_(limits), socket_limits_(socket_limits) {}

Client::~Client() = default;

Result<Url> Client::checked_url(const std::string& text) const {
  Url url = TRY(parse_url(text));
  REQUIRE(url.scheme == Scheme::http || tls_, ErrorCode::unsupported,
          "https is not available here: use http to this machine");
  return url;
}

std::unique_ptr<TlsSession> Client::session_for(const Url& url) const {
  return url.scheme == Scheme::https ? std::make_unique<TlsSession>(*tls_, url.host) : nullptr;
}

void Client::call(proto::Call call) {
  const SecretBytes body(std::move(call.body));  // whatever becomes of the call
  const auto url = checked_url(call.url);
  if (!url) return done(call.id, tl::unexpected<Error>(url.error()));
  if (waiting_calls_ >= limits_.max_waiting_calls) {
    return done(call.id, fail(ErrorCode::unavailable, "too many calls wait for their answers"));
  }
  if (url->scheme == Scheme::http && call.reach == proto::CallReach::public_only) {
    return done(call.id, fail(ErrorCode::not_authorised, "without encryption nobody elsewhere may be called"));
  }
  const bool is_public = call.reach == proto::CallReach::public_only;
  Host& host = hosts_[std::string(is_public ? "public " : "") +
                      (url->scheme == Scheme::https ? "https://" : "http://") + url->authority()];
  host.url = *url;
  host.reach = reach_of(*url, call.reach);
  ++waiting_calls_;
  host.waiting.push_back(
      {call.id, os::monotonic_ms() + call.timeout_ms, call.max_reply,
       SecretBytes(encode_request(call.method, url->target, url->authority(), call.bearer, body.expose()))});
  dispatch(host);
}

void Client::done(proto::CallId id, Result<proto::CallReply> reply) {
  board_.inputs.emplace_back(proto::CallDone{id, std::move(reply)});
}

void Client::dispatch(Host& host) {
  std::size_t alive = 0;
  for (const auto& connection : host.connections) {
    if (host.waiting.empty()) return;
    alive += connection->is_over() ? 0 : 1;
    if (!connection->is_idle()) continue;
    --waiting_calls_;
    Pending next = std::move(host.waiting.front());
    host.waiting.pop_front();
    connection->start(std::move(next));
  }
  while (!host.waiting.empty() && alive < limits_.connections_per_host) {
    --waiting_calls_;
    Pending next = std::move(host.waiting.front());
    host.waiting.pop_front();
    host.connections.push_back(std::make_unique<Connection>(*this, host, std::move(next)));
    ++alive;
  }
}

void Client::connect(proto::Connect connect) {
  const auto url = checked_url(connect.url);
  if (!url) {
    board_.inputs.emplace_back(proto::SocketClosed{connect.id});
    return;
  }
  handshakes_[connect.id.value] = std::make_unique<Handshake>(*this, connect.id, *url, std::move(connect.bearer));
}

void Client::forget(proto::SocketId id) {
  const auto found = handshakes_.find(id.value);
  if (found == handshakes_.end()) return;
  found->second->forget();
  retired_handshakes_.push_back(id.value);
}

void Client::forget_all() {
  for (auto& [authority, host] : hosts_) {
    waiting_calls_ -= host.waiting.size();
    host.waiting.clear();
    for (const auto& connection : host.connections) connection->forget();
  }
  for (auto& [id, handshake] : handshakes_) {
    handshake->forget();
    retired_handshakes_.push_back(id);
  }
}

void Client::check(std::uint64_t now_ms) {
  for (auto& [authority, host] : hosts_) {
    while (!host.waiting.empty() && now_ms >= host.waiting.front().deadline_ms) {
      --waiting_calls_;
      done(host.waiting.front().id, no_answer());
      host.waiting.pop_front();
    }
    for (const auto& connection : host.connections) connection->check(now_ms);
  }
  for (auto& [id, handshake] : handshakes_) handshake->check(now_ms);
}

void Client::bury() {
  for (auto host = hosts_.begin(); host != hosts_.end();) {
    host->second.connections.remove_if([](const auto& connection) { return connection->is_over(); });
    const bool unused = host->second.connections.empty() && host->second.waiting.empty();
    host = unused ? hosts_.erase(host) : std::next(host);
  }
  for (const std::uint64_t id : std::exchange(retired_handshakes_, {})) handshakes_.erase(id);
}

}  // namespace cairn::net
