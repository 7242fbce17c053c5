#include "core/mls/internal/tree_kem.h"

#include <gtest/gtest.h>

#include "core/mls/internal/tree_fixture.h"
#include "tests/support/seeded_entropy.h"

namespace cairn::mls::internal {
namespace {

Bytes bytes_of(const MemberKeys& keys) { return to_bytes(wire::encode_secret(keys).expose()); }

// The tree invariant (RFC 9420 s.4.2): a member holds the private keys of exactly the nodes above it at which it is
// not unmerged.
void expect_tree_invariant(TreeFixture& group) {
  const RatchetTree& tree = group.tree();
  for (const auto& [index, member] : group.members()) {
    for (NodeIndex x{0}; tree.size().contains(x); ++x.value) {
      const ParentNode* node = tree.parent_node(x);
      const bool is_own = x == node_of(index);
      const bool holds =
          is_own || (node != nullptr && is_below(node_of(index), x) &&
                     !std::binary_search(node->unmerged_leaves.begin(), node->unmerged_leaves.end(), index));
      const crypto::KemPrivateKey* key = member.keys.find(x);
      ASSERT_EQ(key != nullptr, holds) << "leaf " << index.value << " node " << x.value;
      if (key == nullptr) continue;
      ASSERT_EQ(must(crypto::kem_public_key(suite().hpke.kem, *key)), tree.encryption_key(x)->bytes);
    }
  }
}

TEST(TreeKem, KeepsAllMembersInAgreementWhateverHappens) {
  testing::SeededEntropy random(31);
  TreeFixture group(suite(), random);
  for (int round = 0; round < 120; ++round) {
    const LeafIndex sender = random_member(group, random);
    FixtureChanges changes;
    if (group.members().size() < 14) changes.added = random.below(3);
    for (std::uint64_t i = random.below(3); i > 0; --i) {
      const LeafIndex other = random_member(group, random);
      const auto listed = [&](const auto& list) { return std::find(list.begin(), list.end(), other) != list.end(); };
      if (other == sender || listed(changes.removed) || listed(changes.updated)) continue;
      (random.below(2) == 0 ? changes.updated : changes.removed).push_back(other);
    }
    group.commit(sender, changes);
    if (random.below(4) == 0 && group.members().size() < 14) group.add(1);
    ASSERT_NO_FATAL_FAILURE(expect_tree_invariant(group)) << "round " << round;
    ASSERT_TRUE(verify_tree(suite(), nodes_of(group.tree()), group.group_id(), group.tree().tree_hash()))
        << "round " << round;
  }
}

TEST(TreeKem, WorksInEverySuite) {
  for (const CipherSuite& row : cipher_suites()) {
    testing::SeededEntropy random(32);
    TreeFixture group(row, random);
    group.commit({0}, {.added = 4});
    group.commit({3}, {.removed = {{1}}, .added = 2});
    group.commit({2}, {.updated = {{0}}});
    EXPECT_TRUE(verify_tree(row, nodes_of(group.tree()), group.group_id(), group.tree().tree_hash())) << row.name;
  }
}

TEST(TreeKem, ReadsBackTheKeysOfAMember) {
  testing::SeededEntropy random(33);
  TreeFixture group(suite(), random);
  group.commit({0}, {.added = 4});
  const Bytes bytes = bytes_of(group.members().at({3}).keys);
  EXPECT_EQ(bytes_of(must(wire::decode<MemberKeys>(bytes))), bytes);
  EXPECT_EQ(bytes_of(group.members().at({3}).keys.clone()), bytes);
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_FALSE(wire::decode<MemberKeys>(ByteView(bytes).first(size)));
  }
  EXPECT_FALSE(wire::decode<MemberKeys>(Bytes{0, 0, 0, 3, 0}));
  EXPECT_FALSE(wire::decode<MemberKeys>(Bytes{0, 0, 0, 0, 6, 0, 0, 0, 2, 1, 9}));
}

TEST(TreeKem, LetsAnExternalJoinerSetAPath) {
  testing::SeededEntropy random(34);
  TreeFixture group(suite(), random);
  group.commit({0}, {.added = 3});
  RatchetTree staged = group.tree();
  const LeafIndex place = must(staged.reserve());
  const FixtureCandidate joiner = group.candidate();
  RatchetTree theirs = staged;
  CreatedPath created =
      must(CreatedPath::create(suite(), staged, place, *joiner.leaf, joiner.signature_key, group.group_id(), random));
  const Bytes context = group.context(staged);
  const UpdatePath path = must(created.seal(suite(), staged, {}, context, random));
  must(merge_path(suite(), theirs, place, path, {}, group.group_id()));
  EXPECT_EQ(theirs.tree_hash(), staged.tree_hash());
  for (auto& [index, member] : group.members()) {
    const auto secret = must(decrypt_path(suite(), theirs, place, path, {}, context, member.keys));
    EXPECT_EQ(secret.size(), suite().hash_size());
  }
}

// A commit by leaf 2 of seven, which adds leaf 7 and will be spoiled before the others see it.
class ReceivedPath : public ::testing::Test {
 protected:
  ReceivedPath() : group_(suite(), random_), tree_(prepared()) {
    CreatedPath created = group_.create(tree_, {2});
    context_ = group_.context(tree_);
    path_ = must(created.seal(suite(), tree_, new_leaves_, context_, random_));
    new_leaf_secret_ = created.secret_for({7}).clone();
    tree_after_ = std::make_unique<RatchetTree>(std::exchange(tree_, *before_));
  }

  RatchetTree prepared() {
    group_.commit({0}, {.added = 6});
    group_.commit({4});
    RatchetTree out = group_.tree();
    FixtureCandidate newcomer = group_.candidate();
    new_leaves_ = {must(out.add(newcomer.leaf))};
    newcomer_ = std::make_unique<MemberKeys>(new_leaves_[0], std::move(newcomer.encryption_key));
    before_ = std::make_unique<RatchetTree>(out);
    return out;
  }

  // The sender signs whatever stands in the path, with the parent hash that goes with it.
  void sign_again() {
    std::vector<HpkePublicKey> keys;
    for (const UpdatePathNode& node : path_.nodes) keys.push_back(node.encryption_key);
    path_.leaf_node.origin = tree_.new_path({2}, keys).leaf_parent_hash;
    path_.leaf_node = *group_.sign_again({2}, path_.leaf_node);
  }

  Status merge(LeafIndex sender = {2}) {
    return merge_path(suite(), tree_, sender, path_, new_leaves_, group_.group_id());
  }
  void expect_refused(ErrorCode code, std::string_view where) {
    const Bytes before = encoded(tree_);
    const Status status = merge();
    ASSERT_FALSE(status);
    EXPECT_EQ(status.error().code, code);
    EXPECT_EQ(status.error().where, where);
    EXPECT_EQ(encoded(tree_), before);
  }
  HpkePublicKey fresh_key() { return {crypto::kem_generate(suite().hpke.kem, random_).public_key}; }

  Result<CommitSecret> decrypt(MemberKeys& keys) {
    return decrypt_path(suite(), tree_, {2}, path_, new_leaves_, context_, keys);
  }

  testing::SeededEntropy random_{35};
  std::vector<LeafIndex> new_leaves_;
  std::unique_ptr<MemberKeys> newcomer_;
  std::unique_ptr<RatchetTree> before_;
  TreeFixture group_;
  RatchetTree tree_;
  std::unique_ptr<RatchetTree> tree_after_;
  UpdatePath path_;
  Bytes context_;
  PathSecret new_leaf_secret_;
};

TEST_F(ReceivedPath, GivesEverybodyTheTreeOfTheSender) {
  must(merge());
  EXPECT_EQ(encoded(tree_), encoded(*tree_after_));
  for (std::uint32_t index : {0u, 1u, 3u, 4u, 5u, 6u}) {
    EXPECT_TRUE(decrypt(group_.members().at({index}).keys)) << index;
  }
  EXPECT_TRUE(newcomer_->implant(suite(), tree_, {2}, std::move(new_leaf_secret_)));
}

TEST_F(ReceivedPath, IsReadBackAsItWasWritten) {
  const Bytes bytes = wire::encode(path_);
  EXPECT_EQ(must(wire::decode<UpdatePath>(bytes)), path_);
  for (std::size_t size = 0; size < bytes.size(); size += 7) {
    EXPECT_FALSE(wire::decode<UpdatePath>(ByteView(bytes).first(size)));
  }
}

TEST_F(ReceivedPath, IsRefusedWhenANodeIsMissingOrOver) {
  const UpdatePathNode last = path_.nodes.back();
  path_.nodes.pop_back();
  expect_refused(ErrorCode::invalid_tree, "length of an update path");
  path_.nodes.push_back(last);
  path_.nodes.push_back({fresh_key(), {}});
  expect_refused(ErrorCode::invalid_tree, "length of an update path");
}

TEST_F(ReceivedPath, IsRefusedWhenACiphertextIsMissingOrOver) {
  auto& sealed = path_.nodes.back().encrypted_path_secret;
  sealed.push_back(sealed.front());
  expect_refused(ErrorCode::invalid_tree, "ciphertexts of an update path");
  sealed.pop_back();
  sealed.pop_back();
  expect_refused(ErrorCode::invalid_tree, "ciphertexts of an update path");
}

TEST_F(ReceivedPath, IsRefusedWhenItSealsToANewLeaf) {
  new_leaves_.clear();
  expect_refused(ErrorCode::invalid_tree, "ciphertexts of an update path");
}

TEST_F(ReceivedPath, IsRefusedWhenTheLeafHasAnotherParentHash) {
  auto& parent_hash = std::get<ParentHash>(path_.leaf_node.origin);
  parent_hash.digest.mutable_view()[0] ^= 1;
  path_.leaf_node = *group_.sign_again({2}, path_.leaf_node);
  expect_refused(ErrorCode::invalid_tree, "parent hash of a commit's leaf");
}

TEST_F(ReceivedPath, IsRefusedWhenAKeyIsNotTheSignedOne) {
  path_.nodes[1].encryption_key = fresh_key();
  expect_refused(ErrorCode::invalid_tree, "parent hash of a commit's leaf");
}

TEST_F(ReceivedPath, IsRefusedWhenTheLeafIsNotOfACommit) {
  path_.leaf_node.origin = FromUpdate{};
  path_.leaf_node = *group_.sign_again({2}, path_.leaf_node);
  expect_refused(ErrorCode::invalid_tree, "parent hash of a commit's leaf");
  path_.leaf_node.origin = Lifetime{0, 1};
  path_.leaf_node = *group_.sign_again({2}, path_.leaf_node);
  expect_refused(ErrorCode::invalid_tree, "parent hash of a commit's leaf");
}

TEST_F(ReceivedPath, IsRefusedWhenTheSignatureDoesNotHold) {
  path_.leaf_node.signature.bytes[0] ^= 1;
  EXPECT_EQ(merge().error().code, ErrorCode::invalid_signature);
  path_.leaf_node.signature.bytes[0] ^= 1;
  const auto status = merge_path(suite(), tree_, {2}, path_, new_leaves_, as_bytes("another group"));
  EXPECT_EQ(status.error().code, ErrorCode::invalid_signature);
  EXPECT_TRUE(merge());
}

TEST_F(ReceivedPath, IsRefusedFromAnotherPlace) {
  EXPECT_FALSE(merge({0}));
  EXPECT_FALSE(merge({3}));
  EXPECT_EQ(merge({8}).error().code, ErrorCode::invalid_tree);
  EXPECT_EQ(merge({~0u}).error().code, ErrorCode::invalid_tree);
}

TEST_F(ReceivedPath, IsRefusedWhenAKeyIsNotNew) {
  const UpdatePath good = path_;
  path_.leaf_node.encryption_key = tree_.leaf({2})->encryption_key;
  sign_again();
  expect_refused(ErrorCode::duplicate, "encryption key of a leaf");
  path_ = good;
  path_.leaf_node.signature_key = tree_.leaf({5})->signature_key;
  expect_refused(ErrorCode::duplicate, "signature key of a leaf");
  for (const HpkePublicKey& used : {tree_.leaf({6})->encryption_key, *tree_.encryption_key(tree_.size().root()),
                                    good.nodes[0].encryption_key, good.leaf_node.encryption_key}) {
    path_ = good;
    path_.nodes.back().encryption_key = used;
    sign_again();
    expect_refused(ErrorCode::duplicate, "key of an update path");
  }
}

TEST_F(ReceivedPath, IsRefusedWhenAKeyIsNoneOfTheSuite) {
  path_.nodes[0].encryption_key.bytes.pop_back();
  sign_again();
  EXPECT_FALSE(merge());
}

TEST_F(ReceivedPath, CannotBeReadWhenACiphertextOrTheContextIsAnother) {
  must(merge());
  MemberKeys& keys = group_.members().at({6}).keys;
  const Bytes before = bytes_of(keys);
  auto& sealed = path_.nodes.back().encrypted_path_secret;
  for (HpkeCiphertext& one : sealed) one.ciphertext[3] ^= 1;
  EXPECT_EQ(decrypt(keys).error().code, ErrorCode::crypto_failed);
  for (HpkeCiphertext& one : sealed) one.ciphertext[3] ^= 1;
  context_[0] ^= 1;
  EXPECT_EQ(decrypt(keys).error().code, ErrorCode::crypto_failed);
  context_[0] ^= 1;
  EXPECT_EQ(bytes_of(keys), before);
  EXPECT_TRUE(decrypt(keys));
}

TEST_F(ReceivedPath, IsRefusedWhenASecretGivesOtherKeysThanThePath) {
  path_.nodes.back().encryption_key = fresh_key();
  sign_again();
  must(merge());
  context_ = group_.context(*tree_after_);
  for (std::uint32_t index : {0u, 3u, 6u}) {
    MemberKeys& keys = group_.members().at({index}).keys;
    const Bytes before = bytes_of(keys);
    const auto secret = decrypt(keys);
    ASSERT_FALSE(secret);
    EXPECT_EQ(secret.error().code, ErrorCode::invalid_tree);
    EXPECT_EQ(bytes_of(keys), before);
  }
}

TEST_F(ReceivedPath, GivesANewcomerNothingForAWrongSecret) {
  must(merge());
  const Bytes before = bytes_of(*newcomer_);
  PathSecret wrong = new_leaf_secret_.clone();
  wrong.expose_mutable()[0] ^= 1;
  EXPECT_EQ(newcomer_->implant(suite(), tree_, {2}, std::move(wrong)).error().code, ErrorCode::invalid_tree);
  EXPECT_EQ(newcomer_->implant(suite(), tree_, {7}, new_leaf_secret_.clone()).error().code, ErrorCode::invalid_tree);
  EXPECT_EQ(bytes_of(*newcomer_), before);
  EXPECT_TRUE(newcomer_->implant(suite(), tree_, {2}, std::move(new_leaf_secret_)));
}

}  // namespace
}  // namespace cairn::mls::internal
