#include "tests/vectors/vector_count.h"

#include <string_view>

namespace cairn::testing {

std::string to_string(const VectorCount& count) {
  return std::to_string(count.passed) + " passed, " + std::to_string(count.failed) + " failed, " +
         std::to_string(count.skipped) + " skipped";
}

VectorCount run_cases(const nlohmann::json& cases, const std::function<Status(const nlohmann::json&)>& run_case) {
  VectorCount count;
  for (std::size_t i = 0; i < cases.size(); ++i) {
    const Status status = run_case(cases[i]);
    if (status) {
      ++count.passed;
    } else if (status.error().code == ErrorCode::unsupported &&
               status.error().where == std::string_view(kNotOurSuite)) {
      ++count.skipped;
    } else {
      ++count.failed;
      count.failures +=
          "case " + std::to_string(i) + ": " + to_string(status.error().code) + ", " + status.error().where + "\n";
    }
  }
  return count;
}

}  // namespace cairn::testing
