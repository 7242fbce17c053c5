#include "core/vault/pack.h"

#include <gtest/gtest.h>
#include <zstd.h>

#include "core/base/padding.h"
#include "core/vault/internal/seal.h"
#include "core/vault/labels.h"
#include "tests/support/refused.h"
#include "tests/support/test_vault.h"

namespace cairn::vault {
namespace {

using cairn::testing::accepted;
using cairn::testing::random_bytes;
using cairn::testing::refused;
using cairn::testing::SeededEntropy;

struct Packs : ::testing::Test {
  SeededEntropy entropy{1};
  VaultKeys keys{random_secret<DataKey>(entropy)};
  ChunkSealer sealer;
  ChunkOpener opener;
  SecretBytes plain;
  std::vector<Bytes> contents;
  ObjectId id;

  Bytes make(std::size_t count, std::size_t size) {
    PackBuilder builder(keys, entropy);
    id = builder.id();
    for (std::size_t i = 0; i < count; ++i) {
      contents.push_back(i % 2 == 0 ? random_bytes(entropy, size + i) : Bytes(size + i));
      builder.add(sealer, keys.chunk_id(contents.back()), contents.back());
    }
    return builder.finish(entropy);
  }
  Status open(const ObjectId& pack, const Chunk& chunk, ByteView bytes) {
    return opener.open(keys, keys.object_key(kSealChunks, pack), chunk, bytes.subspan(chunk.offset, chunk.stored_size),
                       plain);
  }

  /// A pack with any table, sealed as it should be.
  Bytes with_table(ByteView chunk_bytes, ByteView table, std::uint32_t said_size) {
    const SealKey key = keys.object_key(kSealTable, id);
    wire::Writer size;
    size.u32(said_size);
    return concat({chunk_bytes, internal::seal(key, {}, table, entropy),
                   internal::seal(key, as_bytes(kTrailer), size.view(), entropy)});
  }
};

TEST_F(Packs, GiveTheirChunksBack) {
  const Bytes pack = make(9, 20'000);
  const auto table = open_table(keys, id, pack.size(), pack);
  ASSERT_TRUE(accepted(table));
  ASSERT_EQ(table->size(), 9U);
  for (std::size_t i = 0; i < 9; ++i) {
    EXPECT_EQ((*table)[i].encoding, i % 2 == 0 ? Encoding::raw : Encoding::zstd);
    ASSERT_TRUE(accepted(open(id, (*table)[i], pack)));
    EXPECT_TRUE(equal(plain.expose(), contents[i]));
  }
}

TEST_F(Packs, AreReadFromTheirEndAlone) {
  const Bytes pack = make(3, 50'000);
  const auto size = tail_size(keys, id, pack.size(), ByteView(pack).last(kTrailerSize));
  ASSERT_TRUE(accepted(size));
  EXPECT_LT(*size, 10'000U);
  EXPECT_EQ(*open_table(keys, id, pack.size(), ByteView(pack).last(*size)), *open_table(keys, id, pack.size(), pack));
  EXPECT_TRUE(refused(open_table(keys, id, pack.size(), ByteView(pack).last(*size - 1)), "pack: table"));
}

TEST_F(Packs, HavePadmeSizesAndAreNeverLargerThanTheLimit) {
  for (const std::size_t count : {1U, 2U, 5U, 30U}) {
    const Bytes pack = make(count, 1'000);
    EXPECT_EQ(padme(pack.size()), pack.size());
  }
  PackBuilder builder(keys, entropy);
  std::size_t added = 0;
  while (builder.fits(300'001)) {
    const Bytes data = random_bytes(entropy, 300'001);
    builder.add(sealer, keys.chunk_id(data), data);
    ++added;
  }
  EXPECT_EQ(added, 13U);
  EXPECT_LE(builder.finish(entropy).size(), kMaxPackSize);
}

TEST_F(Packs, TakeNoMoreThanTheirNumberOfChunks) {
  PackBuilder builder(keys, entropy);
  std::size_t added = 0;
  for (; builder.fits(8); ++added) {
    const Bytes data = random_bytes(entropy, 8);
    builder.add(sealer, keys.chunk_id(data), data);
  }
  EXPECT_EQ(added, kMaxChunksInPack);
}

TEST_F(Packs, WithAChunkTwiceAreRefused) {
  PackBuilder builder(keys, entropy);
  id = builder.id();
  const Bytes data = random_bytes(entropy, 100);
  for (int i = 0; i < 2; ++i) builder.add(sealer, keys.chunk_id(data), data);
  const Bytes pack = builder.finish(entropy);
  EXPECT_TRUE(refused(open_table(keys, id, pack.size(), pack), "pack: a chunk twice"));
}

/// Two frames decompress to the same as one.
TEST_F(Packs, AChunkOfTwoFramesIsRefused) {
  const Bytes half(500, 'x');
  const auto frame = [](ByteView text) {
    Bytes out(ZSTD_compressBound(text.size()));
    out.resize(ZSTD_compress(out.data(), out.size(), text.data(), text.size(), 1));
    return out;
  };
  const Bytes whole = concat({half, half});
  const ObjectId pack = new_object_id(ObjectKind::pack, entropy);
  const SealKey key = keys.object_key(kSealChunks, pack);
  const auto open_text = [&](ByteView text) {
    const Chunk chunk{keys.chunk_id(whole), Encoding::zstd, 0, static_cast<std::uint32_t>(text.size() + kChunkOverhead),
                      static_cast<std::uint32_t>(whole.size())};
    wire::Writer ad;
    ad.u8(static_cast<std::uint8_t>(Encoding::zstd));
    ad.u32(chunk.plain_size);
    const Bytes stored = crypto::aead_seal(internal::kAead, key.expose(), chunk.id, ad.view(), text);
    return opener.open(keys, key, chunk, stored, plain);
  };
  EXPECT_TRUE(accepted(open_text(frame(whole))));
  EXPECT_TRUE(refused(open_text(concat({frame(half), frame(half)})), "chunk: frame"));
  EXPECT_TRUE(refused(open_text(concat({frame(whole), frame({})})), "chunk: frame"));
}

TEST_F(Packs, AnyFlippedBitIsFound) {
  Bytes pack = make(4, 700);
  const auto table = *open_table(keys, id, pack.size(), pack);
  for (std::size_t i = 0; i < pack.size(); ++i) {
    pack[i] ^= static_cast<std::uint8_t>(1U << (i % 8));
    bool found = !open_table(keys, id, pack.size(), pack);
    for (const Chunk& chunk : table) found = found || !open(id, chunk, pack);
    EXPECT_TRUE(found) << i;
    pack[i] ^= static_cast<std::uint8_t>(1U << (i % 8));
  }
}

TEST_F(Packs, AChunkOpensInNoOtherPackUnderNoOtherIdAndAsNothingElse) {
  const Bytes pack = make(2, 5'000);
  const auto table = *open_table(keys, id, pack.size(), pack);
  const ObjectId other = new_object_id(ObjectKind::pack, entropy);
  EXPECT_TRUE(refused(open(other, table[0], pack), "aead open"));
  Chunk swapped = table[1];
  swapped.id = table[0].id;
  EXPECT_TRUE(refused(open(id, swapped, pack), "aead open"));
  Chunk larger = table[1];
  larger.plain_size += 1;
  EXPECT_TRUE(refused(open(id, larger, pack), "aead open"));
  Chunk other_encoding = table[0];
  other_encoding.encoding = Encoding::zstd;
  EXPECT_TRUE(refused(open(id, other_encoding, pack), "aead open"));
  Chunk shorter = table[0];
  EXPECT_TRUE(refused(opener.open(keys, keys.object_key(kSealChunks, id), shorter, ByteView(pack).first(40), plain),
                      "chunk: open"));
}

TEST_F(Packs, AChunkWhoseIdIsNotThatOfItsBytesIsRefused) {
  PackBuilder builder(keys, entropy);
  const Chunk chunk = builder.add(sealer, keys.chunk_id(as_bytes("these")), as_bytes("those"));
  id = builder.id();
  const Bytes pack = builder.finish(entropy);
  EXPECT_TRUE(refused(open(id, chunk, pack), "chunk: id"));
}

TEST_F(Packs, OfAnotherVaultOrUnderAnotherIdAreRefused) {
  const Bytes pack = make(2, 5'000);
  const VaultKeys other(random_secret<DataKey>(entropy));
  EXPECT_TRUE(refused(open_table(other, id, pack.size(), pack), "aead open"));
  EXPECT_TRUE(refused(open_table(keys, new_object_id(ObjectKind::pack, entropy), pack.size(), pack), "aead open"));
}

TEST_F(Packs, TruncatedOrExtendedOnesAreRefused) {
  const Bytes pack = make(2, 5'000);
  for (const std::size_t size : {std::size_t{0}, std::size_t{67}, std::size_t{68}, pack.size() / 2, pack.size() - 1}) {
    EXPECT_FALSE(open_table(keys, id, size, ByteView(pack).first(size))) << size;
  }
  Bytes longer = pack;
  longer.push_back(0);
  EXPECT_FALSE(open_table(keys, id, longer.size(), longer));
  EXPECT_TRUE(refused(open_table(keys, id, padme(pack.size() + 1), pack), "pack: a gap before the table"));
}

TEST_F(Packs, TablesThatAreNotTheOneEncodingAreRefused) {
  const Bytes good = make(2, 5'000);
  const auto table = *open_table(keys, id, good.size(), good);
  const std::size_t end = table[1].offset + table[1].stored_size;
  const ByteView chunks = ByteView(good).first(end);
  const std::size_t text = good.size() - end - kTrailerSize - internal::kSealOverhead;
  const auto sealed = [&](const std::vector<Chunk>& rows, std::uint8_t last = 0, std::int64_t said = 0) {
    wire::Writer writer;
    writer.vector(rows);
    Bytes bytes = writer.take();
    bytes.resize(text);
    bytes.back() |= last;
    const auto size = static_cast<std::int64_t>(text + internal::kSealOverhead) + said;
    return with_table(chunks, bytes, static_cast<std::uint32_t>(size));
  };
  const auto result = [&](const Bytes& pack) { return open_table(keys, id, pack.size(), pack); };
  EXPECT_TRUE(accepted(result(sealed(table))));
  EXPECT_TRUE(refused(result(sealed(table, 1)), "vault: padding"));
  EXPECT_TRUE(refused(result(sealed({})), "pack: no chunks"));
  EXPECT_TRUE(refused(result(sealed({table[1], table[0]})), "pack: a gap between chunks"));
  EXPECT_TRUE(refused(result(sealed({table[0]})), "pack: a gap before the table"));
  EXPECT_TRUE(refused(result(sealed(table, 0, 1)), "aead open"));
  EXPECT_TRUE(refused(result(sealed(table, 0, 10'000'000)), "pack: table size"));
  auto wrong = table;
  wrong[0].plain_size = 0;
  EXPECT_TRUE(refused(result(sealed(wrong)), "chunk: plain size"));
  wrong[0].plain_size = kMaxChunkSize + 1;
  EXPECT_TRUE(refused(result(sealed(wrong)), "chunk: plain size"));
  wrong = table;
  wrong[0].stored_size += 1;
  EXPECT_TRUE(refused(result(sealed(wrong)), "chunk: stored size"));
  wrong = table;
  wrong[0].encoding = static_cast<Encoding>(3);
  EXPECT_TRUE(refused(result(sealed(wrong)), "chunk: encoding"));
}

TEST_F(Packs, PaddedByMoreThanNeedBeAreRefused) {
  const Bytes good = make(1, 5'000);
  const auto table = *open_table(keys, id, good.size(), good);
  wire::Writer writer;
  writer.vector(table);
  const std::size_t larger = padme(good.size() + 1);
  Bytes bytes = writer.take();
  bytes.resize(larger - table[0].stored_size - kTrailerSize - internal::kSealOverhead);
  const Bytes pack = with_table(ByteView(good).first(table[0].stored_size), bytes,
                                static_cast<std::uint32_t>(bytes.size() + internal::kSealOverhead));
  ASSERT_EQ(pack.size(), larger);
  EXPECT_TRUE(refused(open_table(keys, id, pack.size(), pack), "pack: padding"));
}

}  // namespace
}  // namespace cairn::vault
