// Which other domains this one speaks to, and where they are (docs/spec/relay.md s.10).
#pragma once

#include <map>
#include <set>
#include <string>

#include "core/base/result.h"
#include "core/base/types.h"

namespace cairn::relay {

struct Federation {
  enum class Mode : std::uint8_t { off, on, listed };
  Mode mode = Mode::off;
  std::set<std::string, std::less<>> allowed;  ///< with Mode::listed these alone
  std::set<std::string, std::less<>> blocked;  ///< never, whatever the mode
  /// Where a domain is, http(s)://host[:port]: the operator's word, so it may be any address. Else https://DOMAIN, and
  /// public addresses alone.
  std::map<std::string, std::string, std::less<>> urls;
  std::uint64_t queue_bytes = std::uint64_t{256} << 20;  ///< that wait for one domain

  bool speaks_to(std::string_view domain) const;
};

/// The name of a domain's server key: "<domain>/server".
std::string server_key_name(std::string_view domain);
/// The server key that `GET /.well-known/cairn` of `domain` tells; `malformed` when it is another domain's, or speaks
/// to no other.
Result<PublicKey> server_key_in(ByteView well_known, std::string_view domain);

/// Bytes of a file of domains.
constexpr std::size_t kMaxFederationFile = std::size_t{1} << 20;

/// Lines `allow DOMAIN`, `block DOMAIN`, `url DOMAIN URL`; `#` begins a comment. Takes them over into `federation`;
/// `malformed` with a sentence, and nothing taken, when one is none of these.
Status take_domains(Federation& federation, std::string_view text);

}  // namespace cairn::relay
