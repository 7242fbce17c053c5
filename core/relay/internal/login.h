// Who asks: nonces, logins and tokens (docs/spec/relay.md s.1).
//
// Nonces and tokens are authenticated by a key of the server and not remembered, so that asking for them costs it
// nothing:
//   nonce   8 random bytes || first 8 bytes of HMAC(key, "nonce" || those || expiry)
//   token   base32(device id || u64 expiry in ms || HMAC(key, "token" || those))
#pragma once

#include "core/directory/map.h"
#include "core/relay/internal/keys.h"
#include "core/relay/tables.h"

namespace cairn::relay {

/// A device whose token is good and that its chain, as served, has active.
struct LoggedIn {
  DeviceId device;
  std::string name;
  MailboxId mailbox;
};

/// What the chain of `name`, as lookups serve it, has for an active device; nothing when it has none of that id.
Result<std::optional<directory::Device>> find_active_device(const StoreView& rows, const directory::Map& served,
                                                            std::string_view name, const DeviceId& device);

/// `not_authorised` when the operator of the domain has blocked or removed the name.
Status check_not_blocked(const StoreView& rows, std::string_view name);

/// The answer to POST nonce.
proto::NonceAnswer make_nonce(const TokenKey& key, Time now, Entropy& entropy);

/// POST login, on behalf of `domain`: uses the nonce up. `key_packages` of the answer is left to the caller.
Result<proto::LoginAnswer> log_in(Turn& turn, const directory::Map& served, const TokenKey& key,
                                  std::string_view domain, const proto::LoginRequest& request);

/// The device that a token of "Authorization: Bearer" stands for. `unauthenticated` unless the token is one of ours
/// that has not run out; `not_authorised` when the device is no longer active.
Result<LoggedIn> check_token(const StoreView& rows, const directory::Map& served, const TokenKey& key,
                             std::string_view bearer, Time now);

}  // namespace cairn::relay
