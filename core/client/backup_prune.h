// Removing what no snapshot needs any more (docs/spec/client.md s.9).
#pragma once

#include "core/client/backup_box.h"
#include "core/vault/pruner.h"

namespace cairn::client {

/// A job that prunes a vault, or that comes to it.
class PruningJob : public KeyBoxJob {
 public:
  using KeyBoxJob::KeyBoxJob;

 protected:
  /// Of the generation that was entered. `newest`: the newest snapshot of it that this device knows, if it knows one:
  /// where a storage does not show it, or a newer one, nothing is pruned.
  void prune_vault(Context& context, const vault::Generation& generation,
                   const std::optional<vault::SnapshotHead>& newest, Then then);
  /// With the vault as it was listed for that: false where the job has something else to do.
  virtual bool goes_on(Context&) { return true; }
  /// What came of all of it, for the job's result.
  nlohmann::json pruned() const;

 private:
  void plan_pruning(Context& context, const std::vector<Found>& found, const Then& then);
  void fetch_next_index(Context& context, const Then& then);
  void delete_unneeded(Context& context, const std::shared_ptr<const std::vector<vault::ObjectId>>& all, std::size_t at,
                       const Then& then);

  std::uint32_t pruning_ = 0;  ///< generation
  vault::VaultId vault_;
  std::optional<vault::SnapshotHead> expected_;
  std::optional<vault::Pruner> pruner_;
  std::size_t kept_ = 0;
  std::size_t removed_snapshots_ = 0;
  std::size_t removed_objects_ = 0;
};

/// All generations that open, one after the other.
class PruneJob final : public PruningJob {
 public:
  using PruningJob::PruningJob;

 private:
  void unlocked(Context& context) override;
  bool work(Context&) override { return false; }
  void prune_from(Context& context, std::size_t at);
};

/// Forgets what was seen unneeded in a vault that is gone.
void forget_unneeded(Context& context, const vault::VaultId& vault);

}  // namespace cairn::client
