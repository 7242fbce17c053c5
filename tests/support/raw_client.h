// A client that says to a port exactly what the test wants it to say.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <utility>

#include "core/base/bytes.h"

namespace cairn::testing {

class RawClient {
 public:
  /// `from` is another of this machine's addresses, 127.0.0.0/8: to a server another machine.
  explicit RawClient(std::uint16_t port, std::uint32_t from = INADDR_LOOPBACK)
      : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address = {};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(from);
    if (from != INADDR_LOOPBACK) {
      CHECK(::bind(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
    }
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    CHECK(::connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
  }
  ~RawClient() { close(); }
  RawClient(const RawClient&) = delete;
  RawClient& operator=(const RawClient&) = delete;

  void close() {
    if (socket_ >= 0) ::close(socket_);
    socket_ = -1;
  }
  /// How many bytes the kernel took.
  std::size_t send(ByteView bytes) {
    const ssize_t sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    return sent < 0 ? 0 : static_cast<std::size_t>(sent);
  }
  std::size_t send(std::string_view text) { return send(as_bytes(text)); }
  void finish_sending() { ::shutdown(socket_, SHUT_WR); }

  /// Reads what is there.
  const std::string& read() {
    char part[16 * 1024];
    while (!ended_) {
      const ssize_t got = ::recv(socket_, part, sizeof part, MSG_DONTWAIT);
      if (got < 0 && errno == EAGAIN) break;
      if (got <= 0) {
        ended_ = true;
      } else {
        received_.append(part, static_cast<std::size_t>(got));
      }
    }
    return received_;
  }
  /// The same, since it was taken the last time.
  std::string take() {
    read();
    return std::exchange(received_, {});
  }
  bool has_ended() {
    read();
    return ended_;
  }

 private:
  int socket_;
  std::string received_;
  bool ended_ = false;
};

}  // namespace cairn::testing
