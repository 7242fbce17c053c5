// Whether code that touches secrets takes the same path for each of them. Secrets are marked as undefined memory, so
// that valgrind complains at a branch or an index that depends on one; what becomes public is marked as defined.
// Given the word `leak`, it branches on a secret on purpose: then valgrind must complain.
#include <valgrind/memcheck.h>

#include <cstdio>
#include <string_view>

#include "core/crypto/ct.h"
#include "core/crypto/internal/hmac.h"
#include "core/crypto/internal/vrf_steps.h"
#include "core/crypto/kdf.h"
#include "core/crypto/signature.h"
#include "core/crypto/vrf.h"
#include "tests/support/seeded_entropy.h"

namespace cairn::crypto {
namespace {

void make_secret(ByteView bytes) { VALGRIND_MAKE_MEM_UNDEFINED(bytes.data(), bytes.size()); }
void make_public(ByteView bytes) { VALGRIND_MAKE_MEM_DEFINED(bytes.data(), bytes.size()); }

testing::SeededEntropy entropy(20);

Bytes secret_bytes(std::size_t size) {
  Bytes out(size);
  entropy.fill(out);
  make_secret(out);
  return out;
}

void compare() {
  const Bytes a = secret_bytes(32);
  Bytes b = a;
  bool same = ct_equal(a, b);
  b[31] ^= 1;
  bool different = !ct_equal(a, b);
  VALGRIND_MAKE_MEM_DEFINED(&same, sizeof same);
  VALGRIND_MAKE_MEM_DEFINED(&different, sizeof different);
  CHECK(same && different);
}

void derive() {
  const Bytes secret = secret_bytes(32);
  const Bytes long_secret = secret_bytes(200);  // more than a block: hashed first
  for (HashAlgorithm algorithm : {HashAlgorithm::sha256, HashAlgorithm::sha384, HashAlgorithm::sha512}) {
    Bytes tag(hash_size(algorithm));
    internal::hmac_into(algorithm, secret, {long_secret, secret}, tag);
    internal::hmac_into(algorithm, long_secret, {secret}, tag);
    hkdf_extract(algorithm, {}, secret, tag);
    Bytes out(100);
    hkdf_expand(algorithm, tag, {as_bytes(std::string_view("info"))}, out);
  }
  Bytes out(32);
  kdf(secret, "label", secret, out);
}

void sign_message() {
  auto seed = random_secret<Ed25519Seed>(entropy);
  make_secret(seed.expose());
  SigningKey key = SigningKey::from_seed(std::move(seed));
  const PublicKey public_key = key.public_key();
  make_public(public_key);
  const Bytes message(40, 1);
  const Signature signature = key.sign(message);
  make_public(signature);
  CHECK(verify(public_key, message, signature).has_value());
}

// vrf_prove is these steps; what passes from one to the next in the clear is part of the proof, or can be computed
// from it.
void prove() {
  const auto secret = random_secret<VrfSecretKey>(entropy);
  const VrfPublicKey key = vrf_public_key(secret);
  const Bytes alpha(20, 2);
  const VrfResult result = vrf_prove(secret, alpha);
  const internal::VrfPoint h = internal::vrf_encode_to_curve(key, alpha);
  const auto c = *internal::VrfChallenge::from(result.proof.view().subspan(32, 16));

  make_secret(secret.expose());
  const internal::VrfExpandedKey expanded = internal::vrf_expand(secret);
  const internal::VrfScalar k = internal::vrf_reduce(internal::vrf_nonce(expanded, h));
  const internal::VrfPoint y = internal::vrf_multiply_base(expanded.x);
  const internal::VrfPoint gamma = internal::vrf_multiply(expanded.x, h);
  Bytes s(32);
  internal::vrf_respond(k, c, expanded.x, s);

  make_public(y);
  make_public(gamma);
  make_public(s);
  CHECK(equal(y, key));
  CHECK(equal(concat({gamma, c, s}), result.proof));
}

void leak() {
  const Bytes a = secret_bytes(32);
  const Bytes b = secret_bytes(32);
  std::puts(equal(a, b) ? "same" : "not the same");
}

}  // namespace
}  // namespace cairn::crypto

int main(int argc, char** argv) {
  using namespace cairn::crypto;
  if (argc == 2 && std::string_view(argv[1]) == "leak") {
    leak();
    return 0;
  }
  compare();
  derive();
  sign_message();
  prove();
  return 0;
}
