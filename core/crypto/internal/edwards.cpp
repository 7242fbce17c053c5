#include "core/crypto/internal/edwards.h"

namespace cairn::crypto::internal {

bool is_canonical_point(ByteView encoded) {
  CHECK(encoded.size() == 32);
  const bool sign = (encoded[31] & 0x80) != 0;
  const auto middle_is = [&](std::uint8_t byte) {
    return std::all_of(encoded.begin() + 1, encoded.begin() + 31, [=](std::uint8_t b) { return b == byte; });
  };
  const std::uint8_t top = encoded[31] & 0x7f;
  if (top == 0x7f && middle_is(0xff)) {
    if (encoded[0] >= 0xed) return false;  // y >= p = 2^255 - 19
    if (encoded[0] == 0xec) return !sign;  // y = -1
  }
  if (top == 0 && middle_is(0) && encoded[0] == 1) return !sign;  // y = 1
  return true;
}

}  // namespace cairn::crypto::internal
