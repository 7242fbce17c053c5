#include "core/relay/internal/keys.h"

#include "core/relay/tables.h"

namespace cairn::relay {
namespace {

template <class SecretType>
Result<std::optional<SecretType>> load_secret(const Turn& turn, std::string_view row) {
  std::optional<Bytes> bytes = turn.rows.get(table::kKeys, as_bytes(row));
  if (!bytes) return std::optional<SecretType>{};
  const SecretBytes held(std::move(*bytes));
  auto secret = SecretType::from(held.expose());
  REQUIRE(secret.has_value(), ErrorCode::internal, "a key in the store has the wrong size");
  return std::optional<SecretType>(std::move(*secret));
}

template <class SecretType>
SecretType make_secret(Turn& turn, std::string_view row) {
  SecretType secret = random_secret<SecretType>(turn.entropy);
  turn.rows.put(table::kKeys, to_bytes(row), to_bytes(secret.expose()));
  return secret;
}

}  // namespace

Result<Keys> Keys::load_or_make(Turn& turn, const RelayConfig& config) {
  auto log = TRY(load_secret<crypto::Ed25519Seed>(turn, kLogKeyRow));
  auto vrf = TRY(load_secret<crypto::VrfSecretKey>(turn, kVrfKeyRow));
  auto token = TRY(load_secret<TokenKey>(turn, kTokenKeyRow));
  auto directory = TRY(load<directory::DirectoryConfig>(turn.rows, table::kKeys, as_bytes(kConfigRow)));
  const int found = int{log.has_value()} + int{vrf.has_value()} + int{token.has_value()} + int{directory.has_value()};
  REQUIRE(found == 0 || found == 4, ErrorCode::internal, "a part of the domain's keys is missing from the store");
  if (found == 0) {
    log = make_secret<crypto::Ed25519Seed>(turn, kLogKeyRow);
    vrf = make_secret<crypto::VrfSecretKey>(turn, kVrfKeyRow);
    token = make_secret<TokenKey>(turn, kTokenKeyRow);
  }
  auto server = TRY(load_secret<crypto::Ed25519Seed>(turn, kServerKeyRow));
  if (!server) server = make_secret<crypto::Ed25519Seed>(turn, kServerKeyRow);  // stores from before have none
  Keys keys{crypto::SigningKey::from_seed(std::move(*log)),
            std::move(*vrf),
            std::move(*token),
            crypto::SigningKey::from_seed(std::move(*server)),
            {}};
  if (found == 0) {
    directory = directory::DirectoryConfig{config.origin(), keys.log.public_key(), crypto::vrf_public_key(keys.vrf),
                                           config.min_reset_delay_s};
    TRY(directory->check());
    save(turn.rows, table::kKeys, to_bytes(kConfigRow), *directory);
  }
  keys.directory = std::move(*directory);
  REQUIRE(keys.directory.origin == config.origin(), ErrorCode::invalid_state, "the store belongs to another domain");
  return keys;
}

}  // namespace cairn::relay
