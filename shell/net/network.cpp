#include "shell/net/network.h"

#include <unistd.h>
#include <algorithm>

#include "shell/net/line_socket.h"
#include "shell/os/clock.h"

namespace cairn::net {

Network::Network(Entropy& entropy, NetworkLimits limits)
    : limits_(limits),
      server_(loop_, board_, entropy, limits_.server, limits_.socket),
      client_(loop_, board_, entropy, limits_.client, limits_.socket) {
  loop_.every(limits_.tick_ms, [this] {
    const std::uint64_t now_ms = os::monotonic_ms();
    server_.check(now_ms);
    client_.check(now_ms);
    board_.check(now_ms);
  });
}

// Streams let go of the loop before it goes.
Network::~Network() = default;

Result<std::uint16_t> Network::serve_http(const std::string& address, std::uint16_t port, Proxy proxy,
                                          Server::Tls tls) {
  return server_.listen(address, port, proxy, std::move(tls));
}

Status Network::serve_local(const std::string& path, std::string target) {
  local_.push_back(TRY(Listener::local(loop_, path, [this, target = std::move(target)](int socket, std::string) {
    const proto::SocketId id = board_.new_socket();
    board_.inputs.emplace_back(proto::SocketOpened{id, target, "", ""});
    board_.sockets[id.value] = std::make_unique<LineSocket>(loop_, board_, id, socket, limits_.socket);
  })));
  return ok();
}

Result<std::uint16_t> Network::serve_front(std::uint16_t port, std::string target, HttpFront& front,
                                           FrontLimits limits) {
  FrontDoor& door = *doors_.emplace_back(std::make_unique<FrontDoor>(FrontDoor{front, limits, std::move(target), 0}));
  const auto accept = [this, &door](int socket, const std::string&) {
    if (door.connections >= door.limits.max_connections) {
      ::close(socket);
      return;
    }
    const proto::SocketId id = board_.new_socket();
    board_.sockets[id.value] = std::make_unique<FrontSocket>(loop_, board_, id, socket, door);
  };
  auto four = TRY(Listener::tcp(loop_, "127.0.0.1", port, accept));
  const std::uint16_t taken = four->port();
  auto six = Listener::tcp(loop_, "::1", taken, accept);
  // "localhost" may mean either: nobody else is to be asked there with our token.
  if (!six && six.error().code == ErrorCode::conflict) return tl::unexpected(six.error());
  local_.push_back(std::move(four));
  if (six) local_.push_back(std::move(*six));
  return taken;
}

std::vector<proto::Input> Network::take(const Take& take) {
  if (board_.inputs.empty()) loop_.run_one(take.wait_ms);
  const std::uint64_t start_ms = os::monotonic_ms();
  while (board_.inputs.size() < take.most && os::monotonic_ms() - start_ms < take.gather_ms && loop_.run_one(0)) {
  }
  bury();
  const auto count = static_cast<std::ptrdiff_t>(std::min(take.most, board_.inputs.size()));
  const auto end = board_.inputs.begin() + count;
  std::vector<proto::Input> inputs(std::move_iterator(board_.inputs.begin()), std::move_iterator(end));
  board_.inputs.erase(board_.inputs.begin(), end);
  return inputs;
}

void Network::bury() {
  server_.bury();
  client_.bury();
  board_.bury();
}

void Network::perform(proto::Send send) {
  const auto socket = [this](proto::SocketId id) -> FrameSocket* {
    const auto found = board_.sockets.find(id.value);
    return found == board_.sockets.end() ? nullptr : found->second.get();
  };
  if (auto* respond = std::get_if<proto::Respond>(&send)) {
    server_.respond(std::move(*respond));
  } else if (auto* frame = std::get_if<proto::SocketSend>(&send)) {
    if (FrameSocket* found = socket(frame->id)) found->send_frame(std::move(frame->data));
  } else if (const auto* closing = std::get_if<proto::SocketClose>(&send)) {
    if (FrameSocket* found = socket(closing->id)) found->close();
    client_.forget(closing->id);
  } else if (auto* connect = std::get_if<proto::Connect>(&send)) {
    client_.connect(std::move(*connect));
  } else if (auto* call = std::get_if<proto::Call>(&send)) {
    client_.call(std::move(*call));
  }
}

void Network::reset(const proto::Respond& answer) {
  server_.respond_to_all(answer);
  client_.forget_all();
  for (const auto& [id, socket] : board_.sockets) socket->close();
  board_.inputs.clear();
}

void Network::close(std::uint64_t wait_ms) {
  local_.clear();
  server_.stop();
  client_.forget_all();
  for (const auto& [id, socket] : board_.sockets) socket->close();
  const std::uint64_t start_ms = os::monotonic_ms();
  while (has_unsent()) {
    const std::uint64_t passed_ms = os::monotonic_ms() - start_ms;
    if (passed_ms >= wait_ms) break;
    loop_.run_one(wait_ms - passed_ms);
    bury();
  }
  board_.inputs.clear();
}

bool Network::has_unsent() const {
  const auto unsent = [](const auto& entry) { return entry.second->queued() != 0; };
  return server_.unsent() != 0 || std::any_of(board_.sockets.begin(), board_.sockets.end(), unsent);
}

}  // namespace cairn::net
