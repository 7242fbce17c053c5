#include "core/mls/internal/tree_kem.h"

namespace cairn::mls::internal {
namespace {

using NodeSecret = ShortSecret<struct NodeSecretTag>;

// RFC 9420 s.7.4.
Result<crypto::KemKeyPair> derive_node_key(const CipherSuite& suite, const PathSecret& secret) {
  const auto node_secret = derive_secret<NodeSecret>(suite, secret.expose(), kDeriveNode);
  return crypto::kem_derive_key_pair(suite.hpke.kem, node_secret.expose());
}

template <class Next>
Next next_secret(const CipherSuite& suite, PathSecret&& secret) {
  const PathSecret used = std::move(secret);
  return derive_secret<Next>(suite, used.expose(), kDerivePath);
}

// RFC 9420 s.7.5: the nodes that a path secret is sealed to.
std::vector<NodeIndex> recipients(const RatchetTree& tree, NodeIndex copath, std::span<const LeafIndex> new_leaves) {
  std::vector<NodeIndex> out = tree.resolution(copath);
  std::erase_if(out, [&](NodeIndex x) {
    return is_leaf(x) && std::find(new_leaves.begin(), new_leaves.end(), leaf_at(x)) != new_leaves.end();
  });
  return out;
}

/// Keys for the last nodes of a path, from the secret of the first of them.
struct DerivedKeys {
  std::vector<crypto::KemPrivateKey> keys;
  CommitSecret commit_secret;
};

// Goes up `steps` from the secret of the first; each public key must be the one that stands in the tree.
Result<DerivedKeys> derive_up(const CipherSuite& suite, const RatchetTree& tree, std::span<const PathStep> steps,
                              PathSecret secret) {
  DerivedKeys out;
  for (const PathStep& step : steps) {
    crypto::KemKeyPair pair = TRY(derive_node_key(suite, secret));
    const HpkePublicKey* expected = tree.encryption_key(step.node);
    REQUIRE(expected != nullptr && equal(*expected, pair.public_key), ErrorCode::invalid_tree,
            "public key of a path secret");
    out.keys.push_back(std::move(pair.private_key));
    if (&step == &steps.back()) {
      out.commit_secret = next_secret<CommitSecret>(suite, std::move(secret));
      break;
    }
    secret = next_secret<PathSecret>(suite, std::move(secret));
  }
  return out;
}

// The part of `steps` from the lowest node that is above `leaf` as well; empty when there is none.
std::span<const PathStep> steps_above(std::span<const PathStep> steps, LeafIndex leaf) {
  const auto first = std::find_if(steps.begin(), steps.end(),
                                  [&](const PathStep& step) { return is_below(node_of(leaf), step.node); });
  return {first, steps.end()};
}

}  // namespace

MemberKeys::MemberKeys(LeafIndex self, crypto::KemPrivateKey leaf_key) : self_(self) {
  replace_leaf_key(std::move(leaf_key));
}

const crypto::KemPrivateKey* MemberKeys::find(NodeIndex x) const {
  const auto it = keys_.find(x);
  return it != keys_.end() ? &it->second : nullptr;
}

MemberKeys MemberKeys::clone() const {
  MemberKeys out(self_, find(node_of(self_))->clone());
  for (const auto& [x, key] : keys_) out.keys_.insert_or_assign(x, key.clone());
  return out;
}

void MemberKeys::replace_leaf_key(crypto::KemPrivateKey key) { keys_.insert_or_assign(node_of(self_), std::move(key)); }

void MemberKeys::forget_blank(const RatchetTree& tree) {
  std::erase_if(keys_,
                [&](const auto& entry) { return !is_leaf(entry.first) && tree.parent_node(entry.first) == nullptr; });
}

Status MemberKeys::implant(const CipherSuite& suite, const RatchetTree& tree, LeafIndex signer, PathSecret secret) {
  const std::vector<PathStep> path = tree.filtered_direct_path(signer);
  const std::span<const PathStep> steps = steps_above(path, self_);
  REQUIRE(!steps.empty() && signer != self_, ErrorCode::invalid_tree, "signer of a path secret");
  DerivedKeys derived = TRY(derive_up(suite, tree, steps, std::move(secret)));
  for (std::size_t i = 0; i < steps.size(); ++i) keys_.insert_or_assign(steps[i].node, std::move(derived.keys[i]));
  return ok();
}

// RFC 9420 s.4.2: a member that does not know the key of a node above "has an unmerged leaf at the intermediate node".
Status MemberKeys::check_complete(const RatchetTree& tree) const {
  for (const PathStep& step : direct_path(self_, tree.size())) {
    const ParentNode* node = tree.parent_node(step.node);
    if (node == nullptr || find(step.node) != nullptr) continue;
    const auto& unmerged = node->unmerged_leaves;
    REQUIRE(std::binary_search(unmerged.begin(), unmerged.end(), self_), ErrorCode::invalid_tree,
            "key of a node above");
  }
  return ok();
}

void MemberKeys::write(wire::Writer& writer) const {
  self_.write(writer);
  const std::size_t mark = writer.begin_vector();
  for (const auto& [x, key] : keys_) {
    writer.u32(x.value);
    writer.opaque(key.expose());
  }
  writer.end_vector(mark);
}

Result<MemberKeys> MemberKeys::read(wire::Reader& reader) {
  const LeafIndex self = TRY(LeafIndex::read(reader));
  REQUIRE(self.value < kMaxLeaves, ErrorCode::malformed, "own leaf");
  wire::Reader body = TRY(reader.nested(kMaxMessageSize));
  MemberKeys out(self, {});
  bool has_leaf_key = false;
  while (!body.done()) {
    const NodeIndex x { TRY(body.u32()) };
    const ByteView key = TRY(body.opaque(crypto::KemPrivateKey::kMaxSize));
    REQUIRE(x.value < 2 * kMaxLeaves - 1 && is_below(node_of(self), x), ErrorCode::malformed, "node of a private key");
    has_leaf_key = has_leaf_key || is_leaf(x);
    out.keys_.insert_or_assign(x, crypto::KemPrivateKey(key));
  }
  REQUIRE(has_leaf_key, ErrorCode::malformed, "private key of the own leaf");
  return out;
}

// RFC 9420 s.7.4, 7.5.
Result<CreatedPath> CreatedPath::create(const CipherSuite& suite, RatchetTree& tree, LeafIndex sender, LeafNode content,
                                        const crypto::SignaturePrivateKey& signature_key, ByteView group_id,
                                        Entropy& entropy) {
  CHECK(tree.size().contains(sender));
  std::vector<PathStep> steps = tree.filtered_direct_path(sender);
  crypto::KemKeyPair leaf_pair = crypto::kem_generate(suite.hpke.kem, entropy);
  MemberKeys keys(sender, std::move(leaf_pair.private_key));

  std::vector<PathSecret> secrets;
  std::vector<HpkePublicKey> public_keys;
  PathSecret secret(suite.hash_size());
  entropy.fill(secret.expose_mutable());
  for (const PathStep& step : steps) {
    crypto::KemKeyPair pair = TRY(derive_node_key(suite, secret));
    keys.keys_.insert_or_assign(step.node, std::move(pair.private_key));
    public_keys.push_back({std::move(pair.public_key)});
    secrets.push_back(secret.clone());
    secret = next_secret<PathSecret>(suite, std::move(secret));
  }

  const RatchetTree::NewPath path = tree.new_path(sender, public_keys);
  content.encryption_key = {std::move(leaf_pair.public_key)};
  content.origin = path.leaf_parent_hash;
  TRY(tree.check_new_keys(sender, content, public_keys));
  auto leaf = TRY(VerifiedLeafNode::sign(suite, signature_key, std::move(content), LeafPosition{group_id, sender}));
  tree.merge_path(sender, leaf, path);

  CreatedPath out(sender, std::move(leaf), std::move(keys));
  out.steps_ = std::move(steps);
  out.secrets_ = std::move(secrets);
  out.commit_secret_ = CommitSecret(secret.expose());
  return out;
}

// RFC 9420 s.7.5, 7.6.
Result<UpdatePath> CreatedPath::seal(const CipherSuite& suite, const RatchetTree& tree,
                                     std::span<const LeafIndex> new_leaves, ByteView group_context,
                                     Entropy& entropy) const {
  UpdatePath out;
  out.leaf_node = *leaf_;
  for (std::size_t i = 0; i < steps_.size(); ++i) {
    UpdatePathNode node{*tree.encryption_key(steps_[i].node), {}};
    for (NodeIndex recipient : recipients(tree, steps_[i].copath, new_leaves)) {
      node.encrypted_path_secret.push_back(TRY(encrypt_with_label(
          suite, *tree.encryption_key(recipient), kEncryptPathNode, group_context, secrets_[i].expose(), entropy)));
    }
    out.nodes.push_back(std::move(node));
  }
  return out;
}

const PathSecret& CreatedPath::secret_for(LeafIndex new_leaf) const {
  CHECK(new_leaf != sender_);
  const std::span<const PathStep> steps = steps_above(steps_, new_leaf);
  CHECK(!steps.empty());
  return secrets_[steps_.size() - steps.size()];
}

// RFC 9420 s.12.4.2.
Status merge_path(const CipherSuite& suite, RatchetTree& tree, LeafIndex sender, const UpdatePath& path,
                  std::span<const LeafIndex> new_leaves, ByteView group_id) {
  REQUIRE(tree.size().contains(sender), ErrorCode::invalid_tree, "sender of an update path");
  const std::vector<PathStep> steps = tree.filtered_direct_path(sender);
  REQUIRE(path.nodes.size() == steps.size(), ErrorCode::invalid_tree, "length of an update path");
  std::vector<HpkePublicKey> keys;
  for (std::size_t i = 0; i < steps.size(); ++i) {
    const std::size_t expected = recipients(tree, steps[i].copath, new_leaves).size();
    REQUIRE(path.nodes[i].encrypted_path_secret.size() == expected, ErrorCode::invalid_tree,
            "ciphertexts of an update path");
    TRY(crypto::kem_check_public_key(suite.hpke.kem, path.nodes[i].encryption_key));
    keys.push_back(path.nodes[i].encryption_key);
  }
  TRY(tree.check_new_keys(sender, path.leaf_node, keys));
  const RatchetTree::NewPath new_path = tree.new_path(sender, keys);
  const auto* parent_hash = std::get_if<ParentHash>(&path.leaf_node.origin);
  REQUIRE(parent_hash != nullptr && *parent_hash == new_path.leaf_parent_hash, ErrorCode::invalid_tree,
          "parent hash of a commit's leaf");
  const auto leaf = TRY(VerifiedLeafNode::from_commit(suite, path.leaf_node, LeafPosition{group_id, sender}));
  tree.merge_path(sender, leaf, new_path);
  return ok();
}

// RFC 9420 s.7.5: "the recipient decrypts the path secrets".
Result<CommitSecret> decrypt_path(const CipherSuite& suite, const RatchetTree& tree, LeafIndex sender,
                                  const UpdatePath& path, std::span<const LeafIndex> new_leaves, ByteView group_context,
                                  MemberKeys& keys) {
  const std::vector<PathStep> all_steps = tree.filtered_direct_path(sender);
  const std::span<const PathStep> steps = steps_above(all_steps, keys.self());
  CHECK(path.nodes.size() == all_steps.size() && !steps.empty() && keys.self() != sender);
  const std::size_t first = all_steps.size() - steps.size();

  const std::vector<NodeIndex> sealed_to = recipients(tree, steps.front().copath, new_leaves);
  const auto mine =
      std::find_if(sealed_to.begin(), sealed_to.end(), [&](NodeIndex x) { return keys.find(x) != nullptr; });
  REQUIRE(mine != sealed_to.end(), ErrorCode::crypto_failed, "path secret is not for this member");
  const auto& sealed = path.nodes[first].encrypted_path_secret[static_cast<std::size_t>(mine - sealed_to.begin())];
  const SecretBytes opened = TRY(decrypt_with_label(suite, *keys.find(*mine), kEncryptPathNode, group_context, sealed));
  REQUIRE(opened.size() == suite.hash_size(), ErrorCode::crypto_failed, "size of a path secret");

  DerivedKeys derived = TRY(derive_up(suite, tree, steps, PathSecret(opened.expose())));
  for (std::size_t i = 0; i < steps.size(); ++i) keys.keys_.insert_or_assign(steps[i].node, std::move(derived.keys[i]));
  keys.forget_blank(tree);
  return std::move(derived.commit_secret);
}

}  // namespace cairn::mls::internal
