#include "shell/store/encrypted/key_file.h"

#include <gtest/gtest.h>

#include "shell/os/file.h"
#include "tests/support/scratch_folder.h"
#include "tests/support/seeded_entropy.h"

namespace cairn::store {
namespace {

constexpr std::string_view kPhrase = "a long walk to the cairn";
constexpr std::size_t kSealedFile = 114;
/// Tests do not wait for what keeps thieves waiting.
constexpr crypto::Argon2idCost kCheap{8, 1};

class KeyFiles : public ::testing::Test {
 protected:
  Bytes content() const { return os::read_file(path, 1000).value(); }
  void put(ByteView bytes) { ASSERT_TRUE(os::write_file(path, bytes)); }
  StoreKey made() { return std::move(*open_key_file(path, entropy)); }

  testing::ScratchFolder folder;
  testing::SeededEntropy entropy{5};
  std::string path = folder.file("key");
};

TEST_F(KeyFiles, AreMadeOnceAndReadAgain) {
  EXPECT_EQ(key_file_state(path), KeyFileState::absent);
  const StoreKey key = made();
  EXPECT_EQ(key_file_state(path), KeyFileState::open);
  EXPECT_TRUE(equal(content(), key.expose()));
  EXPECT_TRUE(equal(made().expose(), key.expose()));
}

TEST_F(KeyFiles, ArePutBehindAPassphraseAndTakenOutAgain) {
  const StoreKey key = made();
  ASSERT_TRUE(seal_key_file(path, key, as_bytes(kPhrase), entropy, kCheap));
  EXPECT_EQ(key_file_state(path), KeyFileState::sealed);
  const Bytes sealed = content();
  EXPECT_EQ(sealed.size(), kSealedFile);
  EXPECT_EQ(std::search(sealed.begin(), sealed.end(), key.expose().begin(), key.expose().begin() + 8), sealed.end());
  EXPECT_EQ(open_key_file(path, entropy).error().code, ErrorCode::not_authorised);
  EXPECT_TRUE(equal(content(), sealed)) << "no other key was made in its place";
  EXPECT_TRUE(equal(unseal_key_file(path, as_bytes(kPhrase)).value().expose(), key.expose()));
  EXPECT_EQ(unseal_key_file(path, as_bytes("a long walk to the cairn ")).error().code, ErrorCode::crypto_failed);
  EXPECT_EQ(unseal_key_file(path, {}).error().code, ErrorCode::crypto_failed);
  ASSERT_TRUE(bare_key_file(path, key));
  EXPECT_TRUE(equal(made().expose(), key.expose()));
  EXPECT_EQ(unseal_key_file(path, as_bytes(kPhrase)).error().code, ErrorCode::invalid_state);
}

TEST_F(KeyFiles, HaveAnotherSaltAndNonceEachTime) {
  const StoreKey key = made();
  ASSERT_TRUE(seal_key_file(path, key, as_bytes(kPhrase), entropy, kCheap));
  const Bytes first = content();
  ASSERT_TRUE(seal_key_file(path, key, as_bytes(kPhrase), entropy, kCheap));
  const Bytes second = content();
  EXPECT_FALSE(equal(ByteView(first).subspan(26, 16), ByteView(second).subspan(26, 16)));
  EXPECT_FALSE(equal(ByteView(first).subspan(42, 24), ByteView(second).subspan(42, 24)));
}

TEST_F(KeyFiles, OpenOnlyAsTheyWereSealed) {
  ASSERT_TRUE(seal_key_file(path, made(), as_bytes(kPhrase), entropy, kCheap));
  const Bytes good = content();
  for (std::size_t at = 0; at < good.size(); ++at) {
    Bytes bad = good;
    bad[at] ^= 1;
    put(bad);
    EXPECT_FALSE(unseal_key_file(path, as_bytes(kPhrase))) << at;
  }
  for (const std::size_t size :
       {std::size_t{0}, std::size_t{1}, std::size_t{31}, std::size_t{33}, good.size() - 1, good.size() + 1}) {
    Bytes other = good;
    other.resize(size);
    put(other);
    EXPECT_EQ(key_file_state(path).error().code, ErrorCode::malformed) << size;
    EXPECT_EQ(open_key_file(path, entropy).error().code, ErrorCode::malformed) << size;
  }
}

TEST_F(KeyFiles, AskForNoMoreThanAMachineGives) {
  ASSERT_TRUE(seal_key_file(path, made(), as_bytes(kPhrase), entropy, kCheap));
  Bytes bad = content();
  bad[18] = 0xff;  // the first byte of the memory
  put(bad);
  EXPECT_EQ(unseal_key_file(path, as_bytes(kPhrase)).error().code, ErrorCode::malformed);
  bad[18] = 0;
  bad[22] = 1;  // the first byte of the passes
  put(bad);
  EXPECT_EQ(unseal_key_file(path, as_bytes(kPhrase)).error().code, ErrorCode::malformed);
}

TEST_F(KeyFiles, LeaveNoBareKeyBehindWhenTheyAreSealed) {
  const StoreKey key = made();
  const std::string link = folder.file("another name of the file");
  std::filesystem::create_hard_link(path, link);
  const std::string left = path + ".new-aB3xYz";  // by a process that was killed while it wrote
  ASSERT_TRUE(os::write_file(left, key.expose()));
  const std::string others = path + ".backup";  // somebody's own copy
  ASSERT_TRUE(os::write_file(others, Bytes{7}));
  ASSERT_TRUE(seal_key_file(path, key, as_bytes(kPhrase), entropy, kCheap));
  EXPECT_EQ(os::read_file(link, 100).value(), Bytes(StoreKey::kSize));
  EXPECT_FALSE(std::filesystem::exists(left));
  EXPECT_TRUE(std::filesystem::exists(others));
}

TEST_F(KeyFiles, TakeNoPassphraseThatIsNone) {
  const StoreKey key = made();
  for (const std::size_t size : {std::size_t{0}, kMinPassphrase - 1, kMaxPassphrase + 1}) {
    EXPECT_EQ(seal_key_file(path, key, Bytes(size, 'x'), entropy, kCheap).error().code, ErrorCode::malformed) << size;
  }
  EXPECT_TRUE(equal(content(), key.expose()));
}

}  // namespace
}  // namespace cairn::store
