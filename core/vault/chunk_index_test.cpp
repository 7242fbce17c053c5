#include "core/vault/chunk_index.h"

#include <gtest/gtest.h>

#include "core/vault/internal/seal.h"
#include "core/vault/labels.h"
#include "tests/support/refused.h"
#include "tests/support/seeded_entropy.h"

namespace cairn::vault {
namespace {

using cairn::testing::accepted;
using cairn::testing::refused;
using cairn::testing::SeededEntropy;

struct Indexes : ::testing::Test {
  SeededEntropy entropy{1};
  VaultKeys keys{random_secret<DataKey>(entropy)};

  Listing listing_of(std::size_t chunks) {
    Listing out{new_object_id(ObjectKind::pack, entropy), 1 << 20, {}};
    for (std::size_t i = 0; i < chunks; ++i) {
      out.chunks.push_back(
          {random_value<ChunkId>(entropy), Encoding::raw, static_cast<std::uint32_t>(i * 132), 132, 100});
    }
    return out;
  }
  Result<std::vector<Listing>> open(const Bytes& text) {
    const ObjectId id = new_object_id(ObjectKind::index, entropy);
    const Object object{id, internal::seal(keys.object_key(kSealIndex, id), {}, text, entropy)};
    return open_index(keys, IndexReference::to(object), object.bytes);
  }
  Bytes text_of(const std::vector<Listing>& listings, std::size_t size = kLeastPaddedSize) {
    wire::Writer writer;
    writer.u8(1);
    writer.vector(listings);
    Bytes out = writer.take();
    out.resize(std::max(size, out.size()));
    return out;
  }
};

TEST_F(Indexes, OpenToWhatWasSealedInAsFewObjectsAsFit) {
  std::vector<Listing> listings;
  for (int i = 0; i < 60; ++i) listings.push_back(listing_of(300));
  const auto objects = seal_indexes(keys, listings, entropy);
  EXPECT_EQ(objects.size(), 2U);
  std::vector<Listing> opened;
  for (const Object& object : objects) {
    EXPECT_LE(object.bytes.size(), kMaxIndexSize);
    const auto some = open_index(keys, IndexReference::to(object), object.bytes);
    ASSERT_TRUE(accepted(some));
    opened.insert(opened.end(), some->begin(), some->end());
  }
  ASSERT_EQ(opened.size(), listings.size());
  for (std::size_t i = 0; i < opened.size(); ++i) EXPECT_EQ(wire::encode(opened[i]), wire::encode(listings[i]));
  EXPECT_TRUE(seal_indexes(keys, {}, entropy).empty());
}

TEST_F(Indexes, FindEveryPlaceOfEveryChunk) {
  ChunkIndex index;
  std::vector<Listing> listings;
  for (int i = 0; i < 20; ++i) listings.push_back(listing_of(500));
  listings.back().chunks[7].id = listings.front().chunks[3].id;
  index.add_index({new_object_id(ObjectKind::index, entropy), 0, {}}, listings);
  for (const Listing& listing : listings) {
    for (const Chunk& chunk : listing.chunks) {
      std::vector<ObjectId> packs;
      index.for_each_place(chunk.id, [&](const auto& place) { packs.push_back(index.packs()[place.pack].id); });
      const bool twice = chunk.id == listings.front().chunks[3].id;
      ASSERT_EQ(packs.size(), twice ? 2U : 1U);
      EXPECT_EQ(packs.front(), twice ? listings.front().pack : listing.pack);
    }
  }
  index.for_each_place(random_value<ChunkId>(entropy), [](const auto&) { ADD_FAILURE(); });
}

TEST_F(Indexes, TakeOfAPackThatIsListedTwiceTheFirstListing) {
  ChunkIndex index;
  Listing listing = listing_of(3);
  index.add_stored_pack(listing);
  listing.chunks.pop_back();
  index.add_stored_pack(listing);
  EXPECT_EQ(index.places().size(), 3U);
  EXPECT_EQ(index.packs().size(), 1U);
}

TEST_F(Indexes, WriteNothingAgainstPacksThatAreHardlyListed) {
  ChunkIndex index;
  Listing listing = listing_of(3);
  listing.size = 1'024;
  const Listing sparse = listing_of(3);
  index.add_stored_pack(listing);
  index.add_stored_pack(sparse);
  index.mark_sparse();
  EXPECT_EQ(index.use(listing.chunks[0].id, 100), 1U);
  EXPECT_EQ(index.use(listing.chunks[0].id, 101), 0U);
  EXPECT_EQ(index.use(sparse.chunks[0].id, 100), 0U);
  EXPECT_TRUE(index.packs()[0].used);
  EXPECT_FALSE(index.packs()[1].used);
}

TEST_F(Indexes, ThatAreNotTheOneEncodingAreRefused) {
  const std::vector<Listing> good{listing_of(3)};
  EXPECT_TRUE(accepted(open(text_of(good))));
  Bytes text = text_of(good);
  text.back() = 1;
  EXPECT_TRUE(refused(open(text), "vault: padding"));
  EXPECT_TRUE(refused(open(text_of(good, 2'048)), "index: padding"));
  EXPECT_TRUE(refused(open(text_of(good, 1'000)), "index: padding"));
  text = text_of(good);
  text[0] = 2;
  EXPECT_TRUE(refused(open(text), "index: format"));
  auto wrong = good;
  wrong[0].size = 1'000'001;
  EXPECT_TRUE(refused(open(text_of(wrong)), "pack: size"));
  wrong[0].size = 2 * kMaxPackSize;
  EXPECT_TRUE(refused(open(text_of(wrong)), "pack: size"));
  wrong = good;
  wrong[0].pack.mutable_view()[0] = 3;
  EXPECT_TRUE(refused(open(text_of(wrong)), "index: kind of object"));
  wrong = good;
  wrong[0].chunks.clear();
  EXPECT_TRUE(refused(open(text_of(wrong)), "index: no chunks"));
  wrong = good;
  wrong[0].chunks[1].offset = 131;
  EXPECT_TRUE(refused(open(text_of(wrong)), "index: chunks overlap"));
  wrong = good;
  wrong[0].chunks[2].offset = 1 << 20;
  EXPECT_TRUE(refused(open(text_of(wrong)), "index: beyond the pack"));
  wrong[0].chunks[2].offset = kMaxPackSize;
  EXPECT_TRUE(refused(open(text_of(wrong)), "chunk: offset"));
}

TEST_F(Indexes, UnderAnotherIdOrKindOrTooLargeAreRefused) {
  const auto object = seal_indexes(keys, {listing_of(3)}, entropy).front();
  const auto open_as = [&](const ObjectId& id, const Bytes& bytes) {
    return open_index(keys, IndexReference::to({id, bytes}), bytes);
  };
  const ObjectId other = new_object_id(ObjectKind::index, entropy);
  const ObjectId pack = new_object_id(ObjectKind::pack, entropy);
  EXPECT_TRUE(refused(open_as(other, object.bytes), "aead open"));
  EXPECT_TRUE(refused(open_as(pack, object.bytes), "index: kind of object"));
  EXPECT_TRUE(refused(open_as(other, Bytes(kMaxIndexSize + 1)), "index: size"));
  EXPECT_TRUE(refused(open_as(other, {}), "vault: open"));
}

TEST_F(Indexes, OfOtherBytesThanTheManifestNamesAreRefused) {
  const auto object = seal_indexes(keys, {listing_of(3)}, entropy).front();
  const IndexReference named = IndexReference::to(object);
  ASSERT_TRUE(accepted(open_index(keys, named, object.bytes)));
  constexpr auto kNotNamed = "index: not the one that the manifest names";
  IndexReference other = named;
  other.digest.mutable_view()[31] ^= 1;
  EXPECT_TRUE(refused(open_index(keys, other, object.bytes), kNotNamed));
  other = named;
  ++other.size;
  EXPECT_TRUE(refused(open_index(keys, other, object.bytes), kNotNamed));
  // The same listings, sealed once more.
  const ObjectId& id = named.id;
  const auto text = internal::open(keys.object_key(kSealIndex, id), {}, object.bytes);
  ASSERT_TRUE(text.has_value());
  const Bytes anew = internal::seal(keys.object_key(kSealIndex, id), {}, text->expose(), entropy);
  EXPECT_TRUE(refused(open_index(keys, named, anew), kNotNamed));
}

}  // namespace
}  // namespace cairn::vault
