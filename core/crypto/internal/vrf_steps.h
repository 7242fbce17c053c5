// The steps of ECVRF-EDWARDS25519-SHA512-TAI (RFC 9381 s.5.4), apart from each other so that vectors can see them, and
// so that crypto_ct.cpp can run those that touch secrets.
#pragma once

#include <optional>

#include "core/crypto/vrf.h"

namespace cairn::crypto::internal {

/// An encoded point of edwards25519.
using VrfPoint = FixedBytes<struct VrfPointTag, 32>;
/// A scalar that stays secret, little-endian.
using VrfScalar = Secret<struct VrfScalarTag, 32>;
/// The 64 bytes that RFC 8032 s.5.1.6 makes of the secret and the message, before the reduction.
using VrfNonceString = Secret<struct VrfNonceStringTag, 64>;

/// What the secret key expands to (RFC 8032 s.5.1.5).
struct VrfExpandedKey {
  VrfScalar x;       ///< clamped
  VrfScalar prefix;  ///< makes nonces
};
VrfExpandedKey vrf_expand(const VrfSecretKey& key);

/// ECVRF_encode_to_curve_try_and_increment (s.5.4.1.1) with encode_to_curve_salt = the public key. For public
/// data: its time varies with the key and alpha.
VrfPoint vrf_encode_to_curve(const VrfPublicKey& key, ByteView alpha);

/// ECVRF_nonce_generation_RFC8032 (s.5.4.2.2) without the last step, k = this mod q.
VrfNonceString vrf_nonce(const VrfExpandedKey& key, const VrfPoint& h);

/// k: the nonce string mod q (s.5.4.2.2 step 5).
VrfScalar vrf_reduce(const VrfNonceString& string);

/// scalar * B and scalar * point, for secret scalars that are not 0 mod q and a point of the prime order (CHECKed).
VrfPoint vrf_multiply_base(const VrfScalar& scalar);
VrfPoint vrf_multiply(const VrfScalar& scalar, const VrfPoint& point);

/// c, as it stands in the proof.
using VrfChallenge = FixedBytes<struct VrfChallengeTag, 16>;
/// s = (k + c*x) mod q (s.5.1 step 7), 32 bytes into `out`, which are public.
void vrf_respond(const VrfScalar& k, const VrfChallenge& c, const VrfScalar& x, MutableByteView out);

/// What prover and verifier agree on.
struct VrfCommitments {
  VrfPoint u, v;
};
/// U = s*B - c*Y and V = s*H - c*Gamma (s.5.3 steps 5 and 6); nothing when key or proof is not valid by itself: s not
/// reduced, or a point that is not canonical or not of the prime order.
std::optional<VrfCommitments> vrf_commitments(const VrfPublicKey& key, const VrfPoint& h, const VrfProof& proof);

}  // namespace cairn::crypto::internal
