// What a device has of its conversations, as its disk shows it.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "core/client/roles.h"

namespace cairn::sim {

/// Of a stored group, what conversations are compared by.
struct GroupFacts {
  std::uint64_t epoch = 0;
  std::set<DeviceId> members;
};

/// Reads the groups of one device. A row that is as it was when it was read last is not restored again.
class GroupReader {
 public:
  /// Nothing when there is no such row, or none that can be read.
  const GroupFacts* read(const StoreView& store, const ChannelId& channel);

 private:
  struct Seen {
    Bytes row;
    std::optional<GroupFacts> facts;
  };
  std::map<ChannelId, Seen> seen_;
};

struct Kept {
  client::Conversation conversation;
  client::GroupWants wants;  ///< of a group; its admins are there
  std::uint64_t epoch = 0;
  std::set<DeviceId> members;
  bool shows_gap = false;   ///< messages may be missing, and it says so
  bool has_to_say = false;  ///< something waits in its outbox
  std::vector<std::pair<std::uint64_t, client::Message>> messages;
};

using Kepts = std::map<ChannelId, Kept>;

/// All that this device is in, or was; archives are none.
Kepts conversations_of(const StoreView& store, GroupReader& groups);

/// Of the channels between the same two, or of one name's devices, the smallest one goes on; the others may lag behind.
bool goes_on(const Kepts& all, const ChannelId& channel);

/// The same for all devices, though a pair, or a conversation of one name's devices, has its messages under different
/// ids.
std::string id_of(const client::Conversation& conversation);

/// In tables::kMessages.
Bytes key_of_message(const ChannelId& channel, std::uint64_t index);

}  // namespace cairn::sim
