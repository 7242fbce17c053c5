// Any bytes as an update path: what is read writes back to the same bytes, and no member takes it for a commit's.
#include "core/mls/update_path.h"

#include "core/mls/internal/tree_fixture.h"
#include "tests/support/seeded_entropy.h"

namespace {

using namespace cairn::mls;

internal::RatchetTree& tree() {
  static cairn::testing::SeededEntropy entropy(1);
  static internal::TreeFixture group(cipher_suite(SuiteId::x25519_aes128), entropy);
  static const bool grown = (group.commit({0}, {.added = 4}), true);
  CHECK(grown);
  return group.tree();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace cairn;
  const ByteView input(data, size);
  const auto path = wire::decode<UpdatePath>(input);
  if (!path) return 0;
  CHECK(equal(wire::encode(*path), input));
  const auto& suite = cipher_suite(SuiteId::x25519_aes128);
  const TreeHash before = tree().tree_hash();
  for (std::uint32_t sender = 0; sender < 6; ++sender) {
    CHECK(!mls::internal::merge_path(suite, tree(), {sender}, *path, {}, as_bytes("another group")));
  }
  CHECK(tree().tree_hash() == before);
  return 0;
}
