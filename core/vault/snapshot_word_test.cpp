#include "core/vault/snapshot_word.h"

#include <gtest/gtest.h>

#include "core/crypto/kdf.h"
#include "core/vault/internal/seal.h"
#include "core/vault/keys.h"
#include "core/vault/labels.h"
#include "tests/support/refused.h"
#include "tests/support/seeded_entropy.h"

namespace cairn::vault {
namespace {

struct WordOfADevice {
  testing::SeededEntropy entropy{31};
  BackupRoot root = random_secret<BackupRoot>(entropy);
  StorageIdentity storage = StorageIdentity::of_server("example.org");
  crypto::SigningKey device = crypto::SigningKey::generate(entropy);
  std::vector<PublicKey> signers = {device.public_key()};
  Bytes sealed = seal_snapshot_word({3, 17}, root, storage, device, entropy);

  Result<SnapshotWord> open() { return open_snapshot_word(sealed, root, storage, signers); }
};

TEST(SnapshotWord, IsReadByWhoHasTheRootAndKnowsTheDevice) {
  WordOfADevice word;
  ASSERT_EQ(word.sealed.size(), SnapshotWord::kSealedSize);
  ASSERT_TRUE(word.open());
  EXPECT_EQ(*word.open(), (SnapshotWord{3, 17}));
}

TEST(SnapshotWord, OfAnotherRootDoesNotOpen) {
  WordOfADevice word;
  word.root = random_secret<BackupRoot>(word.entropy);
  EXPECT_EQ(word.open().error().code, ErrorCode::crypto_failed);
}

TEST(SnapshotWord, WithAnyBitFlippedDoesNotOpen) {
  for (std::size_t i = 0; i < SnapshotWord::kSealedSize; ++i) {
    WordOfADevice word;
    word.sealed[i] ^= 1;
    EXPECT_FALSE(word.open()) << i;
  }
}

TEST(SnapshotWord, OfAnotherSizeIsRefused) {
  WordOfADevice shorter;
  shorter.sealed.pop_back();
  EXPECT_TRUE(testing::refused(shorter.open(), "snapshot word: size"));
  WordOfADevice longer;
  longer.sealed.push_back(0);
  EXPECT_TRUE(testing::refused(longer.open(), "snapshot word: size"));
}

TEST(SnapshotWord, OfAnotherDeviceThanTheCallerAcceptsIsRefused) {
  WordOfADevice word;
  word.signers = {crypto::SigningKey::generate(word.entropy).public_key()};
  EXPECT_TRUE(testing::refused(word.open(), "snapshot word: signer"));
}

/// A device that is out has the signed word, and maybe the root of another generation.
TEST(SnapshotWord, ThatWasSignedForAnotherRootIsRefused) {
  WordOfADevice word;
  const auto key_of = [](const BackupRoot& root) {
    return crypto::kdf<SealKey>(root.expose(), kDeriveSnapshotWord, {});
  };
  const auto opened = internal::open(key_of(word.root), {}, word.sealed);
  ASSERT_TRUE(opened);
  word.root = random_secret<BackupRoot>(word.entropy);
  word.sealed = internal::seal(key_of(word.root), {}, opened->expose(), word.entropy);
  EXPECT_EQ(word.open().error().code, ErrorCode::invalid_signature);
}

TEST(SnapshotWord, ForAnotherStorageIsRefused) {
  WordOfADevice word;
  word.storage = StorageIdentity::of_server("example.com");
  EXPECT_EQ(word.open().error().code, ErrorCode::invalid_signature);
}

}  // namespace
}  // namespace cairn::vault
