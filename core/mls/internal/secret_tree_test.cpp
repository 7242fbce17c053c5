#include "core/mls/internal/secret_tree.h"

#include <gtest/gtest.h>

#include "core/mls/internal/tree_fixture.h"
#include "tests/support/seeded_entropy.h"

namespace cairn::mls::internal {
namespace {

SecretTree tree_of(std::uint32_t leaves) {
  const Bytes root(32, 9);
  return SecretTree(suite(), EncryptionSecret{ByteView(root)}, TreeSize::holding({leaves - 1}));
}

Bytes state_of(const SecretTree& tree) {
  wire::Writer writer;
  tree.write(writer);
  return writer.take();
}

Bytes key_of(const MessageKey& key) { return concat({key.key.expose(), key.nonce.expose()}); }

TEST(SecretTree, GivesSenderAndReceiverTheSameKeys) {
  SecretTree sender = tree_of(8);
  SecretTree receiver = tree_of(8);
  for (std::uint32_t leaf = 0; leaf < 8; ++leaf) {
    for (const RatchetKind kind : {RatchetKind::handshake, RatchetKind::application}) {
      for (std::uint32_t generation = 0; generation < 3; ++generation) {
        const auto sent = must(sender.next_key({leaf}, kind));
        EXPECT_EQ(sent.generation, generation);
        auto found = must(receiver.find_key({leaf}, kind, generation));
        EXPECT_EQ(key_of(found.key()), key_of(sent.key));
        receiver.accept(std::move(found));
      }
    }
  }
}

TEST(SecretTree, ChangesNothingUntilAMessageIsAccepted) {
  SecretTree tree = tree_of(4);
  const Bytes before = state_of(tree);
  auto found = must(tree.find_key({2}, RatchetKind::application, 50));
  EXPECT_EQ(state_of(tree), before);
  tree.accept(std::move(found));
  EXPECT_NE(state_of(tree), before);
}

TEST(SecretTree, DeletesUsedKeysAndKeepsTheLastHundredSkippedOnes) {
  SecretTree tree = tree_of(2);
  SecretTree sender = tree_of(2);
  std::vector<Bytes> keys;
  for (int i = 0; i < 400; ++i) keys.push_back(key_of(must(sender.next_key({1}, RatchetKind::application)).key));
  tree.accept(must(tree.find_key({1}, RatchetKind::application, 300)));
  EXPECT_EQ(tree.find_key({1}, RatchetKind::application, 300).error().code, ErrorCode::duplicate);
  EXPECT_EQ(tree.find_key({1}, RatchetKind::application, 200).error().code, ErrorCode::duplicate);
  for (const std::uint32_t generation : {201u, 299u, 301u, 302u}) {
    auto found = must(tree.find_key({1}, RatchetKind::application, generation));
    EXPECT_EQ(key_of(found.key()), keys[generation]);
    tree.accept(std::move(found));
    EXPECT_EQ(tree.find_key({1}, RatchetKind::application, generation).error().code, ErrorCode::duplicate);
  }
  EXPECT_EQ(tree.find_key({1}, RatchetKind::application, 202).error().code, ErrorCode::duplicate)
      << "out of the window";
  EXPECT_TRUE(tree.find_key({1}, RatchetKind::application, 203).has_value());
  EXPECT_TRUE(tree.find_key({1}, RatchetKind::handshake, 0).has_value()) << "the other ratchet is another";
}

TEST(SecretTree, RefusesToJumpFurtherThanTwoThousand) {
  SecretTree tree = tree_of(2);
  EXPECT_TRUE(tree.find_key({0}, RatchetKind::application, 2000).has_value());
  EXPECT_EQ(tree.find_key({0}, RatchetKind::application, 2001).error().code, ErrorCode::over_limit);
  EXPECT_EQ(tree.find_key({0}, RatchetKind::application, ~std::uint32_t{0}).error().code, ErrorCode::over_limit);
  tree.accept(must(tree.find_key({0}, RatchetKind::application, 9)));
  EXPECT_TRUE(tree.find_key({0}, RatchetKind::application, 2010).has_value());
  EXPECT_EQ(tree.find_key({0}, RatchetKind::application, 2011).error().code, ErrorCode::over_limit);
  EXPECT_EQ(tree.find_key({2}, RatchetKind::application, 0).error().code, ErrorCode::malformed) << "no such leaf";
}

TEST(SecretTree, ForgetsHandshakesWhenTheEpochIsOver) {
  SecretTree tree = tree_of(4);
  tree.accept(must(tree.find_key({0}, RatchetKind::handshake, 3)));
  tree.drop_handshake();
  EXPECT_EQ(tree.find_key({0}, RatchetKind::handshake, 2).error().code, ErrorCode::stale);
  EXPECT_EQ(tree.find_key({1}, RatchetKind::handshake, 0).error().code, ErrorCode::stale);
  tree.accept(must(tree.find_key({1}, RatchetKind::application, 0)));
  EXPECT_TRUE(tree.find_key({0}, RatchetKind::application, 0).has_value());
}

TEST(SecretTree, IsWrittenAndReadBackWhole) {
  testing::SeededEntropy entropy(4);
  SecretTree tree = tree_of(16);
  for (int i = 0; i < 40; ++i) {
    const LeafIndex leaf{static_cast<std::uint32_t>(entropy.below(16))};
    const auto kind = static_cast<RatchetKind>(entropy.below(2));
    if (auto found = tree.find_key(leaf, kind, static_cast<std::uint32_t>(entropy.below(30))))
      tree.accept(std::move(*found));
    if (i == 30) tree.drop_handshake();
    if (i >= 30 && kind == RatchetKind::handshake) continue;
    const Bytes state = state_of(tree);
    wire::Reader reader(state);
    SecretTree again = must(SecretTree::read(suite(), reader));
    EXPECT_EQ(state_of(again), state);
    for (std::uint32_t generation = 0; generation < 35; ++generation) {
      const auto a = tree.find_key(leaf, kind, generation);
      const auto b = again.find_key(leaf, kind, generation);
      ASSERT_EQ(a.has_value(), b.has_value());
      if (a) {
        EXPECT_EQ(key_of(a->key()), key_of(b->key()));
      }
    }
    for (std::size_t size = 0; size < state.size(); size += 7) {
      wire::Reader part(ByteView(state).first(size));
      EXPECT_FALSE(SecretTree::read(suite(), part).has_value());
    }
  }
}

TEST(SecretTree, IsNotReadWithSecretsMissingOrDoubled) {
  const Bytes secret(32, 1);
  const auto stored = [&](const std::vector<std::uint32_t>& nodes) {
    wire::Writer writer;
    writer.u32(4);
    writer.u8(0);
    const std::size_t mark = writer.begin_vector();
    for (const std::uint32_t node : nodes) {
      writer.u32(node);
      writer.opaque(secret);
    }
    writer.end_vector(mark);
    writer.length(0);
    return writer.take();
  };
  const auto readable = [&](const std::vector<std::uint32_t>& nodes) {
    const Bytes bytes = stored(nodes);
    wire::Reader reader(bytes);
    return SecretTree::read(suite(), reader).has_value();
  };
  EXPECT_TRUE(readable({3}));
  EXPECT_TRUE(readable({1, 5}));
  EXPECT_TRUE(readable({0, 2, 5}));
  EXPECT_FALSE(readable({}));
  EXPECT_FALSE(readable({1}));
  EXPECT_FALSE(readable({3, 0}));
  EXPECT_FALSE(readable({1, 0, 4}));
  EXPECT_FALSE(readable({7}));
}

TEST(SecretTree, GivesNoKeyOnceItWasDropped) {
  SecretTree tree(suite(), EncryptionSecret{ByteView(Bytes(32, 1))}, TreeSize::holding({3}));
  must(tree.next_key({1}, RatchetKind::application));
  tree.drop();
  wire::Writer writer;
  tree.write(writer);
  wire::Reader reader(writer.view());
  const SecretTree again = must(SecretTree::read(suite(), reader));
  for (const std::uint32_t leaf : {0u, 1u, 3u}) {
    for (const RatchetKind kind : {RatchetKind::application, RatchetKind::handshake}) {
      EXPECT_EQ(tree.find_key({leaf}, kind, 5).error().code, ErrorCode::stale);
      EXPECT_EQ(again.find_key({leaf}, kind, 5).error().code, ErrorCode::stale);
    }
  }
}

}  // namespace
}  // namespace cairn::mls::internal
