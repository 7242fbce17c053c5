// The contract of every store backend, as one typed test. A backend's test names a Backend:
//
//   struct Backend {
//     store::Store& store();                // open
//     void reopen();                        // closes it cleanly and opens it again; nothing for a store in memory
//   };
//   INSTANTIATE_TYPED_TEST_SUITE_P(Name, StoreContract, Backend);
#pragma once

#include <gtest/gtest.h>

#include "core/base/overlay.h"
#include "shell/store/store.h"
#include "tests/support/store_rows.h"

namespace cairn::testing {

template <class Backend>
class StoreContract : public ::testing::Test {
 protected:
  store::Store& store() { return backend_.store(); }
  std::string scan(std::string_view first, std::string_view end, std::size_t limit = kAll,
                   Order order = Order::ascending) {
    return show(store().scan(kFirstTable, as_bytes(first), as_bytes(end), limit, order));
  }
  void fill() {
    ASSERT_TRUE(store().commit({put(kFirstTable, "b", "2"), put(kFirstTable, "a", "1"), put(kFirstTable, "d", "4"),
                                put(kFirstTable, "ca", "3"), put(kLastTable, "a", "other")}));
  }

  Backend backend_;
};
TYPED_TEST_SUITE_P(StoreContract);

TYPED_TEST_P(StoreContract, AnEmptyStoreHasNothing) {
  EXPECT_EQ(this->store().get(kFirstTable, as_bytes("a")), std::nullopt);
  EXPECT_EQ(this->scan("", ""), "");
  EXPECT_TRUE(this->store().commit({}));
}

TYPED_TEST_P(StoreContract, GivesBackWhatWasSet) {
  this->fill();
  EXPECT_EQ(this->store().get(kFirstTable, as_bytes("a")), to_bytes("1"));
  EXPECT_EQ(this->store().get(kLastTable, as_bytes("a")), to_bytes("other"));
  EXPECT_EQ(this->store().get(Table{2}, as_bytes("a")), std::nullopt);
}

TYPED_TEST_P(StoreContract, ReplacesAndDeletes) {
  this->fill();
  ASSERT_TRUE(this->store().commit({put(kFirstTable, "a", "one"), erase(kFirstTable, "b")}));
  EXPECT_EQ(this->scan("", ""), "a=one ca=3 d=4");
}

TYPED_TEST_P(StoreContract, DeletingWhatIsNotThereIsAllowed) {
  EXPECT_TRUE(this->store().commit({erase(kFirstTable, "a")}));
  EXPECT_EQ(this->scan("", ""), "");
}

TYPED_TEST_P(StoreContract, DoesTheWritesOfABatchInTheirOrder) {
  ASSERT_TRUE(this->store().commit(
      {put(kFirstTable, "a", "1"), erase(kFirstTable, "a"), put(kFirstTable, "b", "1"), put(kFirstTable, "b", "2")}));
  EXPECT_EQ(this->scan("", ""), "b=2");
}

TYPED_TEST_P(StoreContract, ScansFromFirstUpToButWithoutEnd) {
  this->fill();
  EXPECT_EQ(this->scan("b", "d"), "b=2 ca=3");
  EXPECT_EQ(this->scan("bb", "dd"), "ca=3 d=4");
  EXPECT_EQ(this->scan("b", ""), "b=2 ca=3 d=4");
  EXPECT_EQ(this->scan("d", "b"), "");
  EXPECT_EQ(this->scan("b", "b"), "");
}

TYPED_TEST_P(StoreContract, ScansBackwardsFromTheEndOfTheRange) {
  this->fill();
  EXPECT_EQ(this->scan("", "", kAll, Order::descending), "d=4 ca=3 b=2 a=1");
  EXPECT_EQ(this->scan("a", "d", 2, Order::descending), "ca=3 b=2");
  EXPECT_EQ(this->scan("b", "", 2, Order::descending), "d=4 ca=3");
}

TYPED_TEST_P(StoreContract, StopsAtTheLimit) {
  this->fill();
  EXPECT_EQ(this->scan("", "", 0), "");
  EXPECT_EQ(this->scan("", "", 2), "a=1 b=2");
}

TYPED_TEST_P(StoreContract, OrdersKeysAsByteStrings) {
  const std::vector<Bytes> keys = {{},     {0x00}, {0x00, 0x00}, {0x01},      {0x7f},
                                   {0x80}, {0xff}, {0xff, 0x00}, {0xff, 0xff}};
  std::vector<Write> writes;
  for (const Bytes& key : keys) writes.insert(writes.begin(), {kFirstTable, key, Bytes{1}});
  ASSERT_TRUE(this->store().commit(writes));
  std::vector<Bytes> found;
  for (const Row& row : this->store().scan(kFirstTable, {}, {}, kAll)) found.push_back(row.key);
  EXPECT_EQ(found, keys);
  EXPECT_EQ(this->store().scan_prefix(kFirstTable, Bytes{0xff}, kAll).size(), 3u);
  EXPECT_EQ(this->store().get(kFirstTable, {}), Bytes{1});
}

TYPED_TEST_P(StoreContract, KeepsAnEmptyValueApartFromNone) {
  ASSERT_TRUE(this->store().commit({put(kFirstTable, "a", "")}));
  EXPECT_EQ(this->store().get(kFirstTable, as_bytes("a")), Bytes{});
}

TYPED_TEST_P(StoreContract, KeepsALargeValue) {
  SeededEntropy random(1);
  Bytes value(1 << 20);
  random.fill(value);
  ASSERT_TRUE(this->store().commit({{kFirstTable, to_bytes("a"), value}}));
  EXPECT_EQ(this->store().get(kFirstTable, as_bytes("a")), value);
}

TYPED_TEST_P(StoreContract, AgreesWithAModelOnRandomBatches) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    SCOPED_TRACE(seed);
    SeededEntropy random(seed);
    MemoryView model;
    std::vector<Write> clear;
    for (const Table table : {kFirstTable, kLastTable}) {
      for (const Row& row : this->store().scan(table, {}, {}, kAll)) clear.push_back({table, row.key, std::nullopt});
    }
    ASSERT_TRUE(this->store().commit(clear));
    for (int batch = 0; batch < 15; ++batch) {
      Overlay overlay(this->store());
      for (std::uint64_t input = random.below(4); input > 0; --input) {
        const std::vector<Write> writes = random_writes(random);
        model.apply(writes);
        overlay.apply(writes);
        expect_same_answers(overlay, model, random);
      }
      ASSERT_TRUE(this->store().commit(overlay.take_writes()));
      expect_same_answers(this->store(), model, random);
    }
    this->backend_.reopen();
    expect_same_answers(this->store(), model, random);
    if (::testing::Test::HasFailure()) return;
  }
}

REGISTER_TYPED_TEST_SUITE_P(StoreContract, AnEmptyStoreHasNothing, GivesBackWhatWasSet, ReplacesAndDeletes,
                            DeletingWhatIsNotThereIsAllowed, DoesTheWritesOfABatchInTheirOrder,
                            ScansFromFirstUpToButWithoutEnd, ScansBackwardsFromTheEndOfTheRange, StopsAtTheLimit,
                            OrdersKeysAsByteStrings, KeepsAnEmptyValueApartFromNone, KeepsALargeValue,
                            AgreesWithAModelOnRandomBatches);

}  // namespace cairn::testing
