// Any manifest, sealed as its writer would: what opens was signed.
#include "core/crypto/labels.h"
#include "core/vault/internal/seal.h"
#include "core/vault/labels.h"
#include "core/vault/manifest.h"
#include "tests/support/seeded_entropy.h"

using namespace cairn;
using namespace cairn::vault;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static testing::SeededEntropy entropy(1);
  static const VaultKeys keys(random_secret<DataKey>(entropy));
  static const auto device = crypto::SigningKey::generate(entropy);
  static const ObjectId id = new_object_id(ObjectKind::manifest, entropy);
  static const SealKey key = keys.object_key(kSealManifest, id);
  const ByteView input(data, size);
  CHECK(!UnverifiedManifest::open(keys, id, input));
  (void)UnverifiedManifest::open(keys, id, vault::internal::seal(key, {}, input, entropy));

  // The content of the input, signed by the device.
  wire::Reader reader(input);
  const auto content = ManifestContent::read(reader);
  if (!content) return 0;
  const Object object = seal_manifest(keys, *content, device, entropy);
  const auto opened = UnverifiedManifest::open(keys, object.id, object.bytes);
  CHECK(opened.has_value() && opened->signer() == device.public_key() && opened->counter() == content->counter);
  return 0;
}
