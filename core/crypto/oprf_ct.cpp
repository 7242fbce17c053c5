// Whether the OPRF and the sharing of its key take the same path for every key, input and share: see crypto_ct.cpp.
// Given the word `leak`, it branches on a secret on purpose.
#include <valgrind/memcheck.h>

#include <cstdio>
#include <string_view>

#include "core/crypto/oprf.h"
#include "core/crypto/shamir.h"
#include "tests/support/seeded_entropy.h"

namespace cairn::crypto {
namespace {

void make_secret(ByteView bytes) { VALGRIND_MAKE_MEM_UNDEFINED(bytes.data(), bytes.size()); }
void make_public(ByteView bytes) { VALGRIND_MAKE_MEM_DEFINED(bytes.data(), bytes.size()); }

testing::SeededEntropy entropy(30);

/// What a scalar's own checks decide is no secret: that it is one.
RistrettoScalar secret_scalar() {
  RistrettoScalar out = RistrettoScalar::random(entropy);
  make_secret(out.expose());
  return out;
}

void evaluate() {
  Bytes input(32, 3);
  make_secret(input);
  const RistrettoScalar key = secret_scalar();
  auto step = oprf_blind_with(OprfMode::voprf, input, secret_scalar());
  CHECK(step.has_value());
  make_public(step->element);  // goes over the wire
  const RistrettoElement evaluated = key.times(step->element);
  const RistrettoElement public_key = key.times_base();
  make_public(evaluated);
  make_public(public_key);
  const DleqProof proof = voprf_prove_with(key, public_key, {&step->element, 1}, {&evaluated, 1}, secret_scalar());
  make_public(proof);
  CHECK(voprf_verify(public_key, {&step->element, 1}, {&evaluated, 1}, proof).has_value());
  const OprfOutput output = oprf_finalize(input, step->blind, evaluated);
  make_public(output.expose());
}

void share() {
  const RistrettoScalar secret = secret_scalar();
  std::vector<ScalarShare> shares = split_scalar(secret, 2, 3, entropy);
  shares.pop_back();
  auto combined = combine_scalars(shares);
  CHECK(combined.has_value());
  make_public(combined->expose());
  make_public(secret.expose());
  CHECK(equal(combined->expose(), secret.expose()));
}

void read_scalar() {
  Bytes encoded(32, 5);
  encoded[31] = 0;
  make_secret(encoded);
  const auto scalar = RistrettoScalar::from(encoded);
  CHECK(scalar.has_value());
}

void leak() {
  const RistrettoScalar secret = secret_scalar();
  std::puts(equal(secret.expose(), Bytes(32, 1)) ? "same" : "not the same");
}

}  // namespace
}  // namespace cairn::crypto

int main(int argc, char** argv) {
  using namespace cairn::crypto;
  if (argc == 2 && std::string_view(argv[1]) == "leak") {
    leak();
    return 0;
  }
  evaluate();
  share();
  read_scalar();
  return 0;
}
