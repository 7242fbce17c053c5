// What follows from a PIN's OPRF output (docs/spec/realm.md s.2): shared by registering and recovering.
#pragma once

#include "core/vault/pin.h"

namespace cairn::vault::internal {

/// version || registration.
Bytes pin_context(const PinVersion& version, const RegistrationId& registration);
PinUnlockKey pin_unlock_key(const crypto::OprfOutput& output, ByteView context);
PinCommitment pin_commitment(const PinUnlockKey& unlock, ByteView context);
PinTag pin_tag(const PinUnlockKey& unlock, const RealmId& realm);
PinMac pin_mac(const PinUnlockKey& unlock, const RealmId& realm, std::uint8_t index, ByteView scalar_share,
               const SealedPinSecret& sealed);

/// XChaCha20-Poly1305 under KDF(seed || s): the key is used once, so the nonce is zeros.
SealedPinSecret seal_pin_secret(const StretchedPin& stretched, const crypto::RistrettoScalar& s, ByteView context,
                                const PinSecret& secret);
Result<PinSecret> open_pin_secret(const StretchedPin& stretched, const crypto::RistrettoScalar& s, ByteView context,
                                  const SealedPinSecret& sealed);

}  // namespace cairn::vault::internal
