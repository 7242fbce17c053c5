#include "core/client/backup_prune.h"

#include "core/client/tables.h"

namespace cairn::client {
namespace {

Bytes unneeded_key(const vault::VaultId& vault, const vault::ObjectId& id) { return concat({vault, id}); }

std::map<vault::ObjectId, Time> load_unneeded(const StoreView& store, const vault::VaultId& vault) {
  std::map<vault::ObjectId, Time> out;
  for (const Row& row : store.scan_prefix(tables::kBackupUnneeded, vault, proto::kMaxVaultObjects)) {
    wire::Reader since(row.value);
    const auto id = vault::ObjectId::from(ByteView(row.key).subspan(vault::VaultId::kSize));
    const auto ms = since.u64();
    if (id && ms) out.emplace(*id, Time{*ms});
  }
  return out;
}

/// Only what changed is written: most of it is as it was.
void save_unneeded(Context& context, const vault::VaultId& vault, const std::map<vault::ObjectId, Time>& before,
                   const std::map<vault::ObjectId, Time>& now) {
  for (const auto& [id, since] : before) {
    if (!now.contains(id)) context.store.erase(tables::kBackupUnneeded, unneeded_key(vault, id));
  }
  for (const auto& [id, since] : now) {
    const auto was = before.find(id);
    if (was != before.end() && was->second == since) continue;
    wire::Writer w;
    w.u64(since.ms);
    context.store.put(tables::kBackupUnneeded, unneeded_key(vault, id), w.take());
  }
}

}  // namespace

void forget_unneeded(Context& context, const vault::VaultId& vault) {
  save_unneeded(context, vault, load_unneeded(context.store, vault), {});
}

void PruningJob::prune_vault(Context& context, const vault::Generation& generation,
                             const std::optional<vault::SnapshotHead>& newest, Then then) {
  pruning_ = generation.number;
  vault_ = vault_of(generation);
  expected_ = newest;
  doing_ = "looking for what nothing needs";
  find_snapshots(context, [self = self_as<PruningJob>(), then](Context& later, const std::vector<Found>& found) {
    self->plan_pruning(later, found, then);
  });
}

void PruningJob::plan_pruning(Context& context, const std::vector<Found>& found, const Then& then) {
  if (!goes_on(context)) return;
  // Whatever `list` shows is whole: so here too counts who ever was a device.
  const auto signers = device_keys(task_.state, Signers::ever);
  std::vector<vault::ListedSnapshot> snapshots;
  bool expected = !expected_;
  for (const Found& one : found) {
    auto manifest = one.manifest.verify({pruning_, vault_, signers, 0});
    if (!manifest) continue;
    expected = expected || manifest->head() == *expected_ || manifest->counter > expected_->counter;
    const auto* device = task_.state.find_by_key(one.manifest.signer());
    const bool active = device != nullptr && device->active();
    snapshots.push_back({one.ids, std::move(*manifest), one.manifest.signer(),
                         active ? vault::SignerState::active : vault::SignerState::removed});
  }
  if (!expected || held_back_) {
    warnings_.emplace_back(
        "The storage does not show the newest snapshot that a device of this name knows, so nothing was removed from "
        "it.");
    return then(context);
  }
  // What is there may be all that there is of older snapshots, or of a program that is newer than this one.
  if (other_format_) {
    warnings_.emplace_back(
        "Some snapshots are of another build of this program, so nothing was removed that they may need; delete what "
        "you do not need: backup delete --generation.");
  }
  if (other_format_ || snapshots.empty()) return then(context);
  pruner_.emplace(*keys_, stored_objects(), std::move(snapshots), load_unneeded(context.store, vault_), context.now);
  fetch_next_index(context, then);
}

void PruningJob::fetch_next_index(Context& context, const Then& then) {
  const vault::IndexReference* wanted = pruner_->wanted();
  if (wanted != nullptr) {
    const auto take = [self = self_as<PruningJob>(), then](Context& later, Result<Bytes> body) {
      if (!body && body.error().code != ErrorCode::not_found) return self->refused_by_storage(body.error());
      if (body) {
        self->pruner_->give(*body);
      } else {
        self->pruner_->missing();
      }
      self->fetch_next_index(later, then);
    };
    return storage_->get(context, wanted->id, wanted->size, take);
  }
  const vault::PrunePlan plan = pruner_->plan();
  kept_ += pruner_->kept();
  removed_snapshots_ += pruner_->going();
  save_unneeded(context, vault_, load_unneeded(context.store, vault_), plan.unneeded_since);
  doing_ = "removing what nothing needs";
  delete_unneeded(context, std::make_shared<const std::vector<vault::ObjectId>>(plan.now), 0, then);
}

/// In the order of the plan: each part is durable before the next is asked for.
void PruningJob::delete_unneeded(Context& context, const std::shared_ptr<const std::vector<vault::ObjectId>>& all,
                                 std::size_t at, const Then& then) {
  if (at == all->size()) return then(context);
  const std::size_t count = std::min(all->size() - at, proto::kMaxVaultPrune);
  const auto some = std::span(*all).subspan(at, count);
  // A request is one change, whose order the storage chooses: so none has what must go after the other.
  const auto other =
      std::ranges::find_if(some, [&](const vault::ObjectId& id) { return id.view()[0] != some.front().view()[0]; });
  const auto part = some.first(static_cast<std::size_t>(other - some.begin()));
  const auto gone = [self = self_as<PruningJob>(), all, at, size = part.size(), then](Context& later,
                                                                                      const Result<Bytes>& body) {
    if (!body) return self->refused_by_storage(body.error());
    self->removed_objects_ += size;
    self->delete_unneeded(later, all, at + size, then);
  };
  storage_->prune(context, part, gone);
}

nlohmann::json PruningJob::pruned() const {
  return {{"kept", kept_}, {"removed_snapshots", removed_snapshots_}, {"removed_objects", removed_objects_}};
}

void PruneJob::unlocked(Context& context) {
  if (!box_) return fail_with(ErrorCode::not_found, "There is no backup here; backup create makes one.");
  if (!prepare(context)) return;
  prune_from(context, 0);
}

void PruneJob::prune_from(Context& context, std::size_t at) {
  const auto& all = box_->content.generations;
  if (at == all.size()) {
    nlohmann::json result = pruned();
    result["storage"] = task_.storage;
    return succeed(std::move(result));
  }
  const auto next = [self = self_as<PruneJob>(), at](Context& later) { self->prune_from(later, at + 1); };
  enter(
      context, all[at],
      [self = self_as<PruneJob>(), at, next](Context& later) {
        const vault::Generation& generation = self->box_->content.generations[at];
        std::optional<vault::SnapshotHead> newest;
        if (self->setup_->newest_generation == generation.number && self->setup_->newest.counter != 0) {
          newest = self->setup_->newest;
        }
        self->prune_vault(later, generation, newest, next);
      },
      next);
}

}  // namespace cairn::client
