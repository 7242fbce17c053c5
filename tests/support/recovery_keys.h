// Recovery keys of people in tests, as their owners were shown them before a name was begun with them.
#pragma once

#include <algorithm>
#include <array>
#include <string>

#include "core/base/check.h"
#include "core/client/own_name.h"

namespace cairn::testing {

/// Whether this method of JSON-RPC needs a recovery key that its owner has seen.
inline bool begins_a_name(const std::string& method) { return method == "register" || method == "reset"; }

/// The one that this device shows: another one for each name of a device, the same every time.
inline std::string recovery_key_of(const std::string& device) {
  std::array<std::uint8_t, directory::RecoverySecret::kSize> bytes{};
  std::copy_n(device.begin(), std::min(device.size(), bytes.size()), bytes.begin());
  const auto secret = directory::RecoverySecret::from(ByteView(bytes));
  CHECK(secret.has_value());
  return client::recovery_text(*secret);
}

}  // namespace cairn::testing
