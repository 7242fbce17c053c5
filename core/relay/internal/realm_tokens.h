// Account tokens for realms: this domain's word that somebody may register a PIN, guess it once, or store a share
// (docs/spec/realm.md s.7).
#pragma once

#include "core/crypto/signature.h"
#include "core/proto/realm.h"
#include "core/relay/internal/login.h"
#include "core/relay/internal/rate_limit.h"

namespace cairn::relay {

/// The key that signs them; made, and stored in this turn, when there is none.
Result<crypto::SigningKey> realm_token_key(Turn& turn);

/// GET vkey: the public half, named by the domain.
Result<Answer> realm_vkey(Turn& turn, const RelayConfig& config);

/// Buckets of names.
struct RealmTokenLimiters {
  RateLimiter& guess;  ///< drawn on without a login
  RateLimiter& write;  ///< by what realms keep
};

/// POST tokens. `who` is who has logged in, if anybody has: else only guesses, by the rule of sign-up. An invitation's
/// use is taken. `rate_limited` when the name's bucket is empty.
Result<Answer> give_realm_tokens(Turn& turn, const RelayConfig& config, const RealmTokenLimiters& limiters,
                                 const std::optional<LoggedIn>& who, const proto::RealmTokensRequest& request);

}  // namespace cairn::relay
