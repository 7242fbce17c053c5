// Any bytes as a ratchet tree: what is read writes back to the same bytes, and is judged without a crash.
#include "core/mls/internal/tree_validation.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace cairn;
  using namespace cairn::mls::internal;
  const ByteView input(data, size);
  const auto nodes = wire::decode<TreeNodes>(input);
  if (!nodes) return 0;
  const auto& suite = mls::cipher_suite(mls::SuiteId::x25519_aes128);
  RatchetTree tree = RatchetTree::trusted(suite, *nodes);
  wire::Writer writer;
  tree.write(writer);
  CHECK(equal(writer.view(), input));
  (void)verify_tree(suite, *nodes, as_bytes("group"), tree.tree_hash());
  (void)check_support(tree, {});
  return 0;
}
