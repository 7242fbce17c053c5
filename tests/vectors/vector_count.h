// What came of a file of official vectors: how many cases held, broke, or are not ours.
#pragma once

#include <functional>
#include <string>

#include <nlohmann/json.hpp>

#include "core/base/result.h"

namespace cairn::testing {

struct VectorCount {
  std::size_t passed = 0;
  std::size_t failed = 0;
  /// Cases of suites that we do not have.
  std::size_t skipped = 0;
  /// Says which cases failed and at what; one line each.
  std::string failures;
};

/// "12 passed, 0 failed, 3 skipped".
std::string to_string(const VectorCount& count);

/// Runs every case of the file. A case that answers ErrorCode::unsupported with kNotOurSuite is skipped; any other
/// error is a failure.
VectorCount run_cases(const nlohmann::json& cases, const std::function<Status(const nlohmann::json&)>& run_case);

/// The `where` of a case that cannot be run here.
inline constexpr const char* kNotOurSuite = "cipher suite of a vector";

}  // namespace cairn::testing
