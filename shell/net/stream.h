// The event loop and the streams of bytes on it: the only place that touches sockets.
//
// One thread. TLS, where there is any, stands between a stream's socket and its owner, who sees plain bytes either way.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "core/base/secret.h"
#include "shell/net/tls.h"

namespace cairn::net {

class EventLoop {
 public:
  EventLoop();
  ~EventLoop();
  EventLoop(const EventLoop&) = delete;
  EventLoop& operator=(const EventLoop&) = delete;

  /// Runs one callback that is ready, waiting for one at most `wait_ms`. False when none was.
  bool run_one(std::uint64_t wait_ms);

  /// Calls back once, when the descriptor is readable.
  void watch(int descriptor, std::function<void()> on_readable);

  /// Calls back every `period_ms` until the loop goes.
  void every(std::uint64_t period_ms, std::function<void()> callback);

  struct Impl;
  Impl& impl() { return *impl_; }

 private:
  std::unique_ptr<Impl> impl_;
};

/// What owns a stream. A callback may destroy the stream and its owner.
class StreamOwner {
 public:
  virtual ~StreamOwner() = default;
  /// Some bytes came; the view ends with the call.
  virtual void on_bytes(ByteView bytes) = 0;
  /// The other side has closed, or the connection is broken. Nothing follows.
  virtual void on_end() = 0;
  /// Comes before on_end() when TLS knows better than "broken off" why: a sentence.
  virtual void on_refused(const Error&) {}
  /// All that was sent has left this process.
  virtual void on_drained() {}
};

/// A connected socket. Nothing is called any more once it is destroyed, which closes it.
class Stream {
 public:
  /// Takes over a connected socket; what goes over it is plain unless there is a session.
  Stream(EventLoop& loop, int socket, StreamOwner& owner, std::unique_ptr<TlsSession> tls = nullptr);
  ~Stream();
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;

  /// From now on `owner` is called.
  void set_owner(StreamOwner& owner);

  /// Queues bytes; they leave when the callback that runs now is over, and are wiped when they have left.
  void send(SecretBytes bytes);
  void send(Bytes bytes) { send(SecretBytes(std::move(bytes))); }
  /// How much of what was sent (with TLS: as it goes out) has not left this process.
  std::size_t queued() const;
  /// The same of all streams of this loop.
  std::size_t queued_of_all() const;

  /// In on_end(): whether the other side said that it has nothing more to say. Over TLS a connection that is only
  /// closed may have been cut by anybody (RFC 8446 s.6.1).
  bool was_finished() const;

  /// While reading is off, what comes waits in the kernel, and the other side has to stop. On at first.
  void set_reading(bool on);

  /// Sends what is queued, then tells the other side that there is no more, and reads and drops what it still sends,
  /// lest the last words be lost (RFC 9112 s.9.6). on_end() follows when the other side closes; the owner sets the
  /// limit.
  void finish();

 private:
  struct State;
  std::shared_ptr<State> state_;
};

/// Accepts connections.
class Listener {
 public:
  /// `peer` is the address without port, "" for a unix socket.
  using OnAccept = std::function<void(int socket, std::string peer)>;

  /// Port 0 takes a free one. Errors, each a sentence: conflict when the port is taken, malformed, storage_failed.
  static Result<std::unique_ptr<Listener>> tcp(EventLoop& loop, const std::string& address, std::uint16_t port,
                                               OnAccept on_accept);
  /// A unix socket with mode 0600. One that a dead process left is replaced; conflict when one answers.
  static Result<std::unique_ptr<Listener>> local(EventLoop& loop, const std::string& path, OnAccept on_accept);

  ~Listener();
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

  /// Of a TCP listener.
  std::uint16_t port() const;

 private:
  struct State;
  explicit Listener(std::shared_ptr<State> state) : state_(std::move(state)) {}
  std::shared_ptr<State> state_;
};

/// Which addresses a name may stand for.
enum class Reach : std::uint8_t { loopback_only, anywhere, public_only };

/// Connects in the background; dropping it gives up.
class Connector {
 public:
  /// A connected socket for a Stream, or why not (unavailable; not_authorised when `reach` forbids).
  using OnDone = std::function<void(Result<int>)>;
  Connector(EventLoop& loop, const std::string& host, std::uint16_t port, Reach reach, OnDone on_done);
  ~Connector();
  Connector(const Connector&) = delete;
  Connector& operator=(const Connector&) = delete;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace cairn::net
