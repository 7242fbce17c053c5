// Whole snapshots: written, read, resumed, spoilt.
#include <gtest/gtest.h>

#include "core/base/padding.h"
#include "core/vault/internal/seal.h"
#include "core/vault/labels.h"
#include "core/vault/pack.h"
#include "core/vault/verifier.h"
#include "tests/support/refused.h"
#include "tests/support/test_vault.h"

namespace cairn::vault {
namespace {

using namespace cairn::testing;

std::size_t count(const TestVault& vault, ObjectKind kind) {
  std::size_t out = 0;
  for (const auto& [id, bytes] : vault.objects) out += is_kind(id, kind) ? 1 : 0;
  return out;
}

TEST(Snapshot, GivesBackWhatWasPutIn) {
  TestVault vault(1);
  const TestFiles files = test_files(2);
  vault.back_up(files);
  const Restored restored = vault.restore();
  EXPECT_EQ(restored.files, files);
  EXPECT_TRUE(restored.damage.empty());
  EXPECT_FALSE(restored.entries_lost);
}

TEST(Snapshot, OfNothingIsASnapshot) {
  TestVault vault(3);
  vault.back_up({});
  EXPECT_EQ(vault.objects.size(), 2U);  // its manifest twice
  EXPECT_TRUE(vault.restore().files.empty());
  EXPECT_FALSE(vault.restore().entries_lost);
}

TEST(Snapshot, OfManyEntriesHasListsOfLists) {
  TestVault vault(4);
  TestFiles files;
  for (int i = 0; i < 20'000; ++i) files["a rather long path/" + std::to_string(i)] = {{}, Layout::batched};
  files["large"] = {random_bytes(vault.entropy, 50'000'000), Layout::own};
  vault.back_up(files);
  EXPECT_GE(vault.manifest().entries.depth, 1);
  EXPECT_GE(vault.manifest().own.depth, 1);
  EXPECT_EQ(vault.restore().files, files);
}

TEST(Snapshot, OfTheSameFilesStoresNextToNothing) {
  TestVault vault(5);
  const TestFiles files = test_files(6);
  vault.back_up(files);
  const std::size_t packs = count(vault, ObjectKind::pack);
  EXPECT_LT(vault.back_up(files, vault.index_of(vault.manifest())), 10'000U);
  EXPECT_EQ(count(vault, ObjectKind::pack), packs);
  EXPECT_EQ(vault.manifest().counter, 2U);
  EXPECT_EQ(vault.restore().files, files);
}

TEST(Snapshot, OfAChangeStoresTheChange) {
  TestVault vault(7);
  TestFiles files = test_files(8);
  vault.back_up(files);
  files["photos/6000000"].data[3'000'000] ^= 1;
  files["messages/2000"] = {to_bytes("new"), Layout::batched};
  const std::size_t stored = vault.back_up(files, vault.index_of(vault.manifest()));
  EXPECT_LT(stored, 1'500'000U);
  EXPECT_EQ(vault.restore().files, files);
}

TEST(Snapshot, KeepsChunksUnread) {
  TestVault vault(9);
  TestFiles files = test_files(10);
  vault.back_up(files);
  const ManifestContent before = vault.manifest();
  const ChunkIndex index = vault.index_of(before);
  StoredChunks chunks(vault.keys, index);
  SnapshotReader reader(before, chunks, ReadMode::references);
  SnapshotWriter writer(vault.keys, vault.index_of(before), vault.listing(), vault.now, vault.entropy);
  bool inside = false;
  for (ReadStep step = reader.next(); step != ReadStep::end; step = reader.next()) {
    ASSERT_NE(step, ReadStep::lost_entries);
    if (step == ReadStep::want_pack) vault.serve(chunks);
    if (step == ReadStep::reference) {
      ASSERT_TRUE(writer.keep(reader.reference()));
    }
    if (step == ReadStep::end_entry && inside) writer.end_entry();
    if (step != ReadStep::entry) continue;
    const std::string path = as_text(reader.entry().path);
    inside = reader.entry().layout == Layout::own;
    if (inside) {
      ASSERT_TRUE(accepted(writer.begin_entry(reader.entry().path, as_bytes("rw"), Layout::own)));
    } else {
      vault.write(writer, path, files.at(path));
    }
  }
  ASSERT_TRUE(accepted(writer.finish(vault.info(), vault.device)));
  EXPECT_LT(vault.drain(writer), 10'000U);
  EXPECT_EQ(vault.restore().files, files);
}

TEST(Snapshot, KeepsInPlaceWhatNobodyHasAnyMore) {
  TestVault vault(32);
  TestFiles files;
  for (const char* name : {"a", "b", "c", "d"}) files[name] = {random_bytes(vault.entropy, 700'000), Layout::own};
  vault.back_up(files);
  std::vector<Reference> chunks;  // of "a"
  const ChunkIndex first = vault.index_of(vault.manifest());
  StoredChunks stored(vault.keys, first);
  SnapshotReader reader(vault.manifest(), stored, ReadMode::references);
  for (ReadStep step = reader.next(); step != ReadStep::end_entry; step = reader.next()) {
    if (step == ReadStep::want_pack) vault.serve(stored);
    if (step == ReadStep::reference) chunks.push_back(reader.reference());
  }
  for (int round = 0; round < 3; ++round) {
    SnapshotWriter writer(vault.keys, vault.index_of(vault.manifest()), vault.listing(), vault.now, vault.entropy);
    ASSERT_TRUE(accepted(writer.begin_entry(as_bytes("a"), {}, Layout::own)));
    EXPECT_EQ(round > 0, !writer.keep(chunks[0]) && writer.keep_in_place(chunks[0]));  // by then a quarter is listed
    for (std::size_t i = 1; i < chunks.size(); ++i) ASSERT_TRUE(writer.keep_in_place(chunks[i]));
    writer.end_entry();
    ASSERT_TRUE(accepted(writer.finish(vault.info(), vault.device)));
    EXPECT_LT(vault.drain(writer), 10'000U);
    vault.newest = writer.head();
  }
  EXPECT_EQ(vault.restore().files.at("a").data, files.at("a").data);
}

TEST(Snapshot, DoesNotKeepAChunkThatIsNotStored) {
  TestVault vault(11);
  SnapshotWriter writer(vault.keys, {}, {}, vault.now, vault.entropy);
  ASSERT_TRUE(accepted(writer.begin_entry(as_bytes("x"), {}, Layout::own)));
  writer.write(as_bytes("before"));
  EXPECT_FALSE(writer.keep({vault.keys.chunk_id(as_bytes("?")), 1}));
  writer.write(as_bytes("after"));
  writer.end_entry();
  ASSERT_TRUE(accepted(writer.finish(vault.info(), vault.device)));
  vault.drain(writer);
  EXPECT_EQ(vault.restore().files.at("x").data, to_bytes("beforeafter"));
}

TEST(Snapshot, RefusesPathsAndAttributesBeyondTheLimit) {
  TestVault vault(12);
  SnapshotWriter writer(vault.keys, {}, {}, vault.now, vault.entropy);
  EXPECT_TRUE(refused(writer.begin_entry({}, {}, Layout::own), "snapshot: empty path"));
  EXPECT_TRUE(refused(writer.begin_entry(Bytes(kMaxPathSize + 1, 'x'), {}, Layout::own), "snapshot: path"));
  EXPECT_TRUE(
      refused(writer.begin_entry(as_bytes("x"), Bytes(kMaxAttributesSize + 1), Layout::own), "snapshot: attributes"));
  EXPECT_TRUE(accepted(writer.begin_entry(Bytes(kMaxPathSize, 'x'), Bytes(kMaxAttributesSize), Layout::own)));
}

TEST(Snapshot, WaitsForItsStorage) {
  TestVault vault(13);
  SnapshotWriter writer(vault.keys, {}, {}, vault.now, vault.entropy);
  ASSERT_TRUE(accepted(writer.begin_entry(as_bytes("x"), {}, Layout::own)));
  std::size_t written = 0;
  for (; writer.may_write(); written += kMaxPiece) writer.write(random_bytes(vault.entropy, kMaxPiece));
  EXPECT_GE(written, 10 * kMaxPiece);
  EXPECT_LE(written, 16 * kMaxPiece);
  auto object = writer.take_object();
  ASSERT_TRUE(object);
  EXPECT_FALSE(writer.may_write());  // taken is not stored
  writer.stored(object->id);
  EXPECT_TRUE(writer.may_write());
}

TEST(Snapshot, PutsTheManifestWhenAllElseIsStored) {
  TestVault vault(14);
  SnapshotWriter writer(vault.keys, {}, {}, vault.now, vault.entropy);
  vault.write(writer, "x", {random_bytes(vault.entropy, 100'000), Layout::own});
  ASSERT_TRUE(accepted(writer.finish(vault.info(), vault.device)));
  std::vector<ObjectId> taken;
  StoredObjects sizes;
  while (const auto object = writer.take_object()) {
    taken.push_back(object->id);
    sizes.emplace(object->id, object->bytes.size());
  }
  ASSERT_GE(taken.size(), 2U);
  for (const ObjectId& id : taken) EXPECT_FALSE(is_kind(id, ObjectKind::manifest));
  for (const ObjectId& id : taken) {
    EXPECT_FALSE(writer.take_object());
    writer.stored(id);
  }
  EXPECT_FALSE(writer.take_object());  // not before it was seen that all is there
  ASSERT_TRUE(writer.wants_listing());
  ASSERT_TRUE(accepted(writer.confirm(sizes, vault.now)));
  for (int i = 0; i < 2; ++i) {
    const auto last = writer.take_object();
    ASSERT_TRUE(last);
    EXPECT_TRUE(is_kind(last->id, ObjectKind::manifest));
    EXPECT_FALSE(writer.done());
    writer.stored(last->id);
  }
  EXPECT_TRUE(writer.done());
}

/// Everything that was put before the client stopped, found by listing.
ChunkIndex left_behind(const TestVault& vault, ChunkIndex index) {
  for (const auto& [id, bytes] : vault.objects) {
    if (!is_kind(id, ObjectKind::pack) || index.find_pack(id)) continue;
    const auto table = open_table(vault.keys, id, bytes.size(), bytes);
    if (table) index.add_stored_pack({id, static_cast<std::uint32_t>(bytes.size()), *table});
  }
  return index;
}

TEST(Snapshot, ResumesAfterAStopAtAnyObject) {
  const TestFiles files = test_files(15);
  for (std::size_t stop = 0;; ++stop) {
    TestVault vault(16);
    SnapshotWriter writer(vault.keys, {}, {}, vault.now, vault.entropy);
    std::size_t put = 0;
    const auto drain = [&] {
      while (put < stop) {
        if (writer.wants_listing()) {
          ASSERT_TRUE(accepted(writer.confirm(vault.listing(), vault.now)));
        }
        auto object = writer.take_object();
        if (!object) return;
        if (is_kind(object->id, ObjectKind::manifest)) vault.newest_manifest = object->id;
        vault.objects.emplace(object->id, std::move(object->bytes));
        writer.stored(object->id);
        ++put;
      }
    };
    for (const auto& [path, file] : files) {
      ASSERT_TRUE(accepted(writer.begin_entry(as_bytes(path), {}, file.layout)));
      for (std::size_t at = 0; at < file.data.size(); at += 500'000) {
        writer.write(ByteView(file.data).subspan(at, std::min<std::size_t>(500'000, file.data.size() - at)));
        drain();
      }
      writer.end_entry();
    }
    ASSERT_TRUE(accepted(writer.finish(vault.info(), vault.device)));
    drain();
    if (writer.done()) break;
    ASSERT_EQ(put, stop);
    // Nothing, rather than half of it; or all, when the manifest is there once and not yet twice.
    if (count(vault, ObjectKind::manifest) != 0) {
      EXPECT_EQ(vault.restore().files, files);
      continue;
    }
    std::size_t before = 0;
    for (const auto& [id, bytes] : vault.objects) before += is_kind(id, ObjectKind::pack) ? bytes.size() : 0;
    const std::size_t more = vault.back_up(files, left_behind(vault, {}));
    EXPECT_EQ(vault.restore().files, files);
    EXPECT_LT(before + more, 11'000'000U) << stop;  // what was there was not stored again
  }
}

TEST(Snapshot, WritesAnewWhatItsStorageDoesNotHaveAnyMore) {
  TestVault vault(40);
  TestFiles files = test_files(41);
  vault.back_up(files);
  const ManifestContent before = vault.manifest();
  const auto good = vault.objects;
  for (const auto& [id, bytes] : good) {
    if (!is_kind(id, ObjectKind::pack)) continue;
    vault.objects = good;
    vault.objects.erase(id);
    vault.back_up(files, vault.index_of(before));
    const Restored restored = vault.restore();
    EXPECT_EQ(restored.files, files);
    EXPECT_TRUE(restored.damage.empty());
    // No index speaks of it any more.
    EXPECT_FALSE(vault.index_of(vault.manifest()).find_pack(id));
    // One of another size is another one.
    vault.objects[id] = Bytes(bytes.size() / 2);
    vault.back_up(files, vault.index_of(before));
    EXPECT_EQ(vault.restore().files, files);
  }
}

/// A snapshot with one pack and one index of its own, and one pack of a former one, all put.
struct Unconfirmed : ::testing::Test {
  TestVault vault{42};
  TestFiles files{{"old", {random_bytes(vault.entropy, 300'000), Layout::own}}};
  StoredObjects stored;
  std::set<ObjectId> needed;
  std::optional<SnapshotWriter> writer;

  void SetUp() override {
    vault.back_up(files);
    const auto largest = std::max_element(vault.objects.begin(), vault.objects.end(), [](const auto& a, const auto& b) {
      return a.second.size() < b.second.size();
    });
    needed.insert(largest->first);
    writer.emplace(vault.keys, vault.index_of(vault.manifest()), vault.listing(), vault.now, vault.entropy);
    files["new"] = {random_bytes(vault.entropy, 300'000), Layout::own};
    for (const auto& [path, file] : files) vault.write(*writer, path, file);
    ASSERT_TRUE(accepted(writer->finish(vault.info(), vault.device)));
    stored = vault.listing();
    while (const auto object = writer->take_object()) {
      stored.emplace(object->id, object->bytes.size());
      needed.insert(object->id);
      writer->stored(object->id);
    }
    ASSERT_GE(needed.size(), 3U);
    ASSERT_TRUE(writer->wants_listing());
  }
};

TEST_F(Unconfirmed, PutsNoManifestWhereAnythingOfItIsGone) {
  for (const ObjectId& id : needed) {
    StoredObjects less = stored;
    less.erase(id);
    EXPECT_FALSE(writer->confirm(less, vault.now));
    EXPECT_FALSE(writer->take_object());
    if (!is_kind(id, ObjectKind::pack)) continue;
    less.emplace(id, stored.at(id) - 1);
    EXPECT_TRUE(refused(writer->confirm(less, vault.now), "snapshot: a pack that is gone"));
  }
  EXPECT_TRUE(accepted(writer->confirm(stored, vault.now)));
}

TEST_F(Unconfirmed, PutsNoManifestOfASnapshotThatTookTooLong) {
  const Time late = after(vault.now, kLongestSnapshotMs + 1);
  EXPECT_TRUE(refused(writer->confirm(stored, late), "snapshot: took too long"));
  EXPECT_FALSE(writer->take_object());
  EXPECT_TRUE(accepted(writer->confirm(stored, after(vault.now, kLongestSnapshotMs))));
  EXPECT_TRUE(writer->take_object());
}

TEST(Snapshot, NoneFollowsTheHighestCounterOrWhatHasNoHash) {
  TestVault vault(43);
  const auto finish = [&](const SnapshotHead& previous) {
    SnapshotWriter writer(vault.keys, {}, {}, vault.now, vault.entropy);
    SnapshotInfo info = vault.info();
    info.previous = previous;
    const Status finished = writer.finish(info, vault.device);
    EXPECT_EQ(writer.wants_listing(), finished.has_value());
    return finished;
  };
  const Hash hash = random_value<Hash>(vault.entropy);
  EXPECT_TRUE(refused(finish({~std::uint64_t{0}, hash}), "snapshot: counter"));
  EXPECT_TRUE(accepted(finish({~std::uint64_t{0} - 1, hash})));
  EXPECT_TRUE(refused(finish({5, {}}), "manifest: counter"));
}

TEST(Snapshot, AFlippedBitAnywhereIsNamedAndTheRestIsRestored) {
  TestVault vault(17);
  TestFiles files = test_files(18);
  files.erase("photos/6000000");
  vault.back_up(files);
  const auto good = vault.objects;
  for (const auto& [id, bytes] : good) {
    if (!is_kind(id, ObjectKind::pack)) continue;
    for (int i = 0; i < 24; ++i) {
      vault.objects = good;
      const std::size_t at = vault.entropy.below(bytes.size());
      vault.objects[id][at] ^= static_cast<std::uint8_t>(1U << vault.entropy.below(8));
      const Restored restored = vault.restore();
      EXPECT_FALSE(restored.entries_lost);
      ASSERT_EQ(restored.files.size(), files.size());
      std::set<std::string> damaged;
      for (const std::string& what : restored.damage) damaged.insert(what.substr(0, what.find(' ')));
      for (const auto& [path, file] : files) {
        EXPECT_EQ(restored.files.at(path) == file, !damaged.contains(path)) << path;
      }
    }
  }
}

/// What a client does whom nothing but the listing tells what is where: any manifest that opens, the indexes that open,
/// and for the rest the packs' own tables.
Restored restore_what_opens(const TestVault& vault) {
  std::optional<ManifestContent> content;
  for (const auto& [id, bytes] : vault.objects) {
    if (!is_kind(id, ObjectKind::manifest) || !UnverifiedManifest::open(vault.keys, id, bytes)) continue;
    content = vault.manifest(id);
  }
  if (!content) return {};
  ChunkIndex index;
  for (const IndexReference& one : content->indexes) {
    const auto listings = open_index(vault.keys, one, vault.objects.at(one.id));
    if (listings) index.add_index(one, *listings);
  }
  return vault.restore(*content, left_behind(vault, std::move(index)));
}

TEST(Snapshot, AFlippedBitInAnIndexOrManifestCostsNothing) {
  TestVault vault(45);
  TestFiles files = test_files(46);
  files.erase("photos/6000000");
  vault.back_up(files);
  const auto good = vault.objects;
  std::size_t flipped = 0;
  for (const auto& [id, bytes] : good) {
    if (is_kind(id, ObjectKind::pack)) continue;
    for (int i = 0; i < 4; ++i, ++flipped) {
      vault.objects = good;
      vault.objects[id][vault.entropy.below(bytes.size())] ^= static_cast<std::uint8_t>(1U << vault.entropy.below(8));
      EXPECT_EQ(restore_what_opens(vault).files, files);
    }
  }
  EXPECT_EQ(flipped, 12U);  // an index, and the manifest twice
}

TEST(Snapshot, ALostPackLosesNoNames) {
  TestVault vault(19);
  TestFiles files = test_files(20);
  vault.back_up(files);
  const auto good = vault.objects;
  for (const auto& [id, bytes] : good) {
    if (!is_kind(id, ObjectKind::pack)) continue;
    vault.objects = good;
    vault.objects.erase(id);
    const Restored restored = vault.restore();
    EXPECT_FALSE(restored.entries_lost);
    EXPECT_EQ(restored.files.size(), files.size());
  }
}

TEST(Snapshot, AListThatIsAlsoSomebodysDataIsKeptTwice) {
  TestVault vault(30);
  const Entry twin{to_bytes("b"), to_bytes("rw"), Layout::own, 0};
  // The data of one file is what the list of entries will be.
  Entry first{to_bytes("a"), to_bytes("rw"), Layout::own, 0};
  first.size = wire::encode(first).size() + wire::encode(twin).size();
  const Bytes list = concat({wire::encode(first), wire::encode(twin)});
  ASSERT_EQ(list.size(), first.size);
  const TestFiles files{{"a", {list, Layout::own}}, {"b", {{}, Layout::own}}};
  vault.back_up(files);
  EXPECT_EQ(vault.index_of(vault.manifest()).places().size(), 2U);
  const auto good = vault.objects;
  for (const auto& [id, bytes] : good) {
    if (!is_kind(id, ObjectKind::pack)) continue;
    vault.objects.erase(id);
    EXPECT_EQ(vault.restore().files, files);
    vault.objects = good;
  }
}

TEST(Snapshot, AllListsLostIsSaid) {
  TestVault vault(21);
  vault.back_up(test_files(22));
  const ManifestContent manifest = vault.manifest();
  const ChunkIndex index = vault.index_of(manifest);
  for (const auto& pack : index.packs()) vault.objects.erase(pack.id);
  EXPECT_TRUE(vault.restore(manifest, index).entries_lost);
}

TEST(Snapshot, ReadsWithoutItsIndexesFromThePacksThemselves) {
  TestVault vault(23);
  const TestFiles files = test_files(24);
  vault.back_up(files);
  EXPECT_EQ(vault.restore(vault.manifest(), left_behind(vault, {})).files, files);
}

TEST(Snapshot, ShowsItsStorageNoNamesNoContentAndNoSizes) {
  TestVault vault(31);
  TestFiles files = test_files(32);
  files["photos/of somebody in particular"] = {random_bytes(vault.entropy, 70'001), Layout::own};
  vault.back_up(files);
  for (const auto& [id, bytes] : vault.objects) {
    EXPECT_TRUE(!is_kind(id, ObjectKind::pack) || padme(bytes.size()) == bytes.size());
    for (const auto& [path, file] : files) {
      EXPECT_EQ(std::search(bytes.begin(), bytes.end(), path.begin(), path.end()), bytes.end()) << path;
      if (file.data.size() < 1'000) continue;
      const auto middle = file.data.begin() + 500;
      EXPECT_EQ(std::search(bytes.begin(), bytes.end(), middle, middle + 16), bytes.end()) << path;
    }
  }
  // A few bytes more or less are not seen.
  std::vector<std::vector<std::size_t>> sizes;
  for (const std::size_t size : {69'990U, 70'001U, 70'020U}) {
    TestVault other(33);
    other.back_up({{"x", {random_bytes(other.entropy, size), Layout::own}}});
    sizes.emplace_back();
    for (const auto& [id, bytes] : other.objects) sizes.back().push_back(bytes.size());
    std::sort(sizes.back().begin(), sizes.back().end());
  }
  EXPECT_EQ(sizes[0], sizes[1]);
  EXPECT_EQ(sizes[1], sizes[2]);
}

TEST(Snapshot, AnotherSnapshotsIndexIsNoUse) {
  TestVault vault(25);
  vault.back_up({{"x", {to_bytes("one"), Layout::own}}});
  const ManifestContent first = vault.manifest();
  vault.newest.reset();
  vault.back_up({{"x", {to_bytes("three"), Layout::own}}});
  const ManifestContent second = vault.manifest();
  const IndexReference a = first.indexes.at(0);
  const IndexReference b = second.indexes.at(0);
  EXPECT_TRUE(refused(open_index(vault.keys, a, vault.objects.at(b.id)), "index: not the one that the manifest names"));
  EXPECT_TRUE(vault.restore(first, vault.index_of(second)).entries_lost);
}

/// Somebody who has, or had, the data key seals another index under the id of one that a manifest names. The storage
/// shows that one: it is not believed, and costs nothing.
TEST(Snapshot, AnotherIndexUnderTheSameIdIsNotBelieved) {
  TestVault vault(47);
  const TestFiles files{{"x", {random_bytes(vault.entropy, 300'000), Layout::own}}};
  vault.back_up(files);
  const IndexReference named = vault.manifest().indexes.at(0);
  auto listings = *open_index(vault.keys, named, vault.objects.at(named.id));
  for (Chunk& chunk : listings.at(0).chunks) chunk.id = random_value<ChunkId>(vault.entropy);
  wire::Writer text;
  text.u8(1);
  text.vector(listings);
  Bytes forged = text.take();
  forged.resize(named.size - internal::kSealOverhead);
  vault.objects[named.id] = internal::seal(vault.keys.object_key(kSealIndex, named.id), {}, forged, vault.entropy);
  const IndexReference seen = IndexReference::to({named.id, vault.objects.at(named.id)});
  EXPECT_TRUE(accepted(open_index(vault.keys, seen, vault.objects.at(named.id))));  // whoever asks for it gets it
  EXPECT_TRUE(
      refused(open_index(vault.keys, named, vault.objects.at(named.id)), "index: not the one that the manifest names"));
  EXPECT_EQ(restore_what_opens(vault).files, files);
}

TEST(Snapshot, IsNotConfirmedOverAnIndexOfAnotherSize) {
  TestVault vault(48);
  SnapshotWriter writer(vault.keys, {}, {}, vault.now, vault.entropy);
  vault.write(writer, "x", {to_bytes("one"), Layout::own});
  ASSERT_TRUE(accepted(writer.finish(vault.info(), vault.device)));
  StoredObjects stored;
  ObjectId index;
  while (auto object = writer.take_object()) {
    stored.emplace(object->id, object->bytes.size());
    if (is_kind(object->id, ObjectKind::index)) index = object->id;
    writer.stored(object->id);
  }
  ++stored.at(index);
  EXPECT_TRUE(refused(writer.confirm(stored, vault.now), "snapshot: an index that is gone"));
  stored.erase(index);
  EXPECT_TRUE(refused(writer.confirm(stored, vault.now), "snapshot: an index that is gone"));
}

TEST(Snapshot, ManySmallIndexesBecomeOne) {
  TestVault vault(26);
  TestFiles files;
  ChunkIndex index;
  for (int i = 0; i < 20; ++i) {
    files["file " + std::to_string(i)] = {random_bytes(vault.entropy, 200'000), Layout::own};
    vault.back_up(files, std::move(index));
    index = vault.index_of(vault.manifest());
    EXPECT_LE(vault.manifest().indexes.size(), 17U);
  }
  EXPECT_LT(vault.manifest().indexes.size(), 10U);
  EXPECT_EQ(vault.restore().files, files);
}

TEST(Snapshot, AnIndexOfWhichLittleIsUsedIsMadeAnew) {
  TestVault vault(44);
  TestFiles files;
  for (int i = 0; i < 5'000; ++i) {
    files["file " + std::to_string(i)] = {random_bytes(vault.entropy, 100), Layout::own};
  }
  vault.back_up(files);
  ASSERT_EQ(vault.manifest().indexes.size(), 1U);
  const IndexReference index = vault.manifest().indexes.front();
  files = {*files.find("file 77")};
  vault.back_up(files, vault.index_of(vault.manifest()));
  EXPECT_NE(vault.manifest().indexes, std::vector<IndexReference>{index});
  // One pack of data, and one each of entries and of lists: the other chunks are nobody's.
  EXPECT_LE(vault.index_of(vault.manifest()).packs().size(), 3U);
  EXPECT_EQ(vault.restore().files, files);
  // With the listing made anew it is seen how little of the pack is needed: the chunk moves, and the pack can go.
  vault.back_up(files, vault.index_of(vault.manifest()));
  EXPECT_EQ(vault.restore().files, files);
  std::size_t size = 0;
  const auto newest = vault.index_of(vault.manifest());
  for (const auto& pack : newest.packs()) size += pack.size;
  EXPECT_LT(size, 10'000U);
}

TEST(Snapshot, WritesAnewWhatLiesInPacksThatAreHardlyNeeded) {
  TestVault vault(27);
  TestFiles files;
  files["stays"] = {random_bytes(vault.entropy, 300'000), Layout::own};
  files["zz goes"] = {random_bytes(vault.entropy, 3'000'000), Layout::own};
  vault.back_up(files);
  files.erase("zz goes");
  // Merged listings have what is needed alone; here they are made by hand.
  ChunkIndex all = vault.index_of(vault.manifest());
  vault.back_up(files, std::move(all));
  ChunkIndex some;
  ChunkIndex known = vault.index_of(vault.manifest());
  for (const auto& pack : known.packs()) {
    Listing listing{pack.id, pack.size, {}};
    for (const auto& place : known.places()) {
      if (known.packs()[place.pack].id == pack.id) listing.chunks.push_back(place.chunk());
    }
    if (pack.size > 2'000'000) listing.chunks.resize(1);
    some.add_stored_pack(listing);
  }
  EXPECT_GT(vault.back_up(files, std::move(some)), 300'000U);
  EXPECT_EQ(vault.restore().files, files);
  const ChunkIndex last = vault.index_of(vault.manifest());
  for (const auto& pack : last.packs()) EXPECT_LT(pack.size, 2'000'000U);
}

}  // namespace
}  // namespace cairn::vault
