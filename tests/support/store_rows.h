// Rows for the tests of stores: short ways to write them, and questions at random.
#pragma once

#include <gtest/gtest.h>

#include <limits>

#include "core/base/memory_view.h"
#include "tests/support/seeded_entropy.h"

namespace cairn {

inline bool operator==(const Row& a, const Row& b) { return a.key == b.key && a.value == b.value; }

}  // namespace cairn

namespace cairn::testing {

constexpr Table kFirstTable{1};
constexpr Table kLastTable{63};
constexpr std::size_t kAll = std::numeric_limits<std::size_t>::max();

inline Write put(Table table, std::string_view key, std::string_view value) {
  return {table, to_bytes(key), to_bytes(value)};
}
inline Write erase(Table table, std::string_view key) { return {table, to_bytes(key), std::nullopt}; }

/// "a=1 b=2": what a scan gave, to compare in one line.
inline std::string show(const std::vector<Row>& rows) {
  std::string out;
  for (const Row& row : rows) out += (out.empty() ? "" : " ") + as_text(row.key) + "=" + as_text(row.value);
  return out;
}

/// A few writes whose keys collide often: short, over a small alphabet that has both ends of a byte.
inline std::vector<Write> random_writes(SeededEntropy& random) {
  constexpr std::uint8_t kAlphabet[] = {0x00, 0x01, 0x7f, 0xff};
  std::vector<Write> writes(random.below(12));
  for (Write& write : writes) {
    write.table = random.below(2) == 0 ? kFirstTable : kLastTable;
    write.key.resize(random.below(4));
    for (std::uint8_t& byte : write.key) byte = kAlphabet[random.below(4)];
    if (random.below(3) == 0) continue;
    write.value = Bytes(random.below(20) == 0 ? 20'000 : random.below(40));
    random.fill(*write.value);
  }
  return writes;
}

/// Asks both views the same questions, of which some have empty, reversed and unbounded ranges.
inline void expect_same_answers(const StoreView& view, const StoreView& model, SeededEntropy& random) {
  constexpr std::uint8_t kAlphabet[] = {0x00, 0x01, 0x7f, 0xff};
  const auto random_key = [&] {
    Bytes key(random.below(4));
    for (std::uint8_t& byte : key) byte = kAlphabet[random.below(4)];
    return key;
  };
  for (const Table table : {kFirstTable, Table{2}, kLastTable}) {
    EXPECT_EQ(view.scan(table, {}, {}, kAll), model.scan(table, {}, {}, kAll));
    for (int i = 0; i < 4; ++i) {
      const Bytes first = random_key();
      const Bytes end = random_key();
      const std::size_t limit = random.below(6);
      const Order order = random.below(2) == 0 ? Order::ascending : Order::descending;
      EXPECT_EQ(view.get(table, first), model.get(table, first));
      EXPECT_EQ(view.scan(table, first, end, limit, order), model.scan(table, first, end, limit, order));
      EXPECT_EQ(view.scan(table, first, {}, limit, order), model.scan(table, first, {}, limit, order));
      EXPECT_EQ(view.scan_prefix(table, first, limit), model.scan_prefix(table, first, limit));
    }
  }
}

}  // namespace cairn::testing
