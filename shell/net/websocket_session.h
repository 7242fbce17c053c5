// One WebSocket, from the handshake to its end.
#pragma once

#include "core/base/environment.h"
#include "shell/net/board.h"
#include "shell/net/websocket.h"

namespace cairn::net {

class WebSocketSession final : public FrameSocket {
 public:
  /// `entropy` makes the masks of a client's frames (RFC 6455 s.5.3).
  WebSocketSession(Board& board, proto::SocketId id, std::unique_ptr<Stream> stream, Side side, Entropy& entropy,
                   const SocketLimits& limits);

  void send_frame(Bytes frame) override;
  void close() override;
  void check(std::uint64_t now_ms) override;
  std::size_t queued() const override { return stream_->queued(); }
  void on_bytes(ByteView bytes) override;
  void on_end() override;

 private:
  void write(Opcode opcode, ByteView payload);
  void say_goodbye(std::uint16_t code, Board::Announce announce);

  Board& board_;
  proto::SocketId id_;
  std::unique_ptr<Stream> stream_;
  Side side_;
  Entropy& entropy_;
  const SocketLimits& limits_;
  WebSocketReader reader_;
  std::uint64_t last_heard_ms_;
  bool pinged_ = false;
  bool over_ = false;  // the mind hears nothing any more; we wait for the other side to close
};

}  // namespace cairn::net
