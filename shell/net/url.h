// The addresses that we call: http(s)://host[:port]/path?query, strictly.
#pragma once

#include <string>
#include <string_view>

#include "core/base/result.h"

namespace cairn::net {

enum class Scheme : std::uint8_t { http, https };

struct Url {
  Scheme scheme = Scheme::https;
  std::string host;  ///< a name or an address; an IPv6 address without its brackets
  std::uint16_t port = 443;
  std::string target = "/";  ///< path and query

  /// As in a Host header: brackets around IPv6, the port only when it is not the scheme's own.
  std::string authority() const;
};

/// `malformed` for user names, fragments, blanks, control characters, empty hosts, ports outside 1 to 65535.
Result<Url> parse_url(std::string_view text);

/// An address of this machine only, in text: 127.0.0.0/8 or ::1 (RFC 6890). Names are not addresses.
bool is_loopback_address(std::string_view address);

/// An address at which everybody can be, in text: of the global unicast ones (RFC 4291 s.2.4, RFC 6890) those that are
/// neither private, shared, reserved, for documents, nor lead to such an IPv4 address (RFC 6052, RFC 3056, RFC 4380).
bool is_public_address(std::string_view address);

/// Whether Client can call it: https, or http to an address of this machine or to "localhost".
bool is_callable(const Url& url);

/// The part of an address that one party holds: an IPv4 address whole, the first 8 bytes of an IPv6 address. Other text
/// as it is.
std::string network_of(std::string_view address);

}  // namespace cairn::net
