#include "core/vault/keys.h"

#include <gtest/gtest.h>

#include "core/vault/internal/seal.h"
#include "core/vault/labels.h"
#include "tests/support/refused.h"
#include "tests/support/seeded_entropy.h"

namespace cairn::vault {
namespace {

using cairn::testing::refused;
using cairn::testing::SeededEntropy;

struct Keys : ::testing::Test {
  SeededEntropy entropy{1};
  BackupRoot root = random_secret<BackupRoot>(entropy);
  BackupToken token = random_secret<BackupToken>(entropy);
  DataKey key = random_secret<DataKey>(entropy);
  StorageIdentity here = StorageIdentity::of_server("example.org");
};

TEST_F(Keys, AWrappedDataKeyOpensUnderItsRootAndToken) {
  const auto wrapped = wrap_data_key(root, token, 7, key, entropy);
  const auto opened = unwrap_data_key(root, token, 7, wrapped);
  ASSERT_TRUE(opened);
  EXPECT_TRUE(equal(opened->expose(), key.expose()));
}

TEST_F(Keys, AWrappedDataKeyOpensUnderNoOtherRootTokenOrGeneration) {
  const auto wrapped = wrap_data_key(root, token, 7, key, entropy);
  EXPECT_TRUE(refused(unwrap_data_key(random_secret<BackupRoot>(entropy), token, 7, wrapped), "aead open"));
  EXPECT_TRUE(refused(unwrap_data_key(root, random_secret<BackupToken>(entropy), 7, wrapped), "aead open"));
  EXPECT_TRUE(refused(unwrap_data_key(root, token, 8, wrapped), "aead open"));
  for (std::size_t i = 0; i < wrapped.size(); ++i) {
    auto flipped = wrapped;
    flipped.mutable_view()[i] ^= 1;
    EXPECT_TRUE(refused(unwrap_data_key(root, token, 7, flipped), "aead open")) << i;
  }
}

TEST_F(Keys, WhatFollowsFromARootDiffers) {
  const BackupRoot other = random_secret<BackupRoot>(entropy);
  EXPECT_NE(vault_id(root, here), vault_id(other, here));
  EXPECT_NE(vault_write_key(root, here).public_key(), vault_write_key(other, here).public_key());
  const auto box = key_box_address(root.expose(), here);
  EXPECT_FALSE(equal(box.id, vault_id(root, here)));
  EXPECT_NE(box.write_key.public_key(), vault_write_key(root, here).public_key());
}

/// What one storage was asked, signed, it may repeat at the next: there is nothing there by that id or key.
TEST_F(Keys, AtAnotherStorageIdsAndWriteKeysAreOthers) {
  const std::string domain = "example.org";
  const auto id = random_value<FolderId>(entropy);
  const StorageIdentity there[] = {
      StorageIdentity::of_server("example.com"), StorageIdentity::of_folder(id),
      StorageIdentity::of_folder(random_value<FolderId>(entropy)),
      StorageIdentity{concat({Bytes{2}, as_bytes(domain)})}};  // a folder whose id is the name of the server
  for (const StorageIdentity& storage : there) {
    EXPECT_NE(vault_id(root, here), vault_id(root, storage));
    EXPECT_NE(vault_write_key(root, here).public_key(), vault_write_key(root, storage).public_key());
    const auto a = key_box_address(root.expose(), here);
    const auto b = key_box_address(root.expose(), storage);
    EXPECT_NE(a.id, b.id);
    EXPECT_NE(a.write_key.public_key(), b.write_key.public_key());
  }
}

/// A machine that is set back draws the same random bytes: other texts have other nonces all the same.
TEST_F(Keys, WhatIsSealedWithTheSameRandomBytesSharesNoNonce) {
  const auto seal_key = random_secret<SealKey>(entropy);
  const auto nonce = [&](std::string_view ad, std::string_view text) {
    SeededEntropy again(9);
    const Bytes sealed = internal::seal(seal_key, as_bytes(ad), as_bytes(text), again);
    EXPECT_TRUE(internal::open(seal_key, as_bytes(ad), sealed).has_value());
    return to_bytes(ByteView(sealed).first(internal::kNonceSize));
  };
  EXPECT_EQ(nonce("", "text"), nonce("", "text"));
  EXPECT_NE(nonce("", "text"), nonce("", "texu"));
  EXPECT_NE(nonce("", "text"), nonce("t", "ext"));
  SeededEntropy other(10);
  EXPECT_NE(nonce("", "text"),
            to_bytes(ByteView(internal::seal(seal_key, {}, as_bytes("text"), other)).first(internal::kNonceSize)));
}

TEST_F(Keys, AChunksIdIsOfItsBytesAndTheDataKey) {
  const VaultKeys keys(key.clone());
  const VaultKeys same(key.clone());
  const VaultKeys other(random_secret<DataKey>(entropy));
  EXPECT_EQ(keys.chunk_id(as_bytes("x")), same.chunk_id(as_bytes("x")));
  EXPECT_NE(keys.chunk_id(as_bytes("x")), keys.chunk_id(as_bytes("y")));
  EXPECT_NE(keys.chunk_id(as_bytes("x")), other.chunk_id(as_bytes("x")));
}

TEST_F(Keys, EachObjectAndPurposeHasItsOwnKey) {
  const VaultKeys keys(key.clone());
  const ObjectId a = new_object_id(ObjectKind::pack, entropy);
  const ObjectId b = new_object_id(ObjectKind::pack, entropy);
  EXPECT_TRUE(equal(keys.object_key(kSealChunks, a).expose(), keys.object_key(kSealChunks, a).expose()));
  EXPECT_FALSE(equal(keys.object_key(kSealChunks, a).expose(), keys.object_key(kSealChunks, b).expose()));
  EXPECT_FALSE(equal(keys.object_key(kSealChunks, a).expose(), keys.object_key(kSealTable, a).expose()));
}

}  // namespace
}  // namespace cairn::vault
