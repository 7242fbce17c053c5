// Token buckets, one a key, in bounded memory.
#pragma once

#include <map>
#include <string>

#include "core/base/environment.h"
#include "core/relay/config.h"

namespace cairn::relay {

/// The part of an address that one party holds: an IPv4 address whole, of IPv6 the /64. Anything else as it is. Ports
/// and brackets, which a proxy in front may write with it, and scopes do not count; an IPv4 address in IPv6 (RFC 4291
/// s.2.5.5.2) is that address.
std::string rate_key_of_peer(std::string_view peer);
/// The /48 of an IPv6 address, which is what one site gets (RFC 6177); empty for anything else.
std::string rate_key_of_site(std::string_view peer);

class RateLimiter {
 public:
  explicit RateLimiter(Rate rate) : rate_(rate) {}

  /// Takes tokens out of `key`'s bucket: 0 if there were so many, else the seconds after which there are. More than the
  /// bucket holds are taken for all that it holds.
  std::uint32_t take(ByteView key, Time now, std::uint32_t tokens = 1);
  /// What take() would say; takes nothing and makes no bucket.
  std::uint32_t wait(ByteView key, Time now, std::uint32_t tokens = 1) const;
  std::size_t size() const { return buckets_.size(); }

  /// Buckets held at most. When there are more, the full ones are forgotten, then the fuller half: whoever makes keys
  /// up frees nobody who used up what was his.
  static constexpr std::size_t kMaxBuckets = 65'536;

 private:
  /// In parts of a token of which a rate of n a minute refills n in a millisecond.
  struct Bucket {
    std::uint64_t level = 0;
    Time filled;
  };
  std::uint64_t level_at(const Bucket& bucket, Time now) const;
  /// After how many seconds a bucket at `level` has so many tokens, or all that it holds.
  std::uint32_t seconds_short(std::uint64_t level, std::uint32_t tokens) const;
  void make_room(Time now);

  Rate rate_;
  std::map<Bytes, Bucket> buckets_;
};

}  // namespace cairn::relay
