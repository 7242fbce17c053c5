// What an operator reads in the store of its own server.
#pragma once

#include "core/crypto/signature.h"
#include "core/relay/tables.h"

namespace cairn::lying {

/// The rows of a store that its operator can read cannot be missing.
template <class T>
T need(const StoreView& store, Table in, ByteView key) {
  auto row = relay::load<T>(store, in, key);
  CHECK(row.has_value() && row->has_value());
  return std::move(**row);
}

inline crypto::SigningKey log_key(const StoreView& store) {
  const auto seed = store.get(relay::table::kKeys, as_bytes(relay::kLogKeyRow));
  CHECK(seed.has_value());
  return crypto::SigningKey::from_seed(*crypto::Ed25519Seed::from(*seed));
}

}  // namespace cairn::lying
