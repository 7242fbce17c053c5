// Any bytes as an HPKE ciphertext, under every suite: no crash, and none opens.
#include "core/crypto/hpke.h"
#include "tests/support/seeded_entropy.h"

namespace {

using namespace cairn;
using namespace cairn::crypto;

struct Receiver {
  HpkeSuite suite;
  KemKeyPair pair;
};

const std::vector<Receiver>& receivers() {
  static const std::vector<Receiver> all = [] {
    testing::SeededEntropy entropy(1);
    std::vector<Receiver> made;
    for (const HpkeSuite suite :
         {HpkeSuite{KemAlgorithm::dhkem_p256, HashAlgorithm::sha256, AeadAlgorithm::aes_128_gcm},
          HpkeSuite{KemAlgorithm::dhkem_x25519, HashAlgorithm::sha256, AeadAlgorithm::aes_256_gcm},
          HpkeSuite{KemAlgorithm::xwing_hpke, HashAlgorithm::sha256, AeadAlgorithm::chacha20_poly1305},
          HpkeSuite{KemAlgorithm::ml_kem_768, HashAlgorithm::sha384, AeadAlgorithm::aes_256_gcm}}) {
      made.push_back({suite, kem_generate(suite.kem, entropy)});
    }
    return made;
  }();
  return all;
}

}  // namespace

// suite (1) || enc, padded to its size with zeros || ciphertext
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const Receiver& receiver = receivers()[data[0] % receivers().size()];
  const ByteView rest = ByteView(data, size).subspan(1);
  HpkeCiphertext sealed;
  const std::size_t enc_size = std::min(rest.size(), kem_ciphertext_size(receiver.suite.kem));
  sealed.kem_output = to_bytes(rest.first(enc_size));
  if ((data[0] & 0x80) == 0) sealed.kem_output.resize(kem_ciphertext_size(receiver.suite.kem));
  sealed.ciphertext = to_bytes(rest.subspan(enc_size));
  const auto opened = hpke_open(receiver.suite, receiver.pair.private_key, sealed, {}, {});
  CHECK(!opened && opened.error().code == ErrorCode::crypto_failed);
  return 0;
}
