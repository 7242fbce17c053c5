#include "shell/net/server.h"

#include <unistd.h>

#include "core/proto/api.h"
#include "shell/net/url.h"
#include "shell/net/websocket_session.h"
#include "shell/os/clock.h"

namespace cairn::net {

namespace {

/// An answer of so many bytes is sent whatever else waits.
constexpr std::size_t kSmallAnswer = 16 * 1024;

/// What a person reads when the request never reached the mind.
proto::Respond refusal(int status) {
  proto::ErrorAnswer error;
  switch (status) {
    case 405: error = {ErrorCode::unsupported, "this method is not known here"}; break;
    case 413: error = {ErrorCode::over_limit, "the request is too large"}; break;
    case 414: error = {ErrorCode::over_limit, "the address is too long"}; break;
    case 431: error = {ErrorCode::over_limit, "the header is too large"}; break;
    case 408: error = {ErrorCode::unavailable, "the request took too long"}; break;
    case 503: error = {ErrorCode::unavailable, "the server did not answer: try again"}; break;
    default: error = {ErrorCode::malformed, "this is no HTTP request"}; break;
  }
  wire::Writer writer;
  error.write(writer);
  proto::Respond respond;
  respond.status = status;
  respond.body = std::move(writer).take();
  return respond;
}

}  // namespace

/// One accepted connection, until it ends or becomes a WebSocket. It answers one request at a time: until the answer
/// has left it does not read, so a client that pipelines, or does not read, has to wait in the kernel.
class Server::Connection final : public StreamOwner {
 public:
  Connection(Server& server, std::uint64_t number, int socket, std::string peer, Proxy proxy,
             std::unique_ptr<TlsSession> tls)
      : server_(server),
        number_(number),
        peer_(std::move(peer)),
        network_(network_of(peer_)),
        proxy_(proxy),
        deadline_ms_(os::monotonic_ms() + server.limits_.header_ms),
        stream_(std::make_unique<Stream>(server.loop_, socket, *this, std::move(tls))) {
    ++server_.connections_of_[network_];
  }
  ~Connection() override {
    const auto found = server_.connections_of_.find(network_);
    if (--found->second == 0) server_.connections_of_.erase(found);
  }

  void on_bytes(ByteView bytes) override {
    if (!reader_) reader_ = std::make_unique<RequestReader>(server_.limits_.max_body);
    reader_->feed(bytes);
    go_on();
  }

  void on_end() override {
    if (phase_ == Phase::waiting) server_.waiting_.erase(request_.value);
    retire();
  }

  void respond(proto::Respond respond) {
    server_.waiting_.erase(request_.value);
    const bool too_much = stream_->queued_of_all() > server_.limits_.max_unsent;
    if (too_much && respond.body.size() > kSmallAnswer) respond = refusal(503);
    stream_->send(encode_response(respond, keep_alive_));
    if (!keep_alive_) return finish();
    enter(Phase::answering, server_.limits_.write_ms);
  }

  void on_drained() override {
    if (phase_ != Phase::answering) return;
    enter(Phase::idle, server_.limits_.idle_ms);
    stream_->set_reading(true);
    go_on();
  }

  void check(std::uint64_t now_ms) {
    if (phase_ == Phase::finishing && queued() == 0 && !std::exchange(lingering_, true)) {
      deadline_ms_ = std::min(deadline_ms_, now_ms + server_.limits_.linger_ms);
    }
    if (now_ms < deadline_ms_) return;
    switch (phase_) {
      case Phase::idle: return finish();
      case Phase::answering: return retire();  // nobody reads it
      case Phase::header:
      case Phase::body: return refuse(408);
      case Phase::waiting: keep_alive_ = false; return respond(refusal(503));
      case Phase::finishing: return retire();
    }
  }

  /// For a clean stop.
  void leave() {
    if (phase_ == Phase::idle || phase_ == Phase::answering) finish();
  }

  std::size_t queued() const { return stream_ ? stream_->queued() : 0; }

 private:
  enum class Phase : std::uint8_t { header, body, waiting, answering, idle, finishing };

  void enter(Phase phase, std::uint64_t time_ms) {
    phase_ = phase;
    deadline_ms_ = os::monotonic_ms() + time_ms;
  }

  /// Does what the reader's state asks for.
  void go_on() {
    if (phase_ == Phase::waiting || phase_ == Phase::answering || phase_ == Phase::finishing || !reader_) return;
    switch (reader_->state()) {
      case RequestReader::State::idle: reader_.reset(); break;  // an idle connection holds no buffers
      case RequestReader::State::header:
        if (phase_ != Phase::header) enter(Phase::header, server_.limits_.header_ms);
        break;
      case RequestReader::State::body:
        if (phase_ != Phase::body) enter(Phase::body, server_.limits_.body_ms);
        if (reader_->take_expectation()) stream_->send(encode_continue());
        break;
      case RequestReader::State::whole: accept(reader_->take()); break;
      case RequestReader::State::refused: refuse(reader_->refusal()); break;
    }
  }

  void accept(HttpRequest request) {
    std::string peer = proxy_ == Proxy::trusted && !request.forwarded_for.empty() ? request.forwarded_for : peer_;
    if (!request.websocket_key.empty()) return upgrade(std::move(request), std::move(peer));
    request_ = server_.board_.new_request();
    keep_alive_ = request.keep_alive;
    enter(Phase::waiting, server_.limits_.answer_ms);
    stream_->set_reading(false);
    server_.waiting_[request_.value] = this;
    server_.board_.inputs.emplace_back(proto::RequestArrived{request_, request.method, std::move(request.target),
                                                             std::move(request.bearer), std::move(peer),
                                                             std::move(request.body)});
  }

  void upgrade(HttpRequest request, std::string peer) {
    // RFC 6455 s.4.1: the client sends nothing before it has our answer; whoever does is no client of ours.
    if (reader_->state() != RequestReader::State::idle) return refuse(400);
    const proto::SocketId id = server_.board_.new_socket();
    stream_->send(encode_websocket_response(request.websocket_key));
    server_.board_.inputs.emplace_back(
        proto::SocketOpened{id, std::move(request.target), std::move(request.bearer), std::move(peer)});
    server_.board_.sockets[id.value] = std::make_unique<WebSocketSession>(
        server_.board_, id, std::move(stream_), Side::server, server_.entropy_, server_.socket_limits_);
    retire();
  }

  void refuse(int status) {
    stream_->send(encode_response(refusal(status), false));
    finish();
  }

  void finish() {
    enter(Phase::finishing, server_.limits_.write_ms);
    reader_.reset();
    stream_->finish();
  }

  void retire() {
    enter(Phase::finishing, server_.limits_.linger_ms);
    server_.retired_.push_back(number_);
  }

  Server& server_;
  std::uint64_t number_;
  std::string peer_;
  std::string network_;
  Proxy proxy_;
  Phase phase_ = Phase::header;
  bool keep_alive_ = true;
  bool lingering_ = false;  // all is sent; the other side has to close
  proto::RequestId request_;
  std::uint64_t deadline_ms_;
  std::unique_ptr<RequestReader> reader_;  // while a request is being read
  std::unique_ptr<Stream> stream_;
};

Server::Server(EventLoop& loop, Board& board, Entropy& entropy, const ServerLimits& limits,
               const SocketLimits& socket_limits)
    : loop_(loop), board_(board), entropy_(entropy), limits_(limits), socket_limits_(socket_limits) {}

Server::~Server() = default;

Result<std::uint16_t> Server::listen(const std::string& address, std::uint16_t port, Proxy proxy, Tls tls) {
  auto listener = TRY(Listener::tcp(loop_, address, port, [this, proxy, tls](int socket, std::string peer) {
    const bool full = connections_.size() + board_.sockets.size() >= limits_.max_connections;
    if (full || (proxy == Proxy::none && !may_come(network_of(peer)))) {
      ::close(socket);
      return;
    }
    const std::uint64_t number = next_connection_++;
    auto session = tls ? std::make_unique<TlsSession>(*tls()) : nullptr;
    connections_[number] =
        std::make_unique<Connection>(*this, number, socket, std::move(peer), proxy, std::move(session));
  }));
  listeners_.push_back(std::move(listener));
  return listeners_.back()->port();
}

bool Server::may_come(const std::string& network) const {
  const auto found = connections_of_.find(network);
  return found == connections_of_.end() || found->second < limits_.max_connections_per_network;
}

void Server::respond(proto::Respond respond) {
  const auto found = waiting_.find(respond.id.value);
  if (found == waiting_.end()) return;
  found->second->respond(std::move(respond));
}

void Server::respond_to_all(const proto::Respond& answer) {
  while (!waiting_.empty()) waiting_.begin()->second->respond(answer);
}

void Server::check(std::uint64_t now_ms) {
  for (const auto& [number, connection] : connections_) connection->check(now_ms);
}

void Server::bury() {
  for (const std::uint64_t number : std::exchange(retired_, {})) connections_.erase(number);
}

void Server::stop() {
  listeners_.clear();
  for (const auto& [number, connection] : connections_) connection->leave();
}

std::size_t Server::unsent() const {
  std::size_t count = 0;
  for (const auto& [number, connection] : connections_) count += connection->queued() == 0 ? 0 : 1;
  return count;
}

}  // namespace cairn::net
