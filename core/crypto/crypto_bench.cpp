// What the primitives cost. Names end in the size of the text in bytes.
#include <benchmark/benchmark.h>

#include "core/crypto/hash.h"
#include "core/crypto/hpke.h"
#include "core/crypto/kdf.h"
#include "core/crypto/signature.h"
#include "core/crypto/vrf.h"
#include "tests/support/seeded_entropy.h"

namespace cairn::crypto {
namespace {

using benchmark::DoNotOptimize;

constexpr HpkeSuite kX25519{KemAlgorithm::dhkem_x25519, HashAlgorithm::sha256, AeadAlgorithm::aes_128_gcm};
constexpr HpkeSuite kXWing{KemAlgorithm::xwing_hpke, HashAlgorithm::sha256, AeadAlgorithm::chacha20_poly1305};

void BM_Sha256(benchmark::State& state) {
  const Bytes data(static_cast<std::size_t>(state.range(0)), 1);
  for (auto _ : state) DoNotOptimize(sha256(data));
  state.SetBytesProcessed(state.iterations() * state.range(0));
}
BENCHMARK(BM_Sha256)->ArgName("bytes")->Arg(64)->Arg(65536);

void BM_HkdfExpand(benchmark::State& state) {
  const Bytes prk(32, 1), info(16, 2);
  Bytes out(32);
  for (auto _ : state) {
    hkdf_expand(HashAlgorithm::sha256, prk, {info}, out);
    DoNotOptimize(out.data());
  }
}
BENCHMARK(BM_HkdfExpand);

void BM_AeadSeal(benchmark::State& state, AeadAlgorithm algorithm) {
  const Bytes key(aead_key_size(algorithm), 1), nonce(aead_nonce_size(algorithm), 2);
  const Bytes plaintext(static_cast<std::size_t>(state.range(0)), 3);
  for (auto _ : state) DoNotOptimize(aead_seal(algorithm, key, nonce, {}, plaintext));
  state.SetBytesProcessed(state.iterations() * state.range(0));
}

void BM_AeadOpen(benchmark::State& state, AeadAlgorithm algorithm) {
  const Bytes key(aead_key_size(algorithm), 1), nonce(aead_nonce_size(algorithm), 2);
  const Bytes sealed = aead_seal(algorithm, key, nonce, {}, Bytes(static_cast<std::size_t>(state.range(0)), 3));
  for (auto _ : state) {
    auto opened = aead_open(algorithm, key, nonce, {}, sealed);
    CHECK(opened.has_value());
    DoNotOptimize(opened->expose().data());
  }
  state.SetBytesProcessed(state.iterations() * state.range(0));
}
BENCHMARK_CAPTURE(BM_AeadSeal, aes_128_gcm, AeadAlgorithm::aes_128_gcm)->ArgName("bytes")->Arg(200)->Arg(65536);
BENCHMARK_CAPTURE(BM_AeadSeal, xchacha20_poly1305, AeadAlgorithm::xchacha20_poly1305)
    ->ArgName("bytes")
    ->Arg(200)
    ->Arg(65536);
BENCHMARK_CAPTURE(BM_AeadSeal, aegis_256, AeadAlgorithm::aegis_256)->ArgName("bytes")->Arg(200)->Arg(65536);
BENCHMARK_CAPTURE(BM_AeadOpen, aes_128_gcm, AeadAlgorithm::aes_128_gcm)->ArgName("bytes")->Arg(200)->Arg(65536);
BENCHMARK_CAPTURE(BM_AeadOpen, xchacha20_poly1305, AeadAlgorithm::xchacha20_poly1305)
    ->ArgName("bytes")
    ->Arg(200)
    ->Arg(65536);
BENCHMARK_CAPTURE(BM_AeadOpen, aegis_256, AeadAlgorithm::aegis_256)->ArgName("bytes")->Arg(200)->Arg(65536);

void BM_Ed25519Sign(benchmark::State& state) {
  testing::SeededEntropy entropy(1);
  const SigningKey key = SigningKey::generate(entropy);
  const Bytes message(200, 1);
  for (auto _ : state) DoNotOptimize(key.sign(message));
}
BENCHMARK(BM_Ed25519Sign);

void BM_Ed25519Verify(benchmark::State& state) {
  testing::SeededEntropy entropy(1);
  const SigningKey key = SigningKey::generate(entropy);
  const Bytes message(200, 1);
  const Signature signature = key.sign(message);
  for (auto _ : state) CHECK(verify(key.public_key(), message, signature).has_value());
}
BENCHMARK(BM_Ed25519Verify);

void BM_KemEncapsulate(benchmark::State& state, KemAlgorithm algorithm) {
  testing::SeededEntropy entropy(1);
  const KemKeyPair pair = kem_generate(algorithm, entropy);
  for (auto _ : state) {
    auto out = kem_encapsulate(algorithm, pair.public_key, entropy);
    CHECK(out.has_value());
    DoNotOptimize(out->ciphertext.data());
  }
}

void BM_KemDecapsulate(benchmark::State& state, KemAlgorithm algorithm) {
  testing::SeededEntropy entropy(1);
  const KemKeyPair pair = kem_generate(algorithm, entropy);
  const Bytes ciphertext = kem_encapsulate(algorithm, pair.public_key, entropy)->ciphertext;
  for (auto _ : state) CHECK(kem_decapsulate(algorithm, pair.private_key, ciphertext).has_value());
}

void BM_KemGenerate(benchmark::State& state, KemAlgorithm algorithm) {
  testing::SeededEntropy entropy(1);
  for (auto _ : state) {
    const KemKeyPair pair = kem_generate(algorithm, entropy);
    DoNotOptimize(pair.public_key.data());
  }
}
BENCHMARK_CAPTURE(BM_KemGenerate, x25519, KemAlgorithm::dhkem_x25519);
BENCHMARK_CAPTURE(BM_KemGenerate, xwing, KemAlgorithm::xwing_hpke);
BENCHMARK_CAPTURE(BM_KemEncapsulate, x25519, KemAlgorithm::dhkem_x25519);
BENCHMARK_CAPTURE(BM_KemEncapsulate, xwing, KemAlgorithm::xwing_hpke);
BENCHMARK_CAPTURE(BM_KemDecapsulate, x25519, KemAlgorithm::dhkem_x25519);
BENCHMARK_CAPTURE(BM_KemDecapsulate, xwing, KemAlgorithm::xwing_hpke);

void BM_HpkeSeal(benchmark::State& state, const HpkeSuite& suite) {
  testing::SeededEntropy entropy(1);
  const KemKeyPair pair = kem_generate(suite.kem, entropy);
  const Bytes plaintext(32, 1);
  for (auto _ : state) CHECK(hpke_seal(suite, pair.public_key, {}, {}, plaintext, entropy).has_value());
}

void BM_HpkeOpen(benchmark::State& state, const HpkeSuite& suite) {
  testing::SeededEntropy entropy(1);
  const KemKeyPair pair = kem_generate(suite.kem, entropy);
  const HpkeCiphertext sealed = *hpke_seal(suite, pair.public_key, {}, {}, Bytes(32, 1), entropy);
  for (auto _ : state) CHECK(hpke_open(suite, pair.private_key, sealed, {}, {}).has_value());
}
BENCHMARK_CAPTURE(BM_HpkeSeal, x25519, kX25519);
BENCHMARK_CAPTURE(BM_HpkeSeal, xwing, kXWing);
BENCHMARK_CAPTURE(BM_HpkeOpen, x25519, kX25519);
BENCHMARK_CAPTURE(BM_HpkeOpen, xwing, kXWing);

/// Alphas change: finding the point takes as many tries as the name wants.
Bytes alpha_of(std::uint64_t counter) {
  Bytes alpha(20, 0x61);
  for (std::size_t i = 0; i < 8; ++i) alpha[i] = static_cast<std::uint8_t>(counter >> (8 * i));
  return alpha;
}

void BM_VrfProve(benchmark::State& state) {
  testing::SeededEntropy entropy(1);
  const auto secret = random_secret<VrfSecretKey>(entropy);
  std::uint64_t counter = 0;
  for (auto _ : state) DoNotOptimize(vrf_prove(secret, alpha_of(counter++)));
}
BENCHMARK(BM_VrfProve);

void BM_VrfVerify(benchmark::State& state) {
  testing::SeededEntropy entropy(1);
  const auto secret = random_secret<VrfSecretKey>(entropy);
  const VrfPublicKey key = vrf_public_key(secret);
  std::array<VrfProof, 64> proofs;
  for (std::size_t i = 0; i < proofs.size(); ++i) proofs[i] = vrf_prove(secret, alpha_of(i)).proof;
  std::size_t i = 0;
  for (auto _ : state) {
    CHECK(vrf_verify(key, alpha_of(i), proofs[i]).has_value());
    i = (i + 1) % proofs.size();
  }
}
BENCHMARK(BM_VrfVerify);

}  // namespace
}  // namespace cairn::crypto
