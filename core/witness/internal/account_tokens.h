// A domain's permission to register, guess or store once (docs/spec/realm.md s.5, 7).
#pragma once

#include "core/proto/realm.h"
#include "core/witness/internal/turn.h"
#include "core/witness/realm_config.h"

namespace cairn::witness {

/// The token, when it is one that is good now, for us and for this. `not_authorised` for an issuer, realm or purpose
/// that is another, or when its time is over or too far; `invalid_signature`; `duplicate` when it was used.
Result<proto::AccountToken> check_account_token(const Turn& turn, const RealmList& list, const RealmId& us,
                                                ByteView encoded, proto::TokenPurpose purpose);

/// From now on it was used.
void use_account_token(Turn& turn, const proto::AccountToken& token);

/// Forgets used tokens whose time was over a day ago, some at a time; using one does so too.
void sweep_account_tokens(Turn& turn);

}  // namespace cairn::witness
