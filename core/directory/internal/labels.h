// Hashes that a label in words opens: H(label || 0x00 || ...). And what auditors sign but for checkpoints; the other
// labels of signatures stand in core/crypto/labels.h.
#pragma once

#include <string_view>

#include "core/crypto/hash.h"

namespace cairn::directory::internal {

inline constexpr std::string_view kDeviceLabel = "cairn/v1 device";
inline constexpr std::string_view kRecoveryLabel = "cairn/v1 recovery";

inline constexpr std::string_view kSignClosing = "close vetoes";
inline constexpr std::string_view kSignNotYet = "not yet closed";

inline Hash labelled_hash(std::string_view label, ByteView a, ByteView b = {}) {
  const std::uint8_t zero = 0;
  return crypto::sha256({as_bytes(label), {&zero, 1}, a, b});
}

}  // namespace cairn::directory::internal
