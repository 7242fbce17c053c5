// Rows of PINs that are being set (pin_standbys.h, pin_attempt.h), of generations that were begun
// (begun_generations.h), and of deletions (waiting_deletions.h), and what devices tell of snapshots (snapshots_told.h),
// beside those of tables.h.
#pragma once

#include "core/base/store.h"

namespace cairn::client::tables {

inline constexpr Table kPinStandbys{140};       ///< id of a copy of the key box -> PinStandby
inline constexpr Table kPinAttempt{142};        ///< "" -> PinAttempt
inline constexpr Table kBegunGenerations{143};  ///< vault id -> BegunGeneration
inline constexpr Table kSnapshotsTold{144};     ///< "" -> hash of what was said; device id -> SnapshotsTold
inline constexpr Table kWaitingDeletions{185};  ///< vault id -> WaitingDeletion

}  // namespace cairn::client::tables
