// DEFLATE (RFC 1951) symbol by symbol: where each code stands in the stream, and what it gives. zlib compresses and
// decompresses; this only looks, for the attack that turns bits of codes.
#pragma once

#include <array>
#include <vector>

#include "core/base/bytes.h"

namespace cairn::lab {

/// The codes of one alphabet: by symbol, its length in bits (0: unused) and its bits, first bit most significant.
struct Codes {
  std::vector<std::uint8_t> lengths;
  std::vector<std::uint16_t> bits;
  /// RFC 1951 s.3.2.2.
  static Codes of(std::vector<std::uint8_t> lengths);
};

struct Symbol {
  std::size_t bit = 0;       ///< where it begins, counted from the start of the gzip file
  std::size_t bits = 0;      ///< how long it is, extra bits included
  std::size_t at = 0;        ///< of the first byte that it gives
  std::uint8_t literal = 0;  ///< when length is 0
  std::size_t length = 0;    ///< of a match, else 0
  std::size_t distance = 0;
};

struct Block {
  Codes literals;
  Codes distances;
  std::vector<Symbol> symbols;  ///< without the end of block
};

/// The only block of a gzip file with the plain header of 10 bytes; `unsupported` for several blocks or a stored one.
Result<Block> read_block(ByteView gzip);

/// How a match is written.
struct MatchCode {
  unsigned length_symbol = 0, length_extra_bits = 0, length_extra = 0;
  unsigned distance_symbol = 0, distance_extra_bits = 0, distance_extra = 0;
};
MatchCode match_code(std::size_t length, std::size_t distance);

/// The CRC-32 that a file of `size` bytes has, against another that differs from it by `delta` at `at`: both XORed.
std::uint32_t crc_change(std::size_t size, std::size_t at, ByteView delta);

}  // namespace cairn::lab
