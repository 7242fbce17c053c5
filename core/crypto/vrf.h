// ECVRF-EDWARDS25519-SHA512-TAI (RFC 9381 s.5.5), which hides names in the map and pins each to one place.
#pragma once

#include "core/base/environment.h"
#include "core/base/types.h"

namespace cairn::crypto {

using VrfPublicKey = FixedBytes<struct VrfPublicKeyTag, 32>;
using VrfSecretKey = Secret<struct VrfSecretKeyTag, 32>;
using VrfProof = FixedBytes<struct VrfProofTag, 80>;
/// beta_string; the map uses its first 32 bytes.
using VrfOutput = FixedBytes<struct VrfOutputTag, 64>;

VrfPublicKey vrf_public_key(const VrfSecretKey& key);

struct VrfResult {
  VrfProof proof;
  VrfOutput output;
};
/// ECVRF_prove and proof_to_hash (s.5.1, 5.2). Deterministic. Its time depends on alpha and the public key, never on
/// the secret.
VrfResult vrf_prove(const VrfSecretKey& key, ByteView alpha);

/// ECVRF_validate_key (s.5.4.5): canonical, on the curve, not of small order; `crypto_failed` otherwise. We also ask
/// that the point has the prime order, as every honest key has: the RFC lets a component of small order pass.
Status vrf_validate_key(const VrfPublicKey& key);

/// ECVRF_verify (s.5.3) with key validation; `crypto_failed` unless the proof is one for `alpha`. As for the key, Gamma
/// must have the prime order. For public data: its time varies.
Result<VrfOutput> vrf_verify(const VrfPublicKey& key, ByteView alpha, const VrfProof& proof);

}  // namespace cairn::crypto
