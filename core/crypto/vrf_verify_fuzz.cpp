// Any bytes as a VRF proof and as a VRF key: no crash, and no proof but the true one passes.
#include "core/crypto/vrf.h"
#include "tests/support/seeded_entropy.h"

// proof (80) || public key (32) || alpha; what is missing is taken from a true proof, so that single bytes can change
// it.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace cairn;
  using namespace cairn::crypto;
  static const VrfSecretKey secret = [] {
    testing::SeededEntropy entropy(1);
    return random_secret<VrfSecretKey>(entropy);
  }();
  static const VrfPublicKey true_key = vrf_public_key(secret);
  const ByteView input(data, size);
  const ByteView alpha = input.subspan(std::min<std::size_t>(size, VrfProof::kSize + VrfPublicKey::kSize));

  const VrfResult truth = vrf_prove(secret, alpha);
  VrfProof proof = truth.proof;
  for (std::size_t i = 0; i < std::min(size, VrfProof::kSize); ++i) proof.mutable_view()[i] ^= data[i];
  const auto output = vrf_verify(true_key, alpha, proof);
  CHECK(output.has_value() == (proof == truth.proof));
  CHECK(!output || *output == truth.output);

  VrfPublicKey key = true_key;
  for (std::size_t i = VrfProof::kSize; i < std::min(size, VrfProof::kSize + VrfPublicKey::kSize); ++i) {
    key.mutable_view()[i - VrfProof::kSize] ^= data[i];
  }
  const bool valid = vrf_validate_key(key).has_value();
  CHECK(valid || !vrf_verify(key, alpha, truth.proof));
  CHECK(!vrf_verify(key, alpha, truth.proof) || key == true_key);
  return 0;
}
