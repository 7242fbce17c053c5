#include "core/client/send_keys.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "core/client/tables.h"

namespace cairn::client {

void SaidUnderKey::write(wire::Writer& w) const {
  w.raw(home);
  w.u64(index);
  w.raw(request);
  w.u64(at_ms);
}

Result<SaidUnderKey> SaidUnderKey::read(wire::Reader& r) {
  SaidUnderKey out;
  out.home = TRY(r.fixed<ChannelId>());
  out.index = TRY(r.u64());
  out.request = TRY(r.fixed<Hash>());
  out.at_ms = TRY(r.u64());
  return out;
}

std::optional<SaidUnderKey> said_under(const Context& context, std::string_view key) {
  const auto row = context.store.get(tables::kSendKeys, as_bytes(key));
  const auto said = row ? wire::decode<SaidUnderKey>(*row) : Result<SaidUnderKey>(fail(ErrorCode::not_found, "key"));
  if (!said || said->at_ms + kSendKeyLifeMs < context.now.ms) return std::nullopt;
  return *said;
}

void forget_said(Context& context, const ChannelId& home, std::uint64_t index) {
  for (const Row& row : context.store.scan(tables::kSendKeys, {}, {}, 2 * kMaxSendKeys)) {
    const auto said = wire::decode<SaidUnderKey>(row.value);
    if (said && said->home == home && said->index == index) context.store.erase(tables::kSendKeys, row.key);
  }
}

void remember_said(Context& context, std::string_view key, const SaidUnderKey& said) {
  std::vector<std::pair<std::uint64_t, Bytes>> kept;  // since when, key
  for (const Row& row : context.store.scan(tables::kSendKeys, {}, {}, 2 * kMaxSendKeys)) {
    const auto old = wire::decode<SaidUnderKey>(row.value);
    kept.emplace_back(old ? old->at_ms : 0, row.key);
  }
  std::sort(kept.begin(), kept.end());
  std::size_t left = kept.size();
  for (const auto& [at_ms, old_key] : kept) {
    if (left < kMaxSendKeys && at_ms + kSendKeyLifeMs >= context.now.ms) break;
    context.store.erase(tables::kSendKeys, old_key);
    --left;
  }
  context.store.put(tables::kSendKeys, to_bytes(as_bytes(key)), wire::encode(said));
}

}  // namespace cairn::client
