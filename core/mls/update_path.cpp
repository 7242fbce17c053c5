#include "core/mls/update_path.h"

namespace cairn::mls {

void UpdatePathNode::write(wire::Writer& writer) const {
  encryption_key.write(writer);
  writer.vector(encrypted_path_secret);
}

Result<UpdatePathNode> UpdatePathNode::read(wire::Reader& reader) {
  UpdatePathNode out;
  out.encryption_key = TRY(HpkePublicKey::read(reader));
  out.encrypted_path_secret = TRY(reader.vector<HpkeCiphertext>(kMaxMessageSize, kMaxLeaves));
  for (const HpkeCiphertext& sealed : out.encrypted_path_secret) {
    REQUIRE(sealed.ciphertext.size() <= kMaxPathCiphertextSize, ErrorCode::over_limit, "path secret's ciphertext");
  }
  return out;
}

void UpdatePath::write(wire::Writer& writer) const {
  leaf_node.write(writer);
  writer.vector(nodes);
}

Result<UpdatePath> UpdatePath::read(wire::Reader& reader) {
  UpdatePath out;
  out.leaf_node = TRY(LeafNode::read(reader));
  out.nodes = TRY(reader.vector<UpdatePathNode>(kMaxMessageSize, kMaxTreeDepth));
  return out;
}

}  // namespace cairn::mls
