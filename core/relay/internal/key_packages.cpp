#include "core/relay/internal/key_packages.h"

namespace cairn::relay {
namespace {

Result<KeyPackageState> load_state(const StoreView& rows, const DeviceId& device) {
  return TRY(load<KeyPackageState>(rows, table::kKeyPackageStates, device))
  .value_or(KeyPackageState{});
}

/// The oldest one-time package, gone from the store; else the last resort; nothing if there is neither.
Result<std::optional<proto::KeyPackageUpload::Item>> take_one(Turn& turn, const DeviceId& device,
                                                              KeyPackageState& state, Fetcher by) {
  using Item = proto::KeyPackageUpload::Item;
  if (state.count() == 0 ||
      (by == Fetcher::visitor && state.count() <= kFewKeyPackages && !state.last_resort.empty())) {
    if (state.last_resort.empty()) return std::optional<Item>{};
    return std::optional<Item>({state.last_resort, random_value<proto::JoinToken>(turn.entropy)});
  }
  Bytes key = numbered_key(device, state.first);
  auto item = TRY(load<Item>(turn.rows, table::kKeyPackages, key));
  REQUIRE(item, ErrorCode::internal, "a key package is missing from the store");
  turn.rows.erase(table::kKeyPackages, std::move(key));
  ++state.first;
  save(turn.rows, table::kKeyPackageStates, to_bytes(device), state);
  return item;
}

}  // namespace

Result<std::uint64_t> count_key_packages(const StoreView& rows, const DeviceId& device) {
  return TRY(load_state(rows, device))
  .count();
}

Status upload_key_packages(Turn& turn, const DeviceId& device, const proto::KeyPackageUpload& upload) {
  KeyPackageState state = TRY(load_state(turn.rows, device));
  for (const proto::KeyPackageUpload::Item& item : upload.items) {
    save(turn.rows, table::kKeyPackages, numbered_key(device, state.next++), item);
  }
  while (state.count() > proto::kMaxKeyPackages) {
    turn.rows.erase(table::kKeyPackages, numbered_key(device, state.first++));
  }
  if (!upload.last_resort.empty()) state.last_resort = upload.last_resort.front().key_package;
  save(turn.rows, table::kKeyPackageStates, to_bytes(device), state);
  return ok();
}

Result<FetchedKeyPackages> fetch_key_packages(Turn& turn, const directory::Map& served,
                                              const proto::KeyPackageFetch& fetch, Fetcher by) {
  FetchedKeyPackages out;
  for (const DeviceId& device : fetch.devices) {
    const auto active = TRY(find_active_device(turn.rows, served, fetch.name, device));
    if (!active) continue;
    KeyPackageState state = TRY(load_state(turn.rows, device));
    auto item = TRY(take_one(turn, device, state, by));
    if (!item) continue;
    save(turn.rows, table::kJoinTokens, concat({device, item->join_token}),
         NumberRow{after(turn.now, proto::kUndeliveredLifeMs).ms});
    out.answer.items.push_back({device, std::move(item->key_package), item->join_token});
    if (state.count() < kFewKeyPackages) out.low.push_back(active->mailbox);
  }
  return out;
}

Result<bool> is_good_join_token(const Turn& turn, const DeviceId& device, const proto::JoinToken& token) {
  const auto expires = TRY(load<NumberRow>(turn.rows, table::kJoinTokens, concat({device, token})));
  return expires && expires->value > turn.now.ms;
}

Result<bool> use_join_token(Turn& turn, const DeviceId& device, const proto::JoinToken& token) {
  if (!TRY(is_good_join_token(turn, device, token))) return false;
  turn.rows.erase(table::kJoinTokens, concat({device, token}));
  return true;
}

}  // namespace cairn::relay
