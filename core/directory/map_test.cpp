#include "core/directory/map.h"

#include <gtest/gtest.h>

#include "tests/support/naive_map.h"
#include "tests/support/seeded_entropy.h"

namespace cairn::directory {
namespace {

using cairn::testing::NaiveMap;
using cairn::testing::SeededEntropy;

NameLeaf random_leaf(SeededEntropy& entropy) {
  return {entropy.below(100) + 1, random_value<Hash>(entropy), {}, random_value<Hash>(entropy)};
}

/// A key that shares many bits with `near`, so that trees become deep where they need to be.
Hash close_key(SeededEntropy& entropy, const Hash& near) {
  const auto shared = static_cast<unsigned>(entropy.below(254));
  Hash out = random_value<Hash>(entropy);
  for (unsigned i = 0; i <= shared; ++i) {
    const bool bit = key_bit(near, i) != (i == shared);
    const auto mask = static_cast<std::uint8_t>(0x80 >> (i % 8));
    std::uint8_t& byte = out.mutable_view()[i / 8];
    byte = static_cast<std::uint8_t>(bit ? byte | mask : byte & ~mask);
  }
  return out;
}

Hash some_key(SeededEntropy& entropy, const NaiveMap& model) {
  if (model.leaves.empty() || entropy.below(3) == 0) return random_value<Hash>(entropy);
  auto leaf = model.leaves.begin();
  std::advance(leaf, static_cast<std::ptrdiff_t>(entropy.below(model.leaves.size())));
  return entropy.below(2) == 0 ? leaf->first : close_key(entropy, leaf->first);
}

/// A list of changes as update() wants it.
std::vector<LeafChange> some_changes(SeededEntropy& entropy, const NaiveMap& model, std::size_t count) {
  std::map<Hash, NameLeaf> changes;
  while (changes.size() < count) changes[some_key(entropy, model)] = random_leaf(entropy);
  std::vector<LeafChange> out;
  for (const auto& [key, leaf] : changes) out.push_back({key, leaf});
  return out;
}

std::vector<Hash> keys_of(const std::vector<LeafChange>& changes) {
  std::vector<Hash> out;
  for (const LeafChange& change : changes) out.push_back(change.key);
  return out;
}

std::vector<LeafUpdate> with_old(const NaiveMap& model, const std::vector<LeafChange>& changes) {
  std::vector<LeafUpdate> out;
  for (const LeafChange& change : changes) {
    const auto old = model.leaves.find(change.key);
    out.push_back({change.key, old == model.leaves.end() ? std::nullopt : std::optional(old->second), change.leaf});
  }
  return out;
}

/// Two maps of the same random leaves.
struct Both {
  Map map;
  NaiveMap model;
};
Both random_map(SeededEntropy& entropy, std::size_t size) {
  Both out;
  if (size == 0) return out;
  const auto changes = some_changes(entropy, out.model, size);
  out.map.update(changes);
  for (const LeafChange& change : changes) out.model.leaves[change.key] = change.leaf;
  return out;
}

TEST(Map, IsZerosWhenEmpty) {
  Map map;
  EXPECT_TRUE(map.root().is_zero());
  EXPECT_FALSE(map.find(Hash{}));
  EXPECT_EQ(map.prove(Hash{}), MapProof{});
  EXPECT_EQ(*MapProof{}.verify(Hash{}, Hash{}), std::nullopt);
}

TEST(Map, OfOneLeafIsThatLeaf) {
  SeededEntropy entropy(1);
  const LeafChange change{random_value<Hash>(entropy), random_leaf(entropy)};
  Map map;
  map.update({&change, 1});
  EXPECT_EQ(map.root(), map_leaf_hash(change.key, change.leaf));
}

TEST(Map, GivesItsLeavesInTheOrderOfTheirKeys) {
  SeededEntropy entropy(8);
  Both both;
  EXPECT_TRUE(both.map.leaves({}, {}).empty());
  for (int round = 0; round < 30; ++round) {
    const auto changes = some_changes(entropy, both.model, 1 + entropy.below(9));
    both.map.update(changes);
    for (const LeafChange& change : changes) both.model.leaves[change.key] = change.leaf;
    for (int i = 0; i < 10; ++i) {
      const Hash first = i == 0 ? Hash{} : some_key(entropy, both.model);
      const auto end = i < 2 ? std::nullopt : std::optional(some_key(entropy, both.model));
      std::vector<std::pair<Hash, NameLeaf>> expected, found;
      for (const auto& leaf : both.model.leaves) {
        if (leaf.first >= first && (!end || leaf.first < *end)) expected.push_back(leaf);
      }
      for (const LeafChange& leaf : both.map.leaves(first, end)) found.emplace_back(leaf.key, leaf.leaf);
      EXPECT_EQ(found, expected);
    }
  }
}

TEST(Map, FollowsTheModelThroughGrowthAndChange) {
  for (std::uint64_t seed = 0; seed < 40; ++seed) {
    SCOPED_TRACE(seed);
    SeededEntropy entropy(seed);
    Both both;
    for (int round = 0; round < 12; ++round) {
      const auto changes = some_changes(entropy, both.model, entropy.below(9) + (round == 0 ? 0 : 1));
      const auto [leaves, proof] = both.map.excerpt(keys_of(changes));
      EXPECT_EQ(proof.nodes, both.model.prove_all(keys_of(changes)));
      ASSERT_EQ(leaves.size(), changes.size());
      for (std::size_t i = 0; i < changes.size(); ++i) EXPECT_EQ(leaves[i], both.map.find(changes[i].key));
      const auto roots = proof.evaluate(with_old(both.model, changes));
      ASSERT_TRUE(roots);
      EXPECT_EQ(roots->before, both.model.root());

      both.map.update(changes);
      for (const LeafChange& change : changes) both.model.leaves[change.key] = change.leaf;
      ASSERT_EQ(both.map.root(), both.model.root());
      EXPECT_EQ(roots->after, both.model.root());
      EXPECT_EQ(both.map.size(), both.model.leaves.size());
      for (int i = 0; i < 10; ++i) {
        const Hash key = some_key(entropy, both.model);
        const auto leaf = both.model.leaves.find(key);
        const auto expected = leaf == both.model.leaves.end() ? std::nullopt : std::optional(leaf->second);
        EXPECT_EQ(both.map.find(key), expected);
        const MapProof map_proof = both.map.prove(key);
        EXPECT_EQ(map_proof, both.model.prove(key));
        const auto proven = map_proof.verify(both.map.root(), key);
        ASSERT_TRUE(proven);
        EXPECT_EQ(*proven, expected);
        EXPECT_EQ(wire::decode<MapProof>(wire::encode(map_proof)), map_proof);
      }
    }
  }
}

TEST(Map, DependsOnItsLeavesAloneAndNotOnTheirHistory) {
  SeededEntropy entropy(7);
  const auto changes = some_changes(entropy, {}, 200);
  Map at_once;
  at_once.update(changes);
  std::vector<LeafChange> shuffled = changes;
  for (std::size_t i = shuffled.size(); i > 1; --i) std::swap(shuffled[i - 1], shuffled[entropy.below(i)]);
  Map one_by_one;
  for (const LeafChange& change : shuffled) one_by_one.update({&change, 1});
  EXPECT_EQ(at_once.root(), one_by_one.root());
}

TEST(Map, HoldsLeavesAtTheGreatestDepth) {
  SeededEntropy entropy(3);
  LeafChange changes[2] = {{random_value<Hash>(entropy), random_leaf(entropy)}, {Hash{}, random_leaf(entropy)}};
  changes[0].key.mutable_view()[31] &= 0xfc;
  changes[1].key = changes[0].key;
  changes[1].key.mutable_view()[31] |= 2;  // 254 bits shared
  Map map;
  map.update(changes);
  const MapProof proof = map.prove(changes[1].key);
  EXPECT_EQ(proof.siblings.size(), kMaxMapDepth);
  EXPECT_TRUE(proof.verify(map.root(), changes[1].key));
  EXPECT_EQ(wire::decode<MapProof>(wire::encode(proof)), proof);
}

TEST(MapProof, IsRefusedWithAnyBitFlipped) {
  SeededEntropy entropy(5);
  const Both both = random_map(entropy, 30);
  for (int i = 0; i < 12; ++i) {
    const Hash key = some_key(entropy, both.model);
    const Bytes bytes = wire::encode(both.map.prove(key));
    for (std::size_t bit = 0; bit < bytes.size() * 8; ++bit) {
      Bytes flipped = bytes;
      flipped[bit / 8] ^= static_cast<std::uint8_t>(1 << (bit % 8));
      const auto read = wire::decode<MapProof>(flipped);
      EXPECT_FALSE(read && read->verify(both.map.root(), key)) << bit;
    }
    for (std::size_t size = 0; size < bytes.size(); ++size) {
      EXPECT_FALSE(wire::decode<MapProof>(ByteView(bytes).first(size)));
    }
  }
}

TEST(MapProof, ProvesNothingForAnotherKeyOrRoot) {
  SeededEntropy entropy(6);
  const Both both = random_map(entropy, 30);
  for (const auto& [key, leaf] : both.model.leaves) {
    const MapProof proof = both.map.prove(key);
    Hash other = key;
    other.mutable_view()[31] ^= 1;
    EXPECT_FALSE(proof.verify(both.map.root(), other));
    EXPECT_FALSE(proof.verify(Hash{}, key));
  }
}

// A present leaf must never be shown as absent: neither as "another leaf" nor as an empty place.
TEST(MapProof, CannotHideALeaf) {
  SeededEntropy entropy(8);
  const Both both = random_map(entropy, 30);
  for (const auto& [key, leaf] : both.model.leaves) {
    MapProof proof = both.map.prove(key);
    proof.end = MapProof::End::other;
    proof.other_key = key;
    EXPECT_FALSE(proof.verify(both.map.root(), key));
    proof.end = MapProof::End::empty;
    EXPECT_FALSE(proof.verify(both.map.root(), key));
  }
  const Hash key = both.model.leaves.begin()->first;
  for (const auto& [other, leaf] : both.model.leaves) {
    if (other == key) continue;
    MapProof proof = both.map.prove(other);
    proof.end = MapProof::End::other;
    proof.other_key = other;
    EXPECT_FALSE(proof.verify(both.map.root(), key));
  }
}

TEST(MapProof, RefusesASecondEncoding) {
  SeededEntropy entropy(9);
  const Both both = random_map(entropy, 30);
  const Hash key = both.model.leaves.begin()->first;
  MapProof proof = both.map.prove(key);
  proof.siblings.push_back(Hash{});  // an empty sibling below the leaf
  EXPECT_FALSE(proof.verify(both.map.root(), key));
  EXPECT_FALSE(wire::decode<MapProof>(wire::encode(proof)));
}

TEST(TreeProof, IsRefusedWithAnyBitFlipped) {
  SeededEntropy entropy(10);
  const Both both = random_map(entropy, 30);
  for (int i = 0; i < 10; ++i) {
    const auto changes = some_changes(entropy, both.model, 4);
    const auto updates = with_old(both.model, changes);
    const TreeProof proof = both.map.excerpt(keys_of(changes)).proof;
    for (std::size_t bit = 0; bit < proof.nodes.size() * 8; bit += 3) {
      TreeProof flipped = proof;
      flipped.nodes[bit / 8] ^= static_cast<std::uint8_t>(1 << (bit % 8));
      const auto roots = flipped.evaluate(updates);
      EXPECT_FALSE(roots && roots->before == both.map.root()) << bit;
    }
    for (std::size_t size = 0; size < proof.nodes.size(); ++size) {
      EXPECT_FALSE(
          TreeProof{Bytes(proof.nodes.begin(), proof.nodes.begin() + static_cast<std::ptrdiff_t>(size))}.evaluate(
              updates));
    }
    TreeProof longer = proof;
    longer.nodes.push_back(0);
    EXPECT_FALSE(longer.evaluate(updates));
  }
}

TEST(TreeProof, RefusesAnyOtherOldLeaf) {
  SeededEntropy entropy(11);
  const Both both = random_map(entropy, 30);
  for (int i = 0; i < 20; ++i) {
    const auto changes = some_changes(entropy, both.model, 4);
    const TreeProof proof = both.map.excerpt(keys_of(changes)).proof;
    const auto good = with_old(both.model, changes);
    for (std::size_t at = 0; at < good.size(); ++at) {
      auto bad = good;
      if (bad[at].before) {
        bad[at].before.reset();
      } else {
        bad[at].before = random_leaf(entropy);
      }
      const auto roots = proof.evaluate(bad);
      EXPECT_FALSE(roots && roots->before == both.map.root());
      if (!good[at].before) continue;
      bad = good;
      bad[at].before->count += 1;
      const auto other = proof.evaluate(bad);
      EXPECT_FALSE(other && other->before == both.map.root());
    }
  }
}

TEST(TreeProof, RefusesUpdatesOutOfOrder) {
  SeededEntropy entropy(12);
  const Both both = random_map(entropy, 10);
  const auto changes = some_changes(entropy, both.model, 3);
  const TreeProof proof = both.map.excerpt(keys_of(changes)).proof;
  auto updates = with_old(both.model, changes);
  std::swap(updates[0], updates[1]);
  EXPECT_FALSE(proof.evaluate(updates));
  updates = with_old(both.model, changes);
  updates.push_back(updates.back());
  EXPECT_FALSE(proof.evaluate(updates));
}

TEST(TreeProof, OfNoUpdatesIsTheRoot) {
  SeededEntropy entropy(13);
  const Both both = random_map(entropy, 10);
  EXPECT_EQ(TreeProof::of_root(both.map.root()), both.map.excerpt({}).proof);
  EXPECT_EQ(TreeProof::of_root(Hash{}), Map().excerpt({}).proof);
  const auto roots = TreeProof::of_root(both.map.root()).evaluate({});
  ASSERT_TRUE(roots);
  EXPECT_EQ(roots->before, both.map.root());
  EXPECT_EQ(roots->after, both.map.root());
}

// Keys whose first 255 bits agree would need a depth that no proof can say.
TEST(TreeProof, RefusesKeysThatAreTooClose) {
  SeededEntropy entropy(14);
  std::vector<LeafUpdate> updates(2);
  updates[0] = {random_value<Hash>(entropy), {}, random_leaf(entropy)};
  updates[0].key.mutable_view()[31] &= 0xfe;
  updates[1] = updates[0];
  updates[1].key.mutable_view()[31] |= 1;
  EXPECT_FALSE(TreeProof::of_root(Hash{}).evaluate(updates));
  wire::Writer writer;
  writer.u8(3);
  writer.raw(updates[0].key);
  updates[0].after.write(writer);
  EXPECT_FALSE(TreeProof{writer.take()}.evaluate(std::span(updates).subspan(1)));
}

}  // namespace
}  // namespace cairn::directory
