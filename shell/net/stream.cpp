#include "shell/net/stream.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <unistd.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

#include <cerrno>
#include <deque>

#include "shell/net/url.h"

namespace cairn::net {

namespace asio = boost::asio;
using Tcp = asio::ip::tcp;
using Local = asio::local::stream_protocol;
using Code = boost::system::error_code;

struct EventLoop::Impl {
  asio::io_context context{1};
  Bytes buffer = Bytes(64 * 1024);  // what one read may bring; shared, for an idle connection needs none
  std::size_t queued = 0;           // bytes that its streams have not sent yet
};

EventLoop::EventLoop() : impl_(std::make_unique<Impl>()) {}
EventLoop::~EventLoop() = default;

bool EventLoop::run_one(std::uint64_t wait_ms) {
  impl_->context.restart();
  if (wait_ms == 0) return impl_->context.poll_one() != 0;
  return impl_->context.run_one_for(std::chrono::milliseconds(wait_ms)) != 0;
}

void EventLoop::watch(int descriptor, std::function<void()> on_readable) {
  const int copy = ::dup(descriptor);
  CHECK(copy >= 0);
  auto watched = std::make_shared<asio::posix::stream_descriptor>(impl_->context, copy);
  watched->async_wait(asio::posix::stream_descriptor::wait_read,
                      [watched, callback = std::move(on_readable)](const Code& code) {
                        if (!code) callback();
                      });
}

void EventLoop::every(std::uint64_t period_ms, std::function<void()> callback) {
  auto timer = std::make_shared<asio::steady_timer>(impl_->context);
  const auto wait = std::make_shared<std::function<void()>>();
  *wait = [timer, period_ms, callback, weak = std::weak_ptr(wait)] {
    timer->expires_after(std::chrono::milliseconds(period_ms));
    timer->async_wait([callback, again = weak.lock()](const Code& code) {
      if (code) return;
      callback();
      (*again)();
    });
  };
  (*wait)();
}

// ---- Stream ----

struct Stream::State : std::enable_shared_from_this<Stream::State> {
  State(EventLoop& loop, int connected, StreamOwner& user, std::unique_ptr<TlsSession> session)
      : loop_impl(loop.impl()), socket(loop.impl().context, connected), owner(&user), tls(std::move(session)) {}

  void wait_readable() {
    if (read_pending || !reading || ended) return;
    read_pending = true;
    socket.async_wait(asio::posix::stream_descriptor::wait_read, [self = shared_from_this()](const Code& code) {
      self->read_pending = false;
      if (code || self->owner == nullptr || self->ended || !self->reading) return;
      self->read();
    });
  }

  void read() {
    const ssize_t got = ::recv(socket.native_handle(), loop_impl.buffer.data(), loop_impl.buffer.size(), MSG_DONTWAIT);
    if (got == 0 && !tls) was_finished = true;
    if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR)) return end();
    if (got > 0) {
      const MutableByteView heard = MutableByteView(loop_impl.buffer).first(static_cast<std::size_t>(got));
      hear(heard);
      wipe(heard);
    }
    if (owner != nullptr && !ended) wait_readable();
  }

  void hear(ByteView bytes) {
    if (!tls) {
      if (!finishing) owner->on_bytes(bytes);
      return;
    }
    auto heard = tls->receive(bytes);
    put_out(SecretBytes(tls->take_output()));  // an alert, when it went wrong
    if (!heard) {
      const auto self = shared_from_this();
      owner->on_refused(heard.error());
      return end();
    }
    const auto self = shared_from_this();
    if (!heard->plain.empty() && !finishing) owner->on_bytes(heard->plain);
    wipe(heard->plain);
    was_finished = heard->ended;
    if (heard->ended && owner != nullptr && !ended) end();
  }

  /// What goes over the socket.
  void put_out(SecretBytes bytes) {
    if (bytes.empty()) return;
    queued += bytes.size();
    loop_impl.queued += bytes.size();
    queue.push_back(std::move(bytes));
    flush_soon();
  }

  /// One flush for all that is sent within a callback.
  void flush_soon() {
    if (write_pending || ended) return;
    write_pending = true;
    asio::post(loop_impl.context, [self = shared_from_this()] { self->flush(); });
  }

  void flush() {
    write_pending = false;
    const bool had_any = !queue.empty();
    while (owner != nullptr && !ended && !queue.empty()) {
      const ssize_t sent = send_some();
      if (sent < 0 && errno == EINTR) continue;
      if (sent < 0 && errno == EAGAIN) return wait_writable();
      if (sent < 0) return end();
      drop(static_cast<std::size_t>(sent));
    }
    if (owner == nullptr || ended || !queue.empty()) return;
    if (finishing) {
      ::shutdown(socket.native_handle(), SHUT_WR);
    } else if (had_any) {
      owner->on_drained();
    }
  }

  ssize_t send_some() {
    constexpr std::size_t kPieces = 32;
    iovec pieces[kPieces];
    std::size_t count = 0;
    for (auto bytes = queue.begin(); bytes != queue.end() && count < kPieces; ++bytes, ++count) {
      const std::size_t skip = count == 0 ? offset : 0;
      pieces[count] = {bytes->expose_mutable().data() + skip, bytes->size() - skip};
    }
    msghdr message = {};
    message.msg_iov = pieces;
    message.msg_iovlen = count;
    return ::sendmsg(socket.native_handle(), &message, MSG_DONTWAIT | MSG_NOSIGNAL);
  }

  void drop(std::size_t sent) {
    queued -= sent;
    loop_impl.queued -= sent;
    offset += sent;
    while (!queue.empty() && offset >= queue.front().size()) {
      offset -= queue.front().size();
      queue.pop_front();
    }
    if (queue.empty()) std::deque<SecretBytes>().swap(queue);  // gives its memory back
  }

  void wait_writable() {
    write_pending = true;
    socket.async_wait(asio::posix::stream_descriptor::wait_write, [self = shared_from_this()](const Code& code) {
      if (code) return;
      self->flush();
    });
  }

  void end() {
    ended = true;
    if (owner != nullptr) owner->on_end();
  }

  EventLoop::Impl& loop_impl;
  asio::posix::stream_descriptor socket;
  StreamOwner* owner;  // null when the Stream is gone
  std::unique_ptr<TlsSession> tls;
  std::deque<SecretBytes> queue;
  std::size_t offset = 0;  // of the first in the queue that has left
  std::size_t queued = 0;
  bool reading = true;
  bool read_pending = false;
  bool write_pending = false;
  bool finishing = false;
  bool was_finished = false;  // by the other side
  bool ended = false;
};

Stream::Stream(EventLoop& loop, int socket, StreamOwner& owner, std::unique_ptr<TlsSession> tls)
    : state_(std::make_shared<State>(loop, socket, owner, std::move(tls))) {
  if (state_->tls) state_->put_out(SecretBytes(state_->tls->take_output()));
  state_->wait_readable();
}

Stream::~Stream() {
  state_->owner = nullptr;
  state_->loop_impl.queued -= state_->queued;
  Code ignored;
  state_->socket.close(ignored);
}

void Stream::set_owner(StreamOwner& owner) { state_->owner = &owner; }

void Stream::send(SecretBytes bytes) {
  if (bytes.empty() || state_->finishing) return;
  if (!state_->tls) return state_->put_out(std::move(bytes));
  state_->tls->send(bytes.expose());
  state_->put_out(SecretBytes(state_->tls->take_output()));
}

std::size_t Stream::queued() const { return state_->queued; }

std::size_t Stream::queued_of_all() const { return state_->loop_impl.queued; }

bool Stream::was_finished() const { return state_->was_finished; }

void Stream::set_reading(bool on) {
  state_->reading = on;
  if (on) state_->wait_readable();
}

void Stream::finish() {
  if (state_->finishing) return;
  if (state_->tls) {
    state_->tls->finish();
    state_->put_out(SecretBytes(state_->tls->take_output()));
  }
  state_->finishing = true;
  set_reading(true);
  state_->flush_soon();
}

// ---- Listener ----

namespace {

/// Accepts from any kind of socket and hands the descriptors on.
template <class Protocol>
struct Acceptor : std::enable_shared_from_this<Acceptor<Protocol>> {
  explicit Acceptor(asio::io_context& context) : socket(context), pause(context) {}

  void accept() {
    socket.async_accept([self = this->shared_from_this()](const Code& code, typename Protocol::socket connected) {
      if (!self->socket.is_open()) return;
      if (code) return self->rest();
      std::string peer;
      if constexpr (std::is_same_v<Protocol, Tcp>) peer = self->prepare(connected);
      Code ignored;
      const int descriptor = connected.release(ignored);
      if (!ignored) self->on_accept(descriptor, std::move(peer));
      if (self->socket.is_open()) self->accept();
    });
  }

  /// No descriptors left, perhaps: trying again at once would burn the processor.
  void rest() {
    pause.expires_after(std::chrono::milliseconds(100));
    pause.async_wait([self = this->shared_from_this()](const Code& code) {
      if (!code && self->socket.is_open()) self->accept();
    });
  }

  std::string prepare(Tcp::socket& connected) {
    Code ignored;
    connected.set_option(Tcp::no_delay(true), ignored);
    auto address = connected.remote_endpoint(ignored).address();
    if (address.is_v6() && address.to_v6().is_v4_mapped()) {
      address = asio::ip::make_address_v4(asio::ip::v4_mapped, address.to_v6());
    }
    return address.to_string();
  }

  typename Protocol::acceptor socket;
  asio::steady_timer pause;
  Listener::OnAccept on_accept;
};

bool answers(const std::string& path) {
  asio::io_context context;
  Local::socket probe(context);
  Code code;
  probe.connect(Local::endpoint(path), code);
  return !code;
}

}  // namespace

struct Listener::State {
  std::shared_ptr<Acceptor<Tcp>> network;
  std::shared_ptr<Acceptor<Local>> local;
  std::string path;
};

Result<std::unique_ptr<Listener>> Listener::tcp(EventLoop& loop, const std::string& address, std::uint16_t port,
                                                OnAccept on_accept) {
  Code code;
  const auto parsed = asio::ip::make_address(address, code);
  REQUIRE(!code, ErrorCode::malformed, "the address to listen on is not an IP address: name one");
  const Tcp::endpoint endpoint(parsed, port);
  auto acceptor = std::make_shared<Acceptor<Tcp>>(loop.impl().context);
  acceptor->on_accept = std::move(on_accept);
  acceptor->socket.open(endpoint.protocol(), code);
  if (!code) acceptor->socket.set_option(Tcp::acceptor::reuse_address(true), code);
  if (!code) acceptor->socket.bind(endpoint, code);
  if (!code) acceptor->socket.listen(1024, code);
  REQUIRE(code != asio::error::address_in_use, ErrorCode::conflict,
          "another program listens on this port: stop it, or choose another port");
  REQUIRE(code != asio::error::access_denied, ErrorCode::not_authorised,
          "this port needs more rights: choose one above 1023, or give the program the right to bind it");
  REQUIRE(!code, ErrorCode::unavailable, "this address cannot be listened on: name one of this machine");
  acceptor->accept();
  auto state = std::make_shared<State>();
  state->network = std::move(acceptor);
  return std::unique_ptr<Listener>(new Listener(std::move(state)));
}

Result<std::unique_ptr<Listener>> Listener::local(EventLoop& loop, const std::string& path, OnAccept on_accept) {
  REQUIRE(path.size() < sizeof(sockaddr_un::sun_path), ErrorCode::over_limit,
          "the path of the socket is too long: choose a data folder with a shorter path");
  struct stat found = {};
  if (::lstat(path.c_str(), &found) == 0) {
    REQUIRE(S_ISSOCK(found.st_mode), ErrorCode::conflict, "there is a file where the socket should be: remove it");
    REQUIRE(!answers(path), ErrorCode::conflict, "another process serves this data folder: use it, or stop it");
    ::unlink(path.c_str());
  }
  auto acceptor = std::make_shared<Acceptor<Local>>(loop.impl().context);
  acceptor->on_accept = std::move(on_accept);
  Code code;
  acceptor->socket.open(Local(), code);
  const mode_t before = ::umask(0177);  // born with mode 0600, not given it later
  if (!code) acceptor->socket.bind(Local::endpoint(path), code);
  ::umask(before);
  if (!code) acceptor->socket.listen(64, code);
  REQUIRE(!code, ErrorCode::storage_failed, "the socket cannot be made: check the data folder and its permissions");
  acceptor->accept();
  auto state = std::make_shared<State>();
  state->local = std::move(acceptor);
  state->path = path;
  return std::unique_ptr<Listener>(new Listener(std::move(state)));
}

Listener::~Listener() {
  Code ignored;
  if (state_->network) state_->network->socket.close(ignored);
  if (state_->network) state_->network->pause.cancel();
  if (state_->local) state_->local->socket.close(ignored);
  if (state_->local) state_->local->pause.cancel();
  if (!state_->path.empty()) ::unlink(state_->path.c_str());
}

std::uint16_t Listener::port() const {
  Code ignored;
  return state_->network ? state_->network->socket.local_endpoint(ignored).port() : 0;
}

// ---- Connector ----

struct Connector::State : std::enable_shared_from_this<Connector::State> {
  State(EventLoop& loop, Reach allowed, OnDone callback)
      : resolver(loop.impl().context), socket(loop.impl().context), reach(allowed), on_done(std::move(callback)) {}

  void start(const std::string& host, std::uint16_t port) {
    resolver.async_resolve(host, std::to_string(port), Tcp::resolver::numeric_service,
                           [self = shared_from_this()](const Code& code, const Tcp::resolver::results_type& found) {
                             if (code)
                               return self->done(fail(ErrorCode::unavailable, "the name of the server is not known"));
                             self->connect(found);
                           });
  }

  void connect(const Tcp::resolver::results_type& found) {
    std::vector<Tcp::endpoint> endpoints;
    for (const auto& entry : found) {
      if (is_allowed(entry.endpoint().address().to_string())) endpoints.push_back(entry.endpoint());
    }
    if (endpoints.empty() && reach == Reach::public_only) {
      return done(fail(ErrorCode::not_authorised, "the server's name stands for an address that is not public"));
    }
    if (endpoints.empty()) {
      return done(fail(ErrorCode::not_authorised, "without encryption only this machine may be called: use https"));
    }
    try_next(std::move(endpoints), 0);
  }

  bool is_allowed(const std::string& address) const {
    switch (reach) {
      case Reach::anywhere: return true;
      case Reach::loopback_only: return is_loopback_address(address);
      case Reach::public_only: return is_public_address(address);
    }
    return false;
  }

  void try_next(std::vector<Tcp::endpoint> endpoints, std::size_t index) {
    if (index == endpoints.size()) return done(fail(ErrorCode::unavailable, "the server cannot be reached"));
    Code ignored;
    socket.close(ignored);
    const Tcp::endpoint target = endpoints[index];
    socket.async_connect(
        target, [self = shared_from_this(), endpoints = std::move(endpoints), index](const Code& code) mutable {
          if (self->on_done == nullptr) return;
          if (code) return self->try_next(std::move(endpoints), index + 1);
          self->hand_over();
        });
  }

  void hand_over() {
    Code code;
    socket.set_option(Tcp::no_delay(true), code);
    const int descriptor = socket.release(code);
    if (code) return done(fail(ErrorCode::unavailable, "the server cannot be reached"));
    done(descriptor);
  }

  void done(Result<int> result) {
    if (const OnDone callback = std::exchange(on_done, nullptr)) callback(result);
  }

  Tcp::resolver resolver;
  Tcp::socket socket;
  Reach reach;
  OnDone on_done;
};

Connector::Connector(EventLoop& loop, const std::string& host, std::uint16_t port, Reach reach, OnDone on_done)
    : state_(std::make_shared<State>(loop, reach, std::move(on_done))) {
  state_->start(host, port);
}

Connector::~Connector() {
  state_->on_done = nullptr;
  state_->resolver.cancel();
  Code ignored;
  state_->socket.close(ignored);
}

}  // namespace cairn::net
