// For tests of refusals: that a Result is the error of exactly one rule.
#pragma once

#include <gtest/gtest.h>

#include <string_view>

#include "core/base/result.h"

namespace cairn::testing {

/// Whether `result` failed and its `where` begins with `rule`.
template <class T>
::testing::AssertionResult refused(const Result<T>& result, std::string_view rule) {
  if (result) return ::testing::AssertionFailure() << "not refused, expected: " << rule;
  const std::string_view where = result.error().where;
  if (where.starts_with(rule)) return ::testing::AssertionSuccess();
  return ::testing::AssertionFailure() << "refused by \"" << where << "\", expected: " << rule;
}

/// Whether `result` succeeded.
template <class T>
::testing::AssertionResult accepted(const Result<T>& result) {
  if (result) return ::testing::AssertionSuccess();
  return ::testing::AssertionFailure() << "refused: " << result.error().where;
}

}  // namespace cairn::testing
