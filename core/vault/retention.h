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

struct KnownSnapshot {
  std::vector<ObjectId> manifests;  ///< the ids under which it lies, sorted
  std::uint64_t counter = 0;
  Time created;
};

/// What says that it was made more than this after now takes the place of no other: a clock was wrong, or lies.
constexpr std::uint64_t kClockAheadMs = kDayMs;

/// The manifests to keep: the newest; the newest of each of the last 7 days that have one, and of the last 4 weeks.
std::set<ObjectId> kept_snapshots(std::span<const KnownSnapshot> snapshots, Time now);

/// What a kept snapshot needs, beyond its manifest: its indexes, and the packs that `index`, made of them, lists.
void add_needed(const ManifestContent& manifest, const ChunkIndex& index, std::set<ObjectId>& needed);

struct PrunePlan {
  std::vector<ObjectId> now;                ///< to be deleted
  std::map<ObjectId, Time> unneeded_since;  ///< to be remembered for the next time
};

/// `stored`: what the storage lists. `superseded`: manifests that verify() accepted and kept_snapshots() does not keep;
/// they go at once. Of the rest goes what was seen unneeded kUnneededGraceMs ago or before: also manifests that this
/// client could not open or accept, for another may know better.
PrunePlan plan_prune(std::span<const ObjectId> stored, const std::set<ObjectId>& needed,
                     const std::set<ObjectId>& superseded, const std::map<ObjectId, Time>& unneeded_since, Time now);

}  // namespace cairn::vault
