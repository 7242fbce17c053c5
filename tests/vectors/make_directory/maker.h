// What the makers of the directory's vectors have in common. tests/vectors/directory/README.md says what each field is.
#pragma once

#include <nlohmann/json.hpp>

#include "core/base/encoding.h"
#include "tests/support/test_domain.h"

namespace cairn::testing {

/// Keeps the order in which keys are put in.
using Json = nlohmann::ordered_json;

inline std::string hex(ByteView bytes) { return to_hex(bytes); }

/// Ends the program: core/directory does not judge `what` as the vectors are about to say.
inline void hold(bool holds, std::string_view what) {
  if (holds) return;
  std::fprintf(stderr, "core/directory says otherwise: %.*s\n", static_cast<int>(what.size()), what.data());
  std::exit(1);
}

/// The delay of every reset in the vectors.
inline constexpr std::uint64_t kDelayMs = directory::kDefaultResetDelayS * kSecondMs;

/// The case: what, and where it is refused the rule.
inline Json item_of(std::string_view what, std::string_view rule = {}) {
  Json out{{"what", what}};
  if (!rule.empty()) out["rule"] = rule;
  return out;
}

/// One file each, whole.
Json make_names();
Json make_recovery();
Json make_statements();
Json make_map();
Json make_tlog();
Json make_audits();
Json make_lookups();

/// The worked example of docs/spec/directory.md: lines of the text.
std::string worked_example();

}  // namespace cairn::testing
