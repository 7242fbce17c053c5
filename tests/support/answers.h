// What a client answers its owner, as tests want it: {"result": ...} or {"error": ...}.
#pragma once

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace cairn::testing {

/// The result; null, and a failure of the test, when there is none.
inline nlohmann::json good(const nlohmann::json& answer) {
  EXPECT_TRUE(answer.is_object() && answer.contains("result")) << answer.dump();
  return answer.is_object() ? answer.value("result", nlohmann::json()) : nlohmann::json();
}

/// The sentence of a refusal.
inline std::string bad(const nlohmann::json& answer) {
  EXPECT_TRUE(answer.is_object() && answer.contains("error")) << answer.dump();
  if (!answer.is_object() || !answer.contains("error")) return "no error";
  return answer["error"]["message"].get<std::string>();
}

}  // namespace cairn::testing
