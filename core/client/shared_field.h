// What the devices of a name share of their owner's settings (docs/spec/client.md s.16).
#pragma once

#include <cstdint>

namespace cairn::client {

enum class SharedField : std::uint8_t {
  // of a name
  petname = 1,
  known = 2,  ///< its owner wants to hear them
  blocked = 3,
  name_receipts = 4,
  // of a conversation
  muted = 16,
  archived = 17,
  pinned = 18,
  receipts = 19,
  draft = 20,
  read = 21,      ///< up to which message
  accepted = 22,  ///< a request that is one no more
  deleted = 23    ///< a request, up to which message
};

constexpr bool is_of_name(SharedField field) { return field < SharedField::muted; }

}  // namespace cairn::client
