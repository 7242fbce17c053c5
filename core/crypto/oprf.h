// OPRF and VOPRF of RFC 9497 with the suite ristretto255-SHA512 (modes 0 and 1): somebody learns F(key, input) of an
// input that the holder of the key does not see.
//
//   client   blind(input) -> blinded              server   evaluate(key, blinded) -> evaluated, in mode 1 with a proof
//   client   finalize(input, blind, evaluated) -> output
#pragma once

#include <span>

#include "core/crypto/ristretto.h"

namespace cairn::crypto {

/// The numbers are those of RFC 9497 s.3.1.
enum class OprfMode : std::uint8_t { oprf = 0, voprf = 1 };

constexpr std::size_t kMaxOprfInput = 65'535;
using OprfOutput = Secret<struct OprfOutputTag, 64>;
/// c || s (RFC 9497 s.2.2), as the wire carries it.
using DleqProof = FixedBytes<struct DleqProofTag, 64>;

/// DeriveKeyPair (RFC 9497 s.3.2.1), the private half. `over_limit` when info is longer than kMaxOprfInput.
Result<RistrettoScalar> oprf_derive_key(OprfMode mode, ByteView seed, ByteView info);

struct OprfBlinded {
  RistrettoScalar blind;
  RistrettoElement element;
};
/// Blind (s.3.3.1). `over_limit` when the input is longer than kMaxOprfInput.
Result<OprfBlinded> oprf_blind(OprfMode mode, ByteView input, Entropy& entropy);
/// With the blind given: for vectors.
Result<OprfBlinded> oprf_blind_with(OprfMode mode, ByteView input, RistrettoScalar blind);

/// Finalize (s.3.3.1; in mode 1 verify the proof first). The input is the one that was blinded.
OprfOutput oprf_finalize(ByteView input, const RistrettoScalar& blind, const RistrettoElement& evaluated);

/// Evaluate (s.3.3.1): F of an input by who holds the key. `over_limit` as oprf_blind.
Result<OprfOutput> oprf_evaluate(OprfMode mode, const RistrettoScalar& key, ByteView input);

/// GenerateProof (s.2.2.1) in mode 1 that evaluated[i] = key * blinded[i] for all i; at least one and at most 65,535
/// pairs (CHECKed), which are as they were given out.
DleqProof voprf_prove(const RistrettoScalar& key, const RistrettoElement& public_key,
                      std::span<const RistrettoElement> blinded, std::span<const RistrettoElement> evaluated,
                      Entropy& entropy);
/// With r given: for vectors.
DleqProof voprf_prove_with(const RistrettoScalar& key, const RistrettoElement& public_key,
                           std::span<const RistrettoElement> blinded, std::span<const RistrettoElement> evaluated,
                           const RistrettoScalar& r);

/// VerifyProof (s.2.2.2) in mode 1; `crypto_failed` unless the proof is one for exactly these. Its time varies: all of
/// it is public.
Status voprf_verify(const RistrettoElement& public_key, std::span<const RistrettoElement> blinded,
                    std::span<const RistrettoElement> evaluated, const DleqProof& proof);

}  // namespace cairn::crypto
