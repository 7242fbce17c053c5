// New keys along one member's path, sealed to the others (RFC 9420 s.7.6).
#pragma once

#include "core/mls/leaf_node.h"

namespace cairn::mls {

/// One node of the sender's filtered direct path.
struct UpdatePathNode {
  HpkePublicKey encryption_key;
  /// The path secret for each node in the resolution of the copath child, in that order, without new leaves.
  std::vector<HpkeCiphertext> encrypted_path_secret;

  void write(wire::Writer& writer) const;
  /// At most kMaxLeaves ciphertexts of at most kMaxPathCiphertextSize bytes.
  static Result<UpdatePathNode> read(wire::Reader& reader);
  friend bool operator==(const UpdatePathNode&, const UpdatePathNode&) = default;
};

/// The path of a Commit, as it travels. `nodes` goes from the leaf's side to the root.
struct UpdatePath {
  LeafNode leaf_node;
  std::vector<UpdatePathNode> nodes;

  void write(wire::Writer& writer) const;
  /// At most kMaxTreeDepth nodes.
  static Result<UpdatePath> read(wire::Reader& reader);
  friend bool operator==(const UpdatePath&, const UpdatePath&) = default;
};

}  // namespace cairn::mls
