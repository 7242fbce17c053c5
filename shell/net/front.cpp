#include "shell/net/front.h"

#include "shell/os/clock.h"

namespace cairn::net {

FrontSocket::FrontSocket(EventLoop& loop, Board& board, proto::SocketId id, int socket, FrontDoor& door)
    : board_(board),
      id_(id),
      door_(door),
      deadline_ms_(os::monotonic_ms() + door.limits.request_ms),
      reader_(std::make_unique<RequestReader>(door.limits.max_body)),
      stream_(std::make_unique<Stream>(loop, socket, *this)) {
  ++door_.connections;
}

FrontSocket::~FrontSocket() { --door_.connections; }

void FrontSocket::on_bytes(ByteView bytes) {
  if (phase_ != Phase::reading) return;  // one request a connection: what follows is dropped
  reader_->feed(bytes);
  switch (reader_->state()) {
    case RequestReader::State::idle:
    case RequestReader::State::header: break;
    case RequestReader::State::body:
      if (reader_->take_expectation()) stream_->send(encode_continue());
      break;
    case RequestReader::State::whole: begin(reader_->take()); break;
    case RequestReader::State::refused: refuse(door_.front.refused(reader_->refusal())); break;
  }
}

void FrontSocket::begin(const HttpRequest& request) {
  auto judged = door_.front.judge(request);
  if (const auto* refusal = std::get_if<HttpFront::Refusal>(&judged)) return refuse(*refusal);
  auto& asked = std::get<HttpFront::Asked>(judged);
  reader_.reset();
  known_ = true;
  const std::uint64_t now_ms = os::monotonic_ms();
  phase_ = asked.kind == HttpFront::Kind::stream ? Phase::streaming : Phase::waiting;
  deadline_ms_ = now_ms + (phase_ == Phase::streaming ? door_.limits.keep_alive_ms : door_.limits.answer_ms);
  board_.inputs.emplace_back(proto::SocketOpened{id_, door_.target, "", ""});
  board_.inputs.emplace_back(proto::SocketFrame{id_, std::move(asked.frame)});
}

void FrontSocket::send_frame(Bytes frame) {
  if (phase_ == Phase::waiting) return respond(door_.front.answered(std::move(frame)));
  if (phase_ != Phase::streaming) return;
  auto [said, is_last] = door_.front.told(frame);
  if (said.empty()) return;
  if (!std::exchange(head_sent_, true)) stream_->send(door_.front.head());
  stream_->send(std::move(said));
  // Whoever does not read is told nothing more; it comes again, and goes on from the last event that it has.
  if (is_last) {
    tell_mind();
    return finish();
  }
  if (stream_->queued() <= door_.limits.max_queue) return;
  tell_mind();
  phase_ = Phase::finishing;
  board_.retire(id_, Board::Announce::no);
}

void FrontSocket::respond(const proto::Respond& respond, std::string_view allow) {
  stream_->send(encode_response(respond, false, allow));
  tell_mind();
  finish();
}

void FrontSocket::finish() {
  phase_ = Phase::finishing;
  deadline_ms_ = os::monotonic_ms() + door_.limits.write_ms;
  reader_.reset();
  stream_->finish();
}

void FrontSocket::close() {
  known_ = false;  // it has said so itself
  if (phase_ == Phase::waiting || (phase_ == Phase::streaming && !head_sent_)) return refuse(door_.front.refused(503));
  if (phase_ == Phase::reading || phase_ == Phase::streaming) finish();
}

void FrontSocket::on_end() {
  tell_mind();
  phase_ = Phase::finishing;
  board_.retire(id_, Board::Announce::no);
}

void FrontSocket::tell_mind() {
  if (std::exchange(known_, false)) board_.inputs.emplace_back(proto::SocketClosed{id_});
}

void FrontSocket::check(std::uint64_t now_ms) {
  if (now_ms < deadline_ms_) return;
  switch (phase_) {
    case Phase::reading: return refuse(door_.front.refused(408));
    case Phase::waiting: return refuse(door_.front.refused(503));
    case Phase::streaming:
      deadline_ms_ = now_ms + door_.limits.keep_alive_ms;
      if (head_sent_) stream_->send(door_.front.keep_alive());
      return;
    case Phase::finishing: return board_.retire(id_, Board::Announce::no);
  }
}

}  // namespace cairn::net
