// Loaded in front of libc as trouble.cpp is: gives programs names of machines as on the Internet, on this machine
// alone.
//
// CAIRN_NAMES names a file with lines `NAME ADDRESS PORT`, which a test may change while they run. NAME stands for
// ADDRESS, a public one, and who connects to it at 443 comes to 127.0.0.1:PORT. So a program finds https://NAME, and
// judges name, address and certificate, as where it is used. No other name is known, and nothing leaves this machine.
#include <arpa/inet.h>
#include <dlfcn.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <optional>
#include <string>

namespace {

constexpr in_port_t kHttps = 443;

template <class Function>
Function next(const char* name) {
  return reinterpret_cast<Function>(dlsym(RTLD_NEXT, name));
}

struct Machine {
  std::string name, address;
  in_port_t port = 0;
};

/// The first for which `is_it` holds.
template <class IsIt>
std::optional<Machine> find(const char* file, IsIt is_it) {
  std::ifstream in(file);
  for (Machine one; in >> one.name >> one.address >> one.port;) {
    if (is_it(one)) return one;
  }
  return std::nullopt;
}

/// Whether getaddrinfo() asks nobody for it.
bool is_of_this_machine(const char* node) {
  in6_addr ignored = {};
  return node == nullptr || std::strcmp(node, "localhost") == 0 || inet_pton(AF_INET, node, &ignored) == 1 ||
         inet_pton(AF_INET6, node, &ignored) == 1;
}

bool is_loopback(const sockaddr* to) {
  if (to->sa_family == AF_INET) {
    return ntohl(reinterpret_cast<const sockaddr_in*>(to)->sin_addr.s_addr) >> 24 == IN_LOOPBACKNET;
  }
  return IN6_IS_ADDR_LOOPBACK(&reinterpret_cast<const sockaddr_in6*>(to)->sin6_addr);
}

}  // namespace

extern "C" {

int getaddrinfo(const char* node, const char* service, const struct addrinfo* hints, struct addrinfo** result) {
  static const auto real =
      next<int (*)(const char*, const char*, const struct addrinfo*, struct addrinfo**)>("getaddrinfo");
  const char* file = std::getenv("CAIRN_NAMES");
  if (file == nullptr || is_of_this_machine(node)) return real(node, service, hints, result);
  const auto machine = find(file, [&](const Machine& one) { return one.name == node; });
  if (!machine) return EAI_NONAME;
  addrinfo numeric = {};
  if (hints != nullptr) numeric = *hints;
  numeric.ai_flags = (numeric.ai_flags & ~AI_ADDRCONFIG) | AI_NUMERICHOST;
  return real(machine->address.c_str(), service, &numeric, result);
}

int connect(int socket, const struct sockaddr* to, socklen_t size) {
  static const auto real = next<int (*)(int, const struct sockaddr*, socklen_t)>("connect");
  const char* file = std::getenv("CAIRN_NAMES");
  const bool is_network = to != nullptr && (to->sa_family == AF_INET || to->sa_family == AF_INET6);
  if (file == nullptr || !is_network || is_loopback(to)) return real(socket, to, size);
  char address[INET_ADDRSTRLEN] = {};
  sockaddr_in here = {};
  if (to->sa_family == AF_INET) std::memcpy(&here, to, sizeof here);
  inet_ntop(AF_INET, &here.sin_addr, address, sizeof address);
  const auto machine = find(file, [&](const Machine& one) { return one.address == address; });
  if (!machine || here.sin_port != htons(kHttps)) {
    errno = ENETUNREACH;
    return -1;
  }
  here.sin_port = htons(machine->port);
  here.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return real(socket, reinterpret_cast<const sockaddr*>(&here), sizeof here);
}

}  // extern "C"
