// The contract of every store backend, as one typed test. A backend's test names a Backend:
//
//   struct Backend {
//     store::Store& store();                // open
//     void reopen();                        // closes it cleanly and opens it again; nothing for a store in memory
//     std::unique_ptr<store::Store> open_again();  // a second opener's, as another process'; none when it is refused
//   };
//   INSTANTIATE_TYPED_TEST_SUITE_P(Name, StoreContract, Backend);
#pragma once

#include <gtest/gtest.h>

#include "core/base/overlay.h"
#include "shell/store/owned_store.h"
#include "shell/store/store.h"
#include "tests/support/store_rows.h"

namespace cairn::testing {

inline store::Condition is(Table table, std::string_view key, std::string_view value) {
  return {table, to_bytes(key), to_bytes(value)};
}
inline store::Condition absent(Table table, std::string_view key) { return {table, to_bytes(key), std::nullopt}; }

/// Somebody else's view of rows that another object keeps.
class BorrowedStore final : public store::Store {
 public:
  explicit BorrowedStore(store::Store& below) : below_(below) {}
  std::optional<Bytes> get(Table table, ByteView key) const override { return below_.get(table, key); }
  std::vector<Row> scan(Table table, ByteView first, ByteView end, std::size_t limit,
                        Order order = Order::ascending) const override {
    return below_.scan(table, first, end, limit, order);
  }
  Status commit_if(const std::vector<store::Condition>& conditions, const std::vector<Write>& writes) override {
    return below_.commit_if(conditions, writes);
  }
  bool full() const override { return below_.full(); }

 private:
  store::Store& below_;
};

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

  /// Nothing of the batch is there.
  void expect_refused(const std::vector<store::Condition>& conditions) {
    const std::string before = scan("", "");
    const Status done = store().commit_if(
        conditions, {put(kFirstTable, "new", "row"), erase(kFirstTable, "a"), put(kLastTable, "new", "row")});
    ASSERT_FALSE(done);
    EXPECT_EQ(done.error().code, ErrorCode::conflict);
    EXPECT_EQ(scan("", ""), before);
    EXPECT_EQ(store().get(kLastTable, as_bytes("new")), std::nullopt);
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

// ---- compare and swap ----

TYPED_TEST_P(StoreContract, WritesIfAllThatWasReadIsStillSo) {
  this->fill();
  ASSERT_TRUE(this->store().commit({put(kFirstTable, "e", "")}));
  ASSERT_TRUE(this->store().commit_if({is(kFirstTable, "a", "1"), is(kLastTable, "a", "other"),
                                       is(kFirstTable, "e", ""), absent(kFirstTable, "x"), absent(Table{2}, "a")},
                                      {put(kFirstTable, "a", "one"), put(kFirstTable, "x", "new")}));
  EXPECT_EQ(this->scan("", ""), "a=one b=2 ca=3 d=4 e= x=new");
  this->backend_.reopen();
  EXPECT_EQ(this->scan("", ""), "a=one b=2 ca=3 d=4 e= x=new");
}

TYPED_TEST_P(StoreContract, WritesNothingOfABatchIfAnythingIsNot) {
  this->fill();
  ASSERT_TRUE(this->store().commit({put(kFirstTable, "e", "")}));
  this->expect_refused({is(kFirstTable, "a", "2")});
  this->expect_refused({is(kFirstTable, "a", "")});
  this->expect_refused({is(kFirstTable, "a", "10")});
  this->expect_refused({is(kFirstTable, "x", "1")});
  this->expect_refused({is(kFirstTable, "x", "")});  // no row is not an empty one
  this->expect_refused({absent(kFirstTable, "e")});  // nor the other way round
  this->expect_refused({absent(kFirstTable, "a")});
  this->expect_refused({is(kLastTable, "a", "1")});  // of the same key in another table
  this->expect_refused({is(kFirstTable, "a", "1"), absent(kFirstTable, "x"), is(kFirstTable, "b", "1")});
  this->backend_.reopen();
  EXPECT_EQ(this->scan("", ""), "a=1 b=2 ca=3 d=4 e=");
}

TYPED_TEST_P(StoreContract, JudgesConditionsByWhatWasThereBeforeTheBatch) {
  this->fill();
  EXPECT_FALSE(this->store().commit_if({is(kFirstTable, "x", "1")}, {put(kFirstTable, "x", "1")}));
  EXPECT_TRUE(this->store().commit_if({is(kFirstTable, "a", "1")}, {erase(kFirstTable, "a")}));
  EXPECT_TRUE(this->store().commit_if({absent(kFirstTable, "a")}, {put(kFirstTable, "a", "2")}));
}

TYPED_TEST_P(StoreContract, JudgesConditionsWithoutWritesToo) {
  this->fill();
  EXPECT_TRUE(this->store().commit_if({is(kFirstTable, "a", "1"), absent(kFirstTable, "x")}, {}));
  const Status done = this->store().commit_if({is(kFirstTable, "a", "2")}, {});
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, ErrorCode::conflict);
  EXPECT_TRUE(this->store().commit({}));  // it is over with the batch
}

/// Writers that read, think, and write in any order: what a commit of a channel is, seen from the store.
TYPED_TEST_P(StoreContract, OfSeveralWritersThatReadTheSameOneWins) {
  constexpr std::size_t kWriters = 4;
  struct Writer {
    std::optional<Bytes> read;
    std::uint64_t wins = 0;
  };
  SeededEntropy random(7);
  std::vector<Writer> writers(kWriters);
  const auto read = [&](Writer& writer) { writer.read = this->store().get(kFirstTable, as_bytes("epoch")); };
  for (Writer& writer : writers) read(writer);
  std::uint64_t epoch = 0, refused = 0;
  for (int i = 0; i < 400; ++i) {
    const std::uint64_t who = random.below(kWriters);
    Writer& writer = writers[who];
    if (random.below(3) == 0) {
      read(writer);
      continue;
    }
    // Two rows a win: which epoch it is, and who made it.
    const std::string next = std::to_string(epoch + 1);
    const Status done =
        this->store().commit_if({{kFirstTable, to_bytes("epoch"), writer.read}},
                                {put(kFirstTable, "epoch", next), put(kLastTable, next, std::to_string(who))});
    const bool was_newest = writer.read == (epoch == 0 ? std::nullopt : std::optional(to_bytes(std::to_string(epoch))));
    ASSERT_EQ(done.has_value(), was_newest);
    if (done) ++epoch, ++writer.wins;
    if (!done) ++refused;
    if (random.below(2) == 0) read(writer);
  }
  std::vector<std::uint64_t> found(kWriters);
  const auto rows = this->store().scan(kLastTable, {}, {}, kAll);
  for (const Row& row : rows) ++found[std::stoull(as_text(row.value))];
  EXPECT_EQ(rows.size(), epoch);
  for (std::size_t i = 0; i < kWriters; ++i) EXPECT_EQ(found[i], writers[i].wins) << i;
  EXPECT_GT(epoch, 50u);
  EXPECT_GT(refused, 50u);
}

TYPED_TEST_P(StoreContract, BelongsToWhoClaimedItLast) {
  SeededEntropy entropy(1);
  const auto first = store::OwnedStore::claim(this->store(), entropy);
  ASSERT_TRUE(first);
  ASSERT_TRUE((*first)->commit({put(kFirstTable, "a", "first")}));
  const auto second = store::OwnedStore::claim(this->store(), entropy);
  ASSERT_TRUE(second);
  const std::vector<std::vector<Write>> late = {{}, {put(kFirstTable, "a", "late")}};
  for (const std::vector<Write>& writes : late) {
    const Status done = (*first)->commit(writes);
    ASSERT_FALSE(done);
    EXPECT_EQ(done.error().code, ErrorCode::conflict);
  }
  EXPECT_EQ(this->scan("", ""), "a=first");
  EXPECT_FALSE((*second)->commit_if({is(kFirstTable, "a", "1")}, {put(kFirstTable, "a", "second")}));
  ASSERT_TRUE((*second)->commit_if({is(kFirstTable, "a", "first")}, {put(kFirstTable, "a", "second")}));
  EXPECT_EQ(this->scan("", ""), "a=second");
}

/// A second opener is refused, or from then on the first is.
TYPED_TEST_P(StoreContract, IsNeverWrittenByTwoOpeners) {
  SeededEntropy entropy(1);
  const auto first = store::OwnedStore::claim(this->store(), entropy);
  ASSERT_TRUE(first);
  const std::unique_ptr<store::Store> again = this->backend_.open_again();
  if (again == nullptr) {
    EXPECT_TRUE((*first)->commit({put(kFirstTable, "a", "first")}));
    EXPECT_EQ(this->scan("", ""), "a=first");
    return;
  }
  const auto second = store::OwnedStore::claim(*again, entropy);
  ASSERT_TRUE(second);
  EXPECT_FALSE((*first)->commit({put(kFirstTable, "a", "first")}));
  EXPECT_TRUE((*second)->commit({put(kFirstTable, "a", "second")}));
  EXPECT_FALSE((*first)->commit({}));
  EXPECT_EQ(this->scan("", ""), "a=second");
}

REGISTER_TYPED_TEST_SUITE_P(StoreContract, AnEmptyStoreHasNothing, GivesBackWhatWasSet, ReplacesAndDeletes,
                            DeletingWhatIsNotThereIsAllowed, DoesTheWritesOfABatchInTheirOrder,
                            ScansFromFirstUpToButWithoutEnd, ScansBackwardsFromTheEndOfTheRange, StopsAtTheLimit,
                            OrdersKeysAsByteStrings, KeepsAnEmptyValueApartFromNone, KeepsALargeValue,
                            AgreesWithAModelOnRandomBatches, WritesIfAllThatWasReadIsStillSo,
                            WritesNothingOfABatchIfAnythingIsNot, JudgesConditionsByWhatWasThereBeforeTheBatch,
                            JudgesConditionsWithoutWritesToo, OfSeveralWritersThatReadTheSameOneWins,
                            BelongsToWhoClaimedItLast, IsNeverWrittenByTwoOpeners);

}  // namespace cairn::testing
