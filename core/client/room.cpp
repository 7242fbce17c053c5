#include "core/client/room.h"

#include <algorithm>

#include "core/crypto/hash.h"
#include "core/directory/name.h"

namespace cairn::client {

void Room::write(wire::Writer& w) const {
  w.u8(static_cast<std::uint8_t>(kind));
  w.raw(channel);
  const std::size_t mark = w.begin_vector();
  for (const std::string& name : names) w.opaque(name);
  w.end_vector(mark);
}

Result<Room> Room::read(wire::Reader& r) {
  constexpr std::size_t kMostNames = 2;
  Room out;
  const std::uint8_t kind = TRY(r.u8());
  REQUIRE(kind >= 1 && kind <= 3, ErrorCode::malformed, "kind of a room");
  out.kind = static_cast<ConversationKind>(kind);
  out.channel = TRY(r.fixed<ChannelId>());
  wire::Reader names = TRY(r.nested(kMostNames * (proto::kMaxNameSize + 2)));
  while (!names.done()) {
    const std::string text = TRY(names.opaque_text(proto::kMaxNameSize));
    const auto name = TRY(directory::Name::from(text));
    REQUIRE(out.names.empty() || out.names.back() < name.text(), ErrorCode::malformed, "order of a room's names");
    out.names.push_back(name.text());
  }
  const std::size_t wanted = out.kind == ConversationKind::group ? 0 : out.kind == ConversationKind::pair ? 2 : 1;
  REQUIRE(out.names.size() == wanted, ErrorCode::malformed, "names of a room");
  REQUIRE(out.kind == ConversationKind::group || out.channel.is_zero(), ErrorCode::malformed, "channel of a room");
  return out;
}

Room room_of(const Conversation& conversation) {
  Room out;
  out.kind = conversation.kind;
  if (out.kind == ConversationKind::group) {
    out.channel = conversation.channel;
  } else {
    out.names = conversation.names;
  }
  return out;
}

bool may_be_in(const Room& room, const std::string& name) {
  return room.kind == ConversationKind::group || std::ranges::find(room.names, name) != room.names.end();
}

Hash room_key(const Room& room) { return crypto::sha256(wire::encode(room)); }

}  // namespace cairn::client
