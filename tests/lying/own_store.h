// What an operator reads in the store of its own server, and makes answers of.
#pragma once

#include <map>

#include "core/crypto/signature.h"
#include "core/directory/lookup.h"
#include "core/directory/map.h"
#include "core/relay/tables.h"
#include "core/tlog/checkpoint.h"

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

/// The leaves of the map as it is served.
std::map<Hash, directory::NameLeaf> leaves_of(const StoreView& store);
/// The map as it is served, but for one leaf.
directory::Map map_with(const StoreView& store, const Hash& key, const std::optional<directory::NameLeaf>& leaf);

/// The map with these leaves alone.
directory::Map map_of(const std::map<Hash, directory::NameLeaf>& leaves);

/// The log as it once was: its newest record then, and the leaves of the map that this left behind.
struct OldLog {
  directory::EpochRecord record;
  std::map<Hash, directory::NameLeaf> leaves;
};
/// As it was last before the leaf of `key` had `count` statements (CHECKed that it has them, and that there was one).
OldLog log_before(const StoreView& store, const Hash& key, std::uint64_t count);

/// A chain from its first statement on, with the notices of its requests, in order.
struct Chain {
  std::vector<directory::Statement> statements;
  std::vector<directory::ResetNotice> notices;
};
/// The first statements of a name.
Chain chain_of(const StoreView& store, const directory::Name& name, std::uint64_t count);
/// What valid statements amount to (CHECKed).
directory::NameState state_of(const directory::Name& name, std::span<const directory::Statement> statements);
bool is_request(const directory::Statement& statement);
/// Puts what the client lacks of a chain into an answer: all of it when it knows another one, nothing when this one is
/// but the beginning of the truth that it knows.
void answer_with(const Chain& told, const Chain& truth, const directory::LookupRequest& request,
                 directory::LookupResponse& response);

/// The note of a log that has these entries, signed; `growth` is made to lead there from what the client knows.
tlog::SignedCheckpoint sign_log(const StoreView& store, const std::vector<Bytes>& entries, std::uint64_t known_size,
                                tlog::GrowthProof& growth);
/// The first entries of the log.
std::vector<Bytes> entries_of(const StoreView& store, std::uint64_t size);

}  // namespace cairn::lying
