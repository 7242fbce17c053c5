// The account, loaded at each step without working out its public key anew: that costs more than most steps.
#pragma once

#include "core/client/account.h"

namespace cairn::client {

/// As load_account(store). `known`: the key of the account as it was loaded before, if any; it is taken where the row
/// has the same seed, which is compared in constant time.
std::optional<Account> load_account(const StoreView& store, std::optional<crypto::SigningKey> known);

}  // namespace cairn::client
