#include "core/witness/key.h"

namespace cairn::witness {

std::vector<Write> make_key(const StoreView& store, Entropy& entropy) {
  if (store.get(kKeyTable, {})) return {};
  const auto seed = random_secret<crypto::Ed25519Seed>(entropy);
  return {{kKeyTable, {}, to_bytes(seed.expose())}};
}

Result<crypto::SigningKey> read_key(const StoreView& store) {
  auto row = store.get(kKeyTable, {});
  REQUIRE(row, ErrorCode::not_found,
          "there is no key here; make one with `cairn-witness init`, or put back the store that has yours");
  auto seed = crypto::Ed25519Seed::from(*row);
  wipe(*row);
  REQUIRE(seed, ErrorCode::internal, "the row of our key is no seed");
  return crypto::SigningKey::from_seed(std::move(*seed));
}

}  // namespace cairn::witness
