// The key of a witness, an auditor or a realm: its identity, made once by its operator's word and never by serving.
#pragma once

#include "core/base/environment.h"
#include "core/base/result.h"
#include "core/base/store.h"
#include "core/crypto/signature.h"

namespace cairn::witness {

inline constexpr Table kKeyTable{1};  ///< empty key: 32 secret bytes, the seed of our signing key

/// What `cairn-witness init` writes: the row of a new key, or nothing where a key is.
std::vector<Write> make_key(const StoreView& store, Entropy& entropy);

/// `not_found` where none is: whoever has lost a key, or does not see its row for once, must not begin another
/// identity. Which command makes one stands in the error.
Result<crypto::SigningKey> read_key(const StoreView& store);

}  // namespace cairn::witness
