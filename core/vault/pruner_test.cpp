// Pruning, against a model: devices that back up and prune at once, are killed at any moment, and come back.
#include "core/vault/pruner.h"

#include <gtest/gtest.h>

#include "core/vault/pack.h"
#include "tests/support/refused.h"
#include "tests/support/test_vault.h"

namespace cairn::vault {
namespace {

using namespace cairn::testing;

/// Every snapshot that can be found in a vault.
std::vector<ListedSnapshot> all_snapshots(const TestVault& vault) {
  std::map<std::pair<std::uint64_t, Hash>, ListedSnapshot> out;
  for (const auto& [id, bytes] : vault.objects) {
    if (!is_kind(id, ObjectKind::manifest)) continue;
    const auto opened = UnverifiedManifest::open(vault.keys, id, bytes);
    if (!opened) continue;
    auto& one = out[{opened->counter(), opened->head().hash}];
    one.manifests.push_back(id);
    one.content = vault.manifest(id);
  }
  std::vector<ListedSnapshot> list;
  for (auto& [head, one] : out) list.push_back(std::move(one));
  return list;
}

Pruner pruner_of(const TestVault& vault, std::map<ObjectId, Time> since) {
  Pruner out(vault.keys, vault.listing(), all_snapshots(vault), std::move(since), vault.now);
  while (const IndexReference* wanted = out.wanted()) {
    const auto at = vault.objects.find(wanted->id);
    if (at == vault.objects.end()) {
      out.missing();
    } else {
      out.give(at->second);
    }
  }
  return out;
}

void expect_all_restorable(const TestVault& vault) {
  for (const ListedSnapshot& one : all_snapshots(vault)) {
    for (const IndexReference& named : one.content.indexes) {
      const auto at = vault.objects.find(named.id);
      ASSERT_TRUE(at != vault.objects.end()) << "an index of snapshot " << one.content.counter;
      const auto listings = open_index(vault.keys, named, at->second);
      ASSERT_TRUE(accepted(listings));
      for (const Listing& pack : *listings) {
        ASSERT_TRUE(vault.objects.contains(pack.pack)) << "a pack of snapshot " << one.content.counter;
      }
    }
  }
}

TestFiles some_files(SeededEntropy& entropy, int days) {
  TestFiles out;
  for (int i = 0; i < days; ++i) out["day " + std::to_string(i)] = {random_bytes(entropy, 20'000), Layout::own};
  return out;
}

TEST(Pruner, WithDailySnapshotsTheVaultDoesNotGrow) {
  TestVault vault(1);
  std::map<ObjectId, Time> since;
  std::size_t most = 0;
  for (int day = 0; day < 70; ++day) {
    vault.now = after(vault.now, kDayMs);
    const TestFiles files{{"changes", {random_bytes(vault.entropy, 40'000), Layout::own}},
                          {"stays", {Bytes(1'000, 7), Layout::batched}}};
    const auto all = all_snapshots(vault);
    vault.back_up(files, all.empty() ? ChunkIndex() : vault.index_of(all.back().content));
    const PrunePlan plan = pruner_of(vault, since).plan();
    for (const ObjectId& id : plan.now) vault.objects.erase(id);
    since = plan.unneeded_since;
    expect_all_restorable(vault);
    if (day > 45) most = std::max(most, vault.objects.size());
    if (day == 45) most = vault.objects.size();
  }
  EXPECT_LE(most, 160U);
  const auto left = all_snapshots(vault);
  // 7 days and up to 4 weeks, and for 4 days those that are not kept any more.
  EXPECT_GE(left.size(), 10U);
  EXPECT_LE(left.size(), 15U);
  EXPECT_EQ(left.back().content.counter, 70U);
  EXPECT_EQ(vault.restore(left.front().content).damage.size(), 0U);
}

TEST(Pruner, WhereAnIndexIsGoneNoPackGoes) {
  TestVault vault(2);
  vault.back_up(some_files(vault.entropy, 2));
  vault.now = after(vault.now, kHourMs);
  vault.back_up(some_files(vault.entropy, 2));
  const auto first = pruner_of(vault, {});
  const auto marked = first.plan().unneeded_since;
  EXPECT_EQ(marked.size(), 2U);  // the older manifest, twice: while it is listed all of it is needed
  EXPECT_EQ(first.kept(), 1U);
  std::map<ObjectId, Time> long_ago;
  for (const auto& [id, bytes] : vault.objects) long_ago[id] = Time{0};
  const auto all = pruner_of(vault, long_ago);
  EXPECT_EQ(all.going(), 1U);
  EXPECT_GE(all.plan().now.size(), 4U);
  vault.objects.erase(vault.manifest().indexes.at(0).id);
  const PrunePlan careful = pruner_of(vault, long_ago).plan();
  EXPECT_EQ(careful.now.size(), 2U);
  for (const ObjectId& id : careful.now) EXPECT_TRUE(is_kind(id, ObjectKind::manifest));
  EXPECT_EQ(careful.unneeded_since.size(), 2U);
  // One that is there, but not the one that the manifest names.
  vault.objects[vault.manifest().indexes.at(0).id] = Bytes(1'088);
  EXPECT_EQ(pruner_of(vault, long_ago).plan().now, careful.now);
}

TEST(Pruner, ASnapshotThatIsNotKeptNeedsAllOfItWhileItIsListed) {
  TestVault vault(3);
  vault.back_up(some_files(vault.entropy, 1));
  const auto before = vault.listing();
  vault.now = after(vault.now, kHourMs);
  vault.back_up(some_files(vault.entropy, 1));
  std::map<ObjectId, Time> packs_long_ago;
  for (const auto& [id, size] : before) {
    if (is_kind(id, ObjectKind::pack)) packs_long_ago[id] = Time{0};
  }
  EXPECT_TRUE(pruner_of(vault, packs_long_ago).plan().now.empty());
}

/// Snapshots that take nearly three days, each built on the one before, which others have superseded meanwhile. What
/// they share is in no snapshot that is kept, for longer than anything unneeded may stay.
TEST(Pruner, AChainOfSlowSnapshotsKeepsWhatItBuildsOn) {
  TestVault vault(4);
  const TestFiles shared{{"x", {random_bytes(vault.entropy, 20'000), Layout::own}}};
  vault.back_up(shared);
  const auto begin = [&](const ManifestContent& base) {
    auto writer =
        std::make_unique<SnapshotWriter>(vault.keys, vault.index_of(base), vault.listing(), vault.now, vault.entropy);
    for (const auto& [path, file] : shared) EXPECT_EQ(vault.write(*writer, path, file), 0U);  // it is all there
    SnapshotInfo info = vault.info();
    info.previous = base.head();
    EXPECT_TRUE(accepted(writer->finish(info, vault.device)));
    while (auto object = writer->take_object()) {
      vault.objects.emplace(object->id, std::move(object->bytes));
      writer->stored(object->id);
    }
    return writer;
  };
  const auto publish = [&](SnapshotWriter& writer) {
    ObjectId id;
    while (auto object = writer.take_object()) {
      id = object->id;
      vault.objects.emplace(object->id, std::move(object->bytes));
      writer.stored(object->id);
    }
    return vault.manifest(id);
  };
  const auto prune = [&](std::map<ObjectId, Time>& since) {
    const PrunePlan plan = pruner_of(vault, since).plan();
    since = plan.unneeded_since;
    for (const ObjectId& id : plan.now) vault.objects.erase(id);
  };
  std::map<ObjectId, Time> often;
  std::map<ObjectId, Time> rarely;
  auto slow = begin(vault.manifest());
  for (int round = 0; round < 3; ++round) {
    vault.now = after(vault.now, kHourMs);  // of that day another one is the newest
    vault.back_up({{"y", {random_bytes(vault.entropy, 20'000), Layout::own}}}, vault.index_of(vault.manifest()));
    prune(often);
    prune(often);
    if (round == 0) prune(rarely);
    vault.now = after(vault.now, kLongestSnapshotMs - 2 * kHourMs);
    ASSERT_TRUE(accepted(slow->confirm(vault.listing(), vault.now)));
    if (round < 2) slow = begin(publish(*slow));
  }
  prune(rarely);  // between the check and the manifest
  publish(*slow);
  expect_all_restorable(vault);
}

/// One device: what it keeps through a crash, and what it is at.
struct Device {
  std::map<ObjectId, Time> since;          // kept
  std::map<ObjectId, Time> left_behind;    // kept: packs that it put, and when
  std::unique_ptr<SnapshotWriter> writer;  // lost
  std::vector<ObjectId> doomed;            // lost: what is still to be deleted
  bool finished = false;
};

class Model {
 public:
  explicit Model(std::uint64_t seed) : vault(seed), random(seed + 1'000) {
    for (int i = 0; i < 6; ++i) contents.push_back(random_bytes(random, 2'000));
  }

  void step() {
    Device& device = devices[random.below(devices.size())];
    switch (random.below(12)) {
      case 0: vault.now = after(vault.now, random.below(kDayMs)); break;
      case 1: vault.now = after(vault.now, random.below(4) == 0 ? 3 * kDayMs : kHourMs); break;
      case 2: kill(device); break;
      case 3:
      case 4: begin_pruning(device); break;
      case 5:
      case 6: prune_one(device); break;
      default: back_up_some(device); break;
    }
  }
  /// All end what they are at; then time passes, and one after the other prunes.
  void settle() {
    for (Device& one : devices) kill(one);
    for (int day = 0; day < 24; ++day) {
      vault.now = after(vault.now, kDayMs);
      for (Device& one : devices) {
        begin_pruning(one);
        while (!one.doomed.empty()) prune_one(one);
      }
    }
  }

  TestVault vault;
  SeededEntropy random;
  std::vector<Bytes> contents;
  std::array<Device, 3> devices;
  std::size_t made = 0;
  std::size_t deleted = 0;

 private:
  static void kill(Device& device) {
    device.writer.reset();
    device.doomed.clear();
    device.finished = false;
  }

  void begin_pruning(Device& device) {
    const PrunePlan plan = pruner_of(vault, device.since).plan();
    device.since = plan.unneeded_since;  // durable before anything goes
    device.doomed = plan.now;
  }
  void prune_one(Device& device) {
    if (device.doomed.empty()) return;
    deleted += vault.objects.erase(device.doomed.front());
    device.doomed.erase(device.doomed.begin());
  }

  void begin(Device& device) {
    ChunkIndex index;
    const auto all = all_snapshots(vault);
    vault.newest.reset();
    if (!all.empty()) {
      // Of those that have the highest counter any.
      std::vector<const ListedSnapshot*> newest;
      for (const auto& one : all) {
        if (one.content.counter == all.back().content.counter) newest.push_back(&one);
      }
      const ListedSnapshot& base = *newest[random.below(newest.size())];
      index = vault.index_of(base.content);
      heads[&device] = base.content.head();
    } else {
      heads.erase(&device);
    }
    for (const auto& [id, put] : device.left_behind) {
      const auto at = vault.objects.find(id);
      if (at == vault.objects.end() || elapsed_ms(vault.now, put) >= kLongestSnapshotMs || index.find_pack(id))
        continue;
      const auto table = open_table(vault.keys, id, at->second.size(), at->second);
      index.add_stored_pack({id, static_cast<std::uint32_t>(at->second.size()), *table});
    }
    device.writer =
        std::make_unique<SnapshotWriter>(vault.keys, std::move(index), vault.listing(), vault.now, vault.entropy);
    device.finished = false;
  }

  /// The next thing that a device does about its snapshot.
  void back_up_some(Device& device) {
    if (!device.writer) return begin(device);
    SnapshotWriter& writer = *device.writer;
    if (auto object = writer.take_object()) {
      if (is_kind(object->id, ObjectKind::pack)) device.left_behind.emplace(object->id, vault.now);
      vault.objects.emplace(object->id, std::move(object->bytes));
      writer.stored(object->id);
    } else if (!device.finished && random.below(3) != 0) {
      const Bytes& content = contents[random.below(contents.size())];
      ASSERT_TRUE(accepted(writer.begin_entry(as_bytes("x"), {}, Layout::own)));
      writer.write(content);
      writer.end_entry();
    } else if (!device.finished) {
      if (random.below(4) == 0) contents[random.below(contents.size())] = random_bytes(random, 2'000);
      SnapshotInfo info = vault.info();
      info.previous = heads.contains(&device) ? std::optional(heads.at(&device)) : std::nullopt;
      ASSERT_TRUE(accepted(writer.finish(info, vault.device)));
      device.finished = true;
    } else if (writer.wants_listing()) {
      if (!writer.confirm(vault.listing(), vault.now)) kill(device);
    } else if (writer.done()) {
      ++made;
      device.left_behind.clear();
      kill(device);
    }
  }

  std::map<const Device*, SnapshotHead> heads;
};

TEST(Pruner, WhateverIsDoneAtOnceAndKilledEveryListedSnapshotIsWhole) {
  std::size_t made = 0;
  std::size_t deleted = 0;
  for (std::uint64_t seed = 0; seed < 4; ++seed) {
    SCOPED_TRACE(seed);
    Model model(seed);
    for (int i = 0; i < 300; ++i) {
      model.step();
      if (i % 5 == 0) expect_all_restorable(model.vault);
      if (::testing::Test::HasFailure()) return;
    }
    for (const ListedSnapshot& one : all_snapshots(model.vault)) {
      const Restored restored = model.vault.restore(one.content);
      EXPECT_TRUE(restored.damage.empty() && !restored.entries_lost);
    }
    model.settle();
    expect_all_restorable(model.vault);
    made += model.made;
    deleted += model.deleted;
    // And what nobody needs is gone.
    std::set<ObjectId> needed;
    for (const ListedSnapshot& one : all_snapshots(model.vault)) {
      needed.insert(one.manifests.begin(), one.manifests.end());
      for (const auto& index : one.content.indexes) needed.insert(index.id);
      const ChunkIndex index = model.vault.index_of(one.content);
      for (const auto& pack : index.packs()) needed.insert(pack.id);
    }
    for (const auto& [id, bytes] : model.vault.objects) EXPECT_TRUE(needed.contains(id));
  }
  EXPECT_GT(made, 10U);
  EXPECT_GT(deleted, 20U);
}

}  // namespace
}  // namespace cairn::vault
