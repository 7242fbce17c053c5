// Who may be a leaf: the two mandatory arguments of the MLS front door, answered from verified views.
#pragma once

#include <set>

#include "core/client/views.h"
#include "core/mls/group.h"

namespace cairn::client {

/// The credential identity: name || 0x00 || device_id.
Bytes identity_of(const std::string& name, const DeviceId& device);
struct Identity {
  std::string name;
  DeviceId device;
};
/// `malformed` unless it is a canonical name, one zero octet and 16 octets.
Result<Identity> parse_identity(ByteView identity);

/// A leaf is acceptable iff its key is that of the device with its id in the pinned chain of its name, authorised at
/// some time. When the pinned view does not have it and is not fresh, the answer is `unavailable` and the name is in
/// missing(): look it up and ask again. Only a fresh view without the device refuses (`not_authorised`).
class Gatekeeper : public mls::Authenticator {
 public:
  Gatekeeper(const Context& context, const Account& account, const Views& views);
  /// mls::Authenticator; see there.
  Status authenticate(const mls::LeafNode& leaf) override;
  /// Names to look up before asking again.
  const std::set<std::string>& missing() const { return missing_; }

 private:
  const Context& context_;
  const Account& account_;
  const Views& views_;
  std::set<std::string> missing_;
};

}  // namespace cairn::client
