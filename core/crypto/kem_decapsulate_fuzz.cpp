// Any bytes as a KEM ciphertext and as a public key: no crash, and a key that passes the check can be sealed to (but
// for X25519 points of small order, which show only then).
#include "core/crypto/kem.h"
#include "tests/support/seeded_entropy.h"

namespace {

using namespace cairn;
using namespace cairn::crypto;

constexpr KemAlgorithm kAll[] = {KemAlgorithm::dhkem_p256, KemAlgorithm::dhkem_x25519, KemAlgorithm::xwing_hpke,
                                 KemAlgorithm::ml_kem_768};

const KemPrivateKey& private_key(std::size_t index) {
  static const std::vector<KemKeyPair> pairs = [] {
    testing::SeededEntropy entropy(1);
    std::vector<KemKeyPair> made;
    for (KemAlgorithm algorithm : kAll) made.push_back(kem_generate(algorithm, entropy));
    return made;
  }();
  return pairs[index].private_key;
}

/// The first `size` bytes, with zeros where there are none.
Bytes padded(ByteView bytes, std::size_t size) {
  Bytes out = to_bytes(bytes.first(std::min(bytes.size(), size)));
  out.resize(size);
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::size_t index = data[0] % std::size(kAll);
  const KemAlgorithm algorithm = kAll[index];
  const ByteView rest = ByteView(data, size).subspan(1);

  const auto exact = kem_decapsulate(algorithm, private_key(index), rest);
  CHECK(!exact || rest.size() == kem_ciphertext_size(algorithm));
  const auto secret = kem_decapsulate(algorithm, private_key(index), padded(rest, kem_ciphertext_size(algorithm)));
  CHECK(!secret || secret->size() == kem_shared_secret_size(algorithm));

  const Bytes key = padded(rest, kem_public_key_size(algorithm));
  const bool good = kem_check_public_key(algorithm, key).has_value();
  const bool sent =
      kem_encapsulate_deterministic(algorithm, key, Bytes(algorithm == KemAlgorithm::xwing_hpke ? 64 : 32, 7))
          .has_value();
  CHECK(good || !sent);
  const bool has_x25519 = algorithm == KemAlgorithm::dhkem_x25519 || algorithm == KemAlgorithm::xwing_hpke;
  CHECK(sent || !good || has_x25519);
  return 0;
}
