#include "shell/net/websocket.h"

namespace cairn::net {

namespace {

constexpr std::size_t kMaxControlPayload = 125;

bool is_control(Opcode opcode) { return static_cast<std::uint8_t>(opcode) >= 8; }

bool is_known(std::uint8_t opcode) { return opcode <= 2 || (opcode >= 8 && opcode <= 10); }

std::uint64_t big_endian(ByteView bytes) {
  std::uint64_t value = 0;
  for (const std::uint8_t byte : bytes) value = value << 8 | byte;
  return value;
}

void put_big_endian(Bytes& out, std::uint64_t value, int bytes) {
  for (int i = bytes - 1; i >= 0; --i) out.push_back(static_cast<std::uint8_t>(value >> (8 * i)));
}

void apply_mask(MutableByteView data, ByteView mask) {
  for (std::size_t i = 0; i < data.size(); ++i) data[i] ^= mask[i % 4];
}

}  // namespace

Result<std::vector<WebSocketEvent>> WebSocketReader::feed(ByteView bytes) {
  std::vector<WebSocketEvent> events;
  if (closed_) return events;
  append(pending_, bytes);
  ByteView rest = pending_;
  while (!closed_) {
    std::optional<Frame> frame = TRY(next_frame(rest));
    if (!frame) break;
    std::optional<WebSocketEvent> event = TRY(accept(std::move(*frame)));
    if (event) events.push_back(std::move(*event));
  }
  // What was read goes, and no memory is kept for a connection that is idle. A frame that still grows is not copied:
  // it may come byte by byte.
  if (rest.size() != pending_.size()) pending_ = rest.empty() ? Bytes{} : to_bytes(rest);
  return events;
}

// RFC 6455 s.5.2.
Result<std::optional<WebSocketReader::Frame>> WebSocketReader::next_frame(ByteView& rest) const {
  if (rest.size() < 2) return std::optional<Frame>{};
  const std::uint8_t first = rest[0];
  const std::uint8_t second = rest[1];
  REQUIRE((first & 0x70) == 0, ErrorCode::malformed, "reserved bits of a WebSocket frame");
  REQUIRE(is_known(first & 0x0f), ErrorCode::malformed, "opcode of a WebSocket frame");
  const bool masked = (second & 0x80) != 0;
  REQUIRE(masked == (we_are_ == Side::server), ErrorCode::malformed, "mask of a WebSocket frame");
  const std::uint8_t short_length = second & 0x7f;
  const std::size_t length_bytes = short_length == 126 ? 2 : short_length == 127 ? 8 : 0;
  const std::size_t header = 2 + length_bytes + (masked ? 4 : 0);
  Frame frame = {(first & 0x80) != 0, static_cast<Opcode>(first & 0x0f), {}};
  if (is_control(frame.opcode)) {
    REQUIRE(frame.last && short_length <= kMaxControlPayload, ErrorCode::malformed, "WebSocket control frame");
  }
  if (rest.size() < 2 + length_bytes) return std::optional<Frame>{};
  const std::uint64_t length = length_bytes == 0 ? short_length : big_endian(rest.subspan(2, length_bytes));
  // The shortest form only; the highest bit of the longest is zero, which the limit sees to.
  REQUIRE(length_bytes == 0 || length > (length_bytes == 2 ? 125u : 0xffffu), ErrorCode::malformed,
          "length of a WebSocket frame");
  REQUIRE(length <= most_, ErrorCode::over_limit, "length of a WebSocket frame");
  if (rest.size() - std::min(rest.size(), header) < length || rest.size() < header) return std::optional<Frame>{};
  frame.payload = to_bytes(rest.subspan(header, static_cast<std::size_t>(length)));
  if (masked) apply_mask(frame.payload, rest.subspan(header - 4, 4));
  rest = rest.subspan(header + static_cast<std::size_t>(length));
  return std::optional<Frame>(std::move(frame));
}

// RFC 6455 s.5.4: control frames may come between the fragments of a message.
Result<std::optional<WebSocketEvent>> WebSocketReader::accept(Frame frame) {
  if (is_control(frame.opcode)) {
    closed_ = frame.opcode == Opcode::close;
    return std::optional<WebSocketEvent>({frame.opcode, std::move(frame.payload)});
  }
  REQUIRE(frame.opcode != Opcode::text, ErrorCode::unsupported, "WebSocket text");
  REQUIRE((frame.opcode == Opcode::continuation) == message_.has_value(), ErrorCode::malformed,
          "order of WebSocket fragments");
  if (message_) {
    REQUIRE(frame.payload.size() <= most_ - message_->size(), ErrorCode::over_limit, "length of a WebSocket message");
    append(*message_, frame.payload);
  } else {
    message_ = std::move(frame.payload);
  }
  if (!frame.last) return std::optional<WebSocketEvent>{};
  WebSocketEvent event = {Opcode::binary, std::move(*message_)};
  message_.reset();
  return std::optional<WebSocketEvent>(std::move(event));
}

Bytes websocket_frame(Opcode opcode, ByteView payload, const std::optional<Mask>& mask) {
  Bytes out;
  out.reserve(payload.size() + 14);
  out.push_back(static_cast<std::uint8_t>(0x80 | static_cast<std::uint8_t>(opcode)));
  const std::uint8_t masked = mask ? 0x80 : 0;
  if (payload.size() <= 125) {
    out.push_back(static_cast<std::uint8_t>(masked | payload.size()));
  } else if (payload.size() <= 0xffff) {
    out.push_back(masked | 126);
    put_big_endian(out, payload.size(), 2);
  } else {
    out.push_back(masked | 127);
    put_big_endian(out, payload.size(), 8);
  }
  if (mask) append(out, *mask);
  const std::size_t start = out.size();
  append(out, payload);
  if (mask) apply_mask(MutableByteView(out).subspan(start), *mask);
  return out;
}

Bytes close_payload(std::uint16_t code) {
  Bytes out;
  put_big_endian(out, code, 2);
  return out;
}

// RFC 6455 s.7.4.1.
std::uint16_t close_code_of(ErrorCode error) {
  if (error == ErrorCode::unsupported) return 1003;
  if (error == ErrorCode::over_limit) return 1009;
  return 1002;
}

}  // namespace cairn::net
