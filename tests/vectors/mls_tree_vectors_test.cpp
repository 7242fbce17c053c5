#include "tests/vectors/mls_tree_vectors.h"

#include <gtest/gtest.h>

#include "tests/support/vectors.h"

namespace cairn::testing {
namespace {

void expect_all(const VectorCount& count) {
  EXPECT_EQ(count.failed, 0u) << count.failures;
  EXPECT_GT(count.passed, 0u);
  std::printf("%s\n", to_string(count).c_str());
}

TEST(MlsVectors, HoldForTreeMath) {
  CAIRN_VECTORS_OR_SKIP(cases, "mls/tree-math.json");
  expect_all(run_tree_math(cases));
}

TEST(MlsVectors, HoldForTreeOperations) {
  CAIRN_VECTORS_OR_SKIP(cases, "mls/tree-operations.json");
  expect_all(run_tree_operations(cases));
}

TEST(MlsVectors, HoldForTreeValidation) {
  CAIRN_VECTORS_OR_SKIP(cases, "mls/tree-validation.json");
  expect_all(run_tree_validation(cases));
}

TEST(MlsVectors, HoldForTreeKem) {
  CAIRN_VECTORS_OR_SKIP(cases, "mls/treekem.json");
  expect_all(run_treekem(cases));
}

}  // namespace
}  // namespace cairn::testing
