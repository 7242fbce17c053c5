#include "apps/lab/attacks/deflate.h"

#include <zlib.h>

namespace cairn::lab {
namespace {

constexpr std::size_t kHeader = 10;
constexpr unsigned kEndOfBlock = 256;
// RFC 1951 s.3.2.5.
constexpr std::array<unsigned, 29> kLengthBase = {3,  4,  5,  6,  7,  8,  9,  10, 11,  13,  15,  17,  19,  23, 27,
                                                  31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227, 258};
constexpr std::array<unsigned, 29> kLengthExtra = {0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2,
                                                   2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0};
constexpr std::array<unsigned, 30> kDistanceBase = {1,    2,    3,    4,    5,    7,    9,    13,    17,    25,
                                                    33,   49,   65,   97,   129,  193,  257,  385,   513,   769,
                                                    1025, 1537, 2049, 3073, 4097, 6145, 8193, 12289, 16385, 24577};
constexpr std::array<unsigned, 30> kDistanceExtra = {0, 0, 0, 0, 1, 1, 2, 2,  3,  3,  4,  4,  5,  5,  6,
                                                     6, 7, 7, 8, 8, 9, 9, 10, 10, 11, 11, 12, 12, 13, 13};

class BitReader {
 public:
  explicit BitReader(ByteView data) : data_(data), at_(kHeader * 8) {}
  std::size_t at() const { return at_; }
  bool good() const { return at_ <= data_.size() * 8; }
  unsigned bit() {
    const std::size_t byte = at_ / 8;
    const unsigned out = byte < data_.size() ? (data_[byte] >> (at_ % 8)) & 1U : 0U;
    ++at_;
    return out;
  }
  /// Least significant bit first.
  unsigned number(unsigned count) {
    unsigned out = 0;
    for (unsigned i = 0; i < count; ++i) out |= bit() << i;
    return out;
  }
  /// The next symbol; `malformed` when no code fits.
  Result<unsigned> symbol(const Codes& codes) {
    unsigned code = 0;
    for (unsigned length = 1; length <= 15; ++length) {
      code = code << 1 | bit();
      for (unsigned i = 0; i < codes.lengths.size(); ++i) {
        if (codes.lengths[i] == length && codes.bits[i] == code) return i;
      }
    }
    return fail(ErrorCode::malformed, "deflate code");
  }

 private:
  ByteView data_;
  std::size_t at_;
};

/// RFC 1951 s.3.2.7.
Status read_dynamic_codes(BitReader& reader, Block& block) {
  static constexpr std::array<unsigned, 19> order = {16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15};
  const unsigned literals = reader.number(5) + 257;
  const unsigned distances = reader.number(5) + 1;
  const unsigned count = reader.number(4) + 4;
  std::vector<std::uint8_t> code_lengths(19);
  for (unsigned i = 0; i < count; ++i) code_lengths[order[i]] = static_cast<std::uint8_t>(reader.number(3));
  const Codes codes = Codes::of(std::move(code_lengths));
  std::vector<std::uint8_t> lengths;
  while (lengths.size() < literals + distances && reader.good()) {
    const unsigned symbol = TRY(reader.symbol(codes));
    if (symbol < 16) {
      lengths.push_back(static_cast<std::uint8_t>(symbol));
    } else if (symbol == 16) {
      REQUIRE(!lengths.empty(), ErrorCode::malformed, "deflate code");
      lengths.insert(lengths.end(), reader.number(2) + 3, std::uint8_t{lengths.back()});
    } else {
      lengths.insert(lengths.end(), symbol == 17 ? reader.number(3) + 3 : reader.number(7) + 11, 0);
    }
  }
  REQUIRE(lengths.size() == literals + distances, ErrorCode::malformed, "deflate code");
  const auto split = lengths.begin() + static_cast<std::ptrdiff_t>(literals);
  block.literals = Codes::of({lengths.begin(), split});
  block.distances = Codes::of({split, lengths.end()});
  return ok();
}

/// RFC 1951 s.3.2.6.
void set_fixed_codes(Block& block) {
  std::vector<std::uint8_t> lengths(288, 8);
  std::fill(lengths.begin() + 144, lengths.begin() + 256, std::uint8_t{9});
  std::fill(lengths.begin() + 256, lengths.begin() + 280, std::uint8_t{7});
  block.literals = Codes::of(std::move(lengths));
  block.distances = Codes::of(std::vector<std::uint8_t>(30, 5));
}

}  // namespace

Codes Codes::of(std::vector<std::uint8_t> lengths) {
  Codes out;
  out.bits.resize(lengths.size());
  std::array<unsigned, 17> next{};
  for (const std::uint8_t length : lengths) {
    if (length != 0) ++next[length + 1U];
  }
  unsigned code = 0;
  for (unsigned length = 1; length <= 15; ++length) {
    code = (code + next[length]) << 1;
    next[length] = code;
  }
  // next[n] held how many codes have n - 1 bits; it is now the first code of n bits.
  for (std::size_t i = 0; i < lengths.size(); ++i) {
    if (lengths[i] != 0) out.bits[i] = static_cast<std::uint16_t>(next[lengths[i]]++);
  }
  out.lengths = std::move(lengths);
  return out;
}

Result<Block> read_block(ByteView gzip) {
  BitReader reader(gzip);
  REQUIRE(reader.bit() == 1, ErrorCode::unsupported, "several deflate blocks");
  const unsigned type = reader.number(2);
  REQUIRE(type == 1 || type == 2, ErrorCode::unsupported, "deflate block type");
  Block block;
  if (type == 2) {
    TRY(read_dynamic_codes(reader, block));
  } else {
    set_fixed_codes(block);
  }
  for (std::size_t at = 0; reader.good();) {
    Symbol out;
    out.bit = reader.at();
    out.at = at;
    const unsigned symbol = TRY(reader.symbol(block.literals));
    if (symbol == kEndOfBlock) return block;
    if (symbol < kEndOfBlock) {
      out.literal = static_cast<std::uint8_t>(symbol);
      at += 1;
    } else {
      REQUIRE(symbol - 257 < kLengthBase.size(), ErrorCode::malformed, "deflate code");
      out.length = kLengthBase[symbol - 257] + reader.number(kLengthExtra[symbol - 257]);
      const unsigned distance = TRY(reader.symbol(block.distances));
      REQUIRE(distance < kDistanceBase.size(), ErrorCode::malformed, "deflate code");
      out.distance = kDistanceBase[distance] + reader.number(kDistanceExtra[distance]);
      at += out.length;
    }
    out.bits = reader.at() - out.bit;
    block.symbols.push_back(out);
  }
  return fail(ErrorCode::malformed, "deflate block without an end");
}

MatchCode match_code(std::size_t length, std::size_t distance) {
  MatchCode out;
  unsigned i = 0;
  while (i + 1 < kLengthBase.size() && kLengthBase[i + 1] <= length) ++i;
  out.length_symbol = 257 + i;
  out.length_extra_bits = kLengthExtra[i];
  out.length_extra = static_cast<unsigned>(length) - kLengthBase[i];
  i = 0;
  while (i + 1 < kDistanceBase.size() && kDistanceBase[i + 1] <= distance) ++i;
  out.distance_symbol = i;
  out.distance_extra_bits = kDistanceExtra[i];
  out.distance_extra = static_cast<unsigned>(distance) - kDistanceBase[i];
  return out;
}

std::uint32_t crc_change(std::size_t size, std::size_t at, ByteView delta) {
  Bytes file(size);
  const auto before = crc32(0, file.data(), static_cast<uInt>(file.size()));
  std::copy(delta.begin(), delta.end(), file.begin() + static_cast<std::ptrdiff_t>(at));
  const auto after = crc32(0, file.data(), static_cast<uInt>(file.size()));
  return static_cast<std::uint32_t>(before ^ after);
}

}  // namespace cairn::lab
