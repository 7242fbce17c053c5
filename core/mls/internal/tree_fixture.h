// A group's tree and what each member holds of it, without any messages: for tests, fuzzers and benchmarks.
#pragma once

#include "core/mls/internal/tree_kem.h"
#include "core/mls/internal/tree_validation.h"
#include "tests/support/seeded_entropy.h"

namespace cairn::mls::internal {

/// The value of a Result that a test knows to be one.
template <class T>
T must(Result<T> result) {
  if (!result) check_failed(result.error().where, 0, to_string(result.error().code));
  return std::move(*result);
}
inline void must(Status status) {
  if (!status) check_failed(status.error().where, 0, to_string(status.error().code));
}

/// What most tests of trees use.
inline const CipherSuite& suite() { return cipher_suite(SuiteId::x25519_aes128); }

/// A tree in its wire form, to be read again and spoiled.
inline Bytes encoded(const RatchetTree& tree) {
  wire::Writer writer;
  tree.write(writer);
  return writer.take();
}
inline TreeNodes nodes_of(const RatchetTree& tree) { return must(wire::decode<TreeNodes>(encoded(tree))); }

struct FixtureMember {
  crypto::SignaturePrivateKey signature_key;
  MemberKeys keys;
};

/// What a commit changes beside the sender's path.
struct FixtureChanges {
  std::vector<LeafIndex> updated = {};
  std::vector<LeafIndex> removed = {};
  std::size_t added = 0;
};

/// A commit as it is sent, and the tree to which its proposals were applied.
struct FixtureCommit {
  RatchetTree before_path;
  std::vector<LeafIndex> new_leaves;
  UpdatePath path;
};

/// One who can be added.
struct FixtureCandidate {
  VerifiedLeafNode leaf;
  crypto::SignaturePrivateKey signature_key;
  crypto::KemPrivateKey encryption_key;
};

class TreeFixture {
 public:
  /// A group of one.
  TreeFixture(const CipherSuite& suite, Entropy& entropy) : suite_(suite), entropy_(entropy), tree_(with_creator()) {}

  const CipherSuite& suite() const { return suite_; }
  Entropy& entropy() { return entropy_; }
  ByteView group_id() const { return group_id_; }
  RatchetTree& tree() { return tree_; }
  /// What everybody who is in it holds; members may be taken out to make a test faster.
  std::map<LeafIndex, FixtureMember>& members() { return members_; }

  /// Anything that covers the tree can stand for the provisional GroupContext.
  Bytes context(const RatchetTree& tree) const { return to_bytes(tree.tree_hash().view()); }

  /// A leaf with fresh keys as a KeyPackage has it; not signed.
  FixtureCandidate candidate() {
    crypto::SignatureKeyPair signature = crypto::generate_signature_key(suite_.signature, entropy_);
    crypto::KemKeyPair encryption = crypto::kem_generate(suite_.hpke.kem, entropy_);
    LeafNode leaf;
    leaf.encryption_key = {std::move(encryption.public_key)};
    leaf.signature_key = {std::move(signature.public_key)};
    leaf.credential = Credential::basic(to_bytes("member " + std::to_string(++names_)));
    leaf.capabilities = {{kVersionMls10}, {suite_.number()}, {}, {}, {1}};
    leaf.origin = Lifetime{0, ~std::uint64_t{0}};
    auto signed_leaf = must(VerifiedLeafNode::sign(suite_, signature.private_key, leaf, std::nullopt));
    return {std::move(signed_leaf), std::move(signature.private_key), std::move(encryption.private_key)};
  }

  /// A member's leaf with a fresh encryption key, for an Update; the key is the member's from now on.
  VerifiedLeafNode update_leaf(LeafIndex index) {
    crypto::KemKeyPair encryption = crypto::kem_generate(suite_.hpke.kem, entropy_);
    LeafNode leaf = *tree_.leaf(index);
    leaf.encryption_key = {std::move(encryption.public_key)};
    leaf.origin = FromUpdate{};
    FixtureMember& member = members_.at(index);
    member.keys.replace_leaf_key(std::move(encryption.private_key));
    return sign_again(index, std::move(leaf));
  }

  /// The leaf with a signature of this member's for this place.
  VerifiedLeafNode sign_again(LeafIndex index, LeafNode leaf) const {
    return must(VerifiedLeafNode::sign(suite_, members_.at(index).signature_key, std::move(leaf),
                                       LeafPosition{group_id_, index}));
  }

  /// A commit with a path, made by one member and processed by all others; newcomers take up its secret. Aborts when
  /// they do not agree. The sender is neither updated nor removed.
  FixtureCommit commit(LeafIndex sender, const FixtureChanges& changes = {}) {
    RatchetTree staged = tree_;
    for (LeafIndex index : changes.updated) must(staged.update(index, update_leaf(index)));
    for (LeafIndex index : changes.removed) {
      must(staged.remove(index));
      members_.erase(index);
    }
    const std::vector<LeafIndex> new_leaves = add_to(staged, changes.added);
    RatchetTree before_path = staged;
    CreatedPath created = create(staged, sender);
    const Bytes group_context = context(staged);
    UpdatePath path = must(created.seal(suite_, staged, new_leaves, group_context, entropy_));
    const CommitSecret commit_secret = created.take_commit_secret();
    for (auto& [index, member] : members_) {
      if (index == sender) {
        member.keys = created.take_keys();
      } else if (std::find(new_leaves.begin(), new_leaves.end(), index) != new_leaves.end()) {
        must(member.keys.implant(suite_, staged, sender, created.secret_for(index).clone()));
      } else {
        RatchetTree theirs = before_path;
        must(merge_path(suite_, theirs, sender, path, new_leaves, group_id_));
        CHECK(theirs.tree_hash() == staged.tree_hash());
        const auto learned = must(decrypt_path(suite_, theirs, sender, path, new_leaves, group_context, member.keys));
        CHECK(equal(learned.expose(), commit_secret.expose()));
      }
    }
    tree_ = std::move(staged);
    return {std::move(before_path), new_leaves, std::move(path)};
  }

  /// A commit of which nothing is sent: those in members() take its secret up as newcomers do.
  void commit_unsent(LeafIndex sender) {
    CreatedPath created = create(tree_, sender);
    for (auto& [index, member] : members_) {
      if (index == sender) continue;
      must(member.keys.implant(suite_, tree_, sender, created.secret_for(index).clone()));
    }
    members_.at(sender).keys = created.take_keys();
  }

  /// Puts newcomers into the tree without a path.
  void add(std::size_t count) { add_to(tree_, count); }

  CreatedPath create(RatchetTree& staged, LeafIndex sender) const {
    return must(CreatedPath::create(suite_, staged, sender, *staged.leaf(sender), members_.at(sender).signature_key,
                                    group_id_, entropy_));
  }

 private:
  RatchetTree with_creator() {
    FixtureCandidate creator = candidate();
    RatchetTree out(suite_, creator.leaf);
    members_.emplace(LeafIndex{0}, FixtureMember{std::move(creator.signature_key),
                                                 {LeafIndex{0}, std::move(creator.encryption_key)}});
    return out;
  }

  std::vector<LeafIndex> add_to(RatchetTree& staged, std::size_t count) {
    std::vector<LeafIndex> out;
    for (std::size_t i = 0; i < count; ++i) {
      FixtureCandidate newcomer = candidate();
      const LeafIndex index = must(staged.add(newcomer.leaf));
      members_.emplace(index,
                       FixtureMember{std::move(newcomer.signature_key), {index, std::move(newcomer.encryption_key)}});
      out.push_back(index);
    }
    return out;
  }

  const CipherSuite& suite_;
  Entropy& entropy_;
  const Bytes group_id_ = to_bytes("the group of the fixture");
  std::map<LeafIndex, FixtureMember> members_;
  std::size_t names_ = 0;
  RatchetTree tree_;
};

inline LeafIndex random_member(TreeFixture& group, testing::SeededEntropy& random) {
  auto it = group.members().begin();
  std::advance(it, random.below(group.members().size()));
  return it->first;
}

}  // namespace cairn::mls::internal
