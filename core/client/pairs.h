// Two names are one conversation, however many channels they have come to have for it (docs/spec/client.md s.3).
//
// Each device of either may begin a pair before it hears of another one. All of them are joined into one: messages and
// outbox stand under one id, the `home`, and every device writes to the channel with the smallest id.
#pragma once

#include <vector>

#include "core/base/overlay.h"
#include "core/client/conversation.h"

namespace cairn::client {

/// Channels of one pair on this device, those that were spoilt included. A Welcome to one more is not followed, so that
/// nobody fills the other's disk; one's own new beginning is never refused.
constexpr std::size_t kMaxChannelsOfPair = 64;

/// Under which id the messages and the outbox of this channel stand: that of the first channel of the pair that this
/// device knew, for ever; of everything but a pair the channel itself.
ChannelId home_of(const StoreView& store, const ChannelId& channel);

/// All channels with this home, by their ids; at least the home.
std::vector<ChannelId> channels_of(const StoreView& store, const ChannelId& home);

/// From now on `channel` is one more of the pair at `home`.
void join_home(Overlay& store, const ChannelId& channel, const ChannelId& home);

/// For a pair that takes the place of others: an id that is smaller than `least`, so that everybody follows. Any id
/// when there is hardly a smaller one.
ChannelId channel_below(const ChannelId& least, Entropy& entropy);

}  // namespace cairn::client
