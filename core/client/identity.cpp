#include "core/client/identity.h"

namespace cairn::client {

Bytes identity_of(const directory::Name& name, const DeviceId& device) {
  const std::uint8_t zero[] = {0};
  return concat({name.bytes(), zero, device});
}

Result<Identity> parse_identity(ByteView identity) {
  REQUIRE(identity.size() > DeviceId::kSize + 1, ErrorCode::malformed, "identity size");
  const std::size_t name_size = identity.size() - DeviceId::kSize - 1;
  REQUIRE(identity[name_size] == 0, ErrorCode::malformed, "identity separator");
  directory::Name name = TRY(directory::Name::from(as_text(identity.first(name_size))));
  const DeviceId device = TRY(DeviceId::from(identity.last(DeviceId::kSize)));
  return Identity{std::move(name), device};
}

Result<Identity> parse_identity(const mls::LeafNode& leaf) {
  const ByteView identity = TRY(leaf.credential.identity());
  return parse_identity(identity);
}

}  // namespace cairn::client
