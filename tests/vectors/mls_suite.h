// The suite that a case of the MLS working group's vectors is for.
#pragma once

#include "core/mls/suite.h"
#include "tests/support/vectors.h"
#include "tests/vectors/vector_count.h"

namespace cairn::testing {

/// The row named by "cipher_suite"; kNotOurSuite for those that we lack.
inline Result<const mls::CipherSuite*> suite_of(const nlohmann::json& c) {
  const auto id = mls::find_suite(c.at("cipher_suite").get<std::uint16_t>());
  REQUIRE(id.has_value(), ErrorCode::unsupported, kNotOurSuite);
  return &mls::cipher_suite(*id);
}

/// What a case answers when the result is not the expected one.
inline constexpr auto kWrong = ErrorCode::inconsistent;

}  // namespace cairn::testing
