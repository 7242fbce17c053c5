// A unix socket whose frames are lines: JSON-RPC between the programs of one person on one machine.
#pragma once

#include "shell/net/board.h"

namespace cairn::net {

/// The server's side of one connection. A frame has no newline in it (a JSON text as programs write it has none).
class LineSocket final : public FrameSocket {
 public:
  LineSocket(EventLoop& loop, Board& board, proto::SocketId id, int socket, const SocketLimits& limits);

  void send_frame(Bytes frame) override;
  void close() override;
  void check(std::uint64_t now_ms) override;
  std::size_t queued() const override { return stream_->queued(); }
  void on_bytes(ByteView bytes) override;
  void on_end() override;

 private:
  void leave();

  Board& board_;
  proto::SocketId id_;
  const SocketLimits& limits_;
  std::unique_ptr<Stream> stream_;
  Bytes pending_;  // a line that has not come whole
  std::uint64_t closed_at_ms_ = 0;
  bool over_ = false;
};

/// The client's side: a command that asks whoever holds the data folder. Blocks; needs no event loop.
class LocalClient {
 public:
  /// `unavailable` when nobody serves the path.
  static Result<LocalClient> open(const std::string& path);
  ~LocalClient();
  LocalClient(LocalClient&& other) noexcept;
  LocalClient& operator=(LocalClient&& other) noexcept;
  LocalClient(const LocalClient&) = delete;
  LocalClient& operator=(const LocalClient&) = delete;

  /// One frame, without a newline in it (CHECKed). `unavailable` when the other side is gone.
  Status send(ByteView frame);
  /// The next frame. `unavailable` when the other side has gone or `wait_ms` is over; over_limit above kMaxFrameSize.
  Result<Bytes> receive(std::uint64_t wait_ms);

  /// The socket, for who waits for other things too and reads by itself. It stays ours.
  int descriptor() const { return socket_; }
  /// Ends the connection; whoever waits for it in another thread is told.
  void stop() const;

 private:
  explicit LocalClient(int socket) : socket_(socket) {}

  int socket_;
  Bytes pending_;
};

}  // namespace cairn::net
