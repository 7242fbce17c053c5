#include "shell/net/websocket_session.h"

#include "core/base/environment.h"
#include "shell/os/clock.h"

namespace cairn::net {

namespace {

// RFC 6455 s.7.4.1.
constexpr std::uint16_t kNormal = 1000;
/// Who has more than this waiting is not reading, and gets no goodbye: it would keep all of it until then.
constexpr std::size_t kGoodbyeQueue = 64 * 1024;

}  // namespace

WebSocketSession::WebSocketSession(Board& board, proto::SocketId id, std::unique_ptr<Stream> stream, Side side,
                                   Entropy& entropy, const SocketLimits& limits)
    : board_(board),
      id_(id),
      stream_(std::move(stream)),
      side_(side),
      entropy_(entropy),
      limits_(limits),
      reader_(side, limits.max_frame),
      last_heard_ms_(os::monotonic_ms()) {
  stream_->set_owner(*this);
}

void WebSocketSession::write(Opcode opcode, ByteView payload) {
  std::optional<Mask> mask;
  if (side_ == Side::client) entropy_.fill(mask.emplace());
  stream_->send(websocket_frame(opcode, payload, mask));
  const std::size_t most =
      stream_->queued_of_all() > limits_.max_queue_of_all ? limits_.max_queue / 16 : limits_.max_queue;
  if (over_ || stream_->queued() <= most) return;
  over_ = true;
  board_.retire(id_, Board::Announce::yes);
}

void WebSocketSession::send_frame(Bytes frame) {
  if (!over_) write(Opcode::binary, frame);
}

void WebSocketSession::close() {
  if (over_) return;
  if (stream_->queued() <= kGoodbyeQueue) return say_goodbye(kNormal, Board::Announce::no);
  over_ = true;
  board_.retire(id_, Board::Announce::no);
}

void WebSocketSession::say_goodbye(std::uint16_t code, Board::Announce announce) {
  over_ = true;
  write(Opcode::close, close_payload(code));
  stream_->finish();
  last_heard_ms_ = os::monotonic_ms();
  if (announce == Board::Announce::yes) board_.inputs.emplace_back(proto::SocketClosed{id_});
}

void WebSocketSession::on_bytes(ByteView bytes) {
  if (over_) return;
  last_heard_ms_ = os::monotonic_ms();
  pinged_ = false;
  auto events = reader_.feed(bytes);
  if (!events) return say_goodbye(close_code_of(events.error().code), Board::Announce::yes);
  for (WebSocketEvent& event : *events) {
    if (over_) return;
    switch (event.kind) {
      case Opcode::binary: board_.inputs.emplace_back(proto::SocketFrame{id_, std::move(event.data)}); break;
      case Opcode::ping: write(Opcode::pong, event.data); break;
      case Opcode::close: return say_goodbye(kNormal, Board::Announce::yes);
      default: break;  // a pong was heard, and that is all
    }
  }
}

void WebSocketSession::on_end() {
  board_.retire(id_, std::exchange(over_, true) ? Board::Announce::no : Board::Announce::yes);
}

void WebSocketSession::check(std::uint64_t now_ms) {
  const std::uint64_t silent_ms = now_ms - std::min(now_ms, last_heard_ms_);
  if (over_) {
    if (silent_ms >= limits_.linger_ms) board_.retire(id_, Board::Announce::no);
  } else if (silent_ms >= limits_.dead_after_ms) {
    over_ = true;
    board_.retire(id_, Board::Announce::yes);
  } else if (silent_ms >= limits_.ping_after_ms && !std::exchange(pinged_, true)) {
    write(Opcode::ping, {});
  }
}

}  // namespace cairn::net
