#include "shell/net/url.h"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>

namespace cairn::net {

namespace {

constexpr std::size_t kMaxUrl = 4096;

Result<std::uint16_t> parse_port(std::string_view text) {
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  REQUIRE(error == std::errc() && end == text.data() + text.size() && port != 0, ErrorCode::malformed, "port of a URL");
  return port;
}

bool is_host_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_';
}

bool is_v6_address(const std::string& text) {
  in6_addr address = {};
  return ::inet_pton(AF_INET6, text.c_str(), &address) == 1;
}

struct Network4 {
  std::uint32_t prefix;
  int bits;
};
/// RFC 6890 and its registry: what is not globally reachable, and multicast.
constexpr Network4 kNotPublic4[] = {{0x00000000, 8},  {0x0a000000, 8},  {0x64400000, 10}, {0x7f000000, 8},
                                    {0xa9fe0000, 16}, {0xac100000, 12}, {0xc0000000, 24}, {0xc0000200, 24},
                                    {0xc0586300, 24}, {0xc0a80000, 16}, {0xc6120000, 15}, {0xc6336400, 24},
                                    {0xcb007100, 24}, {0xe0000000, 3}};

bool is_public_v4(std::uint32_t address) {
  return std::none_of(std::begin(kNotPublic4), std::end(kNotPublic4),
                      [&](const Network4& one) { return (address ^ one.prefix) >> (32 - one.bits) == 0; });
}

std::uint32_t u32_at(const in6_addr& address, std::size_t at) {
  std::uint32_t out = 0;
  for (std::size_t i = at; i < at + 4; ++i) out = out << 8 | address.s6_addr[i];
  return out;
}

bool is_public_v6(const in6_addr& address) {
  const std::uint32_t head = u32_at(address, 0);
  if (head == 0x0064ff9b && u32_at(address, 4) == 0 && u32_at(address, 8) == 0) {
    return is_public_v4(u32_at(address, 12));  // 64:ff9b::/96
  }
  if (head >> 29 != 1) return false;                                  // 2000::/3
  if (head >> 16 == 0x2002) return is_public_v4(u32_at(address, 2));  // 6to4
  if (head >> 9 == 0x20010000 >> 9) return false;                     // 2001::/23, Teredo in it
  return head != 0x20010db8 && head >> 12 != 0x3fff0;                 // documents
}

}  // namespace

std::string Url::authority() const {
  std::string out = host.find(':') == std::string::npos ? host : "[" + host + "]";
  if (port != (scheme == Scheme::http ? 80 : 443)) out += ":" + std::to_string(port);
  return out;
}

// RFC 3986 s.3, only the forms that we use.
Result<Url> parse_url(std::string_view text) {
  REQUIRE(text.size() <= kMaxUrl, ErrorCode::over_limit, "length of a URL");
  const auto is_plain = [](char c) { return c > 0x20 && c < 0x7f && c != '#' && c != '\\'; };
  REQUIRE(std::all_of(text.begin(), text.end(), is_plain), ErrorCode::malformed, "character in a URL");
  Url url;
  if (text.starts_with("http://")) {
    url.scheme = Scheme::http;
    url.port = 80;
    text.remove_prefix(7);
  } else {
    REQUIRE(text.starts_with("https://"), ErrorCode::malformed, "scheme of a URL");
    text.remove_prefix(8);
  }
  const std::size_t slash = std::min(text.find_first_of("/?"), text.size());
  std::string_view authority = text.substr(0, slash);
  const std::string_view target = text.substr(slash);
  if (!target.empty()) url.target = (target.front() == '?' ? "/" : "") + std::string(target);
  if (authority.starts_with('[')) {
    const std::size_t end = authority.find(']');
    REQUIRE(end != std::string_view::npos, ErrorCode::malformed, "address of a URL");
    url.host = authority.substr(1, end - 1);
    REQUIRE(is_v6_address(url.host), ErrorCode::malformed, "address of a URL");
    authority.remove_prefix(end + 1);
  } else {
    const std::size_t end = std::min(authority.find(':'), authority.size());
    url.host = authority.substr(0, end);
    REQUIRE(std::all_of(url.host.begin(), url.host.end(), is_host_character), ErrorCode::malformed, "host of a URL");
    authority.remove_prefix(end);
  }
  REQUIRE(!url.host.empty(), ErrorCode::malformed, "host of a URL");
  if (!authority.empty()) {
    REQUIRE(authority.front() == ':', ErrorCode::malformed, "port of a URL");
    url.port = TRY(parse_port(authority.substr(1)));
  }
  return url;
}

bool is_loopback_address(std::string_view address) {
  const std::string text(address);
  in_addr v4 = {};
  if (::inet_pton(AF_INET, text.c_str(), &v4) == 1) return (ntohl(v4.s_addr) >> 24) == 127;
  in6_addr v6 = {};
  return ::inet_pton(AF_INET6, text.c_str(), &v6) == 1 && IN6_IS_ADDR_LOOPBACK(&v6);
}

bool is_public_address(std::string_view address) {
  const std::string text(address);
  in_addr v4 = {};
  if (::inet_pton(AF_INET, text.c_str(), &v4) == 1) return is_public_v4(ntohl(v4.s_addr));
  in6_addr v6 = {};
  return ::inet_pton(AF_INET6, text.c_str(), &v6) == 1 && is_public_v6(v6);
}

bool is_callable(const Url& url) {
  return url.scheme == Scheme::https || url.host == "localhost" || is_loopback_address(url.host);
}

std::string network_of(std::string_view address) {
  constexpr std::size_t kNetworkBytes = 8;
  in6_addr v6 = {};
  if (::inet_pton(AF_INET6, std::string(address).c_str(), &v6) != 1) return std::string(address);
  return {reinterpret_cast<const char*>(v6.s6_addr), kNetworkBytes};
}

}  // namespace cairn::net
