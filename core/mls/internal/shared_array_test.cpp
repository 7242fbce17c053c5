#include "core/mls/internal/shared_array.h"

#include <gtest/gtest.h>

#include "tests/support/seeded_entropy.h"

namespace cairn::mls::internal {
namespace {

void expect_equal(const SharedArray<int>& array, const std::vector<int>& model) {
  ASSERT_EQ(array.size(), model.size());
  for (std::size_t i = 0; i < model.size(); ++i) ASSERT_EQ(array[i], model[i]) << i;
  for (int value = 0; value < 3; ++value) {
    const auto expected = std::find(model.begin(), model.end(), value);
    const std::size_t found = array.find(value).value_or(model.size());
    ASSERT_EQ(found, static_cast<std::size_t>(expected - model.begin()));
  }
}

TEST(SharedArray, BehavesLikeAVectorAndSoDoItsCopies) {
  testing::SeededEntropy random(51);
  struct Pair {
    SharedArray<int> array;
    std::vector<int> model;
  };
  std::vector<Pair> copies(3);
  for (int round = 0; round < 3000; ++round) {
    Pair& one = copies[random.below(copies.size())];
    switch (random.below(8)) {
      case 0: {
        const std::size_t size = random.below(300);
        one.array.resize(size);
        one.model.resize(size);
        break;
      }
      case 1: copies[random.below(copies.size())] = Pair(one); break;
      default: {
        if (one.model.empty()) break;
        const std::size_t index = random.below(one.model.size());
        const int value = static_cast<int>(random.below(100));
        one.array.set(index, value);
        one.model[index] = value;
      }
    }
    for (const Pair& pair : copies) ASSERT_NO_FATAL_FAILURE(expect_equal(pair.array, pair.model)) << round;
  }
}

TEST(SharedArray, FindsFromWhereItIsTold) {
  SharedArray<int> array;
  array.resize(200);
  array.set(70, 9);
  array.set(199, 9);
  EXPECT_EQ(array.find(9), 70u);
  EXPECT_EQ(array.find(9, 70), 70u);
  EXPECT_EQ(array.find(9, 71), 199u);
  EXPECT_EQ(array.find(9, 200), std::nullopt);
  EXPECT_EQ(array.find(8), std::nullopt);
}

}  // namespace
}  // namespace cairn::mls::internal
