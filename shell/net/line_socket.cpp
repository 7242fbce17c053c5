#include "shell/net/line_socket.h"

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <limits>

#include "shell/os/clock.h"

namespace cairn::net {

namespace {

/// Takes the first line off `pending`, without its end.
std::optional<Bytes> take_line(Bytes& pending) {
  const auto end = std::find(pending.begin(), pending.end(), '\n');
  if (end == pending.end()) return std::nullopt;
  Bytes line(pending.begin(), end);
  pending.erase(pending.begin(), end + 1);
  return line;
}

}  // namespace

LineSocket::LineSocket(EventLoop& loop, Board& board, proto::SocketId id, int socket, const SocketLimits& limits)
    : board_(board), id_(id), limits_(limits), stream_(std::make_unique<Stream>(loop, socket, *this)) {}

void LineSocket::send_frame(Bytes frame) {
  if (over_) return;
  frame.push_back('\n');
  stream_->send(std::move(frame));
  if (stream_->queued() <= limits_.max_queue) return;
  over_ = true;
  board_.retire(id_, Board::Announce::yes);
}

void LineSocket::close() {
  if (!over_) leave();
}

void LineSocket::leave() {
  over_ = true;
  closed_at_ms_ = os::monotonic_ms();
  stream_->finish();
}

void LineSocket::on_bytes(ByteView bytes) {
  if (over_) return;
  // Lines are cut from what came now; only the last, unfinished one is kept.
  while (!bytes.empty()) {
    const auto end = std::find(bytes.begin(), bytes.end(), '\n');
    const auto length = static_cast<std::size_t>(end - bytes.begin());
    if (pending_.size() + length > limits_.max_frame) {
      leave();
      board_.inputs.emplace_back(proto::SocketClosed{id_});
      return;
    }
    append(pending_, bytes.first(length));
    if (end == bytes.end()) return;
    board_.inputs.emplace_back(proto::SocketFrame{id_, std::exchange(pending_, {})});
    bytes = bytes.subspan(length + 1);
  }
}

void LineSocket::on_end() {
  board_.retire(id_, std::exchange(over_, true) ? Board::Announce::no : Board::Announce::yes);
}

// Between processes of one machine silence means nothing: only a farewell takes time.
void LineSocket::check(std::uint64_t now_ms) {
  if (over_ && now_ms >= closed_at_ms_ + limits_.linger_ms) board_.retire(id_, Board::Announce::no);
}

// ---- LocalClient ----

Result<LocalClient> LocalClient::open(const std::string& path) {
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  REQUIRE(path.size() < sizeof address.sun_path, ErrorCode::over_limit,
          "the path of the socket is too long: choose a data folder with a shorter path");
  std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
  const int socket = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  REQUIRE(socket >= 0, ErrorCode::unavailable, "no process serves this data folder");
  LocalClient client(socket);
  const int connected = ::connect(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address);
  REQUIRE(connected == 0, ErrorCode::unavailable, "no process serves this data folder");
  return client;
}

LocalClient::~LocalClient() {
  if (socket_ >= 0) ::close(socket_);
}

LocalClient::LocalClient(LocalClient&& other) noexcept
    : socket_(std::exchange(other.socket_, -1)), pending_(std::move(other.pending_)) {}

LocalClient& LocalClient::operator=(LocalClient&& other) noexcept {
  std::swap(socket_, other.socket_);
  std::swap(pending_, other.pending_);
  return *this;
}

void LocalClient::stop() const { ::shutdown(socket_, SHUT_RDWR); }

Status LocalClient::send(ByteView frame) {
  CHECK(std::find(frame.begin(), frame.end(), '\n') == frame.end());
  Bytes line = to_bytes(frame);
  line.push_back('\n');
  ByteView rest = line;
  while (!rest.empty()) {
    const ssize_t sent = ::send(socket_, rest.data(), rest.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    REQUIRE(sent > 0, ErrorCode::unavailable, "the process that served this data folder is gone");
    rest = rest.subspan(static_cast<std::size_t>(sent));
  }
  return ok();
}

Result<Bytes> LocalClient::receive(std::uint64_t wait_ms) {
  const std::uint64_t start = os::monotonic_ms();
  Bytes part(16 * 1024);
  for (;;) {
    if (std::optional<Bytes> line = take_line(pending_)) return std::move(*line);
    REQUIRE(pending_.size() <= proto::kMaxFrameSize, ErrorCode::over_limit, "length of a line");
    const std::uint64_t passed = os::monotonic_ms() - start;
    const std::uint64_t left = wait_ms - std::min(wait_ms, passed);
    pollfd watched = {socket_, POLLIN, 0};
    const int most = static_cast<int>(std::min<std::uint64_t>(left, std::numeric_limits<int>::max()));
    const int ready = ::poll(&watched, 1, most);
    if (ready < 0 && errno == EINTR) continue;
    REQUIRE(ready > 0, ErrorCode::unavailable, "the process that serves this data folder does not answer");
    const ssize_t got = ::recv(socket_, part.data(), part.size(), 0);
    if (got < 0 && errno == EINTR) continue;
    REQUIRE(got > 0, ErrorCode::unavailable, "the process that served this data folder is gone");
    append(pending_, ByteView(part).first(static_cast<std::size_t>(got)));
  }
}

}  // namespace cairn::net
