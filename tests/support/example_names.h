// Who the tests are about.
#pragma once

#include <string>
#include <vector>

namespace cairn::testing {

inline constexpr const char* kAlice = "alice@example.org";
inline constexpr const char* kBob = "bob@example.org";
inline constexpr const char* kCarol = "carol@example.org";
/// The conversation that a restored backup keeps beside the new one with bob.
inline constexpr const char* kRestored = "bob (restored)";

/// Of a conversation, oldest first.
using Texts = std::vector<std::string>;

}  // namespace cairn::testing
