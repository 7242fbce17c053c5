#include "core/client/pairs.h"

#include <algorithm>

#include "core/client/tables.h"

namespace cairn::client {
namespace {

std::uint64_t first_half(const ChannelId& channel) {
  const auto value = wire::Reader(channel.view()).u64();
  CHECK(value.has_value());
  return *value;
}

}  // namespace

ChannelId home_of(const StoreView& store, const ChannelId& channel) {
  const auto row = store.get(tables::kHomes, channel);
  if (!row) return channel;
  const auto home = ChannelId::from(*row);
  CHECK(home.has_value());
  return *home;
}

std::vector<ChannelId> channels_of(const StoreView& store, const ChannelId& home) {
  std::vector<ChannelId> out = {home};
  for (const Row& row : store.scan_prefix(tables::kChannelsOfHome, home, ~std::size_t{0})) {
    const auto channel = ChannelId::from(ByteView(row.key).subspan(ChannelId::kSize));
    CHECK(channel.has_value());
    out.push_back(*channel);
  }
  std::sort(out.begin(), out.end());
  return out;
}

void join_home(Overlay& store, const ChannelId& channel, const ChannelId& home) {
  CHECK(channel != home);
  store.put(tables::kHomes, to_bytes(channel.view()), to_bytes(home.view()));
  store.put(tables::kChannelsOfHome, concat({home, channel}), {});
}

ChannelId channel_below(const ChannelId& least, Entropy& entropy) {
  const ChannelId any = random_value<ChannelId>(entropy);
  const std::uint64_t bound = first_half(least);
  if (bound == 0) return any;
  wire::Writer w;
  w.u64(first_half(any) % bound);
  w.raw(any.view().subspan(sizeof bound));
  const auto below = ChannelId::from(w.take());
  CHECK(below.has_value());
  return *below;
}

}  // namespace cairn::client
