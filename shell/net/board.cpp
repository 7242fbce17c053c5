#include "shell/net/board.h"

namespace cairn::net {

void Board::retire(proto::SocketId id, Announce announce) {
  if (announce == Announce::yes) inputs.emplace_back(proto::SocketClosed{id});
  retired_.push_back(id);
}

void Board::bury() {
  for (const proto::SocketId id : std::exchange(retired_, {})) sockets.erase(id.value);
}

void Board::check(std::uint64_t now_ms) {
  for (const auto& [id, socket] : sockets) socket->check(now_ms);
}

}  // namespace cairn::net
