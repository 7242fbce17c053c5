// A conversation as all devices of a name know it: each has its own channels and homes for a pair (pairs.h).
#pragma once

#include "core/client/conversation.h"

namespace cairn::client {

/// struct { uint8 kind; ChannelId channel; opaque name<V>...<V>; }: of a group its channel and no names, of a pair two
/// names, sorted, and of the conversation with oneself the one; then the channel is zeros.
struct Room {
  ConversationKind kind = ConversationKind::self;
  ChannelId channel;
  std::vector<std::string> names;

  void write(wire::Writer&) const;
  /// Strict: one encoding; names are names.
  static Result<Room> read(wire::Reader&);
  friend bool operator==(const Room&, const Room&) = default;
};

Room room_of(const Conversation& conversation);
/// Whether this name takes part, as far as the room says it: of a group it does not.
bool may_be_in(const Room& room, const std::string& name);
/// SHA-256 of its encoding, for keys of rows.
Hash room_key(const Room& room);

}  // namespace cairn::client
