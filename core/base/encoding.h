// Text forms of bytes: hex, base64 (RFC 4648 s.4) and Crockford-like base32 for codes that people type.
#pragma once

#include <string>
#include <string_view>

#include "core/base/bytes.h"

namespace cairn {

/// Lower-case hex.
std::string to_hex(ByteView bytes);

/// Strict: even length, 0-9 a-f A-F only; `malformed` otherwise.
Result<Bytes> from_hex(std::string_view text);

/// Standard alphabet, padded.
std::string to_base64(ByteView bytes);

/// Strict: standard alphabet, correct padding, unused bits zero; `malformed` otherwise.
Result<Bytes> from_base64(std::string_view text);

/// Alphabet 0123456789abcdefghjkmnpqrstvwxyz (no i, l, o, u), no padding, most significant bit first.
std::string to_base32(ByteView bytes);

/// Strict but for case; unused bits must be zero; `malformed` otherwise.
Result<Bytes> from_base32(std::string_view text);

}  // namespace cairn
