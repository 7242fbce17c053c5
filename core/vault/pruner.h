// What a vault can do without (docs/spec/backup.md s.4). No input or output of its own.
#pragma once

#include "core/vault/retention.h"

namespace cairn::vault {

/// A snapshot that the caller found and accepts.
struct ListedSnapshot {
  std::vector<ObjectId> manifests;  ///< the ids under which it lies
  ManifestContent content;
  PublicKey signer = {};
  SignerState state = SignerState::active;
};

/// The caller gives the indexes that it wants, remembers what plan() says is unneeded, and deletes what plan() names,
/// in its order. Whenever it stops, nothing is gone that a listed snapshot needs. `keys` must outlive it.
class Pruner {
 public:
  /// `stored`: the vault as just listed, after nothing that is under way here. `snapshots`: all of it that the caller
  /// accepts. `unneeded_since`: as plan() said the last time, on this device.
  Pruner(const VaultKeys& keys, const StoredObjects& stored, std::vector<ListedSnapshot> snapshots,
         std::map<ObjectId, Time> unneeded_since, Time now);

  /// The index that give() or missing() must answer; null when all have come.
  const IndexReference* wanted() const { return at_ < indexes_.size() ? &indexes_[at_] : nullptr; }
  void give(ByteView sealed);
  void missing();

  /// All that was wanted has come (CHECKed). Where an index is damaged or gone nobody knows what its snapshot needs:
  /// then no pack and no index goes, and none is remembered as unneeded.
  PrunePlan plan() const;
  /// How many snapshots stay for good, and how many go now.
  std::size_t kept() const { return kept_; }
  std::size_t going() const { return going_; }

 private:
  bool goes(const ListedSnapshot& snapshot) const;

  const VaultKeys* keys_;
  std::vector<ObjectId> stored_;
  std::map<ObjectId, Time> unneeded_since_;
  Time now_;
  std::set<ObjectId> needed_;
  std::set<ObjectId> superseded_;
  std::vector<IndexReference> indexes_;  ///< of the snapshots that stay, none twice
  std::size_t at_ = 0;
  bool index_lost_ = false;
  std::size_t kept_ = 0;
  std::size_t going_ = 0;
};

}  // namespace cairn::vault
