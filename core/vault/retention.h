// Which snapshots stay, and which objects nobody needs any more (docs/spec/backup.md s.4).
#pragma once

#include <map>
#include <set>
#include <span>
#include <vector>

#include "core/vault/chunk_index.h"
#include "core/vault/manifest.h"

namespace cairn::vault {

constexpr std::size_t kKeptDays = 7;
constexpr std::size_t kKeptWeeks = 4;
/// So long must an object be seen unneeded before it goes: another device may be writing against it.
constexpr std::uint64_t kUnneededGraceMs = 7 * kDayMs;
/// And so long a snapshot that is not kept must be seen so: another device may be building on it.
constexpr std::uint64_t kSupersededGraceMs = 4 * kDayMs;

/// Of so many signers snapshots are kept; a name has at most 32 devices at once.
constexpr std::size_t kKeptSigners = 64;
/// So long after its newest snapshot the days of a device that is out are kept; after that only its weeks and its
/// newest.
constexpr std::uint64_t kRemovedSignerGraceMs = 90 * kDayMs;

/// Whether who signed a snapshot is a device of the name now.
enum class SignerState : std::uint8_t { active, removed };

struct KnownSnapshot {
  std::vector<ObjectId> manifests;  ///< the ids under which it lies, sorted
  std::uint64_t counter = 0;
  Time created;
  PublicKey signer = {};  ///< what it holds is what this device had, and no other
  SignerState state = SignerState::active;
};

/// What says that it was made more than this after now takes the place of no other: a clock was wrong, or lies.
constexpr std::uint64_t kClockAheadMs = kDayMs;

/// The manifests to keep: the newest, that is all of the highest counter; and of each of kKeptSigners signers, active
/// ones and who made newer ones first, the newest, the newest of each of the last 7 days that have one, and of the last
/// 4 weeks. For a snapshot holds what one device had: another device's takes no place of it.
std::set<ObjectId> kept_snapshots(std::span<const KnownSnapshot> snapshots, Time now);

struct PrunePlan {
  std::vector<ObjectId> now;  ///< to be deleted in this order: first manifests, then indexes, then packs
  /// To be remembered for the next time; also of what goes now, which may be interrupted.
  std::map<ObjectId, Time> unneeded_since;
};

/// `stored`: what the storage lists. `superseded`: manifests that verify() accepted and kept_snapshots() does not keep;
/// they go when they were seen so kSupersededGraceMs ago or before. Of the rest goes what was seen unneeded
/// kUnneededGraceMs ago or before: also manifests that this client could not open or accept, for another may know
/// better. Without a snapshot's manifest nothing lists it: so manifests go first, and what they needed later.
PrunePlan plan_prune(std::span<const ObjectId> stored, const std::set<ObjectId>& needed,
                     const std::set<ObjectId>& superseded, const std::map<ObjectId, Time>& unneeded_since, Time now);

}  // namespace cairn::vault
