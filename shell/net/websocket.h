// The frames of WebSocket (RFC 6455 s.5), without any input or output. Binary messages only, no extensions.
#pragma once

#include <array>
#include <optional>
#include <vector>

#include "core/base/bytes.h"

namespace cairn::net {

/// Which end of the connection we are: a client's frames are masked, a server's are not (s.5.1).
enum class Side : std::uint8_t { client, server };

enum class Opcode : std::uint8_t { continuation = 0, text = 1, binary = 2, close = 8, ping = 9, pong = 10 };

using Mask = std::array<std::uint8_t, 4>;

/// One whole message or control frame.
struct WebSocketEvent {
  Opcode kind = Opcode::binary;  ///< binary, close, ping or pong
  Bytes data;
};

/// Puts frames together. Holds at most one message and one frame of `most` bytes.
class WebSocketReader {
 public:
  WebSocketReader(Side we_are, std::size_t most) : we_are_(we_are), most_(most) {}

  /// What `bytes` completes, in order. After an error (malformed: 1002, unsupported: a text, 1003, over_limit: 1009;
  /// s.7.4.1) the connection is to be closed with that code, and this not used again. After a close nothing is read.
  Result<std::vector<WebSocketEvent>> feed(ByteView bytes);

 private:
  struct Frame {
    bool last;
    Opcode opcode;
    Bytes payload;
  };
  /// Takes a frame off `rest` if it is there whole.
  Result<std::optional<Frame>> next_frame(ByteView& rest) const;
  Result<std::optional<WebSocketEvent>> accept(Frame frame);

  Side we_are_;
  std::size_t most_;
  Bytes pending_;                 // a frame that has not come whole
  std::optional<Bytes> message_;  // fragments so far
  bool closed_ = false;
};

/// One unfragmented frame. A client gives a fresh unpredictable mask (s.5.3), a server none.
Bytes websocket_frame(Opcode opcode, ByteView payload, const std::optional<Mask>& mask);

/// The payload of a close frame (s.5.5.1).
Bytes close_payload(std::uint16_t code);

/// The close code that says why feed() refused.
std::uint16_t close_code_of(ErrorCode error);

}  // namespace cairn::net
