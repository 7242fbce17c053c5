// What all kinds of connections share: where inputs go, and who owns the open sockets.
#pragma once

#include <deque>
#include <memory>
#include <unordered_map>

#include "core/proto/transport.h"
#include "shell/net/stream.h"

namespace cairn::net {

struct SocketLimits {
  std::size_t max_frame = proto::kMaxFrameSize;
  /// Frames that the other side is slow to read; above it the socket is closed. A full push window fits.
  std::size_t max_queue = std::size_t{20} << 20;
  /// The same of all connections together; above it who has more than a sixteenth of max_queue waiting is closed.
  std::size_t max_queue_of_all = std::size_t{512} << 20;
  std::uint64_t ping_after_ms = 30'000;  ///< without a word from the other side
  std::uint64_t dead_after_ms = 75'000;
  std::uint64_t linger_ms = 2'000;  ///< for the other side to close after we did
};

/// A two-way stream of frames, whatever carries it. Owned by the board until it is retired.
class FrameSocket : public StreamOwner {
 public:
  virtual void send_frame(Bytes frame) = 0;
  /// By the mind, which hears nothing of it any more.
  virtual void close() = 0;
  /// Now and then: timeouts.
  virtual void check(std::uint64_t now_ms) = 0;
  /// Bytes that have not left this process.
  virtual std::size_t queued() const = 0;
};

class Board {
 public:
  std::deque<proto::Input> inputs;
  std::unordered_map<std::uint64_t, std::unique_ptr<FrameSocket>> sockets;

  proto::RequestId new_request() { return {next_request_++}; }
  proto::SocketId new_socket() { return {next_socket_++}; }

  /// The socket goes when no callback runs; `announce` tells the mind.
  enum class Announce : std::uint8_t { no, yes };
  void retire(proto::SocketId id, Announce announce);
  /// Called between callbacks: destroys what was retired.
  void bury();
  void check(std::uint64_t now_ms);

 private:
  std::uint64_t next_request_ = 1;
  std::uint64_t next_socket_ = 1;
  std::vector<proto::SocketId> retired_;
};

}  // namespace cairn::net
