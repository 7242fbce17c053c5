// Any key box, from its outside and from its inside. The first byte says which.
#include "core/crypto/kdf.h"
#include "core/vault/internal/seal.h"
#include "core/vault/key_box.h"
#include "core/vault/labels.h"
#include "tests/support/seeded_entropy.h"

using namespace cairn;
using namespace cairn::vault;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static testing::SeededEntropy entropy(1);
  static const auto root = random_secret<BackupRoot>(entropy);
  static const auto key = crypto::kdf<SealKey>(root.expose(), kDeriveKeyBoxBody, {});
  if (size == 0) return 0;
  const ByteView input(data + 1, size - 1);
  if (data[0] % 2 == 0) {
    CHECK(!UnverifiedKeyBox::open(input, root));
    return 0;
  }
  wire::Writer outside;
  outside.u8(1);
  outside.u32(data[0]);
  outside.vector(std::vector<SealedRoot>(1));
  wire::Writer box;
  box.raw(outside.view());
  box.opaque(vault::internal::seal(key, outside.view(), input, entropy));
  CHECK(!UnverifiedKeyBox::open(box.view(), root));  // nobody signed it
  return 0;
}
