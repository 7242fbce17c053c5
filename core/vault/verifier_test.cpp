#include "core/vault/verifier.h"

#include <gtest/gtest.h>

#include "tests/support/test_vault.h"

namespace cairn::vault {
namespace {

using namespace cairn::testing;

/// What a verification told.
struct Told {
  std::vector<PackFault> faults;
  std::set<std::string> damaged;
  bool entries_lost = false;
  std::size_t packs_read = 0;
};

struct Verifying : ::testing::Test {
  TestVault vault{1};
  TestFiles files = test_files(2);
  ManifestContent manifest;
  ChunkIndex index;

  void SetUp() override {
    files.erase("photos/6000000");
    vault.back_up(files);
    manifest = vault.manifest();
    index = vault.index_of(manifest);
  }

  Told verify(std::vector<ChunkIndex::PackNumber> packs) {
    Told out;
    SnapshotVerifier verifier(vault.keys, index, manifest, std::move(packs));
    for (;;) {
      switch (verifier.next()) {
        case VerifyStep::want_pack: {
          ++out.packs_read;
          const auto at = vault.objects.find(verifier.wanted());
          if (at == vault.objects.end())
            verifier.missing(verifier.wanted());
          else
            verifier.give(at->first, at->second);
          break;
        }
        case VerifyStep::bad_pack: out.faults.push_back(verifier.fault()); break;
        case VerifyStep::damage: out.damaged.insert(as_text(verifier.reader().entry().path)); break;
        case VerifyStep::lost_entries: out.entries_lost = true; break;
        case VerifyStep::end: return out;
      }
    }
  }
  Told verify() { return verify(all_packs(index)); }
};

TEST_F(Verifying, FindsNothingWhereNothingIs) {
  const Told told = verify();
  EXPECT_TRUE(told.faults.empty());
  EXPECT_TRUE(told.damaged.empty());
  EXPECT_FALSE(told.entries_lost);
  EXPECT_GE(told.packs_read, index.packs().size());
}

TEST_F(Verifying, FindsAFlippedBitAnywhereInAnyPackAndNamesWhatItDestroys) {
  const auto good = vault.objects;
  for (const auto& pack : index.packs()) {
    for (int i = 0; i < 12; ++i) {
      vault.objects = good;
      const std::size_t at = vault.entropy.below(pack.size);
      vault.objects[pack.id][at] ^= static_cast<std::uint8_t>(1U << vault.entropy.below(8));
      const Told told = verify();
      ASSERT_EQ(told.faults.size(), 1U) << at << " of " << pack.size;
      EXPECT_FALSE(told.entries_lost);
      std::set<std::string> expected;
      for (const std::string& what : vault.restore(manifest).damage) expected.insert(what.substr(0, what.find(' ')));
      EXPECT_EQ(told.damaged, expected);
    }
  }
}

TEST_F(Verifying, SaysWhatAMissingTruncatedOrSwappedPackIs) {
  const auto good = vault.objects;
  const ObjectId first = index.packs()[0].id;
  vault.objects.erase(first);
  EXPECT_EQ(verify().faults, std::vector<PackFault>{PackFault::missing});
  EXPECT_FALSE(verify().damaged.empty());
  vault.objects = good;
  vault.objects[first].pop_back();
  EXPECT_EQ(verify().faults, std::vector<PackFault>{PackFault::missing});
  vault.objects = good;
  Bytes other(good.at(first).size());
  vault.entropy.fill(other);
  vault.objects[first] = other;
  EXPECT_EQ(verify().faults, std::vector<PackFault>{PackFault::table});
  EXPECT_FALSE(verify().damaged.empty());
}

TEST_F(Verifying, ADamagedTableAloneDestroysNothing) {
  const ObjectId first = index.packs()[0].id;
  vault.objects[first].back() ^= 1;
  const Told told = verify();
  EXPECT_EQ(told.faults, std::vector<PackFault>{PackFault::table});
  EXPECT_TRUE(told.damaged.empty());
  EXPECT_TRUE(vault.restore(manifest).damage.empty());
}

TEST_F(Verifying, AnIndexThatSaysSomethingElseThanTheTableIsFound) {
  ChunkIndex wrong;
  for (ChunkIndex::PackNumber pack = 0; pack < index.packs().size(); ++pack) {
    Listing listing{index.packs()[pack].id, index.packs()[pack].size, {}};
    for (const auto& place : index.places()) {
      if (place.pack == pack) listing.chunks.push_back(place.chunk());
    }
    if (pack == 0) listing.chunks[0].id = random_value<ChunkId>(vault.entropy);
    wrong.add_stored_pack(listing);
  }
  index = std::move(wrong);
  EXPECT_EQ(verify().faults, std::vector<PackFault>{PackFault::chunks});
}

TEST_F(Verifying, ASampleReadsAShareAndAtLeastOne) {
  EXPECT_EQ(sample_packs(index, 0, vault.entropy).size(), 1U);
  EXPECT_EQ(sample_packs(index, 1000, vault.entropy).size(), index.packs().size());
  EXPECT_TRUE(sample_packs({}, 1000, vault.entropy).empty());
  const Told told = verify(sample_packs(index, 0, vault.entropy));
  EXPECT_TRUE(told.faults.empty());
  EXPECT_FALSE(told.entries_lost);
}

}  // namespace
}  // namespace cairn::vault
