#include "core/client/snapshots_told.h"

#include <algorithm>

#include "core/client/backup_records.h"
#include "core/client/backup_tables.h"
#include "core/vault/keys.h"

namespace cairn::client {
namespace {

constexpr std::size_t kMaxTellers = 256;  ///< devices that a name may have had; of the others nothing is kept

}  // namespace

void SnapshotsTold::One::write(wire::Writer& w) const {
  w.raw(vault);
  w.u64(counter);
}

Result<SnapshotsTold::One> SnapshotsTold::One::read(wire::Reader& r) {
  One out;
  out.vault = TRY(r.fixed<vault::VaultId>());
  out.counter = TRY(r.u64());
  return out;
}

void SnapshotsTold::write(wire::Writer& w) const { w.vector(all); }

Result<SnapshotsTold> SnapshotsTold::read(wire::Reader& r) {
  SnapshotsTold out;
  out.all = TRY(r.vector<One>(kMostTold * (vault::VaultId::kSize + 8), kMostTold));
  return out;
}

SnapshotsTold own_snapshots(const StoreView& store) {
  SnapshotsTold out;
  for (const BackupSetup& setup : load_backup_setups(store)) {
    const auto& all = setup.content.generations;
    const auto one = std::ranges::find(all, setup.newest_generation, &vault::Generation::number);
    if (setup.newest.counter == 0 || one == all.end() || out.all.size() == SnapshotsTold::kMostTold) continue;
    out.all.push_back({vault::vault_id(one->root, setup.identity), setup.newest.counter});
  }
  return out;
}

std::optional<Hash> said_of_snapshots(const StoreView& store) {
  const auto row = store.get(tables::kSnapshotsTold, {});
  const auto said = row ? Hash::from(*row) : Result<Hash>(fail(ErrorCode::not_found, "nothing was said"));
  return said ? std::optional(*said) : std::nullopt;
}

void note_said_of_snapshots(Context& context, const Hash& said) {
  context.store.put(tables::kSnapshotsTold, {}, to_bytes(said));
}

void keep_snapshots_told(Context& context, const DeviceId& by, const SnapshotsTold& told) {
  context.store.put(tables::kSnapshotsTold, to_bytes(by), wire::encode(told));
}

std::uint64_t told_counter(const StoreView& store, const directory::NameState& state, const vault::VaultId& vault) {
  std::uint64_t out = 0;
  for (const Row& row : store.scan(tables::kSnapshotsTold, {}, {}, kMaxTellers)) {
    const auto by = DeviceId::from(row.key);
    if (!by || !state.is_active(*by)) continue;
    const auto told = wire::decode<SnapshotsTold>(row.value);
    if (!told) continue;
    for (const SnapshotsTold::One& one : told->all) out = std::max(out, one.vault == vault ? one.counter : 0);
  }
  return out;
}

}  // namespace cairn::client
