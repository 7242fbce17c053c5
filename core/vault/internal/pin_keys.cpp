#include "core/vault/internal/pin_keys.h"

#include "core/crypto/aead.h"
#include "core/crypto/kdf.h"
#include "core/crypto/labels.h"

namespace cairn::vault::internal {
namespace {

constexpr auto kPinSecretAead = crypto::AeadAlgorithm::xchacha20_poly1305;
using PinSealKey = Secret<struct PinSealTag, 32>;

PinSealKey seal_key(const StretchedPin& stretched, const crypto::RistrettoScalar& s, ByteView context) {
  const SecretBytes both(concat({stretched.seed.expose(), s.expose()}));
  return crypto::kdf<PinSealKey>(both.expose(), crypto::kDerivePinSeal, context);
}

Bytes zero_nonce() { return Bytes(crypto::aead_nonce_size(kPinSecretAead)); }

}  // namespace

Bytes pin_context(const PinVersion& version, const RegistrationId& registration) {
  return concat({version, registration});
}

PinUnlockKey pin_unlock_key(const crypto::OprfOutput& output, ByteView context) {
  return crypto::kdf<PinUnlockKey>(output.expose(), crypto::kDerivePinUnlock, context);
}

PinCommitment pin_commitment(const PinUnlockKey& unlock, ByteView context) {
  PinCommitment out;
  crypto::kdf(unlock.expose(), crypto::kDerivePinCommitment, context, out.mutable_view());
  return out;
}

PinTag pin_tag(const PinUnlockKey& unlock, const RealmId& realm) {
  return crypto::kdf<PinTag>(unlock.expose(), crypto::kDerivePinTag, realm);
}

PinMac pin_mac(const PinUnlockKey& unlock, const RealmId& realm, std::uint8_t index, ByteView scalar_share,
               const SealedPinSecret& sealed) {
  const SecretBytes content(concat({realm, {&index, 1}, scalar_share, sealed}));
  PinMac out;
  crypto::kdf(unlock.expose(), crypto::kDerivePinMac, content.expose(), out.mutable_view());
  return out;
}

SealedPinSecret seal_pin_secret(const StretchedPin& stretched, const crypto::RistrettoScalar& s, ByteView context,
                                const PinSecret& secret) {
  const auto key = seal_key(stretched, s, context);
  auto sealed =
      SealedPinSecret::from(crypto::aead_seal(kPinSecretAead, key.expose(), zero_nonce(), context, secret.expose()));
  CHECK(sealed.has_value());
  return *sealed;
}

Result<PinSecret> open_pin_secret(const StretchedPin& stretched, const crypto::RistrettoScalar& s, ByteView context,
                                  const SealedPinSecret& sealed) {
  const auto key = seal_key(stretched, s, context);
  const SecretBytes opened = TRY(crypto::aead_open(kPinSecretAead, key.expose(), zero_nonce(), context, sealed));
  return PinSecret::from(opened.expose());
}

}  // namespace cairn::vault::internal
