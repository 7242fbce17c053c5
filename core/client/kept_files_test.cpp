// Bytes of files that a device has by itself: they are whole or not there, and go with the last message.
#include "core/client/kept_files.h"

#include <gtest/gtest.h>

#include "core/base/memory_view.h"
#include "core/client/tables.h"
#include "tests/support/refused.h"
#include "tests/support/seeded_entropy.h"

namespace cairn::client {
namespace {

class KeptFiles : public ::testing::Test {
 protected:
  KeptFiles() {
    file.size = 1'500'000;
    file.hash.mutable_view()[0] = 1;
    id = sealed_file_id(file);
  }
  void keep(const SealedFileId& one) {
    begin_keeping(context, one, file.sealed_size());
    for (std::uint64_t at = 0; at < file.sealed_size(); at += kSealedPiece) {
      const auto size = static_cast<std::size_t>(std::min(kSealedPiece, file.sealed_size() - at));
      keep_piece(context, one, at, Bytes(size, static_cast<std::uint8_t>(1 + at / kSealedPiece)));
    }
  }
  std::size_t rows(Table table) const { return store.scan(table, {}, {}, ~std::size_t{0}).size(); }

  MemoryView disk;
  Overlay store{disk};
  testing::SeededEntropy entropy{1};
  std::vector<proto::Send> sends;
  std::vector<proto::Event> events;
  Context context{store, Time{1'700'000'000'000}, entropy, sends, events};
  Attachment file;
  SealedFileId id;
  ChannelId home;
};

TEST_F(KeptFiles, AreKnownByIdHashAndSizeOfTheirBlob) {
  Attachment other = file.clone();
  other.name = "another name";
  other.key = random_secret<crypto::StreamKey>(entropy);
  EXPECT_EQ(sealed_file_id(other), id);
  other.blob.mutable_view()[31] = 1;
  EXPECT_NE(sealed_file_id(other), id);
  other = file.clone();
  other.hash.mutable_view()[31] = 1;
  EXPECT_NE(sealed_file_id(other), id);
  other = file.clone();
  other.size += 100'000;
  EXPECT_NE(sealed_file_id(other), id);
}

TEST_F(KeptFiles, AreNotThereUntilTheyAreWhole) {
  keep(id);
  EXPECT_FALSE(is_kept(store, id));
  EXPECT_EQ(kept_bytes(store, id, 0), std::nullopt);
  keep_whole(context, id);
  ASSERT_TRUE(is_kept(store, id));
  EXPECT_EQ(kept_bytes(store, id, 0), Bytes(kSealedPiece, 1));
  EXPECT_EQ(kept_bytes(store, id, crypto::kStreamSealedChunk)->size(), kSealedPiece - crypto::kStreamSealedChunk);
  EXPECT_EQ(kept_bytes(store, id, kSealedPiece)->size(), file.sealed_size() - kSealedPiece);
  EXPECT_EQ(kept_bytes(store, id, file.sealed_size()), std::nullopt);
  EXPECT_EQ(kept_bytes(store, SealedFileId{}, 0), std::nullopt);
}

TEST_F(KeptFiles, GoWithTheLastMessageThatNamesThem) {
  keep(id);
  keep_whole(context, id);
  keep_for(context, id, home, 1);
  keep_for(context, id, home, 2);
  release_kept(context, id, home, 3);  // which never named it
  release_kept(context, id, home, 1);
  release_kept(context, id, home, 1);
  EXPECT_TRUE(is_kept(store, id));
  save_attachment(context, home, 2, {file.clone(), std::nullopt});
  forget_attachment(context, home, 2, BlobFate::stays);
  EXPECT_FALSE(is_kept(store, id));
  EXPECT_EQ(rows(tables::kKeptPieces) + rows(tables::kKeptFiles) + rows(tables::kKeptFor), 0u);
}

TEST_F(KeptFiles, ThatWereBegunGoAndWholeOnesStay) {
  for (std::uint8_t i = 0; i < 200; ++i) {
    SealedFileId one;
    one.mutable_view()[0] = i;
    begin_keeping(context, one, 10);
    keep_piece(context, one, 0, Bytes(10));
    if (i % 50 == 0) keep_whole(context, one);
  }
  drop_unfinished(context);
  EXPECT_EQ(rows(tables::kKeptFiles), 4u);
  EXPECT_EQ(rows(tables::kKeptPieces), 4u);
}

TEST_F(KeptFiles, RowsThatNoBuildWritesAreRefused) {
  EXPECT_TRUE(testing::refused(wire::decode<KeptFile>(wire::encode(KeptFile{0, true})), "size of a kept file"));
  EXPECT_TRUE(testing::refused(wire::decode<KeptFile>(wire::encode(KeptFile{proto::kMaxBlob + 1, true})),
                               "size of a kept file"));
  note_try(context, id);
  note_try(context, id);
  EXPECT_EQ(file_try(store, id)->count, 2u);
  EXPECT_EQ(file_try(store, SealedFileId{}), std::nullopt);
}

}  // namespace
}  // namespace cairn::client
