#include "core/vault/tree.h"

#include <gtest/gtest.h>

#include <map>

#include "tests/support/seeded_entropy.h"

namespace cairn::vault {
namespace {

using cairn::testing::SeededEntropy;

/// Chunks in memory, of which some can be lost; each is wanted once before it is there.
struct Trees : ::testing::Test, ChunkSink, ChunkSource {
  SeededEntropy entropy{1};
  VaultKeys keys{random_secret<DataKey>(entropy)};
  std::map<ChunkId, Bytes> chunks;
  std::map<ChunkId, Purpose> purposes;
  std::map<ChunkId, int> asked;

  Reference put(ByteView plain, Purpose purpose) override {
    const Reference out{keys.chunk_id(plain), static_cast<std::uint32_t>(plain.size())};
    chunks[out.id] = to_bytes(plain);
    purposes[out.id] = purpose;
    return out;
  }
  Got fetch(const Reference& reference, SecretBytes& out) override {
    if (asked[reference.id]++ == 0) return Got::wanted;
    const auto at = chunks.find(reference.id);
    if (at == chunks.end() || at->second.size() != reference.plain_size) return Got::damaged;
    out = SecretBytes(to_bytes(at->second));
    return Got::ready;
  }

  Tree write(ByteView data, Purpose purpose) {
    TreeWriter writer(keys.gear(), purpose, *this);
    writer.write(data);
    return writer.finish();
  }
  /// The stream, and how it ended.
  std::pair<Bytes, Got> read(const Tree& tree) {
    asked.clear();
    TreeReader reader(tree, *this);
    Bytes out;
    for (;;) {
      const Got got = reader.next();
      if (got == Got::wanted) continue;
      if (got != Got::ready) return {out, got};
      append(out, chunks.at(reader.reference().id));
    }
  }
  Bytes random(std::size_t size) {
    Bytes out(size);
    entropy.fill(out);
    return out;
  }
};

TEST_F(Trees, GiveTheirStreamBackWhateverItsSize) {
  for (const std::size_t size : {0U, 1U, 5'000U, 300'000U, 3'000'000U}) {
    for (const Purpose purpose : {Purpose::data, Purpose::list}) {
      const Bytes data = random(size);
      const Tree tree = write(data, purpose);
      EXPECT_EQ(tree.size, size);
      EXPECT_EQ(tree.root.has_value(), size > 0);
      const auto [stream, end] = read(tree);
      EXPECT_EQ(stream, data);
      EXPECT_EQ(end, Got::end);
    }
  }
}

TEST_F(Trees, HaveListsOfLists) {
  const Bytes data = random(24'000'000);
  const Tree tree = write(data, Purpose::list);
  EXPECT_GE(tree.depth, 2);
  EXPECT_EQ(read(tree).first, data);
}

TEST_F(Trees, SayOfAChunkWhatItIsFor) {
  write(random(3'000'000), Purpose::data);
  std::size_t lists = 0;
  for (const auto& [id, purpose] : purposes) lists += purpose == Purpose::list ? 1 : 0;
  EXPECT_EQ(lists, 1U);
}

TEST_F(Trees, KeepChunksOfFormerOnes) {
  const Bytes first = random(2'000'000);
  TreeReader reader(write(first, Purpose::data), *this);
  TreeWriter writer(keys.gear(), Purpose::data, *this);
  const Bytes before = random(100);
  writer.write(before);
  writer.cut();
  for (Got got = reader.next(); got != Got::end; got = reader.next()) {
    if (got == Got::ready) writer.keep(reader.reference());
  }
  const Tree tree = writer.finish();
  EXPECT_EQ(tree.size, 2'000'100U);
  EXPECT_EQ(read(tree).first, concat({before, first}));
}

TEST_F(Trees, ALostListIsSaid) {
  const Tree tree = write(random(3'000'000), Purpose::data);
  ASSERT_EQ(tree.depth, 1);
  chunks.erase(tree.root->id);
  EXPECT_EQ(read(tree).second, Got::damaged);
}

TEST_F(Trees, WhoseSizeIsNotThatOfTheirChunksAreSaid) {
  const Bytes data = random(3'000'000);
  Tree tree = write(data, Purpose::data);
  tree.size += 1;
  EXPECT_EQ(read(tree).second, Got::damaged);
  tree.size -= 2;
  EXPECT_EQ(read(tree).second, Got::damaged);
}

TEST_F(Trees, ListsThatAreNoneAreSaid) {
  Tree tree = write(random(3'000'000), Purpose::data);
  for (const std::size_t size : {1U, 35U, 36U, 37U, 1'000U}) {
    tree.root = put(random(size), Purpose::list);
    EXPECT_EQ(read(tree).second, Got::damaged) << size;
  }
  wire::Writer row;  // a row whose size no chunk has
  Reference{tree.root->id, static_cast<std::uint32_t>(kMaxChunkSize + 1)}.write(row);
  tree.root = put(row.view(), Purpose::list);
  EXPECT_EQ(read(tree).second, Got::damaged);
}

}  // namespace
}  // namespace cairn::vault
