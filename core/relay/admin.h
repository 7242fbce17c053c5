// What the operator's own commands ask: of a running server over a socket of this machine, else of its store
// (docs/spec/relay.md s.7).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/base/environment.h"
#include "core/base/store.h"

namespace cairn::relay {

/// The target of the socket of this machine.
inline constexpr const char* kPathAdmin = "/admin";
/// How an answer begins that says why nothing was done.
inline constexpr std::string_view kAdminError = "error: ";

/// Asks a running server what GET /v1/health tells, on one line; no store answers it.
inline constexpr std::string_view kAdminHealth = "health";

struct Administered {
  std::vector<Write> writes;  ///< to be committed before the answer is told
  std::string answer;         ///< one line
};

/// One line of a command, while no server runs.
Administered administer(const StoreView& store, Time now, Entropy& entropy, std::string_view line);

}  // namespace cairn::relay
