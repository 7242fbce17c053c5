#include "core/crypto/oprf.h"

#include <optional>
#include <string>

#include "core/crypto/hash.h"
#include "core/crypto/internal/sodium.h"

namespace cairn::crypto {
namespace {

/// RFC 9497 s.3.1: "OPRFV1-" || I2OSP(mode, 1) || "-" || identifier, behind the name of its use.
std::string tag_of(std::string_view use, OprfMode mode) {
  std::string out(use);
  out += "OPRFV1-";
  out += static_cast<char>(mode);
  out += "-ristretto255-SHA512";
  return out;
}

/// I2OSP(value, 2).
std::array<std::uint8_t, 2> two_bytes(std::size_t value) {
  CHECK(value <= 0xffff);
  return {static_cast<std::uint8_t>(value >> 8), static_cast<std::uint8_t>(value)};
}

constexpr std::array<std::uint8_t, 2> kElementSize = {0, RistrettoElement::kSize};

struct Composites {
  RistrettoElement m;
  std::optional<RistrettoElement> z;  ///< not worked out for who has the key
};

/// ComputeComposites (RFC 9497 s.2.2.2), or, without `evaluated` summed up, ComputeCompositesFast (s.2.2.1).
Result<Composites> composites(const RistrettoElement& public_key, std::span<const RistrettoElement> blinded,
                              std::span<const RistrettoElement> evaluated, bool with_z) {
  CHECK(!blinded.empty() && blinded.size() == evaluated.size());
  const std::string seed_tag = tag_of("Seed-", OprfMode::voprf);
  const Digest seed =
      hash(HashAlgorithm::sha512, {kElementSize, public_key, two_bytes(seed_tag.size()), as_bytes(seed_tag)});
  const std::string scalar_tag = tag_of("HashToScalar-", OprfMode::voprf);
  std::optional<RistrettoElement> m;
  std::optional<RistrettoElement> z;
  for (std::size_t i = 0; i < blinded.size(); ++i) {
    const RistrettoScalar d = TRY(hash_to_scalar({two_bytes(seed.size()), seed, two_bytes(i), kElementSize, blinded[i],
                                                  kElementSize, evaluated[i], as_bytes(std::string_view("Composite"))},
                                                 scalar_tag));
    const RistrettoElement part = d.times(blinded[i]);
    m = m ? TRY(add(part, *m)) : part;
    if (!with_z) continue;
    const RistrettoElement evaluated_part = d.times(evaluated[i]);
    z = z ? TRY(add(evaluated_part, *z)) : evaluated_part;
  }
  return Composites{*m, z};
}

/// c of GenerateProof and VerifyProof.
Result<RistrettoScalar> challenge(const RistrettoElement& public_key, const RistrettoElement& m,
                                  const RistrettoElement& z, const RistrettoElement& t2, const RistrettoElement& t3) {
  return hash_to_scalar({kElementSize, public_key, kElementSize, m, kElementSize, z, kElementSize, t2, kElementSize, t3,
                         as_bytes(std::string_view("Challenge"))},
                        tag_of("HashToScalar-", OprfMode::voprf));
}

/// H(I2OSP(len(input), 2) || input || I2OSP(len(element), 2) || element || "Finalize")
OprfOutput output_of(ByteView input, const RistrettoElement& unblinded) {
  static constexpr std::string_view kFinalize = "Finalize";
  OprfOutput out;
  crypto_hash_sha512_state state;
  CHECK(crypto_hash_sha512_init(&state) == 0);
  const auto input_size = two_bytes(input.size());
  for (const ByteView part :
       {ByteView(input_size), input, ByteView(kElementSize), unblinded.view(), as_bytes(kFinalize)}) {
    CHECK(crypto_hash_sha512_update(&state, part.data(), part.size()) == 0);
  }
  CHECK(crypto_hash_sha512_final(&state, out.expose_mutable().data()) == 0);  // which wipes the state
  return out;
}

}  // namespace

Result<RistrettoScalar> oprf_derive_key(OprfMode mode, ByteView seed, ByteView info) {
  REQUIRE(info.size() <= kMaxOprfInput, ErrorCode::over_limit, "oprf info");
  const std::string tag = tag_of("DeriveKeyPair", mode);
  for (unsigned counter = 0; counter < 256; ++counter) {
    const std::array<std::uint8_t, 1> count = {static_cast<std::uint8_t>(counter)};
    auto key = hash_to_scalar({seed, two_bytes(info.size()), info, count}, tag);
    if (key) return key;
  }
  return fail(ErrorCode::crypto_failed, "oprf key");
}

Result<OprfBlinded> oprf_blind(OprfMode mode, ByteView input, Entropy& entropy) {
  return oprf_blind_with(mode, input, RistrettoScalar::random(entropy));
}

Result<OprfBlinded> oprf_blind_with(OprfMode mode, ByteView input, RistrettoScalar blind) {
  REQUIRE(input.size() <= kMaxOprfInput, ErrorCode::over_limit, "oprf input");
  const RistrettoElement element = TRY(hash_to_element(input, tag_of("HashToGroup-", mode)));
  const RistrettoElement blinded = blind.times(element);
  return OprfBlinded{std::move(blind), blinded};
}

OprfOutput oprf_finalize(ByteView input, const RistrettoScalar& blind, const RistrettoElement& evaluated) {
  return output_of(input, blind.inverse().times(evaluated));
}

Result<OprfOutput> oprf_evaluate(OprfMode mode, const RistrettoScalar& key, ByteView input) {
  REQUIRE(input.size() <= kMaxOprfInput, ErrorCode::over_limit, "oprf input");
  return output_of(input, key.times(TRY(hash_to_element(input, tag_of("HashToGroup-", mode)))));
}

DleqProof voprf_prove(const RistrettoScalar& key, const RistrettoElement& public_key,
                      std::span<const RistrettoElement> blinded, std::span<const RistrettoElement> evaluated,
                      Entropy& entropy) {
  return voprf_prove_with(key, public_key, blinded, evaluated, RistrettoScalar::random(entropy));
}

// RFC 9497 s.2.2.1. That a hash or a sum is 0 here is as likely as to guess a key, so it is CHECKed.
DleqProof voprf_prove_with(const RistrettoScalar& key, const RistrettoElement& public_key,
                           std::span<const RistrettoElement> blinded, std::span<const RistrettoElement> evaluated,
                           const RistrettoScalar& r) {
  const auto sums = composites(public_key, blinded, evaluated, false);
  CHECK(sums.has_value());
  const RistrettoElement z = key.times(sums->m);
  const auto c = challenge(public_key, sums->m, z, r.times_base(), r.times(sums->m));
  CHECK(c.has_value());
  const auto s = r.minus(c->times(key));
  CHECK(s.has_value());
  return *DleqProof::from(concat({c->expose(), s->expose()}));
}

// RFC 9497 s.2.2.2
Status voprf_verify(const RistrettoElement& public_key, std::span<const RistrettoElement> blinded,
                    std::span<const RistrettoElement> evaluated, const DleqProof& proof) {
  REQUIRE(!blinded.empty() && blinded.size() == evaluated.size() && blinded.size() <= kMaxOprfInput,
          ErrorCode::crypto_failed, "dleq proof");
  const auto c = RistrettoScalar::from(proof.view().first(RistrettoScalar::kSize));
  const auto s = RistrettoScalar::from(proof.view().last(RistrettoScalar::kSize));
  REQUIRE(c && s, ErrorCode::crypto_failed, "dleq proof");
  const Composites sums = TRY(composites(public_key, blinded, evaluated, true));
  const RistrettoElement t2 = TRY(add(s->times_base(), c->times(public_key)));
  const RistrettoElement t3 = TRY(add(s->times(sums.m), c->times(*sums.z)));
  const RistrettoScalar expected = TRY(challenge(public_key, sums.m, *sums.z, t2, t3));
  REQUIRE(equal(expected.expose(), c->expose()), ErrorCode::crypto_failed, "dleq proof");
  return ok();
}

}  // namespace cairn::crypto
