// Key packages: what others add a device to a conversation with, and the permission that goes along
// (docs/spec/relay.md).
//
// A one-time package leaves the store in the transaction that hands it out. When none is left the last-resort package
// is handed out, each time with a fresh join token of the server's own making, so that every token is good once.
#pragma once

#include "core/relay/internal/login.h"

namespace cairn::relay {

/// A device that has fewer is told so.
constexpr std::size_t kFewKeyPackages = 25;

/// How many one-time packages of a device are left.
Result<std::uint64_t> count_key_packages(const StoreView& rows, const DeviceId& device);

/// Adds packages; beyond kMaxKeyPackages the oldest go.
Status upload_key_packages(Turn& turn, const DeviceId& device, const proto::KeyPackageUpload& upload);

/// Who fetches: the domain's own names, or one of another domain, who leaves the last kFewKeyPackages one-time packages
/// to those.
enum class Fetcher : std::uint8_t { own, visitor };

struct FetchedKeyPackages {
  proto::KeyPackageAnswer answer;
  std::vector<MailboxId> low;  ///< of devices that have few left now
};
/// One package for each of the name's active devices that was asked for and has any.
Result<FetchedKeyPackages> fetch_key_packages(Turn& turn, const directory::Map& served,
                                              const proto::KeyPackageFetch& fetch, Fetcher by);

/// Whether the token was handed out with a key package of this device and is unused.
Result<bool> is_good_join_token(const Turn& turn, const DeviceId& device, const proto::JoinToken& token);
/// Likewise, and uses it up.
Result<bool> use_join_token(Turn& turn, const DeviceId& device, const proto::JoinToken& token);

}  // namespace cairn::relay
