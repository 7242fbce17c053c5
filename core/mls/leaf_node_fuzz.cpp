// Any bytes as a leaf: what is read writes back to the same bytes, and no signature holds by luck.
#include "core/mls/leaf_node.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace cairn;
  const ByteView input(data, size);
  const auto leaf = wire::decode<mls::LeafNode>(input);
  if (!leaf) return 0;
  CHECK(equal(wire::encode(*leaf), input));
  (void)mls::verify_leaf_node(mls::cipher_suite(mls::SuiteId::x25519_aes128), *leaf, mls::LeafPosition{input, {1}});
  return 0;
}
