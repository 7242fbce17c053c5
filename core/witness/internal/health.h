// What tells an operator how a witness or an auditor is (docs/spec/witness.md s.2).
#pragma once

#include "core/witness/config.h"
#include "core/witness/internal/log.h"

namespace cairn::witness {

/// As JSON, each log that is followed with it: sizes, ages and flags, of no name and of no veto. `ours` is the key that
/// cosigns; `full`: the disk has no room.
std::string health(const WitnessConfig& config, const tlog::VerifierKey& ours, const Logs& logs, bool full, Time now);

}  // namespace cairn::witness
