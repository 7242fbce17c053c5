#include "core/mls/internal/tree_validation.h"

#include <gtest/gtest.h>

#include "core/mls/internal/tree_fixture.h"
#include "tests/support/seeded_entropy.h"

namespace cairn::mls::internal {
namespace {

//                     7 [3]
//            .----------+----------.
//            3 [3]                 _            Leaf 0 set nodes 1 and 3 when leaf 3 was blank; leaf 4 set
//       .----+----.           .----+----.       nodes 9 and 7. Then a key package came to leaf 3.
//       1         _           9         _
//      / \       / \         / \       / \      .
//     0   1     2   3       4   5     _   _
class TreeValidation : public ::testing::Test {
 protected:
  TreeValidation() : group_(suite(), random_) {
    group_.commit({0}, {.added = 5});
    group_.commit({2});
    group_.commit({0}, {.removed = {{3}}});
    group_.commit({4});
    group_.add(1);
    nodes_ = nodes_of(group_.tree());
  }

  LeafNode& leaf(std::uint32_t index) { return *nodes_.leaves.at(index); }
  ParentNode& parent_at(std::uint32_t x) { return *nodes_.parents.at(x / 2); }
  HpkePublicKey fresh_key() { return {crypto::kem_generate(suite().hpke.kem, random_).public_key}; }
  void sign_again(std::uint32_t index) { leaf(index) = *group_.sign_again({index}, leaf(index)); }

  // Whoever sends a tree sends the hash that goes with it.
  Result<RatchetTree> verify() {
    return verify_tree(suite(), nodes_, group_.group_id(), RatchetTree::trusted(suite(), nodes_).tree_hash());
  }
  void expect_refused(ErrorCode code, std::string_view where) {
    const auto tree = verify();
    ASSERT_FALSE(tree);
    EXPECT_EQ(tree.error().code, code);
    EXPECT_EQ(tree.error().where, where);
  }
  void expect_parent_hash_refused() { expect_refused(ErrorCode::invalid_tree, "parent hash"); }

  testing::SeededEntropy random_{21};
  TreeFixture group_;
  TreeNodes nodes_;
};

TEST_F(TreeValidation, AcceptsWhatAGroupMade) {
  const RatchetTree tree = must(verify());
  EXPECT_EQ(encoded(tree), encoded(group_.tree()));
  const std::vector<LeafIndex> unmerged = {{3}};
  EXPECT_EQ(parent_at(3).unmerged_leaves, unmerged);
  EXPECT_EQ(parent_at(7).unmerged_leaves, unmerged);
  EXPECT_FALSE(nodes_.parents.at(5 / 2));
  EXPECT_EQ(tree.parent_node({11}), nullptr);
}

TEST_F(TreeValidation, RefusesATreeOfAnotherHash) {
  TreeHash hash = group_.tree().tree_hash();
  hash.digest.mutable_view()[0] ^= 1;
  EXPECT_EQ(verify_tree(suite(), nodes_, group_.group_id(), hash).error().code, ErrorCode::invalid_tree);
}

TEST_F(TreeValidation, RefusesAnUnmergedLeafThatIsNoMemberBelow) {
  for (std::uint32_t stranger : {5u, 6u, 8u, kMaxLeaves, ~0u}) {
    parent_at(3).unmerged_leaves = {{3}, {stranger}};
    expect_refused(ErrorCode::invalid_tree, "unmerged leaf is no member below");
  }
}

TEST_F(TreeValidation, RefusesAnUnmergedLeafThatANodeBetweenDoesNotKnow) {
  parent_at(3).unmerged_leaves = {};
  expect_refused(ErrorCode::invalid_tree, "unmerged leaf unknown to a node between");
}

TEST_F(TreeValidation, RefusesUnmergedLeavesThatAreLeftOut) {
  parent_at(3).unmerged_leaves = {};
  parent_at(7).unmerged_leaves = {};
  expect_parent_hash_refused();
}

TEST_F(TreeValidation, RefusesUnmergedLeavesThatAreMadeUp) {
  parent_at(3).unmerged_leaves = {{2}, {3}};
  parent_at(7).unmerged_leaves = {{2}, {3}};
  expect_parent_hash_refused();
}

TEST_F(TreeValidation, RefusesAKeyThatNobodyBelowSet) {
  for (std::uint32_t x : {1u, 3u, 7u, 9u}) {
    const HpkePublicKey key = std::exchange(parent_at(x).encryption_key, fresh_key());
    expect_parent_hash_refused();
    parent_at(x).encryption_key = key;
  }
  EXPECT_TRUE(verify());
}

TEST_F(TreeValidation, RefusesAParentWhereThereWasNone) {
  nodes_.parents.at(5 / 2) = ParentNode{fresh_key(), {}, {{3}}};
  expect_parent_hash_refused();
  nodes_.parents.at(5 / 2) = ParentNode{fresh_key(), parent_at(1).parent_hash, {{3}}};
  expect_parent_hash_refused();
}

TEST_F(TreeValidation, RefusesATreeFromWhichAParentWasTaken) {
  nodes_.parents.at(3 / 2).reset();
  expect_parent_hash_refused();
}

TEST_F(TreeValidation, RefusesAChangedParentHash) {
  for (std::uint32_t x : {1u, 3u, 9u}) {
    parent_at(x).parent_hash.digest.mutable_view()[31] ^= 1;
    expect_parent_hash_refused();
    parent_at(x).parent_hash.digest.mutable_view()[31] ^= 1;
  }
  parent_at(7).parent_hash = parent_at(3).parent_hash;
  expect_parent_hash_refused();
}

TEST_F(TreeValidation, RefusesASignedLeafWithAnotherParentHash) {
  leaf(0).origin = parent_at(1).parent_hash;
  sign_again(0);
  expect_parent_hash_refused();
}

TEST_F(TreeValidation, RefusesAChainThatEndsAtALeafWithoutAParentHash) {
  leaf(4).origin = FromUpdate{};
  sign_again(4);
  expect_parent_hash_refused();
}

TEST_F(TreeValidation, RefusesAnEncryptionKeyThatStandsTwice) {
  const TreeNodes good = nodes_;
  leaf(1).encryption_key = leaf(5).encryption_key;
  expect_refused(ErrorCode::duplicate, "encryption keys of a tree");
  nodes_ = good;
  parent_at(9).encryption_key = parent_at(7).encryption_key;
  expect_refused(ErrorCode::duplicate, "encryption keys of a tree");
  nodes_ = good;
  parent_at(9).encryption_key = leaf(3).encryption_key;
  expect_refused(ErrorCode::duplicate, "encryption keys of a tree");
}

TEST_F(TreeValidation, RefusesASignatureKeyThatStandsTwice) {
  leaf(3).signature_key = leaf(2).signature_key;
  expect_refused(ErrorCode::duplicate, "signature keys of a tree");
}

TEST_F(TreeValidation, RefusesAParentKeyThatIsNoneOfTheSuite) {
  parent_at(9).encryption_key.bytes.push_back(0);
  const auto tree = verify();
  ASSERT_FALSE(tree);
  EXPECT_NE(tree.error().where, std::string_view("parent hash"));
}

// Leaf 3 is the one that no parent hash covers.
TEST_F(TreeValidation, RefusesALeafWithABadSignature) {
  const TreeNodes good = nodes_;
  leaf(3).signature.bytes[5] ^= 1;
  EXPECT_EQ(verify().error().code, ErrorCode::invalid_signature);
  nodes_ = good;
  leaf(3).credential = Credential::basic(to_bytes("somebody else"));
  EXPECT_EQ(verify().error().code, ErrorCode::invalid_signature);
  nodes_ = good;
  leaf(3).encryption_key = fresh_key();
  EXPECT_EQ(verify().error().code, ErrorCode::invalid_signature);
}

TEST_F(TreeValidation, RefusesTheTreeOfAnotherGroup) {
  const auto tree = verify_tree(suite(), nodes_, as_bytes("another group"), group_.tree().tree_hash());
  ASSERT_FALSE(tree);
  EXPECT_EQ(tree.error().code, ErrorCode::invalid_signature);
}

TEST_F(TreeValidation, RefusesALeafWhoseCapabilitiesDenyItself) {
  leaf(3).capabilities.credentials = {};
  sign_again(3);
  expect_refused(ErrorCode::invalid_tree, "leaf's own credential type");
}

TEST_F(TreeValidation, AsksEveryMemberForWhatTheGroupRequires) {
  const auto answer = [&](const RequiredCapabilities& required) { return check_support(group_.tree(), required); };
  EXPECT_TRUE(answer({}));
  EXPECT_TRUE(answer({{extension_type::kExternalSenders}, {1, 7}, {1}}));
  for (const RequiredCapabilities& required :
       {RequiredCapabilities{{0xF000}, {}, {}}, RequiredCapabilities{{}, {8}, {}}, RequiredCapabilities{{}, {0}, {}},
        RequiredCapabilities{{}, {}, {2}}}) {
    EXPECT_EQ(answer(required).error().code, ErrorCode::unsupported);
  }
}

TEST_F(TreeValidation, WantsEveryCredentialTypeInUseSupportedByAll) {
  leaf(3).credential = must(wire::decode<Credential>(Bytes{0, 2, 3, 2, 'c', 'c'}));
  leaf(3).capabilities.credentials = {1, 2};
  EXPECT_EQ(check_support(RatchetTree::trusted(suite(), nodes_), {}).error().code, ErrorCode::unsupported);
  for (auto& member : nodes_.leaves) {
    if (member) member->capabilities.credentials = {1, 2};
  }
  EXPECT_TRUE(check_support(RatchetTree::trusted(suite(), nodes_), {}));
}

}  // namespace
}  // namespace cairn::mls::internal
