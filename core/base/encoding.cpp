#include "core/base/encoding.h"

#include <array>

#include "core/base/check.h"

namespace cairn {
namespace {

constexpr std::string_view kHex = "0123456789abcdef";
constexpr std::string_view kBase64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::string_view kBase32 = "0123456789abcdefghjkmnpqrstvwxyz";

constexpr std::uint8_t kNoDigit = 0xff;

/// What each character is worth; kNoDigit where it is no digit.
using Worth = std::array<std::uint8_t, 256>;

constexpr Worth worth_of(std::string_view alphabet) {
  Worth out{};
  for (std::uint8_t& worth : out) worth = kNoDigit;
  std::uint8_t digit = 0;
  for (const char c : alphabet) out[static_cast<std::uint8_t>(c)] = digit++;
  return out;
}

constexpr Worth kHexWorth = worth_of(kHex);
constexpr Worth kBase64Worth = worth_of(kBase64);
constexpr Worth kBase32Worth = worth_of(kBase32);

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

/// Appends the `width`-bit digits of `bytes`, most significant first, zero bits filling the last.
std::string to_digits(ByteView bytes, unsigned width, std::string_view alphabet) {
  const std::size_t digits = (bytes.size() * 8 + width - 1) / width;
  std::string out;
  out.reserve(digits + 3);  // and padding
  out.resize(digits);
  auto next = out.begin();
  std::uint32_t buffer = 0;
  unsigned bits = 0;
  for (std::uint8_t byte : bytes) {
    buffer = (buffer << 8) | byte;
    bits += 8;
    for (; bits >= width; bits -= width) *next++ = alphabet[(buffer >> (bits - width)) & ((1u << width) - 1)];
  }
  if (bits != 0) *next++ = alphabet[(buffer << (width - bits)) & ((1u << width) - 1)];
  CHECK(next == out.end());
  return out;
}

/// The inverse; refuses unknown characters, a superfluous digit and set bits after the last byte.
Result<Bytes> from_digits(std::string_view text, unsigned width, const Worth& worth, bool fold) {
  Bytes out;
  out.reserve(text.size() * width / 8);
  std::uint32_t buffer = 0;
  unsigned bits = 0;
  for (char c : text) {
    const std::uint8_t digit = worth[static_cast<std::uint8_t>(fold ? lower(c) : c)];
    REQUIRE(digit != kNoDigit, ErrorCode::malformed, "digit");
    buffer = (buffer << width) | digit;
    bits += width;
    if (bits >= 8) {
      bits -= 8;
      out.push_back(static_cast<std::uint8_t>(buffer >> bits));
    }
    buffer &= (1u << bits) - 1;
  }
  REQUIRE(bits < width && buffer == 0, ErrorCode::malformed, "trailing bits");
  return out;
}

}  // namespace

std::string to_hex(ByteView bytes) { return to_digits(bytes, 4, kHex); }

Result<Bytes> from_hex(std::string_view text) {
  REQUIRE(text.size() % 2 == 0, ErrorCode::malformed, "hex length");
  return from_digits(text, 4, kHexWorth, true);
}

std::string to_base64(ByteView bytes) {
  std::string out = to_digits(bytes, 6, kBase64);
  while (out.size() % 4 != 0) out += '=';
  return out;
}

Result<Bytes> from_base64(std::string_view text) {
  REQUIRE(text.size() % 4 == 0, ErrorCode::malformed, "base64 length");
  const std::size_t end = text.find_last_not_of('=') + 1;
  REQUIRE(text.size() - end <= 2 && (text.empty() || end != 0), ErrorCode::malformed, "base64 padding");
  return from_digits(text.substr(0, end), 6, kBase64Worth, false);
}

std::string to_base32(ByteView bytes) { return to_digits(bytes, 5, kBase32); }

Result<Bytes> from_base32(std::string_view text) { return from_digits(text, 5, kBase32Worth, true); }

}  // namespace cairn
