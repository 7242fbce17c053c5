#include "shell/store/encrypted/encrypted_store.h"

#include <gtest/gtest.h>

#include "shell/store/memory/memory_store.h"
#include "tests/support/seeded_entropy.h"
#include "tests/support/store_contract.h"

namespace cairn::store {
namespace {

StoreKey key(std::uint8_t first) {
  StoreKey out;
  out.expose_mutable()[0] = first;
  return out;
}

/// Lets a test look at what lies below.
using Borrowed = testing::BorrowedStore;

struct EncryptedBackend {
  static std::unique_ptr<Store> open(Store& disk, Entropy& entropy) {
    return std::move(EncryptedStore::open(std::make_unique<Borrowed>(disk), key(1), entropy).value());
  }
  Store& store() { return *store_; }
  void reopen() { store_ = open(disk_, entropy_); }
  std::unique_ptr<Store> open_again() { return open(disk_, entropy_); }
  testing::SeededEntropy entropy_{9};
  MemoryStore disk_;
  std::unique_ptr<Store> store_ = open(disk_, entropy_);
};

}  // namespace
}  // namespace cairn::store

namespace cairn::testing {
INSTANTIATE_TYPED_TEST_SUITE_P(Encrypted, StoreContract, store::EncryptedBackend);
}  // namespace cairn::testing

namespace cairn::store {
namespace {

TEST(EncryptedStore, ReadsBackWhatItSealedAndShowsNothingBelow) {
  testing::SeededEntropy entropy(1);
  MemoryStore disk;
  auto store = EncryptedStore::open(std::make_unique<Borrowed>(disk), key(1), entropy);
  ASSERT_TRUE(store);
  const Bytes secret = to_bytes("a sentence that nobody else reads");
  ASSERT_TRUE((*store)->commit({{Table{3}, {1}, secret}, {Table{3}, {2}, Bytes{}}}));
  EXPECT_EQ((*store)->get(Table{3}, Bytes{1}), secret);
  EXPECT_EQ((*store)->get(Table{3}, Bytes{2}), Bytes{});
  EXPECT_EQ((*store)->scan(Table{3}, {}, {}, 10).size(), 2u);
  const Bytes below = *disk.get(Table{3}, Bytes{1});
  EXPECT_EQ(std::search(below.begin(), below.end(), secret.begin(), secret.end()), below.end());
}

TEST(EncryptedStore, RefusesAnotherKey) {
  testing::SeededEntropy entropy(2);
  MemoryStore disk;
  ASSERT_TRUE(EncryptedStore::open(std::make_unique<Borrowed>(disk), key(1), entropy));
  const auto wrong = EncryptedStore::open(std::make_unique<Borrowed>(disk), key(2), entropy);
  ASSERT_FALSE(wrong);
  EXPECT_EQ(wrong.error().code, ErrorCode::malformed);
}

TEST(EncryptedStore, AValueAtAnotherPlaceEndsTheBatch) {
  testing::SeededEntropy entropy(3);
  MemoryStore disk;
  auto store = EncryptedStore::open(std::make_unique<Borrowed>(disk), key(1), entropy);
  ASSERT_TRUE((*store)->commit({{Table{3}, {1}, Bytes{7}}}));
  ASSERT_TRUE(disk.commit({{Table{3}, {2}, disk.get(Table{3}, Bytes{1})}}));
  EXPECT_FALSE((*store)->get(Table{3}, Bytes{2}));
  EXPECT_EQ((*store)->commit({{Table{3}, {4}, Bytes{1}}}).error().code, ErrorCode::storage_failed);
  // That batch, and no other one: what does not read it goes on.
  EXPECT_EQ((*store)->get(Table{3}, Bytes{1}), Bytes{7});
  EXPECT_TRUE((*store)->commit({{Table{3}, {4}, Bytes{2}}}));
  EXPECT_EQ((*store)->get(Table{3}, Bytes{4}), Bytes{2});
  EXPECT_EQ((*store)->scan(Table{3}, {}, {}, 10).size(), 2u);
  EXPECT_EQ((*store)->commit({}).error().code, ErrorCode::storage_failed) << "also where it is read among others";
}

TEST(EncryptedStore, AConditionOnWhatCannotBeOpenedEndsTheBatch) {
  testing::SeededEntropy entropy(5);
  MemoryStore disk;
  auto store = EncryptedStore::open(std::make_unique<Borrowed>(disk), key(1), entropy);
  ASSERT_TRUE((*store)->commit({{Table{3}, {1}, Bytes{7}}}));
  ASSERT_TRUE(disk.commit({{Table{3}, {2}, disk.get(Table{3}, Bytes{1})}}));
  const MemoryView before = disk.rows();
  const Status done = (*store)->commit_if({{Table{3}, {2}, Bytes{7}}}, {{Table{3}, {4}, Bytes{1}}});
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, ErrorCode::storage_failed);
  EXPECT_EQ(disk.rows(), before);
  EXPECT_TRUE((*store)->commit_if({{Table{3}, {1}, Bytes{7}}}, {{Table{3}, {4}, Bytes{1}}}));
}

// What docs/threat-model.md says of who writes to the disk of a device.
TEST(EncryptedStore, AFormerValueOfItsOwnPlaceIsNotNoticed) {
  testing::SeededEntropy entropy(6);
  MemoryStore disk;
  auto store = EncryptedStore::open(std::make_unique<Borrowed>(disk), key(1), entropy);
  ASSERT_TRUE((*store)->commit({{Table{3}, {1}, Bytes{7}}}));
  const Bytes former = *disk.get(Table{3}, Bytes{1});
  ASSERT_TRUE((*store)->commit({{Table{3}, {1}, Bytes{8}}}));
  ASSERT_TRUE(disk.commit({{Table{3}, {1}, former}}));
  EXPECT_EQ((*store)->get(Table{3}, Bytes{1}), Bytes{7});
}

TEST(EncryptedStore, AnyFlippedBitIsNoticed) {
  testing::SeededEntropy entropy(4);
  MemoryStore disk;
  auto store = EncryptedStore::open(std::make_unique<Borrowed>(disk), key(1), entropy);
  ASSERT_TRUE((*store)->commit({{Table{3}, {1}, Bytes{7, 8, 9}}}));
  const Bytes good = *disk.get(Table{3}, Bytes{1});
  for (std::size_t bit = 0; bit < good.size() * 8; ++bit) {
    Bytes bad = good;
    bad[bit / 8] ^= static_cast<std::uint8_t>(1 << bit % 8);
    ASSERT_TRUE(disk.commit({{Table{3}, {1}, bad}}));
    EXPECT_FALSE((*store)->get(Table{3}, Bytes{1})) << bit;
  }
}

}  // namespace
}  // namespace cairn::store
