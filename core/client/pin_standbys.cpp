#include "core/client/pin_standbys.h"

#include <algorithm>

#include "core/client/backup_tables.h"

namespace cairn::client {
namespace {

constexpr std::size_t kMaxStandbys = 64;  ///< far more than are ever kept

}  // namespace

SecretBytes PinStandby::encode() const {
  wire::Writer w(wire::Sensitivity::is_secret);
  w.opaque(storage);
  w.raw(key.expose());
  w.u64(since_ms);
  if (version) w.raw(*version);
  return w.take_secret();
}

Result<PinStandby> PinStandby::decode(ByteView bytes) {
  wire::Reader r(bytes);
  PinStandby out;
  out.storage = TRY(r.opaque_bytes(vault::FolderId::kSize));
  out.key = TRY(r.fixed<crypto::Ed25519Seed>());
  out.since_ms = TRY(r.u64());
  if (!r.done()) out.version = TRY(r.fixed<PinVersion>());
  TRY(r.finish());
  return out;
}

std::vector<PinStandby> pin_standbys(const StoreView& store) {
  std::vector<PinStandby> out;
  for (Row& row : store.scan(tables::kPinStandbys, {}, {}, kMaxStandbys)) {
    const auto box = vault::KeyBoxId::from(row.key);
    const SecretBytes bytes(std::move(row.value));
    auto one = PinStandby::decode(bytes.expose());
    if (!box || !one) continue;
    one->box = *box;
    out.push_back(std::move(*one));
  }
  std::ranges::sort(out, {}, &PinStandby::since_ms);
  return out;
}

const PinStandby* spare_standby(const std::vector<PinStandby>& standbys, std::span<const PinVersion> standing) {
  auto spare = std::ranges::find_if(standbys, [&](const PinStandby& one) {
    return one.version && std::ranges::find(standing, *one.version) == standing.end();
  });
  if (spare == standbys.end()) {
    spare = std::ranges::find_if(standbys, [](const PinStandby& one) { return !one.version; });
  }
  return spare == standbys.end() ? nullptr : &*spare;
}

void save_pin_standby(Context& context, const PinStandby& standby) {
  context.store.put(tables::kPinStandbys, to_bytes(standby.box), to_bytes(standby.encode().expose()));
}

}  // namespace cairn::client
