#include "core/crypto/oprf.h"

#include <gtest/gtest.h>

#include "core/crypto/shamir.h"
#include "tests/support/refused.h"
#include "tests/support/seeded_entropy.h"
#include "tests/support/vectors.h"

namespace cairn::crypto {
namespace {

using testing::hex_bytes;
using testing::refused;
using testing::SeededEntropy;
using Elements = std::vector<RistrettoElement>;

/// The values of a field of a batch, which commas part.
std::vector<Bytes> batch(const nlohmann::json& field) {
  std::vector<Bytes> out;
  std::string rest = field.get<std::string>();
  for (;;) {
    const std::size_t comma = rest.find(',');
    out.push_back(*from_hex(rest.substr(0, comma)));
    if (comma == std::string::npos) return out;
    rest.erase(0, comma + 1);
  }
}

void expect_vector(OprfMode mode, const RistrettoScalar& key, const nlohmann::json& v) {
  const auto inputs = batch(v["Input"]);
  const auto blinds = batch(v["Blind"]);
  const auto blinded_values = batch(v["BlindedElement"]);
  const auto evaluated_values = batch(v["EvaluationElement"]);
  const auto outputs = batch(v["Output"]);
  ASSERT_EQ(inputs.size(), v["Batch"].get<std::size_t>());
  Elements blinded;
  Elements evaluated;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    const auto step = oprf_blind_with(mode, inputs[i], *RistrettoScalar::from(blinds[i]));
    ASSERT_TRUE(step);
    EXPECT_EQ(to_hex(step->element), to_hex(blinded_values[i]));
    blinded.push_back(step->element);
    evaluated.push_back(key.times(step->element));
    EXPECT_EQ(to_hex(evaluated.back()), to_hex(evaluated_values[i]));
    EXPECT_EQ(to_hex(oprf_finalize(inputs[i], step->blind, evaluated[i]).expose()), to_hex(outputs[i]));
    EXPECT_EQ(to_hex(oprf_evaluate(mode, key, inputs[i])->expose()), to_hex(outputs[i]));
  }
  if (mode == OprfMode::oprf) return;
  const auto r = *RistrettoScalar::from(hex_bytes(v["Proof"]["r"]));
  const DleqProof proof = voprf_prove_with(key, key.times_base(), blinded, evaluated, r);
  EXPECT_EQ(to_hex(proof), v["Proof"]["proof"]);
  EXPECT_TRUE(voprf_verify(key.times_base(), blinded, evaluated, proof));
}

// RFC 9497 s.A.1.1 and A.1.2, every value on the way.
TEST(Oprf, MatchesRfc9497) {
  CAIRN_VECTORS_OR_SKIP(vectors, "oprf/rfc9497-ristretto255.json");
  std::size_t count = 0;
  std::size_t skipped = 0;
  for (const auto& suite : vectors) {
    if (suite["mode"] == 2) {
      skipped += suite["vectors"].size();
      continue;
    }
    const auto mode = static_cast<OprfMode>(suite["mode"].get<int>());
    const auto key = oprf_derive_key(mode, hex_bytes(suite["seed"]), hex_bytes(suite["keyInfo"]));
    ASSERT_TRUE(key);
    EXPECT_EQ(to_hex(key->expose()), suite["skSm"]);
    if (mode == OprfMode::voprf) {
      EXPECT_EQ(to_hex(key->times_base()), suite["pkSm"]);
    }
    for (const auto& v : suite["vectors"]) {
      expect_vector(mode, *key, v);
      ++count;
    }
  }
  EXPECT_EQ(count, 5u);
  std::printf("oprf: %zu vectors of modes 0 and 1; SKIPPED %zu of mode 2 (POPRF), which Cairn does not use\n", count,
              skipped);
}

// A key that is shared out gives what the whole key gives: RFC 9497's own outputs.
TEST(Oprf, GivesTheSameOutputFromAnySharesOfTheKey) {
  CAIRN_VECTORS_OR_SKIP(vectors, "oprf/rfc9497-ristretto255.json");
  SeededEntropy entropy(1);
  const auto& suite = vectors[1];
  const auto key = *RistrettoScalar::from(hex_bytes(suite["skSm"]));
  const Bytes input = hex_bytes(suite["vectors"][1]["Input"]);
  const auto shares = split_scalar(key, 2, 3, entropy);
  for (const auto& [a, b] : {std::pair{0u, 1u}, {0u, 2u}, {2u, 1u}}) {
    const auto step = oprf_blind(OprfMode::voprf, input, entropy);
    const std::vector<ElementShare> parts = {{shares[a].index, shares[a].value.times(step->element)},
                                             {shares[b].index, shares[b].value.times(step->element)}};
    const auto whole = combine_elements(parts);
    ASSERT_TRUE(whole);
    EXPECT_EQ(to_hex(oprf_finalize(input, step->blind, *whole).expose()), suite["vectors"][1]["Output"]);
  }
}

/// A proof for two elements, and everything that it is about.
struct Proven {
  Proven() {
    for (std::uint8_t i = 1; i <= 2; ++i) {
      blinded.push_back(oprf_blind(OprfMode::voprf, Bytes{i}, entropy)->element);
      evaluated.push_back(key.times(blinded.back()));
    }
    proof = voprf_prove(key, public_key, blinded, evaluated, entropy);
  }
  SeededEntropy entropy{2};
  RistrettoScalar key = RistrettoScalar::random(entropy);
  RistrettoElement public_key = key.times_base();
  Elements blinded;
  Elements evaluated;
  DleqProof proof;
};

TEST(Oprf, RefusesAProofWithAnyBitFlipped) {
  const Proven p;
  ASSERT_TRUE(voprf_verify(p.public_key, p.blinded, p.evaluated, p.proof));
  for (std::size_t bit = 0; bit < 8 * DleqProof::kSize; bit += 3) {
    DleqProof other = p.proof;
    other.mutable_view()[bit / 8] ^= static_cast<std::uint8_t>(1 << (bit % 8));
    EXPECT_TRUE(refused(voprf_verify(p.public_key, p.blinded, p.evaluated, other), "dleq proof")) << bit;
  }
}

TEST(Oprf, RefusesAProofForAnythingElse) {
  Proven p;
  const RistrettoElement stranger = RistrettoScalar::random(p.entropy).times_base();
  EXPECT_TRUE(refused(voprf_verify(stranger, p.blinded, p.evaluated, p.proof), "dleq proof"));
  for (std::size_t i = 0; i < 2; ++i) {
    Elements other = p.blinded;
    other[i] = stranger;
    EXPECT_TRUE(refused(voprf_verify(p.public_key, other, p.evaluated, p.proof), "dleq proof"));
    other = p.evaluated;
    other[i] = stranger;
    EXPECT_TRUE(refused(voprf_verify(p.public_key, p.blinded, other, p.proof), "dleq proof"));
  }
  EXPECT_TRUE(refused(voprf_verify(p.public_key, {&p.blinded[0], 1}, {&p.evaluated[0], 1}, p.proof), "dleq proof"));
  EXPECT_TRUE(refused(voprf_verify(p.public_key, {}, {}, p.proof), "dleq proof"));
  EXPECT_TRUE(refused(voprf_verify(p.public_key, p.blinded, {&p.evaluated[0], 1}, p.proof), "dleq proof"));
  std::swap(p.blinded[0], p.blinded[1]);
  std::swap(p.evaluated[0], p.evaluated[1]);
  EXPECT_TRUE(refused(voprf_verify(p.public_key, p.blinded, p.evaluated, p.proof), "dleq proof"));
}

// Two evaluations that are wrong by amounts that cancel out in a plain sum: the composites weigh each.
TEST(Oprf, RefusesEvaluationsWhoseErrorsCancelOut) {
  Proven p;
  const RistrettoScalar off = RistrettoScalar::random(p.entropy);
  const auto minus_off = RistrettoScalar::small(2).minus(*off.plus(RistrettoScalar::small(2)));
  ASSERT_TRUE(minus_off);
  const Elements wrong = {*add(p.evaluated[0], off.times_base()), *add(p.evaluated[1], minus_off->times_base())};
  const DleqProof proof = voprf_prove(p.key, p.public_key, p.blinded, wrong, p.entropy);
  EXPECT_TRUE(refused(voprf_verify(p.public_key, p.blinded, wrong, proof), "dleq proof"));
}

TEST(Oprf, RefusesWhatIsTooLong) {
  SeededEntropy entropy(3);
  EXPECT_TRUE(refused(oprf_blind(OprfMode::voprf, Bytes(kMaxOprfInput + 1), entropy), "oprf input"));
  EXPECT_TRUE(
      refused(oprf_evaluate(OprfMode::voprf, RistrettoScalar::small(1), Bytes(kMaxOprfInput + 1)), "oprf input"));
  EXPECT_TRUE(refused(oprf_derive_key(OprfMode::voprf, Bytes(32), Bytes(kMaxOprfInput + 1)), "oprf info"));
}

TEST(Oprf, KeepsItsModesApart) {
  const RistrettoScalar key = RistrettoScalar::small(7);
  EXPECT_FALSE(equal(oprf_evaluate(OprfMode::oprf, key, Bytes{1})->expose(),
                     oprf_evaluate(OprfMode::voprf, key, Bytes{1})->expose()));
}

// ---- the group ----

Bytes order_plus(std::uint8_t more) {
  Bytes out = *from_hex("edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010");
  out[0] = static_cast<std::uint8_t>(out[0] + more);
  return out;
}

TEST(Ristretto, RefusesScalarsThatAreZeroOrNotReduced) {
  Bytes largest = order_plus(0);
  --largest[0];
  EXPECT_TRUE(RistrettoScalar::from(largest));
  EXPECT_TRUE(refused(RistrettoScalar::from(order_plus(0)), "scalar"));
  EXPECT_TRUE(refused(RistrettoScalar::from(order_plus(1)), "scalar"));
  EXPECT_TRUE(refused(RistrettoScalar::from(Bytes(32, 0xff)), "scalar"));
  EXPECT_TRUE(refused(RistrettoScalar::from(Bytes(32)), "scalar"));
  EXPECT_TRUE(refused(RistrettoScalar::from(Bytes(31, 1)), "scalar"));
  EXPECT_TRUE(refused(RistrettoScalar::from(Bytes(33, 1)), "scalar"));
}

// RFC 9496 s.A.2 (bad encodings): non-canonical field elements, negative ones, non-square x^2, negative xy, s = -1.
TEST(Ristretto, RefusesTheIdentityAndWhatEncodesNoElement) {
  EXPECT_TRUE(refused(RistrettoElement::from(Bytes(32)), "group element: the identity"));
  EXPECT_TRUE(refused(RistrettoElement::from(Bytes(31)), "group element"));
  for (const char* bad : {"00ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
                          "f3ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
                          "0100000000000000000000000000000000000000000000000000000000000000",
                          "26948d35ca62e643e26a83177332e6b6afeb9d08e4268b650f1f5bbd8d81d371",
                          "3eb858e78f5a7254d8c9731174a94f76755fd3941c0ac93735c07ba14579630e",
                          "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"}) {
    EXPECT_TRUE(refused(RistrettoElement::from(*from_hex(bad)), "group element")) << bad;
  }
  // RFC 9496 s.A.1: the generator.
  EXPECT_EQ(to_hex(RistrettoElement::base()), "e2f2ae0a6abc4e71a884a961c500515f58e30b6aa582dd8db6a65945e08d2d76");
}

TEST(Ristretto, CountsAsAGroupDoes) {
  SeededEntropy entropy(4);
  const auto a = RistrettoScalar::random(entropy);
  const auto b = RistrettoScalar::random(entropy);
  EXPECT_EQ(*add(a.times_base(), b.times_base()), a.plus(b)->times_base());
  EXPECT_EQ(a.times(b.times_base()), a.times(b).times_base());
  EXPECT_EQ(a.inverse().times(a.times_base()), RistrettoElement::base());
  EXPECT_EQ(a.plus(b)->minus(b)->times_base(), a.times_base());
  EXPECT_TRUE(refused(a.minus(a), "scalar: 0"));
  const auto minus_a = *RistrettoScalar::small(1).minus(*a.plus(RistrettoScalar::small(1)));
  EXPECT_TRUE(refused(add(a.times_base(), minus_a.times_base()), "sum of elements"));
}

// RFC 9380 s.K.3 (expander_SHA512), the two vectors that fit into one block of output are those of length 0x20.
TEST(Ristretto, ExpandsMessagesAsRfc9380Says) {
  constexpr std::string_view kTag = "QUUX-V01-CS02-with-expander-SHA512-256";
  Bytes out(32);
  expand_message_xmd({}, kTag, out);
  EXPECT_EQ(to_hex(out), "6b9a7312411d92f921c6f68ca0b6380730a1a4d982c507211a90964c394179ba");
  expand_message_xmd({as_bytes(std::string_view("a")), as_bytes(std::string_view("bc"))}, kTag, out);
  EXPECT_EQ(to_hex(out), "0da749f12fbe5483eb066a5f595055679b976e93abe9be6f0f6318bce7aca8dc");
}

}  // namespace
}  // namespace cairn::crypto
