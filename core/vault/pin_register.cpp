#include "core/crypto/kdf.h"
#include "core/crypto/labels.h"
#include "core/crypto/password.h"
#include "core/crypto/shamir.h"
#include "core/vault/internal/pin_keys.h"

namespace cairn::vault {
namespace {

constexpr crypto::Argon2idCost kPinCost{64 * 1024, 3};
constexpr std::array<std::uint8_t, 1> kZero = {0};

using crypto::RistrettoScalar;

/// All that the shares of one registration have in common.
struct Common {
  const RealmSet& set;
  const RegistrationId& registration;
  PinVersion version;
  crypto::SigningKey signing;
  PinUnlockKey unlock;
  PinCommitment commitment;
  SealedPinSecret sealed;
};

PinShare make_share(const Common& common, const crypto::ScalarShare& key, const crypto::ScalarShare& scalar,
                    const PublicKey& auth) {
  const RealmId& realm = common.set.realms[key.index - 1u];
  PinShare out;
  out.shown.version = common.version;
  out.shown.threshold = common.set.threshold;
  out.shown.realms = static_cast<std::uint8_t>(common.set.size());
  out.shown.index = key.index;
  out.shown.public_share = *EncodedElement::from(key.value.times_base());
  out.shown.verifying_key = common.signing.public_key();
  out.shown.commitment = common.commitment;
  out.shown.signature =
      crypto::sign_labelled(common.signing, crypto::kSignPinShare, out.shown.content(realm, common.registration));
  out.auth_key = auth;
  out.key_share = *EncodedScalar::from(key.value.expose());
  out.tag = internal::pin_tag(common.unlock, realm);
  out.scalar_share = *EncodedScalar::from(scalar.value.expose());
  out.sealed = common.sealed;
  out.mac = internal::pin_mac(common.unlock, realm, key.index, scalar.value.expose(), common.sealed);
  return out;
}

}  // namespace

Result<StretchedPin> stretch_pin(ByteView pin, const PinVersion& version, const RegistrationId& registration) {
  constexpr std::size_t kSaltSize = 16;
  const Hash salt = crypto::sha256({as_bytes(crypto::kHashPinSalt), kZero, version, registration});
  Secret<struct StretchedPinTag, 64> both;
  TRY(crypto::argon2id(pin, salt.view().first(kSaltSize), kPinCost, both.expose_mutable()));
  StretchedPin out;
  std::copy_n(both.expose().begin(), 32, out.access.expose_mutable().begin());
  std::copy_n(both.expose().begin() + 32, 32, out.seed.expose_mutable().begin());
  return out;
}

Result<PinRegistration> register_pin(const RealmSet& set, const RegistrationId& registration, std::string_view pin,
                                     const PinSecret& secret, Entropy& entropy, PinStretch stretch) {
  TRY(set.check());
  TRY(check_pin(pin));
  const auto version = random_value<PinVersion>(entropy);
  const Bytes context = internal::pin_context(version, registration);
  const StretchedPin stretched = TRY(stretch(as_bytes(pin), version, registration));
  const RistrettoScalar k = RistrettoScalar::random(entropy);
  const RistrettoScalar s = RistrettoScalar::random(entropy);
  const auto output = TRY(crypto::oprf_evaluate(crypto::OprfMode::voprf, k, stretched.access.expose()));

  PinUnlockKey unlock = internal::pin_unlock_key(output, context);
  const PinCommitment commitment = internal::pin_commitment(unlock, context);
  const Common common{set,
                      registration,
                      version,
                      crypto::SigningKey::generate(entropy),
                      std::move(unlock),
                      commitment,
                      internal::seal_pin_secret(stretched, s, context, secret)};
  PinRegistration out{version, crypto::SigningKey::generate(entropy), {}};
  const auto key_shares = crypto::split_scalar(k, set.threshold, set.size(), entropy);
  const auto scalar_shares = crypto::split_scalar(s, set.threshold, set.size(), entropy);
  for (std::size_t i = 0; i < set.size(); ++i) {
    out.shares.push_back(make_share(common, key_shares[i], scalar_shares[i], out.auth.public_key()));
  }
  return out;
}

Signature sign_pin_replacement(const crypto::SigningKey& old_auth, const RealmId& realm,
                               const RegistrationId& registration, const PinVersion& replaced, const PinShare& share) {
  const Hash digest = crypto::sha256(share.encode().expose());
  return crypto::sign_labelled(old_auth, crypto::kSignPinReplace,
                               pin_replace_content(realm, registration, replaced, digest));
}

Signature sign_pin_owner(const crypto::SigningKey& auth, const RealmId& realm, const RegistrationId& registration,
                         const PinVersion& version, PinOwnerAction action, std::uint64_t sequence) {
  return crypto::sign_labelled(auth, crypto::kSignPinOwner,
                               pin_owner_content(realm, registration, version, action, sequence));
}

}  // namespace cairn::vault
