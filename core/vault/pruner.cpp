#include "core/vault/pruner.h"

#include <algorithm>

#include "core/vault/snapshot_writer.h"

namespace cairn::vault {

// Who writes a snapshot builds on the one that was newest when it began, and puts its manifest within
// kLongestSnapshotMs; what it builds on is not there yet, so that only its base keeps what it needs. And it takes over
// packs that it put up to kLongestSnapshotMs before it began, which no manifest names in all that time.
static_assert(kSupersededGraceMs > kLongestSnapshotMs);
static_assert(kUnneededGraceMs > 2 * kLongestSnapshotMs);

Pruner::Pruner(const VaultKeys& keys, const StoredObjects& stored, std::vector<ListedSnapshot> snapshots,
               std::map<ObjectId, Time> unneeded_since, Time now)
    : keys_(&keys), unneeded_since_(std::move(unneeded_since)), now_(now) {
  for (const auto& [id, size] : stored) stored_.push_back(id);
  std::vector<KnownSnapshot> known;
  for (const ListedSnapshot& one : snapshots) {
    known.push_back({one.manifests, one.content.counter, one.content.created, one.signer, one.state});
  }
  const std::set<ObjectId> kept = kept_snapshots(known, now);
  std::set<std::pair<ObjectId, Hash>> wanted;
  for (const ListedSnapshot& one : snapshots) {
    const bool stays = std::ranges::any_of(one.manifests, [&](const ObjectId& id) { return kept.contains(id); });
    (stays ? needed_ : superseded_).insert(one.manifests.begin(), one.manifests.end());
    kept_ += stays ? 1 : 0;
    if (!stays && goes(one)) {
      ++going_;
      continue;
    }
    for (const IndexReference& index : one.content.indexes) {
      needed_.insert(index.id);
      if (wanted.emplace(index.id, index.digest).second) indexes_.push_back(index);
    }
  }
}

/// Whether its last copy goes now: from then on nothing lists it.
bool Pruner::goes(const ListedSnapshot& snapshot) const {
  return std::ranges::all_of(snapshot.manifests, [this](const ObjectId& id) {
    const auto seen = unneeded_since_.find(id);
    return seen != unneeded_since_.end() && elapsed_ms(now_, seen->second) >= kSupersededGraceMs;
  });
}

void Pruner::give(ByteView sealed) {
  CHECK(wanted() != nullptr);
  const auto listings = open_index(*keys_, indexes_[at_++], sealed);
  index_lost_ = index_lost_ || !listings;
  if (!listings) return;
  for (const Listing& one : *listings) needed_.insert(one.pack);
}

void Pruner::missing() {
  CHECK(wanted() != nullptr);
  ++at_;
  index_lost_ = true;
}

PrunePlan Pruner::plan() const {
  CHECK(wanted() == nullptr);
  std::set<ObjectId> needed = needed_;
  std::set<ObjectId> superseded = superseded_;
  for (const ObjectId& id : stored_) {
    if (index_lost_ && !is_kind(id, ObjectKind::manifest)) needed.insert(id);
  }
  return plan_prune(stored_, needed, superseded, unneeded_since_, now_);
}

}  // namespace cairn::vault
