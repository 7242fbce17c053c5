#include "core/client/backup_settings.h"

namespace cairn::client {
namespace {

constexpr std::size_t kMaxRestoredSettings = std::size_t{64} << 20;
constexpr std::size_t kRestoredAtOnce = 256;

/// By which two words about the same setting are found.
Bytes setting_key(const SharedRecord& record) {
  wire::Writer w;
  w.u8(static_cast<std::uint8_t>(record.field));
  if (is_of_name(record.field)) {
    w.opaque(record.name);
  } else {
    record.room.write(w);
  }
  return w.take();
}

}  // namespace

void BackedUpShared::write(wire::Writer& w) const {
  w.u8(kFormat);
  w.vector(records);
}
Result<BackedUpShared> BackedUpShared::read(wire::Reader& r) {
  REQUIRE(TRY(r.u8()) == kFormat, ErrorCode::unsupported, "format of settings");
  return BackedUpShared { TRY(r.vector<SharedRecord>(wire::kMaxVectorSize, kMaxSharedRecords)) };
}

Status RestoredSettings::take(ByteView data) {
  REQUIRE(data.size() <= kMaxRestoredSettings - bytes_, ErrorCode::over_limit, "settings of a backup");
  auto entry = TRY(wire::decode<BackedUpShared>(data));
  bytes_ += data.size();
  for (SharedRecord& record : entry.records) {
    // What comes back lies in an archive, which has its own mark; no conversation that lives will have that message.
    if (record.field == SharedField::read || record.field == SharedField::deleted) continue;
    const auto [at, is_new] = kept_.try_emplace(setting_key(record), Kept{signer_, record});
    Kept& kept = at->second;
    const bool is_better = signer_ == vault::SignerState::active && kept.signer == vault::SignerState::removed;
    const bool is_later = signer_ == kept.signer && kept.record.stamp < record.stamp;
    if (!is_new && (is_better || is_later)) kept = {signer_, std::move(record)};
  }
  return ok();
}

bool RestoredSettings::put_some(Context& context, const Account& account, Sharing& sharing, Sharing::Backup most) {
  for (std::size_t i = 0; i < kRestoredAtOnce && !kept_.empty(); ++i) {
    const auto first = kept_.begin();
    const bool is_out = first->second.signer == vault::SignerState::removed;
    sharing.restore(context, account, first->second.record, is_out ? Sharing::Backup::of_former_device : most);
    kept_.erase(first);
    ++count_;
  }
  return !kept_.empty();
}

}  // namespace cairn::client
