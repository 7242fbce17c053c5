#include "shell/store/encrypted/encrypted_store.h"

#include <gtest/gtest.h>

#include "shell/store/memory/memory_store.h"
#include "tests/support/seeded_entropy.h"

namespace cairn::store {
namespace {

StoreKey key(std::uint8_t first) {
  StoreKey out;
  out.expose_mutable()[0] = first;
  return out;
}

/// Lets a test look at what lies below.
class Borrowed final : public Store {
 public:
  explicit Borrowed(Store& below) : below_(below) {}
  std::optional<Bytes> get(Table table, ByteView row) const override { return below_.get(table, row); }
  std::vector<Row> scan(Table table, ByteView first, ByteView end, std::size_t limit, Order order) const override {
    return below_.scan(table, first, end, limit, order);
  }
  Status commit(const std::vector<Write>& writes) override { return below_.commit(writes); }
  bool full() const override { return below_.full(); }

 private:
  Store& below_;
};

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
