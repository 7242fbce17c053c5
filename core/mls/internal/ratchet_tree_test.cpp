#include "core/mls/internal/ratchet_tree.h"

#include <gtest/gtest.h>

#include "core/mls/internal/tree_fixture.h"
#include "tests/support/seeded_entropy.h"

namespace cairn::mls::internal {
namespace {

// RFC 9420 s.4.1.1, word for word.
void naive_resolution(const RatchetTree& tree, NodeIndex x, std::vector<NodeIndex>& out) {
  if (tree.encryption_key(x) != nullptr) {
    out.push_back(x);
    if (is_leaf(x)) return;
    for (LeafIndex unmerged : tree.parent_node(x)->unmerged_leaves) out.push_back(node_of(unmerged));
  } else if (!is_leaf(x)) {
    naive_resolution(tree, left(x), out);
    naive_resolution(tree, right(x), out);
  }
}

std::vector<NodeIndex> naive_resolution(const RatchetTree& tree, NodeIndex x) {
  std::vector<NodeIndex> out;
  naive_resolution(tree, x, out);
  return out;
}

// The tree read again from its bytes remembers no hash.
void expect_same_as_from_scratch(const RatchetTree& tree) {
  const RatchetTree fresh = RatchetTree::trusted(suite(), nodes_of(tree));
  ASSERT_EQ(fresh.size(), tree.size());
  ASSERT_EQ(encoded(fresh), encoded(tree));
  for (NodeIndex x{0}; tree.size().contains(x); ++x.value) {
    ASSERT_EQ(fresh.tree_hash(x), tree.tree_hash(x)) << x.value;
    ASSERT_EQ(tree.resolution(x), naive_resolution(tree, x)) << x.value;
  }
}

void expect_filtered_paths(const RatchetTree& tree) {
  for (LeafIndex i{0}; tree.size().contains(i); ++i.value) {
    std::vector<NodeIndex> expected;
    for (const PathStep& step : direct_path(i, tree.size())) {
      ASSERT_EQ(parent(step.child), step.node);
      ASSERT_EQ(sibling(step.child), step.copath);
      if (!naive_resolution(tree, step.copath).empty()) expected.push_back(step.node);
    }
    std::vector<NodeIndex> actual;
    for (const PathStep& step : tree.filtered_direct_path(i)) actual.push_back(step.node);
    ASSERT_EQ(actual, expected);
  }
}

TEST(RatchetTree, RemembersNoHashThatAChangeMadeWrong) {
  testing::SeededEntropy random(11);
  TreeFixture group(suite(), random);
  for (int round = 0; round < 300; ++round) {
    RatchetTree& tree = group.tree();
    (void)tree.tree_hash();
    const LeafIndex chosen = random_member(group, random);
    switch (random.below(4)) {
      case 0:
      case 1:
        if (group.members().size() < 24) group.add(1 + random.below(3));
        break;
      case 2: must(tree.update(chosen, group.update_leaf(chosen))); break;
      default:
        if (group.members().size() == 1) break;
        must(tree.remove(chosen));
        group.members().erase(chosen);
    }
    if (random.below(3) == 0) group.create(tree, random_member(group, random));
    ASSERT_EQ(tree.member_count(), group.members().size());
    ASSERT_NO_FATAL_FAILURE(expect_same_as_from_scratch(tree)) << "round " << round;
    ASSERT_NO_FATAL_FAILURE(expect_filtered_paths(tree)) << "round " << round;
  }
}

TEST(RatchetTree, KeepsASnapshotAsItWas) {
  testing::SeededEntropy random(12);
  TreeFixture group(suite(), random);
  group.commit({0}, {.added = 6});
  const RatchetTree snapshot = group.tree();
  const Bytes before = encoded(snapshot);
  group.commit({2}, {.updated = {{3}}, .removed = {{6}, {5}}, .added = 4});
  EXPECT_NE(encoded(group.tree()), before);
  EXPECT_EQ(encoded(snapshot), before);
  ASSERT_NO_FATAL_FAILURE(expect_same_as_from_scratch(snapshot));
}

TEST(RatchetTree, PutsNewcomersOnTheLeftmostBlankLeaf) {
  testing::SeededEntropy random(13);
  TreeFixture group(suite(), random);
  group.add(4);
  EXPECT_EQ(group.tree().size().leaves(), 8u);
  must(group.tree().remove({1}));
  must(group.tree().remove({3}));
  EXPECT_EQ(must(group.tree().add(group.candidate().leaf)), LeafIndex{1});
  EXPECT_EQ(must(group.tree().add(group.candidate().leaf)), LeafIndex{3});
  EXPECT_EQ(must(group.tree().reserve()), LeafIndex{5});
  EXPECT_EQ(group.tree().leaf({5}), nullptr);
}

TEST(RatchetTree, NotesANewcomerAsUnmergedAboveItsLeaf) {
  testing::SeededEntropy random(14);
  TreeFixture group(suite(), random);
  group.commit({0}, {.added = 3});
  group.commit({2});
  must(group.tree().remove({3}));
  const LeafIndex index = must(group.tree().add(group.candidate().leaf));
  EXPECT_EQ(index, LeafIndex{3});
  EXPECT_EQ(group.tree().parent_node({3}), nullptr);
  group.commit_unsent({0});
  EXPECT_TRUE(group.tree().parent_node({3})->unmerged_leaves.empty());
  must(group.tree().add(group.candidate().leaf));
  must(group.tree().add(group.candidate().leaf));
  EXPECT_TRUE(group.tree().parent_node({3})->unmerged_leaves.empty());
  group.commit_unsent({0});
  EXPECT_EQ(must(group.tree().add(group.candidate().leaf)), LeafIndex{6});
  EXPECT_EQ(group.tree().parent_node({7})->unmerged_leaves, std::vector<LeafIndex>{{6}});
}

TEST(RatchetTree, IsTruncatedWhenItsRightHalfIsEmpty) {
  testing::SeededEntropy random(15);
  TreeFixture group(suite(), random);
  group.add(4);
  must(group.tree().remove({3}));
  must(group.tree().remove({2}));
  EXPECT_EQ(group.tree().size().leaves(), 8u);
  must(group.tree().remove({4}));
  EXPECT_EQ(group.tree().size().leaves(), 2u);
}

TEST(RatchetTree, TakesNoKeyTwice) {
  testing::SeededEntropy random(16);
  TreeFixture group(suite(), random);
  group.commit({0}, {.added = 3});
  RatchetTree& tree = group.tree();
  const Bytes before = encoded(tree);
  const auto expect_duplicate = [&](const LeafNode& leaf) {
    EXPECT_EQ(tree.add(VerifiedLeafNode::trusted(leaf)).error().code, ErrorCode::duplicate);
    EXPECT_EQ(tree.update({1}, VerifiedLeafNode::trusted(leaf)).error().code, ErrorCode::duplicate);
  };
  LeafNode leaf = *group.candidate().leaf;
  leaf.encryption_key = tree.leaf({2})->encryption_key;
  expect_duplicate(leaf);
  leaf.encryption_key = tree.parent_node(tree.size().root())->encryption_key;
  expect_duplicate(leaf);
  leaf = *group.candidate().leaf;
  leaf.signature_key = tree.leaf({2})->signature_key;
  expect_duplicate(leaf);
  leaf = *group.candidate().leaf;
  leaf.encryption_key = tree.leaf({1})->encryption_key;
  EXPECT_EQ(tree.update({1}, VerifiedLeafNode::trusted(leaf)).error().code, ErrorCode::duplicate);
  EXPECT_EQ(encoded(tree), before);
}

TEST(RatchetTree, RefusesToChangeWhoIsNotThere) {
  testing::SeededEntropy random(17);
  TreeFixture group(suite(), random);
  group.add(2);
  const auto leaf = group.candidate().leaf;
  for (std::uint32_t absent : {3u, 4u, kMaxLeaves, ~0u}) {
    EXPECT_EQ(group.tree().update({absent}, leaf).error().code, ErrorCode::not_found);
    EXPECT_EQ(group.tree().remove({absent}).error().code, ErrorCode::not_found);
    EXPECT_EQ(group.tree().leaf({absent}), nullptr);
  }
}

TEST(RatchetTree, HasRoomForTheGreatestGroupAndNoMore) {
  testing::SeededEntropy random(18);
  TreeFixture group(suite(), random);
  LeafNode leaf = *group.candidate().leaf;
  const auto next = [&] {
    random.fill(leaf.encryption_key.bytes);
    random.fill(leaf.signature_key.bytes);
    return group.tree().add(VerifiedLeafNode::trusted(leaf));
  };
  for (std::uint32_t i = 1; i < kMaxLeaves; ++i) ASSERT_TRUE(next());
  EXPECT_EQ(group.tree().size().leaves(), kMaxLeaves);
  EXPECT_EQ(next().error().code, ErrorCode::over_limit);
  EXPECT_EQ(group.tree().reserve().error().code, ErrorCode::over_limit);
  EXPECT_EQ(nodes_of(group.tree()).leaves.size(), kMaxLeaves);
}

TEST(RatchetTree, HasSnapshotsThatChangeByThemselves) {
  testing::SeededEntropy random(21);
  TreeFixture group(suite(), random);
  group.commit({0}, {.added = 5});
  const RatchetTree stored = RatchetTree::trusted(suite(), nodes_of(group.tree()));  // knows no hash yet
  RatchetTree changed = stored.snapshot();
  EXPECT_EQ(changed.tree_hash(), group.tree().tree_hash());
  must(changed.remove({2}));
  EXPECT_EQ(stored.tree_hash(), group.tree().tree_hash());
  EXPECT_EQ(changed.tree_hash(), RatchetTree::trusted(suite(), nodes_of(changed)).tree_hash());
  EXPECT_NE(changed.tree_hash(), stored.tree_hash());
}

// A ratchet_tree whose entries are given as they stand on the wire.
ErrorCode refusal_of(std::initializer_list<ByteView> entries) {
  wire::Writer writer;
  writer.opaque(concat(entries));
  const auto read = wire::decode<TreeNodes>(writer.view());
  return read ? ErrorCode{} : read.error().code;
}

TEST(RatchetTree, ReadsOneEncodingOnly) {
  testing::SeededEntropy random(19);
  TreeFixture group(suite(), random);
  const Bytes leaf = concat({Bytes{1, 1}, wire::encode(*group.candidate().leaf)});
  const Bytes parent = concat({Bytes{1, 2}, wire::encode(ParentNode{{Bytes(32)}, {}, {{0}, {2}}})});
  const Bytes disordered = concat({Bytes{1, 2}, wire::encode(ParentNode{{Bytes(32)}, {}, {{2}, {0}}})});
  const Bytes repeated = concat({Bytes{1, 2}, wire::encode(ParentNode{{Bytes(32)}, {}, {{2}, {2}}})});
  const Bytes blank{0};
  EXPECT_EQ(refusal_of({leaf, parent, leaf}), ErrorCode{});
  EXPECT_EQ(refusal_of({leaf, blank, blank, blank, leaf}), ErrorCode{});
  EXPECT_EQ(refusal_of({}), ErrorCode::malformed);
  EXPECT_EQ(refusal_of({blank}), ErrorCode::malformed);
  EXPECT_EQ(refusal_of({leaf, blank}), ErrorCode::malformed);
  EXPECT_EQ(refusal_of({leaf, parent}), ErrorCode::malformed);
  EXPECT_EQ(refusal_of({leaf, blank, blank}), ErrorCode::malformed);
  EXPECT_EQ(refusal_of({leaf, leaf, leaf}), ErrorCode::malformed);
  EXPECT_EQ(refusal_of({parent, blank, leaf}), ErrorCode::malformed);
  EXPECT_EQ(refusal_of({leaf, disordered, leaf}), ErrorCode::malformed);
  EXPECT_EQ(refusal_of({leaf, repeated, leaf}), ErrorCode::malformed);
  EXPECT_EQ(refusal_of({Bytes{2}, leaf}), ErrorCode::malformed);
  EXPECT_EQ(refusal_of({Bytes{1, 3}, leaf}), ErrorCode::malformed);
  EXPECT_EQ(refusal_of({Bytes(2 * kMaxLeaves - 1), leaf}), ErrorCode::over_limit);
}

// What all members accepted they can read back from their own storage, however little of it fits into a message.
TEST(RatchetTree, IsReadFromStorageAtAnySizeThatItCanHave) {
  testing::SeededEntropy random(20);
  TreeFixture group(suite(), random);
  LeafNode large = *group.candidate().leaf;
  large.extensions.set(0xF001, Bytes(kMaxLeafNodeSize - 1024));
  const Bytes leaf = concat({Bytes{1, 1}, wire::encode(large)});
  wire::Writer writer;
  const std::size_t mark = writer.begin_vector();
  for (std::size_t size = 0; size <= kMaxMessageSize; size += leaf.size()) {
    if (size != 0) writer.u8(0);
    writer.raw(leaf);
  }
  writer.end_vector(mark);
  EXPECT_EQ(wire::decode<TreeNodes>(writer.view()).error().code, ErrorCode::over_limit);
  wire::Reader reader(writer.view());
  EXPECT_TRUE(TreeNodes::read(reader, wire::kMaxVectorSize).has_value());
  static_assert(kMaxLeaves * (kMaxLeafNodeSize + kMaxSignatureSize) < wire::kMaxVectorSize / 2);
}

}  // namespace
}  // namespace cairn::mls::internal
