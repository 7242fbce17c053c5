#include "core/relay/internal/rate_limit.h"

#include <algorithm>
#include <vector>

namespace cairn::relay {
namespace {

constexpr std::uint64_t kToken = 60'000;  // one token, in units that a rate of n a minute refills n of in a millisecond

/// The groups of an IPv6 text left or right of "::", without leading zeros.
std::vector<std::string> groups_of(std::string_view text) {
  std::vector<std::string> groups;
  while (!text.empty()) {
    const std::size_t colon = text.find(':');
    std::string_view group = text.substr(0, colon);
    while (group.size() > 1 && group.front() == '0') group.remove_prefix(1);
    groups.emplace_back(group);
    if (colon == std::string_view::npos) break;
    text.remove_prefix(colon + 1);
  }
  return groups;
}

bool is_ipv6(std::string_view address) {
  return address.find(':') != std::string_view::npos && address.find('.') == std::string_view::npos;
}

/// "192.0.2.1:80", "[2001:db8::1]:80" and "fe80::1%2" as their addresses, in small letters.
std::string bare_address(std::string_view peer) {
  constexpr std::string_view kMapped = "::ffff:";
  if (peer.starts_with('[')) {
    peer = peer.substr(1, peer.find(']') - 1);
  } else if (peer.find('.') < peer.find(':') && peer.find(':') == peer.rfind(':')) {
    peer = peer.substr(0, peer.find(':'));
  }
  std::string out(peer.substr(0, peer.find('%')));
  for (char& c : out) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  if (out.starts_with(kMapped) && !is_ipv6(out)) out.erase(0, kMapped.size());
  return out;
}

/// The first so many groups of an IPv6 address.
std::string ipv6_prefix(std::string_view address, std::size_t count) {
  const std::size_t gap = address.find("::");
  std::vector<std::string> groups = groups_of(address.substr(0, gap));
  if (gap != std::string_view::npos) {
    const std::vector<std::string> tail = groups_of(address.substr(gap + 2));
    while (groups.size() + tail.size() < 8) groups.emplace_back("0");
    groups.insert(groups.end(), tail.begin(), tail.end());
  }
  std::string key;
  for (std::size_t i = 0; i < count && i < groups.size(); ++i) key += groups[i] + ":";
  return key;
}

}  // namespace

std::string rate_key_of_peer(std::string_view peer) {
  constexpr std::size_t kGroups = 4;
  const std::string address = bare_address(peer);
  return is_ipv6(address) ? ipv6_prefix(address, kGroups) : address;
}

std::string rate_key_of_site(std::string_view peer) {
  constexpr std::size_t kGroups = 3;
  const std::string address = bare_address(peer);
  return is_ipv6(address) ? ipv6_prefix(address, kGroups) : std::string();
}

std::uint64_t RateLimiter::level_at(const Bucket& bucket, Time now) const {
  const std::uint64_t full = rate_.burst * kToken;
  const std::uint64_t passed = std::min<std::uint64_t>(elapsed_ms(now, bucket.filled), kDayMs);
  return std::min(full, bucket.level + passed * rate_.per_minute);
}

std::uint32_t RateLimiter::seconds_short(std::uint64_t level, std::uint32_t tokens) const {
  const std::uint64_t cost = std::min(tokens, rate_.burst) * kToken;
  if (level >= cost) return 0;
  const std::uint64_t per_second = std::max<std::uint64_t>(1, rate_.per_minute) * kSecondMs;
  return static_cast<std::uint32_t>((cost - level + per_second - 1) / per_second);
}

std::uint32_t RateLimiter::wait(ByteView key, Time now, std::uint32_t tokens) const {
  const auto found = buckets_.find(to_bytes(key));
  return found == buckets_.end() ? 0 : seconds_short(level_at(found->second, now), tokens);
}

std::uint32_t RateLimiter::take(ByteView key, Time now, std::uint32_t tokens) {
  if (rate_.burst == 0) return 0;
  auto found = buckets_.find(to_bytes(key));
  if (found == buckets_.end()) {
    make_room(now);
    found = buckets_.emplace(to_bytes(key), Bucket{rate_.burst * kToken, now}).first;
  }
  Bucket& bucket = found->second;
  bucket.level = level_at(bucket, now);
  bucket.filled = now;
  const std::uint32_t wait_s = seconds_short(bucket.level, tokens);
  if (wait_s == 0) bucket.level -= std::min(tokens, rate_.burst) * kToken;
  return wait_s;
}

void RateLimiter::make_room(Time now) {
  if (buckets_.size() < kMaxBuckets) return;
  std::erase_if(buckets_, [&](const auto& entry) { return level_at(entry.second, now) >= rate_.burst * kToken; });
  if (buckets_.size() < kMaxBuckets) return;
  std::vector<std::uint64_t> levels;
  levels.reserve(buckets_.size());
  for (const auto& [key, bucket] : buckets_) levels.push_back(level_at(bucket, now));
  const auto middle = levels.begin() + static_cast<std::ptrdiff_t>(levels.size() / 2);
  std::nth_element(levels.begin(), middle, levels.end());
  const std::uint64_t most_kept = *middle;
  std::size_t surplus = buckets_.size() / 2;
  std::erase_if(buckets_, [&](const auto& entry) {
    if (surplus == 0 || level_at(entry.second, now) < most_kept) return false;
    --surplus;
    return true;
  });
}

}  // namespace cairn::relay
