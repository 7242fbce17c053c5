#include "core/vault/retention.h"

#include <algorithm>

namespace cairn::vault {
namespace {

/// The newest of each of the last `most` spans of time that have a snapshot; `newest_first` by counter.
void keep_newest(std::span<const KnownSnapshot> newest_first, std::uint64_t span_ms, std::size_t most,
                 std::set<ObjectId>& kept) {
  std::map<std::uint64_t, const KnownSnapshot*, std::greater<>> spans;
  for (const KnownSnapshot& one : newest_first) spans.try_emplace(one.created.ms / span_ms, &one);
  for (const auto& [span, newest] : spans) {
    if (most-- == 0) return;
    kept.insert(newest->manifests.begin(), newest->manifests.end());
  }
}

bool is_newer(const KnownSnapshot& a, const KnownSnapshot& b) {
  return std::tie(a.counter, a.created, a.manifests) > std::tie(b.counter, b.created, b.manifests);
}

/// Those of each signer that counts, newest first.
std::vector<std::vector<KnownSnapshot>> by_signer(std::span<const KnownSnapshot> newest_first) {
  std::vector<std::vector<KnownSnapshot>> out;
  std::map<PublicKey, std::size_t> places;
  for (const KnownSnapshot& one : newest_first) {
    const auto [place, is_new] = places.try_emplace(one.signer, out.size());
    if (is_new) out.emplace_back();
    out[place->second].push_back(one);
  }
  std::stable_partition(out.begin(), out.end(),
                        [](const std::vector<KnownSnapshot>& own) { return own.front().state == SignerState::active; });
  if (out.size() > kKeptSigners) out.resize(kKeptSigners);
  return out;
}

void keep_of_signer(std::vector<KnownSnapshot> newest_first, Time now, std::set<ObjectId>& kept) {
  const KnownSnapshot newest = newest_first.front();
  for (const KnownSnapshot& one : newest_first) {
    if (one.counter == newest.counter) kept.insert(one.manifests.begin(), one.manifests.end());
  }
  std::erase_if(newest_first, [now](const KnownSnapshot& one) { return elapsed_ms(one.created, now) > kClockAheadMs; });
  const bool long_out = newest.state == SignerState::removed && elapsed_ms(now, newest.created) > kRemovedSignerGraceMs;
  if (!long_out) keep_newest(newest_first, kDayMs, kKeptDays, kept);
  keep_newest(newest_first, 7 * kDayMs, kKeptWeeks, kept);
}

}  // namespace

std::set<ObjectId> kept_snapshots(std::span<const KnownSnapshot> snapshots, Time now) {
  std::vector<KnownSnapshot> sorted(snapshots.begin(), snapshots.end());
  std::sort(sorted.begin(), sorted.end(), is_newer);
  std::set<ObjectId> kept;
  // Of two devices at once: another one may build on either.
  for (const KnownSnapshot& one : sorted) {
    if (one.counter == sorted.front().counter) kept.insert(one.manifests.begin(), one.manifests.end());
  }
  for (const std::vector<KnownSnapshot>& own : by_signer(sorted)) keep_of_signer(own, now, kept);
  return kept;
}

PrunePlan plan_prune(std::span<const ObjectId> stored, const std::set<ObjectId>& needed,
                     const std::set<ObjectId>& superseded, const std::map<ObjectId, Time>& unneeded_since, Time now) {
  PrunePlan out;
  for (const ObjectId& id : stored) {
    if (needed.contains(id)) continue;
    const auto seen = unneeded_since.find(id);
    // A clock that was ahead then does not keep it for ever.
    const Time since = seen == unneeded_since.end() ? now : std::min(seen->second, now);
    const std::uint64_t grace = superseded.contains(id) ? kSupersededGraceMs : kUnneededGraceMs;
    if (seen != unneeded_since.end() && elapsed_ms(now, since) >= grace) {
      out.now.push_back(id);
    }
    out.unneeded_since.emplace(id, since);
  }
  const auto order = [](const ObjectId& id) { return std::pair(-int{id.view()[0]}, id); };
  std::ranges::sort(out.now, {}, order);
  return out;
}

}  // namespace cairn::vault
