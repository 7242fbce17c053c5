// Ports of this machine that nobody has.
#pragma once

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <string>
#include <vector>

#include "core/base/check.h"

namespace cairn::testing {

/// As many as are asked for, free when asked and all different.
inline std::vector<std::string> free_ports(std::size_t count) {
  std::vector<std::string> out;
  std::vector<int> held;
  while (held.size() < count) {
    held.push_back(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in address = {};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    CHECK(::bind(held.back(), reinterpret_cast<const sockaddr*>(&address), size) == 0);
    CHECK(::getsockname(held.back(), reinterpret_cast<sockaddr*>(&address), &size) == 0);
    out.push_back(std::to_string(ntohs(address.sin_port)));
  }
  for (const int one : held) ::close(one);
  return out;
}

}  // namespace cairn::testing
