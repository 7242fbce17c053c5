// The credential identity of a device in MLS: name || 0x00 || device_id (docs/spec/client.md s.1).
#pragma once

#include "core/base/types.h"
#include "core/directory/name.h"
#include "core/mls/leaf_node.h"

namespace cairn::client {

struct Identity {
  directory::Name name;
  DeviceId device;
};

Bytes identity_of(const directory::Name& name, const DeviceId& device);
/// `malformed` unless it is a name in its one spelling, one zero octet and 16 octets.
Result<Identity> parse_identity(ByteView identity);
/// Of a leaf: `unsupported` unless its credential is basic.
Result<Identity> parse_identity(const mls::LeafNode& leaf);

}  // namespace cairn::client
