#include "core/directory/recovery.h"

#include "core/crypto/kdf.h"
#include "core/directory/internal/labels.h"

namespace cairn::directory {
namespace {

constexpr auto kKem = crypto::KemAlgorithm::xwing_shake;
constexpr std::string_view kSeedInfo = "cairn/v1 recovery key";

using RecoverySeed = ShortSecret<struct RecoverySeedTag>;

RecoverySeed derive_seed(const RecoverySecret& secret, const Name& name, std::uint32_t generation) {
  wire::Writer info;
  info.raw(as_bytes(kSeedInfo));
  info.u32(generation);
  const auto prk =
      crypto::hkdf_extract<struct RecoveryPrkTag>(crypto::HashAlgorithm::sha512, name.bytes(), secret.expose());
  return crypto::hkdf_expand<RecoverySeedTag>(crypto::HashAlgorithm::sha512, prk.expose(), {info.view()}, 64);
}

}  // namespace

Hash recovery_commitment(const PublicKey& sign_pk, const Hash& kem_hash) {
  return internal::labelled_hash(internal::kRecoveryLabel, sign_pk, kem_hash);
}

RecoveryKey::RecoveryKey(std::uint32_t generation, crypto::SigningKey signing_key,
                         crypto::KemPrivateKey kem_private_key)
    : generation_(generation), signing_key_(std::move(signing_key)), kem_private_key_(std::move(kem_private_key)) {
  auto kem_public_key = crypto::kem_public_key(kKem, kem_private_key_);
  CHECK(kem_public_key.has_value());  // any 32 bytes are an X-Wing key
  kem_public_key_ = std::move(*kem_public_key);
  kem_hash_ = crypto::sha256(kem_public_key_);
}

RecoveryKey RecoveryKey::derive(const RecoverySecret& secret, const Name& name, std::uint32_t generation) {
  const RecoverySeed seed = derive_seed(secret, name, generation);
  auto sign_seed = crypto::Ed25519Seed::from(seed.expose().first(32));
  CHECK(sign_seed.has_value());
  return RecoveryKey(generation, crypto::SigningKey::from_seed(std::move(*sign_seed)),
                     crypto::KemPrivateKey(seed.expose().subspan(32)));
}

Result<RecoveryKey> find_recovery_key(const RecoverySecret& secret, const Name& name, const Hash& commitment,
                                      std::uint32_t generations) {
  for (std::uint32_t generation = 0; generation < generations; ++generation) {
    RecoveryKey key = RecoveryKey::derive(secret, name, generation);
    if (key.commitment() == commitment) return key;
  }
  return fail(ErrorCode::not_found, "recovery: no generation of this key");
}

}  // namespace cairn::directory
